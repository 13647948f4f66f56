package undo

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"paperlab/system/servicetest"
)

func open(t *testing.T, runID string) *Ledger {
	t.Helper()
	l, err := Open(runID)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func sleeper(t *testing.T, l *Ledger) (*exec.Cmd, *Entry) {
	t.Helper()
	cmd := exec.Command("sleep", "600")
	entry, err := l.Process("sleeper", cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd, entry
}

func TestCloseUndoesWhatIsOpen(t *testing.T) {
	ownTemp(t)
	l := open(t, "run")
	folder, _, err := l.Folder("a/b")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "f"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd, _ := sleeper(t, l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("the process ended with %v, want killed", err)
	}
	if _, err := os.Stat(l.Root()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the run's folder is still there: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if _, err := l.Process("late", exec.Command("true")); !errors.Is(err, ErrClosed) {
		t.Errorf("Process after Close: %v, want ErrClosed", err)
	}
}

func TestHealAfterTheLabWasKilled(t *testing.T) {
	for _, part := range []string{"acts", "starts"} {
		t.Run(part, func(t *testing.T) {
			ownTemp(t)
			child := killedLab(t, part)
			start, _, err := identify(child)
			if err != nil {
				t.Fatalf("the lab's child should outlive it here: %v", err)
			}
			stale, err := Stale()
			if err != nil || len(stale) != 1 || stale[0].RunID != "killed" {
				t.Fatalf("stale: %+v, %v; want the run killed", stale, err)
			}
			report, err := Heal(t.Context(), stale[0])
			if err != nil {
				t.Fatal(err)
			}
			if text := strings.Join(report, "; "); !strings.Contains(text, "killed process sleeper") {
				t.Errorf("the report does not tell of the process: %s", text)
			}
			if alive(child, start) {
				t.Errorf("pid %d is alive after Heal", child)
			}
			if left, _ := os.ReadDir(Base()); len(left) != 0 {
				t.Errorf("left in %s: %v", Base(), left)
			}
			if report, err := Heal(t.Context(), stale[0]); err != nil || len(report) != 0 {
				t.Errorf("second Heal: %v, %v; want nothing to do", report, err)
			}
		})
	}
}

func TestRecycledPidIsNotKilled(t *testing.T) {
	ownTemp(t)
	l := open(t, "run")
	bystander := exec.Command("sleep", "600")
	if err := bystander.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = bystander.Process.Kill(); _ = bystander.Wait() }()
	start, _, err := identify(bystander.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	data := processData{Pid: bystander.Process.Pid, Start: "of an earlier process", Mark: "run/1", Exe: bystander.Path}
	if _, err := l.Add(processKind, "earlier", data); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if !alive(bystander.Process.Pid, start) {
		t.Error("the process that has the pid now was killed")
	}
}

func TestChildThatOutlivesItsLeaderIsKilled(t *testing.T) {
	ownTemp(t)
	l := open(t, "run")
	cmd := exec.Command("sh", "-c", "sleep 600 & echo $!")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Process("leader", cmd); err != nil {
		t.Fatal(err)
	}
	var orphan int
	if err := json.NewDecoder(out).Decode(&orphan); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	start, _, err := identify(orphan)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if alive(orphan, start) {
		t.Errorf("pid %d, the leader's child, is alive", orphan)
	}
}

// stopped leaves a run on disk as a killed lab would: closed without undoing.
func stopped(t *testing.T, l *Ledger) string {
	t.Helper()
	if err := l.file.Close(); err != nil {
		t.Fatal(err)
	}
	l.file = nil
	return filepath.Join(l.root, fileName)
}

func onlyStale(t *testing.T) Leftover {
	t.Helper()
	stale, err := Stale()
	if err != nil || len(stale) != 1 {
		t.Fatalf("stale: %+v, %v; want one", stale, err)
	}
	return stale[0]
}

func TestDamagedLedgers(t *testing.T) {
	for name, c := range map[string]struct {
		spoil  func(text string) string
		damage int
	}{
		"torn last line":     {func(s string) string { return s + `{"n":9,"kind":"fol` }, 0},
		"garbage in between": {func(s string) string { return strings.Replace(s, "\n", "\n\x00\x01nonsense\n", 1) }, 1},
		"unknown line":       {func(s string) string { return s + "{\"weather\":\"fine\"}\n" }, 1},
		"first line gone":    {func(s string) string { return "#" + s }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			ownTemp(t)
			l := open(t, "run")
			if _, _, err := l.Folder("data"); err != nil {
				t.Fatal(err)
			}
			cmd, _ := sleeper(t, l)
			path := stopped(t, l)
			raw, _ := os.ReadFile(path)
			if err := os.WriteFile(path, []byte(c.spoil(string(raw))), 0o600); err != nil {
				t.Fatal(err)
			}
			old := time.Now().Add(-time.Minute)
			if err := os.Chtimes(path, old, old); err != nil {
				t.Fatal(err)
			}
			left := onlyStale(t)
			if len(left.Damage) != c.damage || len(left.Open) != 2 {
				t.Errorf("damage %q, %d open; want %d lines of damage and 2 open", left.Damage, len(left.Open), c.damage)
			}
			if _, err := Heal(t.Context(), left); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err == nil {
				t.Error("the process was not killed")
			}
			if _, err := os.Stat(left.Root); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the folder is still there: %v", err)
			}
		})
	}
}

