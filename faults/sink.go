package faults

import (
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
		shows:    func(seen standin.Seen, err error) bool { return seen.Status == 0 && err != nil && !refused(seen, err) },
	},
}

type sink struct {
	mode  string
	share float64
}

func (s sink) Mode() string  { return s.mode }
func (sink) Holds() []string { return []string{compose.Sink} }

func (s sink) Aim(site *Site) (Act, error) {
	act, err := site.misbehave(s.mode, sinkManners[s.mode], compose.Sink)
	if err != nil {
		return nil, err
	}
	act.share, act.receiver, act.busy = s.share, site.Receivers[site.Rand.IntN(len(site.Receivers))], true
	return act, nil
}
