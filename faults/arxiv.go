package faults

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"paperlab/compose"
	"paperlab/compose/standin"
)

var _ = register(Kind{
	Name:    "arxiv",
	About:   "arXiv answers 429 or 503, with or without Retry-After, with garbage, too late, or refuses connections",
	Undo:    "none: the stand-in, or the gateway before the real one, runs inside the lab and dies with it",
	Fields:  []string{"mode", "retry_after"},
	Example: "{mode: rate-limited, retry_after: 3s}",
	Read: func(f Fields, _ compose.Plan) Fault {
		a := arxiv{mode: f.Choice("mode", slices.Sorted(maps.Keys(arxivManners))...)}
		if f.Has("retry_after") {
			a.retryAfter = f.Duration("retry_after", time.Second, time.Hour)
			if a.mode != "rate-limited" && a.mode != "unavailable" {
				f.Fail("retry_after", "an answer that is %s has no Retry-After", a.mode)
			}
		}
		return a
	},
})

var arxivManners = map[string]manner{
	"rate-limited": {
		told:     func(string) standin.Manner { return standin.Manner{Status: 429, Body: "Rate exceeded."} },
		happened: "answered 429", shows: answers(429, "Rate exceeded"),
	},
	"unavailable": {
		told:     func(string) standin.Manner { return standin.Manner{Status: 503, Body: "Service Unavailable"} },
		happened: "answered 503", shows: answers(503, "Service Unavailable"),
	},
	"garbage": {
		told: func(string) standin.Manner {
			return standin.Manner{Status: 200, Body: "<html><body>Down for maintenance</body></html>"}
		},
		happened: "answered 200 with what is no Atom feed",
		shows:    func(p probed) bool { return answers(200, "<html>")(p) && p.err != nil },
	},
	"slow": {
		told:     func(string) standin.Manner { return standin.Manner{Delay: time.Minute} },
		happened: "answered too late", shows: late,
	},
	"refuse": {refuse: true, happened: "refused connections", shows: refused},
}

type arxiv struct {
	mode       string
	retryAfter time.Duration
}

func (a arxiv) Mode() string { return a.mode }

// Holds: the crawler's requests are a part of the receipt.
func (arxiv) Holds() []Hold {
	crawler := process{"crawl", everyOne(1)}
	return []Hold{Whole(compose.Arxiv, Stops), crawler.hold(Shares), crawler.link(compose.Arxiv, Shares), crawler.link(allOfRedis, Shares)}
}

// Needs implements Fed.
func (arxiv) Needs() (begin, end []string) { return []string{redisStage}, []string{redisStage} }

// Aim adds the Retry-After that the entry names, in whole seconds; without it
// none is sent, as arXiv sometimes does.
func (a arxiv) Aim(s *Site) (Act, error) {
	m := arxivManners[a.mode]
	if a.retryAfter > 0 {
		after := strconv.Itoa(int(a.retryAfter.Round(time.Second).Seconds()))
		bare, shows := m.told, m.shows
		m.told = func(name string) standin.Manner {
			told := bare(name)
			told.RetryAfter = after
			return told
		}
		m.shows = func(p probed) bool { return shows(p) && p.RetryAfter == after }
		m.happened += " with Retry-After " + after
	}
	act, err := s.misbehave(a.mode, m, compose.Arxiv)
	if err != nil {
		return nil, err
	}
	act.busy = true
	return act, nil
}
