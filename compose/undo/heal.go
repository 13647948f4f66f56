package undo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Leftover is a run whose lab died without undoing it.
type Leftover struct {
	RunID string
	// Root is the run's folder.
	Root string
	// Open are the records not undone yet, newest first.
	Open []Record
	// Damage says in words what of the ledger could not be read.
	Damage []string
}

// Stale lists the runs of this user whose lab is dead. It changes nothing.
func Stale() ([]Leftover, error) {
	folders, err := os.ReadDir(Base())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("look for runs: %w", err)
	}
	var stale []Leftover
	for _, folder := range folders {
		if !folder.IsDir() {
			continue
		}
		left, ledger, err := claim(filepath.Join(Base(), folder.Name()))
		if err != nil {
			return stale, fmt.Errorf("inspect run %s: %w", folder.Name(), err)
		}
		if ledger != nil {
			stale = append(stale, left)
			_ = ledger.file.Close()
		}
	}
	return stale, nil
}

// openGrace is how old a folder without a ledger, or an empty ledger, must be to
// count as stale: a lab that is just starting makes the one, then the other, and
// then locks it.
const openGrace = 10 * time.Second

func young(path string) bool {
	info, err := os.Stat(path)
	return err != nil || time.Since(info.ModTime()) < openGrace
}

// claim locks a dead lab's ledger and reads it. It returns no ledger while the
// lab lives, or starts, or another healer is at work.
func claim(root string) (left Leftover, ledger *Ledger, err error) {
	left = Leftover{RunID: filepath.Base(root), Root: root}
	ledger = &Ledger{runID: left.RunID, root: root}
	path := filepath.Join(root, fileName)
	ledger.file, err = os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0)
	if errors.Is(err, os.ErrNotExist) {
		if young(root) {
			return left, nil, nil
		}
		return left, ledger, nil
	}
	if err != nil {
		return left, nil, err
	}
	info, err := ledger.file.Stat()
	if err != nil || info.Size() == 0 && young(path) || lock(ledger.file) != nil {
		return left, nil, errors.Join(err, ledger.file.Close())
	}
	if ledger.open, left.Damage, err = read(path); err != nil {
		return left, nil, errors.Join(err, ledger.file.Close())
	}
	left.Open = newestFirst(ledger.open)
	return left, ledger, nil
}

// lock fails while the lab lives, or while another healer is at work.
func lock(ledger *os.File) error {
	return syscall.Flock(int(ledger.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

// Heal undoes a leftover, newest first, removes its folder, and says in words
// what it did. Healing what is healed already does nothing. If an undo fails,
// the others are still done, the folder stays, and Heal may be called again.
func Heal(ctx context.Context, left Leftover) ([]string, error) {
	// The ledger is read anew: another healer may have been here since Stale.
	now, ledger, err := claim(left.Root)
	if err != nil {
		return nil, fmt.Errorf("heal run %s: %w", left.RunID, err)
	}
	if ledger == nil {
		if _, err := os.Stat(left.Root); errors.Is(err, os.ErrNotExist) {
			return nil, nil
		}
		return nil, fmt.Errorf("heal run %s: its lab or another healer is at work, so it was left alone", left.RunID)
	}
	defer ledger.file.Close()
	report, err := ledger.undo(ctx, now.Open)
	report = append(now.Damage, report...)
	if err != nil {
		return report, fmt.Errorf("heal run %s, see %s: %w", left.RunID, left.Root, err)
	}
	if err := os.RemoveAll(left.Root); err != nil {
		return report, fmt.Errorf("heal run %s: %w", left.RunID, err)
	}
	return append(report, "removed "+left.Root), nil
}

// undo undoes records, marks them done, and says in words what it did. It goes
// on after a failure: one stuck undo must not keep the others.
func (l *Ledger) undo(ctx context.Context, records []Record) (report []string, failed error) {
	for _, r := range records {
		undo, err := lookup(r.Kind)
		did := ""
		if err == nil {
			did, err = undo(ctx, l.root, r)
		}
		if did != "" {
			report = append(report, did)
		}
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("undo %s: %w", r.What, err))
			continue
		}
		(&Entry{l, r.N}).Done()
	}
	return report, failed
}
