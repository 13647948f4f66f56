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
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for runs: %w", err)
	}
	var stale []Leftover
	for _, folder := range folders {
		if !folder.IsDir() {
			continue
		}
		left, dead, err := inspect(filepath.Join(Base(), folder.Name()))
		if err != nil {
			return stale, fmt.Errorf("inspect run %s: %w", folder.Name(), err)
		}
		if dead {
			stale = append(stale, left)
		}
	}
	return stale, nil
}

// openGrace is how old a folder without a ledger, or a ledger without its first
// line, must be to count as stale: a lab that is just starting makes one before
// the other.
const openGrace = 10 * time.Second

func inspect(root string) (Leftover, bool, error) {
	left := Leftover{RunID: filepath.Base(root), Root: root}
	lab, open, damage, err := read(filepath.Join(root, fileName))
	if errors.Is(err, os.ErrNotExist) {
		info, err := os.Stat(root)
		if errors.Is(err, os.ErrNotExist) {
			return left, false, nil
		}
		return left, err == nil && time.Since(info.ModTime()) > openGrace, err
	}
	if err != nil {
		return left, false, err
	}
	left.Open, left.Damage = newestFirst(open), damage
	if lab != nil {
		if alive(lab.Pid, lab.Start) {
			return left, false, nil
		}
	} else if info, err := os.Stat(filepath.Join(root, fileName)); err != nil || time.Since(info.ModTime()) < openGrace {
		return left, false, nil
	}
	lock, err := lockLedger(root)
	if err != nil {
		return left, false, nil
	}
	return left, true, lock.Close()
}

// lockLedger fails while the lab lives, or while another healer is at work.
func lockLedger(root string) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(root, fileName), os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("lock the ledger in %s, whose lab or another healer is at work: %w", root, err)
	}
	return file, nil
}

// Heal undoes a leftover, newest first, removes its folder, and says in words
// what it did. Healing what is healed already does nothing. If an undo fails,
// the others are still done, the folder stays, and Heal may be called again.
func Heal(ctx context.Context, left Leftover) ([]string, error) {
	// The ledger is read anew: another healer may have been here since Stale.
	now, dead, err := inspect(left.Root)
	if err != nil {
		return nil, fmt.Errorf("heal run %s: %w", left.RunID, err)
	}
	if _, err := os.Stat(left.Root); errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if !dead {
		return nil, fmt.Errorf("heal run %s: its lab or another healer is at work, so it was left alone", left.RunID)
	}
	lock, err := lockLedger(left.Root)
	if err == nil {
		defer lock.Close()
	} else if !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("heal run %s: %w", left.RunID, err)
	}
	ledger := &Ledger{runID: left.RunID, root: left.Root, file: lock, open: map[int]Record{}}
	for _, r := range now.Open {
		ledger.open[r.N] = r
	}
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
