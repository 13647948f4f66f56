package series

import (
	"maps"
	"slices"

	"paperlab/reports/chart"
	"paperlab/reports/history"
)

// Primary is the provider that the service asks first.
const Primary = "ollama"

// Provider is what one LLM stand-in was asked, per second. OK had a summary;
// NoSummary ended in an error, or the caller gave up waiting.
type Provider struct {
	Name          string
	OK, NoSummary []chart.Point
	// Total calls, and how many of them brought no summary.
	Total, Without int
}

// Calls counts the ended calls of each provider by the second of their end, the
// primary first. Seconds without a call are 0: the stand-in would have seen one.
func Calls(events []history.Event) []Provider {
	type count struct{ ok, without []int }
	counts := map[string]*count{}
	last := 0
	for _, e := range events {
		last = max(last, int(e.T))
		if e.Op != history.Ask || e.Type == history.Invoke {
			continue
		}
		if counts[e.Process] == nil {
			counts[e.Process] = &count{}
		}
		c := counts[e.Process]
		if e.Type == history.OK {
			c.ok = bump(c.ok, int(e.T))
		} else {
			c.without = bump(c.without, int(e.T))
		}
	}
	var out []Provider
	for _, name := range slices.SortedFunc(maps.Keys(counts), primaryFirst) {
		c := counts[name]
		p := Provider{Name: name, OK: perSecond(c.ok, last), NoSummary: perSecond(c.without, last)}
		p.Without = sum(c.without)
		p.Total = sum(c.ok) + p.Without
		out = append(out, p)
	}
	return out
}

func primaryFirst(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == Primary || b != Primary && a < b:
		return -1
	default:
		return 1
	}
}

func bump(counts []int, second int) []int {
	for len(counts) <= second {
		counts = append(counts, 0)
	}
	counts[second]++
	return counts
}

func sum(counts []int) int {
	n := 0
	for _, c := range counts {
		n += c
	}
	return n
}

// perSecond leaves out the last second, which the run did not finish.
func perSecond(counts []int, last int) []chart.Point {
	var out []chart.Point
	for s := range last {
		v := 0
		if s < len(counts) {
			v = counts[s]
		}
		out = append(out, chart.Point{T: float64(s) + 0.5, V: float64(v)})
	}
	return out
}

// Redundancy compares, for calls that began while a fault was on, the primary
// alone with all providers together.
type Redundancy struct {
	// PrimaryAsks is how often the primary was asked, PrimaryFailed how many
	// of these asks brought no summary.
	PrimaryAsks, PrimaryFailed int
	// Versions is how many versions any provider was asked for, WithoutSummary
	// how many of them got none from any call that began while the fault was
	// on. They are late, not lost.
	Versions, WithoutSummary int
}

// During measures redundancy between two times.
func During(events []history.Event, from, to float64) Redundancy {
	type ask struct{ provider, version string }
	begun := map[string]ask{}
	answered := map[string]bool{}
	var r Redundancy
	for _, e := range events {
		if e.Op != history.Ask {
			continue
		}
		key := e.Process + "\x00" + e.Call
		if e.Type == history.Invoke {
			if e.T >= from && e.T < to {
				begun[key] = ask{e.Process, e.Version}
				answered[e.Version] = answered[e.Version] || false
				if e.Process == Primary {
					r.PrimaryAsks++
					r.PrimaryFailed++
				}
			}
			continue
		}
		if a, ok := begun[key]; ok && e.Type == history.OK {
			delete(begun, key)
			answered[a.version] = true
			if a.provider == Primary {
				r.PrimaryFailed--
			}
		}
	}
	r.Versions = len(answered)
	for _, ok := range answered {
		if !ok {
			r.WithoutSummary++
		}
	}
	return r
}
