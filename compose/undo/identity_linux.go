package undo

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/procfs"
)

// identify reads the start of a process from /proc: clock ticks since boot,
// and the boot, because ticks and pids repeat after it. Ticks, and not a time of
// day: that would change for all processes when the clock is set.
func identify(pid int) (start string, zombie bool, err error) {
	proc, err := procfs.NewProc(pid)
	if err != nil {
		return "", false, fmt.Errorf("start time of pid %d: %w", pid, err)
	}
	stat, err := proc.Stat()
	if err != nil {
		return "", false, fmt.Errorf("start time of pid %d: %w", pid, err)
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil || len(boot) < 8 {
		boot = []byte("unknown-")
	}
	return fmt.Sprintf("%s-%d", boot[:8], stat.Starttime), stat.State == "Z" || stat.State == "X", nil
}

// findMarked lists the processes that carry the mark. Redis overwrites its
// environment with its title, so a process of the same program that works in
// the run's folder counts too; the folder alone would hit a shell that looks
// at the logs.
func findMarked(root string, data processData) (pids []int, searched bool) {
	if real, err := filepath.EvalSymlinks(root); err == nil {
		root = real
	}
	procs, err := procfs.AllProcs()
	if err != nil || data.Mark == "" {
		return nil, false
	}
	for _, p := range procs {
		// What cannot be read is another user's, or gone.
		environ, _ := p.Environ()
		if program, _ := p.Executable(); program != "" && len(environ) == 0 {
			// It is just about to run another program, and will have it at once.
			time.Sleep(time.Millisecond)
			environ, _ = p.Environ()
		}
		marked := slices.Contains(environ, markVariable+"="+data.Mark)
		if p.PID != os.Getpid() && (marked || data.Pid == 0 && worksIn(p, root, data.Exe)) {
			pids = append(pids, p.PID)
		}
	}
	return pids, true
}

func worksIn(p procfs.Proc, root, exe string) bool {
	program, _ := p.Executable()
	folder, _ := p.Cwd()
	return strings.TrimSuffix(program, " (deleted)") == exe && strings.HasPrefix(folder, root+string(filepath.Separator))
}