func TestLedgerNeverReachesOutside(t *testing.T) {
	ownTemp(t)
	outside := filepath.Join(t.TempDir(), "precious")
	if err := os.Mkdir(outside, 0o700); err != nil {
		t.Fatal(err)
	}
	l := open(t, "run")
	for _, name := range []string{"", ".", "..", "../x", outside} {
		if _, _, err := l.Folder(name); err == nil {
			t.Errorf("Folder(%q) was accepted", name)
		}
	}
	relative, _ := filepath.Rel(l.Root(), outside)
	for _, forged := range []string{relative, outside, "link/precious"} {
		raw, _ := json.Marshal(folderData{Path: forged})
		_ = os.Symlink(filepath.Dir(outside), filepath.Join(l.Root(), "link"))
		did, err := undoFolder(t.Context(), l.Root(), Record{Data: raw})
		if err == nil && did != "" {
			t.Errorf("forged folder %q: did %q", forged, did)
		}
	}
	if _, err := os.Stat(outside); err != nil {
		t.Errorf("a folder outside was removed: %v", err)
	}
}

// tried is a kind whose undo fails as often as told, and keeps the order.
var tried struct {
	sync.Mutex
	failures int
	order    []string
}

func init() {
	Register("test-rule", func(_ context.Context, _ string, r Record) (string, error) {
		tried.Lock()
		defer tried.Unlock()
		if r.What == "stuck" && tried.failures > 0 {
			tried.failures--
			return "", errors.New("not now")
		}
		tried.order = append(tried.order, r.What)
		return "removed " + r.What, nil
	})
}

func TestHealGoesOnAfterAFailureAndCanBeRepeated(t *testing.T) {
	ownTemp(t)
	tried.failures, tried.order = 1, nil
	l := open(t, "run")
	var done *Entry
	for _, what := range []string{"first", "stuck", "taken back", "last"} {
		entry, err := l.Add("test-rule", what, nil)
		if err != nil {
			t.Fatal(err)
		}
		if what == "taken back" {
			done = entry
		}
	}
	done.Done()
	done.Done()
	if _, err := l.Add("unheard-of", "x", nil); err == nil {
		t.Error("a kind that nothing can undo was accepted")
	}
	stopped(t, l)
	left := onlyStale(t)
	if _, err := Heal(t.Context(), left); err == nil || !strings.Contains(err.Error(), "not now") {
		t.Errorf("Heal: %v, want the failure", err)
	}
	report, err := Heal(t.Context(), onlyStale(t))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"last", "first", "stuck"}; !slices.Equal(tried.order, want) {
		t.Errorf("undone %v, want %v", tried.order, want)
	}
	if len(report) != 2 || report[0] != "removed stuck" {
		t.Errorf("the second report is %q", report)
	}
}

