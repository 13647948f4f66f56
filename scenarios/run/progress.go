package run

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-isatty"
)

// plainEvery is how often a live line is written where nothing can be
// overwritten.
const plainEvery = 5 * time.Second

// Progress tells a person how far a run is: lines that stay, and one live line
// that is overwritten on a terminal and repeated now and then elsewhere.
type Progress struct {
	out      io.Writer
	terminal bool
	begin    time.Time

	mu    sync.Mutex
	width int
	last  time.Time
}

// NewProgress writes to the file; its kind decides how.
func NewProgress(out *os.File) *Progress {
	return &Progress{out: out, terminal: isatty.IsTerminal(out.Fd()), begin: time.Now()}
}

// Say writes a line that stays.
func (p *Progress) Say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wipe()
	fmt.Fprintf(p.out, "%6.1fs  %s\n", time.Since(p.begin).Seconds(), fmt.Sprintf(format, args...))
}

// Live replaces the live line.
func (p *Progress) Live(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	line := fmt.Sprintf("%6.1fs  %s", time.Since(p.begin).Seconds(), fmt.Sprintf(format, args...))
	if !p.terminal {
		if time.Since(p.last) < plainEvery {
			return
		}
		p.last = time.Now()
		fmt.Fprintln(p.out, line)
		return
	}
	p.wipe()
	fmt.Fprint(p.out, line)
	p.width = len(line)
}

// Done removes the live line.
func (p *Progress) Done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wipe()
}

func (p *Progress) wipe() {
	if p.width > 0 {
		fmt.Fprintf(p.out, "\r%s\r", strings.Repeat(" ", p.width))
		p.width = 0
	}
}
