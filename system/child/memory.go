package child

import (
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/prometheus/procfs"
)

// sampleEvery is how often a live process's peak is read. The kernel keeps the
// peak itself, so a longer pause only misses growth just before the end.
const sampleEvery = 250 * time.Millisecond

// PeakMemory is the largest resident memory of the process so far, in bytes; 0
// if it could not be measured. On systems without /proc it is known only after
// the end.
func (p *Process) PeakMemory() int64 {
	p.measure()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.peak
}

func (p *Process) sample() {
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	for {
		p.measure()
		select {
		case <-p.done:
			return
		case <-tick.C:
		}
	}
}

func (p *Process) measure() {
	p.mu.Lock()
	defer p.mu.Unlock()
	// Under the lock that reaped takes: a pid that was reaped may be another's.
	if !p.reaped {
		p.peak = max(p.peak, peakOf(p.Pid()))
	}
}

// OwnPeakMemory is the largest resident memory of this process, in bytes; 0 if
// it could not be measured.
func OwnPeakMemory() int64 { return peakOf(os.Getpid()) }

// peakOf is the high-water mark of the resident set; a zombie has none.
func peakOf(pid int) int64 {
	proc, err := procfs.NewProc(pid)
	if err != nil {
		return 0
	}
	status, err := proc.NewStatus()
	if err != nil {
		return 0
	}
	return int64(status.VmHWM)
}

// peakAtExit is ru_maxrss (bytes on macOS, else kibibytes), if it can be the
// child's own. Linux counts in it the memory of the process that forked, from
// before the exec: a child of a lab with 300 MB claims 300 MB. Above the lab's own
// peak it must be the child's.
func peakAtExit(state *os.ProcessState) int64 {
	peak := int64(state.SysUsage().(*syscall.Rusage).Maxrss)
	if runtime.GOOS != "darwin" {
		peak <<= 10
	}
	if runtime.GOOS == "linux" && peak <= OwnPeakMemory() {
		return 0
	}
	return peak
}