func TestHealLeavesALivingLabAlone(t *testing.T) {
	ownTemp(t)
	l := open(t, "run")
	cmd, _ := sleeper(t, l)
	start, _, _ := identify(cmd.Process.Pid)
	if _, err := Heal(t.Context(), Leftover{RunID: "run", Root: l.Root()}); err == nil {
		t.Error("Heal healed a living lab's run")
	}
	if !alive(cmd.Process.Pid, start) {
		t.Error("the process was killed")
	}
	// A lab in another pid namespace names a pid that is nobody's here.
	path := filepath.Join(l.root, fileName)
	raw, _ := os.ReadFile(path)
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(raw), strconv.Itoa(os.Getpid()), "4194305")), 0o600); err != nil {
		t.Fatal(err)
	}
	if stale, err := Stale(); err != nil || len(stale) != 0 {
		t.Errorf("stale: %v, %v; want none while the ledger is locked", stale, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	ownTemp(t)
	open(t, "run")
	for _, id := range []string{"", "..", "a/b", ".hidden", "run", strings.Repeat("x", 101)} {
		if l, err := Open(id); err == nil {
			_ = l.Close()
			t.Errorf("Open(%q) was accepted", id)
		}
	}
	if err := os.RemoveAll(Base()); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(t.TempDir(), Base()); err != nil {
		t.Fatal(err)
	}
	if _, err := Open("planted"); err == nil {
		t.Error("a base folder that is somebody's link was accepted")
	}
}

func TestStaleFolderWithoutALedger(t *testing.T) {
	ownTemp(t)
	open(t, "run")
	empty := filepath.Join(Base(), "empty")
	if err := os.Mkdir(empty, 0o700); err != nil {
		t.Fatal(err)
	}
	if stale, err := Stale(); err != nil || len(stale) != 0 {
		t.Errorf("a folder made just now is stale: %v, %v", stale, err)
	}
	old := time.Now().Add(-time.Minute)
	if err := os.Chtimes(empty, old, old); err != nil {
		t.Fatal(err)
	}
	if _, err := Heal(t.Context(), onlyStale(t)); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(empty); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("still there: %v", err)
	}
}

func TestFailedWriteLeavesNoTornLine(t *testing.T) {
	ownTemp(t)
	l := open(t, "run")
	if _, err := l.Process("nothing", exec.Command("/no/such/program")); err == nil {
		t.Error("a missing program was started")
	}
	good := l.file
	readOnly, err := os.Open(good.Name())
	if err != nil {
		t.Fatal(err)
	}
	l.file = readOnly
	if _, _, err := l.Folder("unwritten"); err == nil {
		t.Error("a folder was made though its undo could not be written")
	}
	if _, err := os.Stat(filepath.Join(l.root, "unwritten")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("acted before the undo was on disk: %v", err)
	}
	l.file = good
	_ = readOnly.Close()
}

// TestIdentity is of the system that it runs on: /proc, or ps where there is
// none.
func TestIdentity(t *testing.T) {
	cmd := exec.Command("sleep", "600")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	first, zombie, err := identify(cmd.Process.Pid)
	again, _, _ := identify(cmd.Process.Pid)
	if err != nil || zombie || first == "" || first != again {
		t.Errorf("alive: %q, then %q, zombie %v, %v", first, again, zombie, err)
	}
	_ = cmd.Process.Kill()
	servicetest.Eventually(t, "a killed child is a zombie until it is waited for", func() bool {
		_, zombie, err := identify(cmd.Process.Pid)
		return err == nil && zombie
	})
	_ = cmd.Wait()
	if _, _, err := identify(cmd.Process.Pid); err == nil {
		t.Error("a process that is gone has an identity")
	}
}
