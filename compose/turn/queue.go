package turn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
	"unicode"
)

// queue is the shared folder.
type queue struct{ folder string }

// shared is where all users of a machine find the same folder. The temp folder
// may be each user's own.
const shared = "/tmp"

// open makes the folder for everybody: as in /tmp itself, each may add files and
// remove its own.
func open() (queue, error) {
	q := queue{os.Getenv(FolderVariable)}
	if q.folder == "" {
		base := shared
		if info, err := os.Stat(base); err != nil || !info.IsDir() {
			base = os.TempDir()
		}
		q.folder = filepath.Join(base, "paperlab-turns")
	}
	err := os.Mkdir(q.folder, 0o777)
	if err == nil {
		// The umask has taken bits away.
		err = os.Chmod(q.folder, 0o777|os.ModeSticky)
	}
	if err != nil && !errors.Is(err, os.ErrExist) {
		return q, fmt.Errorf("make %s, where runs wait for each other: %w; set %s to a folder that can be written to", q.folder, err, FolderVariable)
	}
	if info, err := os.Lstat(q.folder); err != nil || !info.IsDir() {
		return q, fmt.Errorf("%s, where runs wait for each other, is not a folder: remove it, or set %s to another", q.folder, FolderVariable)
	}
	return q, nil
}

// doorWithin is how long somebody else may have the folder's lock: a process
// that was stopped while it held it must not stop everybody.
const doorWithin = 5 * time.Second

// inside does something while nobody else looks at the queue.
func (q queue) inside(ctx context.Context, do func() error) error {
	door, err := os.Open(q.folder)
	if err != nil {
		return fmt.Errorf("look at the other runs of this machine: %w", err)
	}
	defer door.Close()
	end := time.Now().Add(doorWithin)
	for {
		err := syscall.Flock(int(door.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return do()
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) || time.Now().After(end) {
			return fmt.Errorf("lock %s, where runs wait for each other: %w; set %s to a folder on a local disk", q.folder, err, FolderVariable)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// add makes a run's file and locks it.
func (q queue) add(r Run) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(q.folder, r.name), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("enter the queue of this machine's runs: %w; set %s to a folder that can be written to", err, FolderVariable)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		err = errors.Join(file.Chmod(0o644), write(file, r))
	}
	if err != nil {
		_ = os.Remove(file.Name())
		_ = file.Close()
		return nil, fmt.Errorf("enter the queue of this machine's runs in %s: %w", q.folder, err)
	}
	return file, nil
}

func write(file *os.File, r Run) error {
	raw, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err = file.WriteAt(raw, 0)
	return err
}

// others, to be called inside, are the living runs but the one of that name, in the order in which
// they came. What a dead one left is removed, if it may be.
func (q queue) others(self string) (runs []Run, err error) {
	entries, err := os.ReadDir(q.folder) // by name, which begins with the time
	if err != nil {
		return nil, fmt.Errorf("look at the other runs of this machine: %w", err)
	}
	for _, e := range entries {
		if e.Name() == self || !e.Type().IsRegular() {
			continue
		}
		if r, lives := q.read(e.Name()); lives {
			runs = append(runs, r)
		}
	}
	return runs, nil
}

// maxRun is more than a run's file takes, in bytes.
const maxRun = 4 << 10

func (q queue) read(name string) (r Run, lives bool) {
	path := filepath.Join(q.folder, name)
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return r, false // it has just left
	}
	defer file.Close()
	switch err := syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); {
	case err == nil:
		_ = os.Remove(path)
		return r, false
	case !errors.Is(err, syscall.EWOULDBLOCK):
		return r, false
	}
	raw, err := io.ReadAll(io.LimitReader(file, maxRun))
	if err != nil || json.Unmarshal(raw, &r) != nil {
		r = Run{What: "a run that does not say which"}
	}
	r.name, r.What = name, strings.Map(printable, r.What)
	return r, true
}

// printable keeps what another user wrote from working on this one's terminal.
func printable(c rune) rune {
	if !unicode.IsPrint(c) {
		return -1
	}
	return c
}
