package history

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"paperlab/reports/record"
)

// quietReading is a second of two CPUs, half of them the lab's.
func quietReading() MachineReading {
	return MachineReading{Over: 1, CPUs: 2, LateP99: 0.0015, LateMax: 0.004,
		CPU:   &CPUTime{Own: 0.95, Others: 0.05, Idle: 1},
		Queue: &QueueTime{Ran: 0.4, Waited: 0.8}}
}

// machineOf is the account of ten seconds in phases, with a reading a second,
// each of which the test may spoil; i counts from 0. Before them is a warm-up of
// two seconds, in which the machine is at its worst.
func machineOf(spoil func(i int, r *MachineReading)) *Account {
	var events []Event
	add := func(t float64, e Event) { events = append(events, e.At(t, "hardened")) }
	for i := -2; i < 10; i++ {
		if phase := map[int]string{0: PhaseControl, 4: PhaseFault}[i]; phase != "" {
			add(float64(i+2), Began(phase))
		}
		r := quietReading()
		if i < 0 {
			r.CPU, r.LateP99, r.Queue.Waited = &CPUTime{Others: 1.5, Stolen: 0.5}, 0.5, 60
		} else {
			spoil(i, &r)
		}
		add(float64(i+2)+0.99, MachineRead(r))
	}
	add(12, Began(PhaseObserve))
	add(12.5, Began(PhaseDone))
	return AccountOf(events)
}

// taking lets others have so many CPUs; what is left over is idle.
func taking(others float64) func(int, *MachineReading) {
	return func(_ int, r *MachineReading) {
		r.CPU = &CPUTime{Own: 0.95, Others: others, Idle: 2 - 0.95 - others}
	}
}

// within lets the machine be spoiled for some seconds only.
func within(from, to int, spoil func(int, *MachineReading)) func(int, *MachineReading) {
	return func(i int, r *MachineReading) {
		if i >= from && i < to {
			spoil(i, r)
		}
	}
}

// TestMachineGuards: each guard holds on a quiet machine and is broken by what it
// is for, and by nothing else.
func TestMachineGuards(t *testing.T) {
	late := func(_ int, r *MachineReading) { r.LateP99 = 0.03 }
	queue := func(_ int, r *MachineReading) { r.Queue.Waited = 6 }
	cases := map[string]struct {
		spoil  func(int, *MachineReading)
		broken string // the guard, empty for none
	}{
		"quiet":                              {func(int, *MachineReading) {}, ""},
		"others take a CPU":                  {taking(1), record.GuardTaken},
		"others take it for five seconds":    {within(3, 8, taking(1)), record.GuardTaken},
		"others take it for one second":      {within(3, 4, taking(1)), ""},
		"others take what nobody needs":      {func(_ int, r *MachineReading) { r.CPUs = 4; r.CPU = &CPUTime{Own: 0.95, Others: 1.9, Idle: 1.15} }, ""},
		"the lab takes all":                  {func(_ int, r *MachineReading) { r.CPU = &CPUTime{Own: 1.96, Others: 0.04} }, ""},
		"a hypervisor takes half, some idle": {func(_ int, r *MachineReading) { r.CPU = &CPUTime{Own: 0.4, Stolen: 0.5, Idle: 1.1} }, record.GuardTaken},
		"others below 0, by the readings":    {func(i int, r *MachineReading) { r.CPU = &CPUTime{Own: 1.1, Others: -0.04, Idle: 0.94} }, ""},
		"timers late":                        {late, record.GuardTimers},
		"timers at the bound":                {func(_ int, r *MachineReading) { r.LateP99 = 0.02 }, ""},
		"timers late for five seconds":       {within(5, 10, late), record.GuardTimers},
		"timers late every other second": {func(i int, r *MachineReading) {
			if i%2 == 0 {
				late(i, r)
			}
		}, record.GuardTimers},
		"timers late for two seconds":        {within(5, 7, late), ""},
		"the service waits":                  {queue, record.GuardQueue},
		"the service waits for five seconds": {within(0, 5, queue), record.GuardQueue},
		"the service waits for one second":   {within(0, 1, queue), ""},
		"a clock that is slewed":             {func(_ int, r *MachineReading) { r.Stepped = 0.0005 }, ""},
		"a clock set at its bound":           {within(3, 4, setBy(0.1)), ""},
		"a clock set back":                   {within(3, 4, setBy(-0.2)), record.GuardClock},
		"a clock set forth":                  {within(9, 10, setBy(3600)), record.GuardClock},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, guards := machineOf(c.spoil).MachineState()
			if len(guards) != 4 { // nobody is told anything: no spread
				t.Errorf("%d guards: %+v", len(guards), guards)
			}
			for _, g := range guards {
				if want := g.ID != c.broken; g.OK != want {
					t.Errorf("%s holds: %t, want %t: %s", g.ID, g.OK, want, g.Detail)
				}
			}
		})
	}
}

