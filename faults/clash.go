package faults

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"paperlab/compose"
)

// Hold is a part of the system that a fault holds as long as it lasts.
type Hold struct {
	// Of says of what it is: "process/summarize", "link/summarize/redis",
	// "node/master", "llm"; Pick says which of them.
	Of string
	Pick
	Use Use
}

// Use is what a fault does with a part that it holds.
type Use int

const (
	// Shares: its receipt needs the part as it is. Others may need it as well,
	// and none may break it.
	Shares Use = iota
	// Breaks: it has the part to itself, since the heal of one fault would end
	// another on the same part.
	Breaks
	// Stops: the same, and the part does nothing meanwhile.
	Stops
)

// String is as messages have it: process/summarize/one, process/summarize-2.
func (h Hold) String() string {
	if kind, _, ok := strings.Cut(h.Of, "/"); ok && h.name != "" && strings.Count(h.Of, "/") == 1 {
		return kind + "/" + h.name
	}
	return strings.TrimSuffix(h.Of+"/"+h.Word, "/")
}

// bars tells whether two faults cannot hold this at once.
func (h Hold) bars(other Hold) bool {
	return h.Of == other.Of && (h.Use != Shares || other.Use != Shares) && h.meets(other.Pick)
}

// Whole is the hold of what there is only one of.
func Whole(of string, use Use) Hold { return Hold{of, Pick{to: 1, among: 1}, use} }

// Fed is the further power of a Fault whose receipt needs work to come: a process
// that is to be killed with work in hand, a sink that somebody must ask.
type Fed interface {
	// Needs are the stages that must not be out when it begins, and when it ends.
	Needs() (begin, end []string)
}

// The stages through which a paper goes, in this order. A stage is out while faults
// stop all of it.
const (
	crawlStage     = "crawl"
	summarizeStage = "summarize"
	llmStage       = "llm"
	deliverStage   = "deliver"
	redisStage     = "redis"
)

// before are the stages that bring a role its work.
var before = map[string][]string{
	"summarize": {redisStage, crawlStage},
	"deliver":   {redisStage, crawlStage, summarizeStage, llmStage},
}

// made are the parts of each stage. Those of one stage are equally many, and no
// two faults stop the same one, so that what is stopped adds up.
var made = map[string][]string{
	crawlStage:     {"process/crawl", "link/crawl/redis", compose.Arxiv},
	summarizeStage: {"process/summarize", "link/summarize/redis"},
	llmStage:       {"llm"},
	deliverStage:   {"process/deliver", "link/deliver/redis"},
}

// Clash says why a fault of a plan cannot be beside the others, "" if it can: it
// would hold what an earlier one of the list still holds, or its receipt needs
// work that others keep from coming. It says the same for every seed. Two windows
// may touch; the second fault is then injected when the first is proven healed.
// This is the one place that judges it: the reader of scenarios asks before
// anything starts.
func Clash(f Planned, plan []Planned) string {
	for _, earlier := range plan {
		if earlier.ID == f.ID {
			break
		}
		if h, other, found := common(f, earlier); found && (f.lasts(earlier.At) || earlier.lasts(f.At)) {
			return fmt.Sprintf("%s begins at %v, while %s still lasts (%s): %s", f.ID, f.At, earlier.ID, earlier.window(), held(h, other))
		}
	}
	return starves(f, plan)
}

// common is a part that two faults cannot hold at once, as each of them holds it.
func common(p, q Planned) (ours, theirs Hold, found bool) {
	for _, ours := range p.Holds() {
		for _, theirs := range q.Holds() {
			if ours.bars(theirs) {
				return ours, theirs, true
			}
		}
	}
	return ours, theirs, false
}

// held says what two faults would hold at once, and what to do.
func held(h, other Hold) string {
	what := fmt.Sprintf("both hold %v", h)
	switch {
	case h.name != other.name && h.among > 1:
		return fmt.Sprintf("%s can be %s for some seed; name both, or draw both (one and other), or let one end before the other begins",
			cmp.Or(drawn(h), drawn(other)), cmp.Or(h.name, other.name))
	case h.Word != other.Word:
		what = fmt.Sprintf("%v and %v have one in common", h, other)
	}
	if h.among > 1 {
		return what + "; let one end before the other begins, or pick different ones"
	}
	return what + "; let one end before the other begins"
}

// drawn is the word of a hold that draws.
func drawn(h Hold) string {
	if h.name != "" {
		return ""
	}
	return h.Word
}

// starves says which stage is out when the fault's receipt needs it.
func starves(f Planned, plan []Planned) string {
	fed, ok := f.Fault.(Fed)
	if !ok {
		return ""
	}
	begin, end := fed.Needs()
	if why := starvesAt(f, "begins", f.At, begin, plan); why != "" {
		return why
	}
	if at, ends := f.End(); ends {
		return starvesAt(f, "ends", at, end, plan)
	}
	return ""
}

func starvesAt(f Planned, when string, at time.Duration, needs []string, plan []Planned) string {
	for _, stage := range needs {
		if by := out(stage, f, at, plan); len(by) > 0 {
			return fmt.Sprintf("%s %s at %v, and its receipt then needs %s at work, all of which is stopped: %s; let it happen before or after, or leave some of it running",
				f.ID, when, at, stage, strings.Join(by, ", "))
		}
	}
	return ""
}

// out are the faults that together stop a stage at a moment, other than one.
func out(stage string, than Planned, at time.Duration, plan []Planned) (by []string) {
	stopped := map[string]int{} // by part
	all, sum := 1, 0
	for _, q := range plan {
		if q.ID == than.ID || !q.lasts(at) {
			continue
		}
		for _, h := range q.Holds() {
			ours := slices.Contains(made[stage], h.Of) || stage == redisStage && strings.HasPrefix(h.Of, "node/")
			if h.Use != Stops || !ours {
				continue
			}
			sum += h.count()
			stopped[h.Of] += h.count()
			all = h.among
			by = append(by, fmt.Sprintf("%s (%s)", q.ID, q.window()))
		}
	}
	if stage == redisStage && !withoutRedis(stopped) || stage != redisStage && sum < all {
		return nil
	}
	return slices.Compact(by)
}

// withoutRedis: a master's place is taken by its replica if a majority of masters
// is there to vote for it. A replica that is away may be that one.
func withoutRedis(stopped map[string]int) bool {
	masters, replicas := stopped["node/master"], stopped["node/replica"]
	return 2*(compose.Masters-masters) <= compose.Masters || masters > 0 && replicas > 0
}
