package undo

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// identify reads the start of a process from /proc: clock ticks since boot,
// and the boot, because ticks and pids repeat after it.
func identify(pid int) (start string, zombie bool, err error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", false, fmt.Errorf("start time of pid %d: %w", pid, err)
	}
	// The second field is the command in brackets and may hold anything.
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
	if len(fields) < 20 {
		return "", false, fmt.Errorf("start time of pid %d: /proc/%d/stat has %d fields", pid, pid, len(fields)+2)
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil || len(boot) < 8 {
		boot = []byte("unknown-")
	}
	state := fields[0]
	return string(boot[:8]) + "-" + fields[19], state == "Z" || state == "X", nil
}

// findMarked lists the processes that carry the mark. Redis overwrites its
// environment with its title, so a process of the same program that works in
// the run's folder counts too; the folder alone would hit a shell that looks
// at the logs.
func findMarked(root string, data processData) (pids []int, searched bool) {
	if real, err := filepath.EvalSymlinks(root); err == nil {
		root = real
	}
	names, err := filepath.Glob("/proc/[0-9]*")
	if err != nil || data.Mark == "" {
		return nil, false
	}
	for _, name := range names {
		pid, err := strconv.Atoi(filepath.Base(name))
		if err != nil || pid == os.Getpid() {
			continue
		}
		if marked(name, data.Mark) || data.Pid == 0 && worksIn(name, root, data.Exe) {
			pids = append(pids, pid)
		}
	}
	return pids, true
}

func marked(proc, mark string) bool {
	environ, err := os.ReadFile(proc + "/environ")
	return err == nil && slices.Contains(strings.Split(string(environ), "\x00"), markVariable+"="+mark)
}

func worksIn(proc, root, exe string) bool {
	program, err := os.Readlink(proc + "/exe")
	if err != nil || strings.TrimSuffix(program, " (deleted)") != exe {
		return false
	}
	folder, err := os.Readlink(proc + "/cwd")
	return err == nil && strings.HasPrefix(folder, root+string(filepath.Separator))
}
