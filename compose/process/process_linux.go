package process

import (
	"os"
	"syscall"
)

// dieWithParent has the kernel kill the child when the lab dies.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

// peakAtExit reads ru_maxrss, in bytes, if it can be the child's own. Linux
// counts in it the memory of the process that forked, from before the exec: a
// child of a lab with 300 MB claims 300 MB. Above the lab's own peak it must
// be the child's.
func peakAtExit(state *os.ProcessState) int64 {
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if peak := usage.Maxrss << 10; peak > OwnPeakMemory() {
		return peak
	}
	return 0
}
