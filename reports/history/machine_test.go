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
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, guards := machineOf(c.spoil).MachineState()
			if len(guards) != 3 { // nobody is told anything: no spread
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
		}), []string{record.GuardTimers, record.GuardQueue}, []string{"cpu-taken: no /proc"}},
		"no schedstat": {machineOf(func(_ int, r *MachineReading) {
			r.Queue, r.Unknown = nil, map[string]string{PartQueue: "no schedstat"}
		}), []string{record.GuardTimers, record.GuardTaken}, []string{"run-queue: no schedstat"}},
		"a service that does nothing": {machineOf(func(_ int, r *MachineReading) {
			r.Queue = &QueueTime{Ran: 0.001, Waited: 0.05}
		}), []string{record.GuardTimers, record.GuardTaken}, []string{"run-queue: there was too little to measure it by"}},
		"no readings": {AccountOf([]Event{Began(PhaseControl).At(1, "hardened"), Began(PhaseDone).At(9, "hardened")}), nil,
			[]string{"timers-late: the history has no readings", "cpu-taken: the history", "run-queue: the history", "control-spread: somebody was told something in fewer than 3 seconds"}},
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