// setBy sets the wall clock.
func setBy(seconds float64) func(int, *MachineReading) {
	return func(_ int, r *MachineReading) { r.Stepped = seconds }
}

// TestAGuardSaysWhy: the figure, its bound and what to do.
func TestAGuardSaysWhy(t *testing.T) {
	_, guards := machineOf(taking(1)).MachineState()
	want := "in the worst five seconds others took 50 % of the CPUs while none was free; at most 20 % lets a run be judged: end what else runs on this machine, and run again"
	if !slices.ContainsFunc(guards, func(g record.Guard) bool {
		return g.Detail == want && math.Abs(*g.Value-0.5) < 1e-9 && g.Bound == 0.2 && g.Unit == "share"
	}) {
		t.Errorf("guards: %+v", guards)
	}
}

// TestWhatIsUnknownIsLeftOut: never passed, and the reason is there.
func TestWhatIsUnknownIsLeftOut(t *testing.T) {
	cases := map[string]struct {
		account *Account
		guards  []string // those that are judged
		says    []string
	}{
		"no CPU time": {machineOf(func(_ int, r *MachineReading) {
			r.CPU, r.Unknown = nil, map[string]string{PartCPU: errors.New("no /proc").Error()}
		}), []string{record.GuardTimers, record.GuardQueue, record.GuardClock}, []string{"cpu-taken: no /proc"}},
		"no schedstat": {machineOf(func(_ int, r *MachineReading) {
			r.Queue, r.Unknown = nil, map[string]string{PartQueue: "no schedstat"}
		}), []string{record.GuardTimers, record.GuardTaken, record.GuardClock}, []string{"run-queue: no schedstat"}},
		"a service that does nothing": {machineOf(func(_ int, r *MachineReading) {
			r.Queue = &QueueTime{Ran: 0.001, Waited: 0.05}
		}), []string{record.GuardTimers, record.GuardTaken, record.GuardClock}, []string{"run-queue: there was too little to measure it by"}},
		"no readings": {AccountOf([]Event{Began(PhaseControl).At(1, "hardened"), Began(PhaseDone).At(9, "hardened")}), nil,
			[]string{"timers-late: the history has no readings", "cpu-taken: the history", "run-queue: the history", "wall-clock: the history", "control-spread: somebody was told something in fewer than 3 seconds"}},
		"nothing at all": {AccountOf(nil), nil, []string{"timers-late: the history has no readings"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			m, guards := c.account.MachineState()
			var ids []string
			for _, g := range guards {
				ids = append(ids, g.ID)
			}
			if !slices.Equal(ids, c.guards) {
				t.Errorf("judged by %v, want %v", ids, c.guards)
			}
			said := strings.Join(m.NotJudged, "\n")
			for _, want := range c.says {
				if !strings.Contains(said, want) {
					t.Errorf("%q does not say %q", said, want)
				}
			}
		})
	}
}

// machineBetween is an account from 0 s to 10 s with these readings.
func machineBetween(readings ...TimedReading) *Account {
	return &Account{Phases: []record.Phase{{Name: PhaseControl, StartS: 0, EndS: 10}}, Machine: readings}
}

