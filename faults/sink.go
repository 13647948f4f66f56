package faults

import (
	"context"
	"maps"
	"slices"
	"time"

	"paperlab/compose"
	"paperlab/compose/standin"
)

var _ = register(Kind{
	Name:    "sink",
	About:   "the receivers of webhooks, one or all, answer 429, 500, 401 or 410, slowly or not at all, refuse connections, or take notifications and lose their answers",
	Undo:    "none: the sink runs inside the lab and dies with it",
	Fields:  []string{"mode", "receiver", "share"},
	Example: "{mode: lose-answers, receiver: all, share: 5%}",
	Read: func(f Fields, _ compose.Plan) Fault {
		s := sink{mode: f.Choice("mode", slices.Sorted(maps.Keys(sinkManners))...)}
		s.one = f.Has("receiver") && f.Choice("receiver", "one", "all") == "one"
		if f.Has("share") {
			s.share = f.Number("share", "%", "5%", 100) / 100
		}
		if s.share > 0 && s.mode == "refuse" && !s.one {
			f.Fail("share", "a sink that takes no connection refuses all of them: leave share out, or name receiver: one")
		}
		return s
	},
})

// refusal is the manner of a receiver that answers with a status.
func refusal(status int, body, happened string) manner {
	return manner{
		told:     func(string) standin.Manner { return standin.Manner{Status: status, Body: body} },
		happened: happened, shows: answers(status, body),
	}
}

// slowReceiver is within the deliverer's time-out in the lab, which is 2 s.
const slowReceiver = 900 * time.Millisecond

var sinkManners = map[string]manner{
	"error":        refusal(500, "the receiver is out of order", "answered 500"),
	"rate-limited": refusal(429, "too many requests", "answered 429"),
	"unauthorized": refusal(401, "unauthorized", "answered 401"),
	"gone":         refusal(410, "gone", "answered 410"),
	"hang": {
		told:     func(string) standin.Manner { return standin.Manner{Ends: standin.Silent} },
		happened: "took requests and never answered", shows: late,
	},
	"slow": {
		told:     func(string) standin.Manner { return standin.Manner{Delay: slowReceiver} },
		happened: "answered slowly",
		shows:    func(p probed) bool { return well(p) && p.took >= slowReceiver },
	},
	"refuse": {
		// Of one receiver: its address is the others' too, so the connection is
		// taken and reset.
		told:     func(string) standin.Manner { return standin.Manner{Ends: standin.Reset} },
		happened: "refused connections", shows: cut,
	},
	"lose-answers": {
		told:     func(string) standin.Manner { return standin.Manner{Ends: standin.Reset, Take: true} },
		happened: "took notifications and withheld its answers", shows: cut,
	},
}

type sink struct {
	mode  string
	one   bool
	share float64 // 0: all
}

func (s sink) Mode() string { return s.mode }
func (sink) Holds() []Hold  { return []Hold{Whole(compose.Sink, Breaks)} }

// Needs implements Fed: requests must meet it, and have an answer after it.
func (sink) Needs() (begin, end []string) {
	all := append(slices.Clone(before["deliver"]), deliverStage)
	return all, all
}

func (s sink) Aim(site *Site) (Act, error) {
	at := site.Rand.IntN(len(site.Receivers))
	act := &misbehaving{
		manner: sinkManners[s.mode], mode: s.mode, share: s.share, busy: true,
		names: []string{"the sink"}, standins: []Standin{receiver{site.Sink, site.Receivers[at]}},
	}
	switch {
	case s.one:
		act.only = site.Receivers[at]
		if len(site.Receivers) > 1 {
			act.spared = receiver{site.Sink, site.Receivers[(at+1)%len(site.Receivers)]}
		}
	case s.mode == "refuse":
		act.refuse, act.shows = true, refused
	}
	return act, nil
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
