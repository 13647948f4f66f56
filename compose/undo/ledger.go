package undo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"syscall"
	"time"
)

// ErrClosed is returned by Add, Process and Folder after Close.
var ErrClosed = errors.New("the undo ledger is closed")

const fileName = "ledger.jsonl"

var runIDs = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// Ledger is the list of undos of one run. It may be used from any number of
// goroutines.
type Ledger struct {
	runID, root string

	mu sync.Mutex
	// file is nil after Close. It is locked as long as it is open.
	file *os.File
	// open holds the records whose act has not been taken back, by number.
	open map[int]Record
	next int
	// closing refuses new records while the open ones are undone.
	closing bool
}

// Base is the folder that holds the folders of all runs of this user.
func Base() string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("paperlab-%d", os.Getuid()))
}

// Open makes the folder and the ledger of a run. The run id becomes a folder's
// name: letters, digits, dot, dash and underscore, at most 100. It fails if
// the run exists already, alive or left over.
func Open(runID string) (*Ledger, error) {
	if !runIDs.MatchString(runID) {
		return nil, fmt.Errorf("run id %q: want 1 to 100 letters, digits, dots, dashes or underscores, a letter or digit first", runID)
	}
	base := Base()
	if err := ownFolder(base); err != nil {
		return nil, err
	}
	root := filepath.Join(base, runID)
	if err := os.Mkdir(root, 0o700); err != nil {
		if errors.Is(err, os.ErrExist) {
			return nil, fmt.Errorf("run %s exists in %s: choose another run id, or run `lab heal` if it is left over", runID, root)
		}
		return nil, fmt.Errorf("make the run's folder: %w", err)
	}
	l := &Ledger{runID: runID, root: root, open: map[int]Record{}, next: 1}
	if err := l.begin(); err != nil {
		_ = os.RemoveAll(root)
		return nil, fmt.Errorf("begin the ledger in %s: %w", root, err)
	}
	return l, nil
}

