package history

import (
	"fmt"
	"math"
	"slices"

	"paperlab/reports/record"
)

// MachineReading is what the machine did since the reading before.
type MachineReading struct {
	// Over is the time that it covers, in seconds; CPUs are those that the lab may
	// run on.
	Over float64 `json:"over_s"`
	CPUs int     `json:"cpus"`
	// LateP99 and LateMax say, of the lab's own timers of 5 ms, by how much they
	// came too late, in seconds.
	LateP99 float64 `json:"late_p99_s"`
	LateMax float64 `json:"late_max_s"`
	// Stepped is by how many seconds the wall clock was set; below 0 is back.
	Stepped float64 `json:"stepped_s"`
	// CPU and Queue are nil where the system does not tell; Unknown then says why,
	// by PartCPU and PartQueue.
	CPU     *CPUTime          `json:"cpu,omitempty"`
	Queue   *QueueTime        `json:"queue,omitempty"`
	Unknown map[string]string `json:"unknown,omitempty"`
}

// The parts of a reading that a system may not tell.
const (
	PartCPU   = "cpu"
	PartQueue = "queue"
)

// CPUTime is where the CPUs' time went, in seconds of CPU. The sum is Over times
// CPUs.
type CPUTime struct {
	// Own is that of the lab and of all that it runs, Stolen what the hypervisor
	// gave to others while somebody wanted it, and Others what is left: other
	// processes, the kernel's own among them. Each is read at a moment of its own,
	// so that what is left may be a little below 0.
	Own    float64 `json:"own_s"`
	Others float64 `json:"others_s"`
	Stolen float64 `json:"stolen_s"`
	Idle   float64 `json:"idle_s"`
}

// QueueTime is that of all threads of the service: how long they ran, and how
// long they could have and waited for a CPU, in seconds.
type QueueTime struct {
	Ran    float64 `json:"ran_s"`
	Waited float64 `json:"waited_s"`
}

// TimedReading is a reading with its time, at which it ends.
type TimedReading struct {
	T float64
	MachineReading
}

// stretch is what a machine is judged by: its worst five seconds. So long
// somebody else's work is enough to make a recovery late, and it would be lost in
// the mean over a run; a second alone may be a garbage collection or a cron job.
const stretch = 5.0

// The bounds of a machine that can judge. What is measured below is of two CPUs:
// quiet, with the catalogue's load, which takes half of them; by itself, with a
// load that takes four fifths; and busy, with somebody's compilers on both.
const (
	// lateBound, in seconds: quiet 0.001 to 0.009; by itself 0.005, and 0.011 on the
	// slowest machine tried; busy 0.005 to 0.024. What others take is for takenBound
	// to say; this one is for a lab that is throttled or held up where no accounting
	// of CPU time shows it. It is a fifth of the tenth of a second to which times are
	// given.
	lateBound = 0.020
	// takenBound, a share of the CPUs: quiet 0.05, with one CPU taken by another
	// 0.45, busy 0.7.
	takenBound = 0.2
	// waitBound, a share: quiet 0.72, by itself 0.83, busy 0.89. Short pieces of
	// work always wait for each other, so that it tells little of others: it is
	// for a machine that is far too small, on which nobody else runs.
	waitBound = 0.9
	// stepBound, in seconds: a clock that is slewed moves by half a millisecond in
	// each, and takes the lab's other clock along; one that is set may jump.
	stepBound = 0.1
	// spreadBound, times: quiet 1.2, busy 1.6. Bounds of steady state are twice
	// what the control phase shows, which then must not differ by more from itself.
	spreadBound = 3.0

	// leastDemand is the share of one CPU below which it is chance whether a
	// thread of the service had to wait.
	leastDemand = 0.1
	// calm is a latency, in seconds, below which its spread hurts nobody.
	calm = 0.25
	// leastSeconds of the control phase make a spread.
	leastSeconds = 3
)

// The last part of a guard's detail: what to do.
const (
	lessElse = "end what else runs on this machine, and run again"
	lessLoad = lessElse + ", or with a lower load.rate"
)

// MachineState is what the machine did from the first phase to the end of the
// load, and the guards that follow: whether it was quiet enough to judge a
// service on it. A guard whose figure nobody could read is left out, and the
// state says so.
func (a *Account) MachineState() (m record.Machine, guards []record.Guard) {
	readings := a.readings()
	m = means(readings)
	judge := func(g record.Guard, value float64, source, what, do string) {
		if math.IsNaN(value) {
			m.NotJudged = append(m.NotJudged, g.ID+": "+unread(readings, source))
			return
		}
		g.Value, g.OK = &value, value <= g.Bound
		g.Detail = fmt.Sprintf(what+"; at most %s lets a run be judged: %s", figure(value, g.Unit), figure(g.Bound, g.Unit), do)
		guards = append(guards, g)
	}
	judge(record.Guard{ID: record.GuardTimers, Unit: "s", Bound: lateBound}, worst(readings, lateness), "",
		"in the worst five seconds the lab's own timers came %s late", lessElse)
	judge(record.Guard{ID: record.GuardTaken, Unit: "share", Bound: takenBound}, worst(readings, taken), PartCPU,
		"in the worst five seconds others took %s of the CPUs while none was free", lessElse)
	judge(record.Guard{ID: record.GuardQueue, Unit: "share", Bound: waitBound}, worst(readings, waiting), PartQueue,
		"in the worst five seconds the service's threads waited for a CPU in %s of the time in which they could have run", lessLoad)
	judge(record.Guard{ID: record.GuardClock, Unit: "s", Bound: stepBound}, stepped(readings), "",
		"the wall clock, whose times alerts bear, was set by %s", "keep others from setting it, and run again")
	judge(record.Guard{ID: record.GuardSpread, Unit: "times", Bound: spreadBound}, a.spread(), fromControl,
		"in the worst second of the control phase the latency was %s that of its median second (p95)", lessElse)
	return m, guards
}

