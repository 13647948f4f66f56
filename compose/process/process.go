package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"

	"paperlab/compose/undo"
)

// ErrExited is returned by Process.Signal when the process has ended.
var ErrExited = errors.New("the process has exited")

// Spec says how to start a process. Starting it twice, one after the other, is
// a restart: the log file is continued.
type Spec struct {
	// Name names the log file and speaks in errors; unique within a run.
	Name string
	// Path is the program, looked up on the PATH if it has no slash.
	Path string
	Args []string
	// Env is added to the lab's own environment.
	Env []string
	// Dir is the working folder; empty means the run's folder.
	Dir string
}

// ExitState is how a process ended.
type ExitState struct {
	// Code is the exit status, -1 if a signal ended the process.
	Code int
	// Signal is what ended the process, 0 if it exited by itself.
	Signal syscall.Signal
	At     time.Time
}

// String is "exit status 1" or "signal: killed".
func (s ExitState) String() string {
	if s.Signal != 0 {
		return "signal: " + s.Signal.String()
	}
	return fmt.Sprintf("exit status %d", s.Code)
}

// Process is a running child, or one that has ended.
type Process struct {
	spec    Spec
	logPath string
	cmd     *exec.Cmd
	entry   *undo.Entry
	done    chan struct{}
	// background waits for the goroutines that reap and sample.
	background sync.WaitGroup

	mu   sync.Mutex
	peak int64
	// exit is set before done is closed.
	exit ExitState
}

// StartProcess starts a child and registers its end in the ledger first.
func StartProcess(ledger *undo.Ledger, spec Spec) (*Process, error) {
	logs := filepath.Join(ledger.Root(), "logs")
	if err := os.MkdirAll(logs, 0o700); err != nil {
		return nil, fmt.Errorf("start %s: folder for its log: %w", spec.Name, err)
	}
	p := &Process{
		spec:    spec,
		logPath: filepath.Join(logs, spec.Name+".log"),
		cmd:     exec.Command(spec.Path, spec.Args...),
		done:    make(chan struct{}),
	}
	log, err := os.OpenFile(p.logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", spec.Name, err)
	}
	defer log.Close()
	p.cmd.Env = append(os.Environ(), spec.Env...)
	p.cmd.Dir = spec.Dir
	if p.cmd.Dir == "" {
		p.cmd.Dir = ledger.Root()
	}
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.SysProcAttr = dieWithParent()

	started := make(chan error)
	p.background.Go(func() { p.run(ledger, started) })
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
func (p *Process) run(ledger *undo.Ledger, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	entry, err := ledger.Process(p.spec.Name, p.cmd)
	if err != nil {
		started <- err
		return
	}
	p.entry = entry
	started <- nil
	_ = p.cmd.Wait() // the state says it all
	p.reaped()
	entry.Done()
	close(p.done)
}

func (p *Process) reaped() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.exit = ExitState{Code: p.cmd.ProcessState.ExitCode(), At: time.Now()}
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		p.exit.Signal = status.Signal()
	}
	p.peak = max(p.peak, peakAtExit(p.cmd.ProcessState))
}

// Name is the spec's.
func (p *Process) Name() string { return p.spec.Name }

// Spec is what the process was started from; start it again for a restart.
func (p *Process) Spec() Spec { return p.spec }

// Pid is the process id. After Done it may belong to another process.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// LogPath is the file with the process's output.
func (p *Process) LogPath() string { return p.logPath }

// Done is closed when the process has ended and was reaped.
func (p *Process) Done() <-chan struct{} { return p.done }

// ExitState is how the process ended; false while it runs.
func (p *Process) ExitState() (ExitState, bool) {
	select {
	case <-p.done:
		return p.exit, true
	default:
		return ExitState{}, false
	}
}

// Signal sends a signal to the process, not to its group. ErrExited if it has
// ended.
func (p *Process) Signal(sig os.Signal) error {
	p.measure()
	err := p.cmd.Process.Signal(sig)
	if errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("send %v to %s: %w", sig, p.spec.Name, ErrExited)
	}
	if err != nil {
		return fmt.Errorf("send %v to %s: %w", sig, p.spec.Name, err)
	}
	return nil
}

// Kill sends SIGKILL to the process and its group and waits until it has
// ended. Killing what has ended does nothing.
func (p *Process) Kill() error {
	err := p.Signal(syscall.SIGKILL)
	if err == nil {
		// The leader is the group's name: it was alive a moment ago and is not
		// reaped by anybody but run, so at worst the group is gone.
		_ = syscall.Kill(-p.Pid(), syscall.SIGKILL)
	}
	if err != nil && !errors.Is(err, ErrExited) {
		return err
	}
	p.background.Wait()
	return nil
}

// Stop sends SIGTERM and waits. When ctx ends first, the process is killed,
// and the error says so and quotes the end of its log.
func (p *Process) Stop(ctx context.Context) error {
	if err := p.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, ErrExited) {
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
	return fmt.Errorf("%s did not end after SIGTERM and was killed: %w%s", p.spec.Name, ctx.Err(), p.quote())
}

// Died is the error of a process that should be running and is not.
func (p *Process) Died() error {
	state, ended := p.ExitState()
	if !ended {
		return nil
	}
	return fmt.Errorf("%s ended with %s%s", p.spec.Name, state, p.quote())
}
