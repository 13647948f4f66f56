package record

import (
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/shirou/gopsutil/v4/cpu"
	"github.com/shirou/gopsutil/v4/mem"
)

// Code is the state of the source that ran.
type Code struct {
	Commit string `json:"commit"`
	Dirty  bool   `json:"dirty"`
}

// Host is the machine of the run.
type Host struct {
	CPUs        int    `json:"cpus"`
	MemoryBytes int64  `json:"memory_bytes"`
	CPU         string `json:"cpu"`
}

// ThisCode is the source that this program was built from, as the go command
// noted it.
func ThisCode() Code {
	if info, ok := debug.ReadBuildInfo(); ok {
		return codeOf(info.Settings)
	}
	return Code{}
}

func codeOf(settings []debug.BuildSetting) (c Code) {
	for _, s := range settings {
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
	if memory, err := mem.VirtualMemory(); err == nil {
		h.MemoryBytes = int64(memory.Total)
	}
	if cpus, err := cpu.Info(); err == nil && len(cpus) > 0 {
		h.CPU = cpus[0].ModelName
	}
	return h
}