// TestMeansOfTheMachine: shares are of all CPUs' time, and what was not read is not
// there.
func TestMeansOfTheMachine(t *testing.T) {
	m, _ := machineBetween(
		TimedReading{1, MachineReading{Over: 1, CPUs: 2, LateMax: 0.003, CPU: &CPUTime{Own: 0.5, Others: 0.3, Stolen: 0.1, Idle: 1.1}, Queue: &QueueTime{Ran: 1, Waited: 0.5}}},
		TimedReading{3, MachineReading{Over: 2, CPUs: 2, LateMax: 0.002, CPU: &CPUTime{Own: 2.5, Others: 0.3, Stolen: 0.2, Idle: 1}, Queue: &QueueTime{Ran: 2, Waited: 1.5}}},
		TimedReading{4, MachineReading{Over: 1, CPUs: 2}},
	).MachineState()
	want := record.CPUShares{Own: 0.5, Others: 0.1, Stolen: 0.05, Idle: 0.35}
	near := func(a, b float64) bool { return math.Abs(a-b) < 1e-9 }
	if c := m.CPU; c == nil || !near(c.Own, want.Own) || !near(c.Others, want.Others) || !near(c.Stolen, want.Stolen) || !near(c.Idle, want.Idle) {
		t.Errorf("shares are %+v, want %+v", m.CPU, want)
	}
	if m.Readings != 3 || m.TimersLateMaxS != 0.003 || m.QueueShare == nil || !near(*m.QueueShare, 0.4) {
		t.Errorf("the machine is %+v", m)
	}
	m, _ = machineBetween(TimedReading{1, MachineReading{Over: 0.25, CPUs: 2, CPU: &CPUTime{Own: 0.3, Others: -0.1, Idle: 0.3}}}).MachineState()
	few, _ := machineBetween(TimedReading{1, MachineReading{Over: 1, CPUs: 2, Queue: &QueueTime{Ran: 0.3, Waited: 0.1}}}).MachineState()
	if few.QueueShare == nil || !near(*few.QueueShare, 0.25) {
		t.Errorf("of little: %+v", few)
	}
	if m.CPU == nil || m.CPU.Others != 0 || !near(m.CPU.Own, 0.6) || m.QueueShare != nil {
		t.Errorf("of half a second of CPUs: %+v, %+v", m.CPU, m)
	}
	if m, _ = machineBetween(TimedReading{1, MachineReading{Over: 1, CPUs: 2}}).MachineState(); m.CPU != nil || m.QueueShare != nil || m.Readings != 1 {
		t.Errorf("of nothing read: %+v", m)
	}
}

// TestReadingsOfThePhases: one belongs to the phases if half of it does.
func TestReadingsOfThePhases(t *testing.T) {
	for at, want := range map[float64]int{0.45: 0, 0.5: 1, 0.6: 1, 5: 1, 10: 1, 10.1: 0} {
		if m, _ := machineBetween(TimedReading{at, MachineReading{Over: 1, CPUs: 2}}).MachineState(); m.Readings != want {
			t.Errorf("of a second until %g s %d readings count, want %d", at, m.Readings, want)
		}
	}
}

// TestWorst: over all stretches of five seconds, of which half a second may lack;
// of a shorter run it is the whole.
func TestWorst(t *testing.T) {
	every := func(over float64, n int) (all []TimedReading) {
		for i := range n {
			all = append(all, TimedReading{over * float64(i+1), MachineReading{Over: over}})
		}
		return all
	}
	length := func(part []TimedReading) float64 { return float64(len(part)) }
	first := func(part []TimedReading) float64 { return part[0].T }
	end := func(part []TimedReading) float64 { return part[len(part)-1].T }
	for name, c := range map[string]struct{ got, want float64 }{
		"six of three quarters":    {worst(every(0.75, 20), length), 6},
		"five of nearly a second":  {worst(every(0.999, 20), length), 5},
		"the last stretch, too":    {worst(every(0.75, 7), end), 5.25},
		"no stretch beyond it":     {worst(every(0.75, 7), first), 1.5},
		"a shorter run":            {worst(every(1, 2), length), 2},
		"a shorter run is no tail": {worst(every(1, 3), first), 1},
	} {
		if c.got != c.want {
			t.Errorf("%s: %g, want %g", name, c.got, c.want)
		}
	}
	if !math.IsNaN(worst(nil, length)) {
		t.Error("of nothing there is a worst")
	}
}

