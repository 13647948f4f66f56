package process

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
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
	if p.exit.At.IsZero() {
		p.peak = max(p.peak, peakOf(p.Pid()))
	}
}

// OwnPeakMemory is the largest resident memory of this process, in bytes; 0 if
// it could not be measured.
func OwnPeakMemory() int64 { return peakOf(os.Getpid()) }

// peakOf reads VmHWM, the high-water mark of the resident set.
func peakOf(pid int) int64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, after, found := bytes.Cut(raw, []byte("\nVmHWM:"))
	if !found {
		return 0 // a zombie has no memory
	}
	fields := bytes.Fields(after)
	if len(fields) == 0 {
		return 0
	}
	kib, err := strconv.ParseInt(string(fields[0]), 10, 64)
	if err != nil {
		return 0
	}
	return kib << 10
}
