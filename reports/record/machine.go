package record

import (
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
)

// ThisCode is the source that this program was built from, as the go command
// noted it.
func ThisCode() Code {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return Code{}
	}
	var c Code
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			c.Commit = s.Value
		case "vcs.modified":
			c.Dirty = s.Value == "true"
		}
	}
	return c
}

// ThisVersions are the versions of what took part, with the given Redis.
func ThisVersions(redis string) map[string]string {
	return map[string]string{
		"redis": redis,
		"go":    strings.TrimPrefix(runtime.Version(), "go"),
		"os":    runtime.GOOS + "/" + runtime.GOARCH,
	}
}

// ThisHost is the machine. What the system does not tell is 0 or empty.
func ThisHost() Host {
	h := Host{CPUs: runtime.NumCPU()}
	if raw, err := os.ReadFile("/proc/meminfo"); err == nil {
		if m := memTotal.FindSubmatch(raw); m != nil {
			kib, _ := strconv.ParseInt(string(m[1]), 10, 64)
			h.MemoryBytes = kib << 10
		}
	}
	if raw, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if m := cpuModel.FindSubmatch(raw); m != nil {
			h.CPU = string(m[1])
		}
	}
	return h
}

var (
	memTotal = regexp.MustCompile(`(?m)^MemTotal:\s+(\d+) kB`)
	cpuModel = regexp.MustCompile(`(?m)^model name\s*:\s*(.+)$`)
)
