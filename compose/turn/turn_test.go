package turn

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// holdVariable makes this test binary a process that takes its turn, says so and
// keeps it until its input ends.
const holdVariable = "PAPERLAB_TEST_HOLD"

func TestMain(m *testing.M) {
	if os.Getenv(holdVariable) == "" {
		goleak.VerifyTestMain(m)
		return
	}
	t, err := Take(context.Background(), "scenario held", false, func([]Run) {})
	if err != nil {
		panic(err)
	}
	os.Stdout.WriteString("taken\n")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	t.Leave()
}

// alone gives the test a queue of its own.
func alone(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "turns")
	t.Setenv(FolderVariable, folder)
	return folder
}

// holder starts another process that has its turn.
func holder(t *testing.T) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), holdVariable+"=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close(); _ = cmd.Wait() })
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "taken\n" {
		t.Fatalf("the other process said %q: %v", line, err)
	}
	return cmd
}

// take takes a turn that must be free, or becomes free.
func take(t *testing.T, what string, beside bool) *Turn {
	t.Helper()
	turn, err := Take(t.Context(), what, beside, func([]Run) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(turn.Leave)
	return turn
}

// taking takes a turn in the background: the latest news of whom it waits for,
// and then the turn.
func taking(ctx context.Context, what string) (<-chan []Run, <-chan *Turn, <-chan error) {
	waits, turns, errs := make(chan []Run, 1), make(chan *Turn, 1), make(chan error, 1)
	go func() {
		turn, err := Take(ctx, what, false, func(before []Run) {
			select {
			case <-waits:
			default:
			}
			waits <- before
		})
		if err != nil {
			errs <- err
			return
		}
		turns <- turn
	}()
	return waits, turns, errs
}

// TestAKilledRunHoldsUpNobody: another process has its turn; who comes then
// waits, knows for whom, and goes on when that process is killed.
func TestAKilledRunHoldsUpNobody(t *testing.T) {
	folder := alone(t)
	other := holder(t)
	waits, turns, errs := taking(t.Context(), "bench sharding")
	before := <-waits
	if len(before) != 1 || before[0].Pid != other.Process.Pid || !before[0].Running || before[0].What != "scenario held" {
		t.Errorf("it waits for %+v", before)
	}
	if err := other.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {
	case turn := <-turns:
		if names := turn.Beside(); names != nil {
			t.Errorf("beside %q ran", names)
		}
		turn.Leave()
	case err := <-errs:
		t.Fatal(err)
	case <-time.After(time.Minute):
		t.Fatal("it still waits for a process that was killed")
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("left in the queue: %v %v", left, err)
	}
}

// TestOrder: who came first goes first.
func TestOrder(t *testing.T) {
	alone(t)
	first := take(t, "first", false)
	waits, second, errs := taking(t.Context(), "second")
	<-waits
	waits, third, errs3 := taking(t.Context(), "third")
	before := <-waits
	if len(before) != 2 || before[0].What != "first" || before[1].What != "second" || before[1].Running {
		t.Errorf("the third waits for %v", before)
	}
	first.Leave()
	select {
	case turn := <-second:
		turn.Leave()
	case turn := <-third:
		t.Error("the third ran before the second")
		turn.Leave()
	case err := <-errs:
		t.Fatal(err)
	}
	select {
	case turn := <-third:
		turn.Leave()
	case err := <-errs3:
		t.Fatal(err)
	}
}

// TestBeside: who does not wait runs at once, both know of it, and who waits
// waits for both, also for one that came later.
func TestBeside(t *testing.T) {
	alone(t)
	first := take(t, "first", false)
	if names := first.Beside(); names != nil {
		t.Errorf("nothing runs, and beside the first runs %q", names)
	}
	second := take(t, "second", true)
	if names := strings.Join(second.Beside(), "; "); !strings.HasPrefix(names, "first (pid ") {
		t.Errorf("beside the second ran %q", names)
	}
	waits, third, errs := taking(t.Context(), "third")
	if before := <-waits; len(before) != 2 {
		t.Errorf("the third waits for %v", before)
	}
	names := strings.Join(first.Beside(), "; ")
	if !strings.HasPrefix(names, "second (pid ") || strings.Contains(names, "third") {
		t.Errorf("beside the first ran %q", names)
	}
	fourth := take(t, "fourth", true)
	first.Leave()
	second.Leave()
	for waiting := true; waiting; {
		select {
		case before := <-waits:
			waiting = len(before) > 1 || before[0].What != "fourth"
		case turn := <-third:
			turn.Leave()
			t.Fatal("the third runs beside the fourth")
		case err := <-errs:
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	waits, _, broken := taking(ctx, "fifth")
	if before := <-waits; len(before) != 2 || before[0].What != "fourth" || before[1].What != "third" {
		t.Errorf("the fifth waits for %v, those that run first", before)
	}
	cancel()
	<-broken
	fourth.Leave()
	select {
	case turn := <-third:
		turn.Leave()
	case err := <-errs:
		t.Fatal(err)
	}
	if names := strings.Join(first.Beside(), "; "); !strings.HasPrefix(names, "second (pid ") {
		t.Errorf("what ran beside the first is forgotten: %q", names)
	}
}

// TestWaitingCanBeBrokenOff: and it holds up nobody afterwards.
func TestWaitingCanBeBrokenOff(t *testing.T) {
	folder := alone(t)
	first := take(t, "first", false)
	ctx, cancel := context.WithCancel(t.Context())
	waits, turns, errs := taking(ctx, "second")
	<-waits
	cancel()
	select {
	case err := <-errs:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the error is %v", err)
		}
	case <-turns:
		t.Error("it ran beside the first")
	}
	first.Leave()
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("left in the queue: %v %v", left, err)
	}
}

// TestQueueThatCannotBeUsed: the error says what to do, and a turn that was not
// taken can be asked and left.
func TestQueueThatCannotBeUsed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{file, filepath.Join(file, "below")} {
		t.Setenv(FolderVariable, folder)
		_, err := Take(t.Context(), "first", false, func([]Run) {})
		if err == nil || !strings.Contains(err.Error(), folder) || !strings.Contains(err.Error(), FolderVariable) {
			t.Errorf("a queue in %s gives %v", folder, err)
		}
	}
	var none Turn
	if none.Beside() != nil {
		t.Error("a turn that was not taken knows of others")
	}
	none.Leave()
}

// TestAnyUserMayEnter: the folder and the files in it are as /tmp is, whatever
// the umask.
func TestAnyUserMayEnter(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	folder := alone(t)
	turn := take(t, "first", false)
	if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o777 || info.Mode()&os.ModeSticky == 0 {
		t.Errorf("the folder is %v: %v", info.Mode(), err)
	}
	if info, err := os.Stat(filepath.Join(folder, turn.self.name)); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("the file is %v: %v", info.Mode(), err)
	}
}

// TestWhatOthersWrite cannot work on this user's terminal.
func TestWhatOthersWrite(t *testing.T) {
	alone(t)
	take(t, "first\x1b[2J\n", false)
	second := take(t, "second", true)
	if names := strings.Join(second.Beside(), ""); strings.ContainsAny(names, "\x1b\n") {
		t.Errorf("beside it ran %q", names)
	}
}
