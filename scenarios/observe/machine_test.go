package observe

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"paperlab/reports/history"
	"paperlab/reports/record"
	"paperlab/system/service"
	"paperlab/system/servicetest"
)

func TestMachineKeepsTheContract(t *testing.T) {
	servicetest.Lifecycle(t, func(*testing.T) (service.Service, func(*testing.T)) {
		rec := history.NewRecorder("hardened")
		return NewMachine(rec, nil), func(t *testing.T) {
			before := len(rec.Events())
			servicetest.Eventually(t, "the machine is read", func() bool { return len(rec.Events()) > before })
		}
	})
}

// hog starts processes that spin until the test ends.
func hog(t *testing.T, count int) (pids []int) {
	t.Helper()
	for range count {
		cmd := exec.Command("sh", "-c", "while :; do :; done")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
		pids = append(pids, cmd.Process.Pid)
	}
	return pids
}

// judged watches the machine until there are readings enough for the worst five
// seconds, and gives what follows.
func judged(t *testing.T, processes Processes) (record.Machine, map[string]record.Guard) {
	t.Helper()
	rec := history.NewRecorder("hardened")
	rec.Record(history.Began(history.PhaseControl))
	watch := NewMachine(rec, processes)
	if err := watch.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer watch.Stop()
	servicetest.Eventually(t, "the machine is read six times", func() bool { return len(rec.Events()) > 6 })
	m, guards := history.AccountOf(rec.Events()).MachineState()
	byID := map[string]record.Guard{}
	for _, g := range guards {
		t.Log(g.ID, g.OK, g.Detail)
		byID[g.ID] = g
	}
	return m, byID
}

// TestHog: processes that spin on all CPUs are others that take them; those of
// the service itself make it wait. It takes some 12 seconds, on a quiet machine
// or a busy one: nobody else can take back what the hogs take.
func TestHog(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells who takes the CPU")
	}
	// More than ten for each CPU: each of them waits more than nine tenths of its
	// time.
	pids := hog(t, 16*runtime.NumCPU())
	m, guards := judged(t, func() (service, others []int) { return nil, nil })
	if g, there := guards[record.GuardTaken]; !there || g.OK {
		t.Errorf("somebody spins on all CPUs: %+v; %+v %v", g, m.CPU, m.NotJudged)
	}
	if why := strings.Join(m.NotJudged, "\n"); !strings.Contains(why, record.GuardQueue+": no process of the service says") {
		t.Errorf("the service has no process, and its queue was judged; not judged is %q", why)
	}
	own := m.CPU.Own
	m, guards = judged(t, func() (service, others []int) { return pids, nil })
	if g, there := guards[record.GuardQueue]; there && g.OK || !there && m.QueueShare != nil {
		t.Errorf("16 threads for each CPU do not wait: %+v; %v", g, m.NotJudged)
	}
	if m.CPU.Own <= own {
		t.Errorf("%.2f of the CPUs are the lab's own when the hogs are the service, and %.2f when they are not", m.CPU.Own, own)
	}
}

// TestTimersLate: a lab that is too busy itself sees its timers late. More
// goroutines spin than there are CPUs, which Go preempts after 10 ms each.
func TestTimersLate(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var stop atomic.Bool
	defer stop.Store(true)
	for range 8 {
		go func() {
			for !stop.Load() {
			}
		}()
	}
	_, guards := judged(t, nil)
	if g := guards[record.GuardTimers]; g.OK || g.Value == nil {
		t.Errorf("8 goroutines spin on one CPU: %+v", g)
	}
	if _, there := guards[record.GuardTaken]; there {
		t.Error("nobody told which processes are the lab's, and it was judged who took the CPU")
	}
}

// TestARestartIsCounted: a process that begins between two readings counts from
// its beginning, and one that ended takes nothing back.
func TestARestartIsCounted(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells who takes the CPU")
	}
	var pids []int
	m := meter{processes: func() (service, others []int) { return pids, nil }}
	m.read()
	pids = hog(t, 1)
	own := 0.0 // of the hog, and of this test
	servicetest.Eventually(t, "the hog's time is read", func() bool {
		r := m.read()
		if r.CPU == nil || r.CPU.Own < 0 {
			t.Fatalf("read %+v; unknown %v", r.CPU, r.Unknown)
		}
		own += r.CPU.Own
		return ofTask(m.own, pids[0]) >= 0.2
	})
	hogs, tests := ofTask(m.own, pids[0]), ofTask(m.own, os.Getpid())
	if own < hogs || own > hogs+tests+0.01 {
		t.Errorf("own time is %.2f s; the hog's is %.2f s and this test's at most %.2f s", own, hogs, tests)
	}
	pids = nil
	if r := m.read(); r.CPU.Own < 0 {
		t.Errorf("what ended took its time back: %+v", r.CPU)
	}
}

func ofTask(times map[task]float64, pid int) float64 {
	for id, seconds := range times {
		if id.id == pid {
			return seconds
		}
	}
	return 0
}

// TestStepped: a wall clock that somebody sets runs away from the time that passed.
func TestStepped(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for passed, want := range map[time.Duration]float64{time.Second: 0, 11 * time.Second: -10, 500 * time.Millisecond: 0.5} {
		if got := stepped(at, at.Add(time.Second), passed); got != want {
			t.Errorf("a second on the wall while %v passed: set by %g s, want %g", passed, got, want)
		}
	}
}
