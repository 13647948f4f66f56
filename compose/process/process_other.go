//go:build !linux

package process

import (
	"os"
	"runtime"
	"syscall"
)

// dieWithParent is nothing here: after a kill of the lab, `lab heal` ends the
// children.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }

// peakAtExit reads ru_maxrss: bytes on macOS, kibibytes on the BSDs.
func peakAtExit(state *os.ProcessState) int64 {
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return int64(usage.Maxrss)
	}
	return int64(usage.Maxrss) << 10
}
