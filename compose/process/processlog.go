package process

import (
	"fmt"
	"io"
	"os"
	"strings"
)

const (
	// tailBytes and tailLines bound what an error quotes of a log.
	tailBytes = 4 << 10
	tailLines = 12
)

// LogTail is the end of the process's output: at most 12 lines or 4 KiB.
func (p *Process) LogTail() string {
	file, err := os.Open(p.logPath)
	if err != nil {
		return ""
	}
	defer file.Close()
	if size, err := file.Seek(0, io.SeekEnd); err == nil {
		_, _ = file.Seek(max(0, size-tailBytes), io.SeekStart)
	}
	raw, err := io.ReadAll(io.LimitReader(file, tailBytes))
	if err != nil {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	return strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}

func (p *Process) quote() string {
	tail := p.LogTail()
	if tail == "" {
		return fmt.Sprintf("; it wrote nothing to %s", p.logPath)
	}
	return "; its last words were:\n  " + strings.ReplaceAll(tail, "\n", "\n  ")
}
