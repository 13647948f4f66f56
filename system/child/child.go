// Package child runs programs as children of this process: their output goes to a
// file, errors quote its end, and on Linux they die with the parent.
package child

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
)

// Command says how to start a child. Starting it twice, one after the other, is
// a restart: the log file is continued.
type Command struct {
	// Name speaks in errors.
	Name string
	// Path is the program, looked up on the PATH if it has no slash.
	Path string
	Args []string
	// Env is added to the parent's own environment.
	Env []string
	// Dir is the working folder; empty means the parent's.
	Dir string
	// Log is the file for its output, standard error included.
	Log string
	// Begin starts the program, for who has something to write down first; ended
	// is called when the program has ended. Nil just starts it.
	Begin func(*exec.Cmd) (ended func(), err error)
}

// Process is a running child, or one that has ended.
type Process struct {
	command Command
	cmd     *exec.Cmd
	done    chan struct{}
	// background waits for the goroutines that reap and sample.
	background sync.WaitGroup

	mu     sync.Mutex
	peak   int64
	reaped bool
}

// Start starts a child.
func Start(c Command) (*Process, error) {
	p := &Process{command: c, cmd: exec.Command(c.Path, c.Args...), done: make(chan struct{})}
	log, err := os.OpenFile(c.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	defer log.Close()
	p.cmd.Env = append(os.Environ(), c.Env...)
	p.cmd.Dir = c.Dir
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.SysProcAttr = dieWithParent()

	started := make(chan error)
	p.background.Go(func() { p.run(started) })
	if err := <-started; err != nil {
		p.background.Wait()
		return nil, err
	}
	p.background.Go(p.sample)
	return p, nil
}

// run starts the child and waits for it on one and the same thread: Pdeathsig
// fires when the thread that started the child ends, not the process, and the
// Go runtime ends threads as it likes unless they are locked.
func (p *Process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	begin := p.command.Begin
	if begin == nil {
		begin = func(cmd *exec.Cmd) (func(), error) { return func() {}, cmd.Start() }
	}
	ended, err := begin(p.cmd)
	started <- err
	if err != nil {
		return
	}
	_ = p.cmd.Wait() // the state says it all
	p.mu.Lock()
	p.reaped, p.peak = true, max(p.peak, peakAtExit(p.cmd.ProcessState))
	p.mu.Unlock()
	ended()
	close(p.done)
}

// Name is the command's.
func (p *Process) Name() string { return p.command.Name }

// Pid is the process id. After its end it may belong to another process.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Ended is how the process ended, "exit status 1" or "signal: killed"; empty
// while it runs.
func (p *Process) Ended() string {
	select {
	case <-p.done:
		return p.cmd.ProcessState.String()
	default:
		return ""
	}
}

// Signal sends a signal to the process, not to its group. The error wraps
// os.ErrProcessDone if it has ended.
func (p *Process) Signal(sig os.Signal) error {
	p.measure()
	if err := p.cmd.Process.Signal(sig); err != nil {
		return fmt.Errorf("send %v to %s: %w", sig, p.Name(), err)
	}
	return nil
}

// Kill sends SIGKILL to the process and to the group that it leads, if it does,
// and waits until it has ended. Killing what has ended does nothing.
func (p *Process) Kill() error {
	err := p.Signal(syscall.SIGKILL)
	if err == nil {
		// The leader is the group's name: it was alive a moment ago and is not
		// reaped by anybody but run, so at worst the group is gone.
		_ = syscall.Kill(-p.Pid(), syscall.SIGKILL)
	} else if !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	p.background.Wait()
	return nil
}

// Stop sends SIGTERM and waits. When ctx ends first, the process is killed,
// and the error says so and quotes the end of its log.
func (p *Process) Stop(ctx context.Context) error {
	if err := p.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return errors.Join(err, p.Kill())
	}
	select {
	case <-p.done:
		p.background.Wait()
		return nil
	case <-ctx.Done():
	}
	if err := p.Kill(); err != nil {
		return err
	}
	return fmt.Errorf("%s did not end after SIGTERM and was killed: %w%s", p.Name(), ctx.Err(), p.quote())
}

// Died is the error of a process that should be running and is not.
func (p *Process) Died() error {
	if ended := p.Ended(); ended != "" {
		return fmt.Errorf("%s ended with %s%s", p.Name(), ended, p.quote())
	}
	return nil
}

const (
	// tailBytes and tailLines bound what an error quotes of a log.
	tailBytes = 4 << 10
	tailLines = 12
)

// LogTail is the end of the process's output: at most 12 lines or 4 KiB.
func (p *Process) LogTail() string {
	file, err := os.Open(p.command.Log)
	if err != nil {
		return ""
	}
	defer file.Close()
	_, _ = file.Seek(-tailBytes, io.SeekEnd) // a shorter file is read from its start
	raw, _ := io.ReadAll(io.LimitReader(file, tailBytes))
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	return strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}

func (p *Process) quote() string {
	tail := p.LogTail()
	if tail == "" {
		return fmt.Sprintf("; it wrote nothing to %s", p.command.Log)
	}
	return "; its last words were:\n  " + strings.ReplaceAll(tail, "\n", "\n  ")
}
