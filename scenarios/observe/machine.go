package observe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/procfs"

	"paperlab/reports/history"
	"paperlab/system/service"
)

// How often the machine is read, and the length of the timers that are watched:
// so many a second that one late one is not yet their 99th percentile.
const (
	machineEvery = time.Second
	timerLength  = 5 * time.Millisecond
)

// Processes lists the pids of the service's processes, and of what else runs for
// the lab but the lab itself, as they are now.
type Processes func() (service, others []int)

// Machine watches the machine that a run shares with whatever else is on it:
//
//	timers   how late its own timers of 5 ms come
//	CPU      idle and stolen from /proc/stat, its own from each process; the rest
//	         is others'
//	queue    how long the service's threads waited, from schedstat
//	clock    by how much the wall clock was set, against the monotonic one
//
// A process that dies between two readings takes what it did since the last one
// with it, which then counts as somebody else's: less than a second of it.
type Machine struct {
	rec       *history.Recorder
	processes Processes

	mu   sync.Mutex
	late []history.Point

	life service.Life
}

// NewMachine makes a watch. Processes is nil where nobody can list them: only
// timers are watched then.
func NewMachine(rec *history.Recorder, processes Processes) *Machine {
	return &Machine{rec: rec, processes: processes}
}

// Start begins to watch.
func (m *Machine) Start(ctx context.Context) error {
	return m.life.Start(ctx, func(context.Context) error {
		m.life.Go(m.timers)
		m.life.Go(m.readings)
		return nil
	})
}

// Stop ends the watch.
func (m *Machine) Stop() { m.life.Stop() }

// timers notes how late each timer is.
func (m *Machine) timers() {
	ctx := m.life.Taking()
	timer := time.NewTimer(timerLength)
	defer timer.Stop()
	for set := time.Now(); ; set = time.Now() {
		timer.Reset(timerLength)
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		m.mu.Lock()
		m.late = append(m.late, history.Point{Value: max(0, time.Since(set)-timerLength).Seconds()})
		m.mu.Unlock()
	}
}

func (m *Machine) readings() {
	ctx := m.life.Taking()
	ticker := time.NewTicker(machineEvery)
	defer ticker.Stop()
	meter := meter{processes: m.processes}
	meter.read() // what was before is nobody's
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		reading := meter.read()
		m.mu.Lock()
		late := m.late
		m.late = nil
		m.mu.Unlock()
		if len(late) == 0 { // not one timer of 5 ms came in all that time
			late = []history.Point{{Value: reading.Over}}
		}
		reading.LateP99, reading.LateMax = history.Percentile(late, 99), history.Percentile(late, 100)
		m.rec.Record(history.MachineRead(reading))
	}
}

// task is a process or a thread; the start tells it from a later one of the
// same number.
type task struct {
	id    int
	start uint64
}

// meter turns counters that only grow into what was added since the last look.
type meter struct {
	processes Processes

	at    time.Time
	stat  procfs.CPUStat
	own   map[task]float64
	queue map[task]history.QueueTime
}

// read leaves the timers to the caller.
func (m *meter) read() history.MachineReading {
	now := time.Now()
	r := history.MachineReading{Over: now.Sub(m.at).Seconds(), CPUs: runtime.NumCPU(), Unknown: map[string]string{}}
	r.Stepped = stepped(m.at, now, now.Sub(m.at))
	m.at = now
	var err error
	if r.CPU, err = m.cpu(&r); err != nil {
		r.Unknown[history.PartCPU] = err.Error()
	}
	if r.Queue, err = m.waited(); err != nil {
		r.Unknown[history.PartQueue] = err.Error()
	}
	return r
}

var (
	errUnlisted = errors.New("this environment does not tell which processes are the service's")
	errUnqueued = errors.New("no process of the service says how long it waited for a CPU, in /proc/PID/task/TID/schedstat")
)

// cpu reads the CPUs that this process may run on, which in a container need
// not be all. Idle time is exact; busy time is sampled by the kernel's tick, which
// misses much of what runs in short pieces, and so it is not read but what is
// left.
func (m *meter) cpu(r *history.MachineReading) (*history.CPUTime, error) {
	if m.processes == nil {
		return nil, errUnlisted
	}
	stat, cpus, err := cpuStat()
	if err != nil {
		return nil, err
	}
	r.CPUs = cpus
	service, others := m.processes()
	own, now := 0.0, map[task]float64{}
	for _, pid := range slices.Concat(service, others, []int{os.Getpid()}) {
		proc, err := procfs.NewProc(pid)
		if err != nil {
			continue // it has just ended
		}
		if s, err := proc.Stat(); err == nil {
			id := task{pid, s.Starttime}
			now[id] = s.CPUTime()
			own += now[id] - m.own[id]
		}
	}
	was := m.stat
	m.stat, m.own = stat, now
	t := &history.CPUTime{Own: own, Idle: stat.Idle + stat.Iowait - was.Idle - was.Iowait, Stolen: stat.Steal - was.Steal}
	t.Others = r.Over*float64(cpus) - t.Own - t.Idle - t.Stolen
	return t, nil
}

func cpuStat() (sum procfs.CPUStat, cpus int, err error) {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return sum, 0, fmt.Errorf("this system has no /proc to read the CPU's time from: %w", err)
	}
	stat, err := fs.Stat()
	if err != nil {
		return sum, 0, fmt.Errorf("read the CPU's time: %w", err)
	}
	self, err := procfs.NewProc(os.Getpid())
	if err != nil {
		return sum, 0, fmt.Errorf("read the CPU's time: %w", err)
	}
	status, err := self.NewStatus()
	for id, cpu := range stat.CPU {
		if err == nil && len(status.CpusAllowedList) > 0 && !slices.Contains(status.CpusAllowedList, uint64(id)) {
			continue
		}
		cpus++
		sum.Idle, sum.Iowait, sum.Steal = sum.Idle+cpu.Idle, sum.Iowait+cpu.Iowait, sum.Steal+cpu.Steal
	}
	return sum, cpus, nil
}

// waited sums up all threads of the service.
func (m *meter) waited() (*history.QueueTime, error) {
	if m.processes == nil {
		return nil, errUnlisted
	}
	service, _ := m.processes()
	var sum history.QueueTime
	now := map[task]history.QueueTime{}
	failed := error(nil)
	for _, pid := range service {
		threads, err := procfs.AllThreads(pid)
		if err != nil {
			continue // it has just ended
		}
		for _, thread := range threads {
			s, err := thread.Schedstat()
			if err != nil {
				failed = err
				continue
			}
			id := task{id: thread.PID}
			t := history.QueueTime{Ran: float64(s.RunningNanoseconds) / 1e9, Waited: float64(s.WaitingNanoseconds) / 1e9}
			before := m.queue[id]
			if t.Ran < before.Ran || t.Waited < before.Waited { // another thread has the number
				before = history.QueueTime{}
			}
			now[id] = t
			sum.Ran, sum.Waited = sum.Ran+t.Ran-before.Ran, sum.Waited+t.Waited-before.Waited
		}
	}
	m.queue = now
	if len(now) == 0 {
		return nil, errors.Join(errUnqueued, failed)
	}
	return &sum, nil
}

// stepped is by how many seconds the wall clock was set while that much time
// passed; below 0 is back.
func stepped(from, to time.Time, passed time.Duration) float64 {
	return (to.Round(0).Sub(from.Round(0)) - passed).Seconds()
}
