package scenarios

import (
	"math"
	"time"

	"paperlab/compose/standin/corpus"
)

var loadFields = []string{"papers", "rate", "of_capacity", "subscribers", "hottest", "fan_out", "size"}

// What a file that does not say so means.
const (
	usualFanOut  = 5
	usualHottest = 0.05
	// aboveFair is how many fair shares the hottest has where there are so few
	// subscribers that each has usualHottest anyway.
	aboveFair = 1.5
)

// mostRate is the largest rate, in papers a second, that a scenario may ask for.
const mostRate = 10_000

func readLoad(o *object, p Phases) Workload {
	l := Workload{Subscribers: o.Integer("subscribers", 1, 100_000), FanOut: usualFanOut}
	l.Hottest = min(max(usualHottest, aboveFair/float64(l.Subscribers)), 1)
	readRate(o, &l, p)
	if o.Has("fan_out") {
		l.FanOut = o.Decimal("fan_out", "notifications a paper", 100)
	}
	if o.Has("hottest") {
		l.Hottest = o.Number("hottest", "%", "5%", 100) / 100
	}
	if err := l.Demand().Check(); err != nil && o.Has("hottest") {
		o.Fail("hottest", "load.hottest: %v", err)
	}
	if o.Has("size") {
		l.Size = int(1000 * o.Number("size", "KB", "2KB", corpus.LargestSize/1000))
		if l.Size < corpus.SmallestSize {
			o.Fail("size", "load.size is %d bytes; a paper has %d at least, with its title and authors: 0.4KB", l.Size, corpus.SmallestSize)
		}
	}
	return l
}

// readRate wants a load that lasts through recover: an idle service recovers from
// anything.
func readRate(o *object, l *Workload, p Phases) {
	const either = "load needs one of rate, such as 60/s, and of_capacity, such as 70%%"
	switch {
	case o.Has("rate") && o.Has("of_capacity"):
		o.Fail("of_capacity", either+"; this one has both")
	case o.Has("of_capacity"):
		l.OfCapacity = o.Number("of_capacity", "%", "70%", 100) / 100
		if o.Has("papers") {
			o.Fail("papers", "load.papers follows from load.of_capacity and the phases once the capacity is known; leave it out")
		}
	case o.Has("rate"):
		l.Rate = o.Number("rate", "/s", "60/s", mostRate)
		if !o.Has("papers") {
			break
		}
		l.Papers = o.Integer("papers", 1, 1_000_000)
		if least := l.Lasting(p.Total()); l.Papers < least {
			o.Fail("papers", "load.papers is %d, which at %g/s are used up before recover ends; %d are needed, or leave load.papers out", l.Papers, l.Rate, least)
		}
	default:
		o.Fail("rate", either)
	}
}

// Demand is what the load asks of the corpus.
func (l Workload) Demand() corpus.Demand {
	return corpus.Demand{People: l.Subscribers, Hottest: l.Hottest, FanOut: l.FanOut}
}

// Lasting is how many papers are needed at the load's rate to last for so long.
func (l Workload) Lasting(d time.Duration) int {
	return max(1, int(math.Ceil(l.Rate*d.Seconds())))
}