// figure writes a value for people.
func figure(value float64, unit string) string {
	switch unit {
	case "share":
		return fmt.Sprintf("%.0f %%", 100*value)
	case "s":
		return fmt.Sprintf("%.0f ms", 1000*value)
	default:
		return fmt.Sprintf("%.1f %s", value, unit)
	}
}

// fromControl is the source of a figure that is none of the readings'.
const fromControl = "control"

// unread says why a figure is not there.
func unread(readings []TimedReading, source string) string {
	for _, r := range readings {
		if why := r.Unknown[source]; why != "" {
			return why
		}
	}
	switch {
	case source == fromControl:
		return fmt.Sprintf("somebody was told something in fewer than %d seconds of the control phase", leastSeconds)
	case len(readings) == 0:
		return "the history has no readings of the machine"
	default:
		return "there was too little to measure it by"
	}
}

// readings are those of the phases.
func (a *Account) readings() []TimedReading {
	if len(a.Phases) == 0 {
		return nil
	}
	from, to := a.Phases[0].StartS, a.Phases[len(a.Phases)-1].EndS
	return slices.DeleteFunc(slices.Clone(a.Machine), func(r TimedReading) bool { return r.T-r.Over < from-r.Over/2 || r.T > to })
}

// means are the figures of the whole time.
func means(readings []TimedReading) (m record.Machine) {
	var cpus, ran, waited float64
	var sum CPUTime
	for _, r := range readings {
		m.TimersLateMaxS = max(m.TimersLateMaxS, r.LateMax)
		if r.CPU != nil {
			cpus += r.Over * float64(r.CPUs)
			sum = CPUTime{sum.Own + r.CPU.Own, sum.Others + r.CPU.Others, sum.Stolen + r.CPU.Stolen, sum.Idle + r.CPU.Idle}
		}
		if r.Queue != nil {
			ran, waited = ran+r.Queue.Ran, waited+r.Queue.Waited
		}
	}
	m.Readings = len(readings)
	if cpus > 0 {
		m.CPU = &record.CPUShares{Own: sum.Own / cpus, Others: max(0, sum.Others) / cpus, Stolen: sum.Stolen / cpus, Idle: sum.Idle / cpus}
	}
	if ran+waited > 0 {
		share := waited / (ran + waited)
		m.QueueShare = &share
	}
	return m
}

// worst is the largest value over all stretches; of a shorter run, of the
// whole. NaN: no stretch has one. Half a second may lack, or five readings of
// 0.999 s would need a sixth.
func worst(readings []TimedReading, value func([]TimedReading) float64) float64 {
	most := math.NaN()
	for from := range readings {
		covered, to := 0.0, from
		for to < len(readings) && covered < stretch-0.5 {
			covered += readings[to].Over
			to++
		}
		if covered < stretch-0.5 && from > 0 {
			break
		}
		if v := value(readings[from:to]); !(v <= most) && !math.IsNaN(v) {
			most = v
		}
	}
	return most
}

// lateness is the median over the seconds of their timers' 99th percentile; a
// reading of several seconds, over which the lab stood still, counts for each.
func lateness(part []TimedReading) float64 {
	var points []Point
	for _, r := range part {
		for range max(1, int(math.Round(r.Over))) {
			points = append(points, Point{r.T, r.LateP99})
		}
	}
	return Percentile(points, 50)
}

// stepped is the most that the wall clock was set by, forth or back; NaN without a
// reading.
func stepped(readings []TimedReading) float64 {
	most := math.NaN()
	for _, r := range readings {
		if by := math.Abs(r.Stepped); !(by <= most) {
			most = by
		}
	}
	return most
}

// taken is the share of the CPUs' time that was stolen, or that others used in
// seconds in which less than one CPU was idle: on a machine with a CPU to spare,
// nobody takes it from the service.
func taken(part []TimedReading) float64 {
	var others, stolen, all float64
	for _, r := range part {
		if r.CPU == nil {
			continue
		}
		all += r.Over * float64(r.CPUs)
		stolen += r.CPU.Stolen
		if r.CPU.Idle < r.Over {
			others += r.CPU.Others
		}
	}
	return (max(0, others) + stolen) / all
}

// waiting is the share of the time in which the service's threads could have
// run, and waited.
func waiting(part []TimedReading) float64 {
	var ran, waited, over float64
	for _, r := range part {
		if r.Queue != nil {
			ran, waited, over = ran+r.Queue.Ran, waited+r.Queue.Waited, over+r.Over
		}
	}
	if ran+waited < leastDemand*over {
		return math.NaN()
	}
	return waited / (ran + waited)
}

// spread is how far the worst second of the control phase stands above the
// usual one.
func (a *Account) spread() float64 {
	control := a.Phase(PhaseControl)
	seconds := windows(a.Latency, control.StartS, control.EndS)
	if len(seconds) < leastSeconds {
		return math.NaN()
	}
	return Percentile(seconds, 99) / max(Percentile(seconds, 50), calm)
}