// TestPartsOfAStretch: lateness is the lower median, and a second that nobody could
// read leaves the others.
func TestPartsOfAStretch(t *testing.T) {
	late := func(p99 float64) TimedReading { return TimedReading{MachineReading: MachineReading{LateP99: p99}} }
	if got := lateness([]TimedReading{late(4), late(2), late(1), late(3)}); got != 2 {
		t.Errorf("lateness %g, want 2", got)
	}
	still := late(3.9)
	still.Over = 4
	if got := lateness([]TimedReading{late(0.001), still, late(0.001), late(0.001)}); got != 3.9 {
		t.Errorf("the lab stood still for four seconds of seven: lateness %g, want 3.9", got)
	}
	busy := TimedReading{MachineReading: MachineReading{Over: 1, CPUs: 2, CPU: &CPUTime{Others: 0.5, Stolen: 0.1}}}
	if got := taken([]TimedReading{{MachineReading: MachineReading{Over: 1, CPUs: 2}}, busy}); !(math.Abs(got-0.3) <= 1e-9) { // NaN is not near
		t.Errorf("others took %g, want 0.3", got)
	}
	spare := TimedReading{MachineReading: MachineReading{Over: 1, CPUs: 2, CPU: &CPUTime{Others: 0.9, Idle: 1}}}
	if got := taken([]TimedReading{spare}); got != 0 {
		t.Errorf("with a CPU to spare others took %g", got)
	}
	for ran, want := range map[float64]float64{0.05: 0.5, 0.04: math.NaN()} {
		got := waiting([]TimedReading{{MachineReading: MachineReading{Over: 1, Queue: &QueueTime{Ran: ran, Waited: 0.05}}}})
		if got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Errorf("who ran for %g s waited for %g of its time, want %g", ran, got, want)
		}
	}
	for seconds, known := range map[float64]bool{3: true, 2: false} {
		a := &Account{Phases: []record.Phase{{Name: PhaseControl, EndS: seconds}}, Latency: curve(0, 9, flat(0.5))}
		if got := a.spread(); math.IsNaN(got) == known {
			t.Errorf("the spread over %g s of control is %g", seconds, got)
		}
	}
	// Of four seconds the second best is the usual one; of many the worst is none.
	four := &Account{Phases: []record.Phase{{Name: PhaseControl, EndS: 4}}, Latency: curve(0, 4, during(0.5, 1, spell{2, 4}))}
	many := &Account{Phases: []record.Phase{{Name: PhaseControl, EndS: 150}}, Latency: curve(0, 150, during(0.5, 9, spell{70, 71}))}
	if a, b := four.spread(), many.spread(); a != 2 || b != 1 {
		t.Errorf("spreads are %g and %g, want 2 and 1", a, b)
	}
}

// A window has the 95th percentile of what was told in it, one telling at least.
func TestWindows(t *testing.T) {
	var many []Point
	for i := range 100 {
		many = append(many, Point{float64(i) / 100, float64(i + 1)})
	}
	got := windows(append(many, Point{2.5, 7}), 0, 4)
	if want := []Point{{0, 95}, {2, 7}}; !slices.Equal(got, want) {
		t.Errorf("windows are %v, want %v", got, want)
	}
}

func TestFiguresOfTheMachine(t *testing.T) {
	for want, got := range map[string]string{"60 %": figure(0.6, "share"), "600 ms": figure(0.6, "s"), "2.5 times": figure(2.46, "times")} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestControlSpread: the worst second of the control phase against its median.
func TestControlSpread(t *testing.T) {
	for name, c := range map[string]struct {
		usual, worst float64
		want         float64
	}{
		"even":                      {0.5, 0.55, 1.1},
		"one second of three times": {0.5, 2, 4},
		"so quick that none cares":  {0.02, 0.5, 2},
	} {
		a := &Account{Phases: []record.Phase{{Name: PhaseControl, StartS: 0, EndS: 8}, {Name: PhaseSteady, StartS: 8, EndS: 12}}}
		for i := range 80 {
			latency := c.usual
			if i/10 == 5 {
				latency = c.worst
			}
			a.Latency = append(a.Latency, Point{float64(i) / 10, latency})
		}
		// What comes after the control phase does not count.
		a.Latency = append(a.Latency, Point{9, 60})
		_, guards := a.MachineState()
		if len(guards) != 1 || guards[0].ID != record.GuardSpread || math.Abs(*guards[0].Value-c.want) > 1e-9 || guards[0].OK != (c.want <= 3) {
			t.Errorf("%s: %+v, want %g", name, guards, c.want)
		}
	}
}

// TestMachineMeans: the record states where the time of the CPUs went.
func TestMachineMeans(t *testing.T) {
	m, _ := machineOf(within(0, 5, taking(0.45))).MachineState()
	near := func(a, b float64) bool { return math.Abs(a-b) < 1e-9 }
	if m.Readings != 10 || m.CPU == nil || !near(m.CPU.Own, 0.475) || !near(m.CPU.Others, 0.125) || !near(m.CPU.Idle, 0.4) || m.CPU.Stolen != 0 {
		t.Errorf("%+v, %+v", m, m.CPU)
	}
	if m.QueueShare == nil || !near(*m.QueueShare, 2.0/3) || m.TimersLateMaxS != 0.004 {
		t.Errorf("queue %v, timers %g", m.QueueShare, m.TimersLateMaxS)
	}
}