// ownFolder makes the base folder and refuses one that somebody else planted:
// the temp folder is writable for everybody.
func ownFolder(path string) error {
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("make %s: %w", path, err)
	}
	info, err := os.Lstat(path)
	if err != nil {
		return fmt.Errorf("look at %s: %w", path, err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || !ok || int(stat.Uid) != os.Getuid() {
		return fmt.Errorf("%s is not a folder of this user: remove it, or set TMPDIR to a folder of your own", path)
	}
	return nil
}

func (l *Ledger) begin() error {
	file, err := os.OpenFile(filepath.Join(l.root, fileName), os.O_CREATE|os.O_EXCL|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	l.file = file
	if err = lock(file); err == nil {
		err = l.write(line{Lab: &labLine{Pid: os.Getpid(), Run: l.runID, Began: time.Now().UTC()}}, true)
	}
	if err != nil {
		_ = file.Close()
	}
	return err
}

// Root is the run's folder. What lies in it is gone after Close.
func (l *Ledger) Root() string { return l.root }

// Entry is an undo that stands in the ledger until it is marked done.
type Entry struct {
	ledger *Ledger
	n      int
}

// healTimeout bounds the undoing of one run by Close.
const healTimeout = 30 * time.Second

// Add writes an undo to disk and returns once it is safe there. The caller
// acts after Add and not before.
func (l *Ledger) Add(kind, what string, data any) (*Entry, error) {
	if _, err := lookup(kind); err != nil {
		return nil, err
	}
	raw, err := json.Marshal(data)
	if err != nil {
		return nil, fmt.Errorf("undo of %s: %w", what, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.add(Record{N: l.next, Kind: kind, What: what, Data: raw})
}

// add is Add for a caller that holds mu.
func (l *Ledger) add(r Record) (*Entry, error) {
	if l.file == nil || l.closing {
		return nil, fmt.Errorf("undo of %s: %w", r.What, ErrClosed)
	}
	if err := l.write(line{Record: r}, true); err != nil {
		return nil, fmt.Errorf("write the undo of %s to %s, so it was not begun: %w", r.What, l.root, err)
	}
	l.next++
	l.open[r.N] = r
	return &Entry{ledger: l, n: r.N}, nil
}

// Done marks the entry: its act was taken back. Marking twice, or after Close,
// does nothing. An unwritten mark is harmless, since undoing is idempotent.
func (e *Entry) Done() {
	l := e.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done(e.n)
}

func (l *Ledger) done(n int) {
	if _, ok := l.open[n]; !ok || l.file == nil {
		return
	}
	delete(l.open, n)
	_ = l.write(line{Record: Record{N: n}, Done: true}, false)
}

// Close undoes everything still open, newest first, and removes the run's
// folder. If an undo fails, the folder and its ledger stay for `lab heal`, and
// Close may be called again.
func (l *Ledger) Close() error {
	l.mu.Lock()
	if l.file == nil {
		l.mu.Unlock()
		return nil
	}
	l.closing = true
	records := newestFirst(l.open)
	l.mu.Unlock()

	ctx, cancel := context.WithTimeout(context.Background(), healTimeout)
	defer cancel()
	if _, err := l.undo(ctx, records); err != nil {
		return fmt.Errorf("undo run %s, see %s: %w", l.runID, l.root, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := os.RemoveAll(l.root); err != nil {
		return fmt.Errorf("remove the folder of run %s: %w", l.runID, err)
	}
	if l.file != nil {
		_ = l.file.Close()
		l.file = nil
	}
	return nil
}

// Undo undoes the entry's act now and marks it done. If it fails, the entry
// stays open.
func (e *Entry) Undo(ctx context.Context) error {
	l := e.ledger
	l.mu.Lock()
	r, isOpen := l.open[e.n]
	l.mu.Unlock()
	if !isOpen {
		return nil
	}
	_, err := l.undo(ctx, []Record{r})
	return err
}

// line is one line of ledger.jsonl: the lab that wrote it (first line only), a
// record (again with the same number when its data became known), or the mark
// that a record is done.
type line struct {
	Lab *labLine `json:"lab,omitempty"`
	Record
	Done bool `json:"done,omitempty"`
}

// labLine is for who reads the file; what tells that the lab lives is its lock.
type labLine struct {
	Pid   int       `json:"pid"`
	Run   string    `json:"run"`
	Began time.Time `json:"began"`
}

// write appends one line with a single system call, so that a kill leaves at
// most one torn line. After a failed write (a full disk) the file is cut back,
// or the torn line would swallow the next one.
func (l *Ledger) write(entry line, sync bool) error {
	raw, err := json.Marshal(entry)
	if err != nil {
		return err
	}
	end, err := l.file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if _, err = l.file.Write(append(raw, '\n')); err == nil && sync {
		err = l.file.Sync()
	}
	if err != nil {
		return errors.Join(err, l.file.Truncate(end))
	}
	return nil
}

// read replays a ledger: the records that are still open, and what was
// unreadable, in words.
func read(path string) (open map[int]Record, damage []string, err error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	open = map[int]Record{}
	number := 0
	for text := range bytes.Lines(raw) {
		number++
		var entry line
		if err := json.Unmarshal(text, &entry); err != nil {
			if bytes.HasSuffix(text, []byte("\n")) {
				damage = append(damage, fmt.Sprintf("line %d of the ledger is unreadable and was passed over: %v", number, err))
			}
			continue
		}
		switch {
		case entry.Lab != nil:
		case entry.Done:
			delete(open, entry.N)
		case entry.N > 0 && entry.Kind != "":
			open[entry.N] = entry.Record
		default:
			damage = append(damage, fmt.Sprintf("line %d of the ledger says nothing that is known: %s", number, bytes.TrimSpace(text)))
		}
	}
	return open, damage, nil
}

func newestFirst(open map[int]Record) []Record {
	numbers := slices.Sorted(maps.Keys(open))
	slices.Reverse(numbers)
	records := make([]Record, 0, len(numbers))
	for _, n := range numbers {
		records = append(records, open[n])
	}
	return records
}
