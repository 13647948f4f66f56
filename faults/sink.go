package faults

import (
	"context"
	"maps"
	"slices"

	"paperlab/compose"
	"paperlab/compose/standin"
)

var _ = register(Kind{
	Name:    "sink",
	About:   "the receivers of webhooks take notifications and their answers get lost",
	Undo:    "none: the sink runs inside the lab and dies with it",
	Fields:  []string{"mode", "share"},
	Example: "{mode: lose-answers, share: 5%}",
	Read: func(f Fields) Fault {
		return sink{f.Choice("mode", slices.Sorted(maps.Keys(sinkManners))...), f.Number("share", "%", "5%", 100) / 100}
	},
})

var sinkManners = map[string]manner{
	"lose-answers": {
		told:     func(string) standin.Manner { return standin.Manner{Ends: standin.Reset, Take: true} },
		happened: "took notifications and withheld its answers",
		shows:    cut,
	},
}

type sink struct {
	mode  string
	share float64
}

func (s sink) Mode() string  { return s.mode }
func (sink) Holds() []string { return []string{compose.Sink} }

func (s sink) Aim(site *Site) (Act, error) {
	probed := site.Receivers[site.Rand.IntN(len(site.Receivers))]
	return &misbehaving{
		manner: sinkManners[s.mode], mode: s.mode, share: s.share, busy: true,
		names: []string{"the sink"}, standins: []Standin{receiver{site.Sink, probed}},
	}, nil
}

// Sink is a stand-in that is probed in the name of one receiver.
type Sink interface {
	SetManner(m standin.Manner) error
	Refuse(on bool) error
	Probe(ctx context.Context, receiver string) (standin.Seen, error)
	Struck() int64
	Answered() int64
}

type receiver struct {
	Sink
	probed string
}

// Probe implements Standin.
func (r receiver) Probe(ctx context.Context) (standin.Seen, error) {
	return r.Sink.Probe(ctx, r.probed)
}
