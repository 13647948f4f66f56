// Package turn lets the runs of one machine go one after the other, whoever
// starts them and from wherever: two at once would each measure the other.
//
// The queue is a folder that all users of the machine share, with one file for
// each run, locked as long as the run's process lives:
//
//		enter ─▶ wait until no file of a living run stands before it ─▶ run ─▶ leave
//		  └──────────── beside: runs at once, and both say so ──────────┘
//
//	 1. Take enters the queue and returns when it is the run's turn.
//	 2. Beside names what ran at the same time, if anything did.
//	 3. Leave ends the turn.
//
// # What happens on failure
//
// A lock ends with its process, whatever ends it, so that a run that was killed
// holds up nobody; its file is swept away by the next. A pid and a start time
// would not do: one namespace does not know another's. Looking at the queue and
// entering it happen under a lock on the folder, held for milliseconds, or two
// that come at once would both see nobody.
//
// Where the folder cannot be made or locked (an unwritable /tmp, a file system
// without locks), Take says so and the caller decides: a run that cannot see
// others is still judged by how busy the machine is.
package turn

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// FolderVariable names an environment variable with another folder for the
// queue: one that several containers share, for example.
const FolderVariable = "PAPERLAB_TURNS"

// Run is a run in the queue.
type Run struct {
	Pid int `json:"pid"`
	// What is what the run is called: "scenario consumer-crash".
	What string `json:"what"`
	// Running tells whether it has its turn; Since is when it came to it, or when
	// it entered the queue.
	Running bool      `json:"running"`
	Since   time.Time `json:"since"`

	name string
}

func (r Run) String() string {
	word := "waiting"
	if r.Running {
		word = "running"
	}
	return fmt.Sprintf("%s (pid %d, %s since %s)", r.What, r.Pid, word, r.Since.Local().Format("15:04:05"))
}

// How often the queue is looked at.
const (
	waitEvery  = 300 * time.Millisecond
	watchEvery = time.Second
)

// Turn is a run's place in the queue. The zero value is that of a run which could
// not enter, and nothing is known of others then.
type Turn struct {
	queue queue
	self  Run
	// file is nil in a Turn that was not taken.
	file *os.File

	// watched ends with the goroutine that looks for others.
	watched  sync.WaitGroup
	endWatch context.CancelFunc

	mu     sync.Mutex
	beside []Run
}

// Take enters the queue and waits for the run's turn; waiting is called now and
// then with the runs that are before it, those that run first. Beside does not
// wait. The error is ctx's when that ends first; any other means that the queue
// cannot be used. The turn is nil then.
func Take(ctx context.Context, what string, beside bool, waiting func(before []Run)) (*Turn, error) {
	q, err := open()
	if err != nil {
		return nil, err
	}
	t := &Turn{queue: q, self: Run{Pid: os.Getpid(), What: what}}
	if err := t.enter(ctx); err != nil {
		return nil, err
	}
	for {
		before, err := t.begin(ctx, beside)
		if err == nil && len(before) > 0 {
			waiting(before)
			select {
			case <-ctx.Done():
				err = ctx.Err()
			case <-time.After(waitEvery):
				continue
			}
		}
		if err != nil {
			t.drop()
			return nil, err
		}
		t.watch()
		return t, nil
	}
}

// enter puts the run at the end of the queue.
func (t *Turn) enter(ctx context.Context) error {
	return t.queue.inside(ctx, func() (err error) {
		t.self.Since = time.Now()
		t.self.name = fmt.Sprintf("%020d-%d", t.self.Since.UnixNano(), t.self.Pid)
		t.file, err = t.queue.add(t.self)
		return err
	})
}

// begin lets the run begin if nobody is before it, and else says who is.
func (t *Turn) begin(ctx context.Context, beside bool) (before []Run, err error) {
	err = t.queue.inside(ctx, func() error {
		others, err := t.queue.others(t.self.name)
		if err != nil {
			return err
		}
		before = slices.DeleteFunc(others, func(r Run) bool { return !r.Running && r.name > t.self.name })
		if beside {
			before = nil
		}
		if len(before) > 0 {
			return nil
		}
		t.self.Running, t.self.Since = true, time.Now()
		return write(t.file, t.self)
	})
	slices.SortStableFunc(before, runningFirst)
	return before, err
}

func runningFirst(a, b Run) int {
	switch {
	case a.Running == b.Running:
		return 0
	case a.Running:
		return -1
	default:
		return 1
	}
}

// watch notes who else runs, until the turn ends.
func (t *Turn) watch() {
	ctx, cancel := context.WithCancel(context.Background())
	t.endWatch = cancel
	t.look(ctx)
	t.watched.Go(func() {
		ticker := time.NewTicker(watchEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				t.look(ctx)
			}
		}
	})
}

func (t *Turn) look(ctx context.Context) {
	var others []Run
	err := t.queue.inside(ctx, func() (err error) {
		others, err = t.queue.others(t.self.name)
		return err
	})
	if err != nil {
		return // what cannot be looked at now can be in a second
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r := range others {
		if r.Running && !slices.ContainsFunc(t.beside, func(known Run) bool { return known.name == r.name }) {
			t.beside = append(t.beside, r)
		}
	}
}

// Beside are the runs that have run at the same time as this one, until now.
func (t *Turn) Beside() (names []string) {
	if t.file == nil {
		return nil
	}
	t.look(context.Background())
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r := range t.beside {
		names = append(names, r.String())
	}
	return names
}

// Leave ends the turn; the next may begin. It may be called twice.
func (t *Turn) Leave() {
	if t.file == nil {
		return
	}
	t.endWatch()
	t.watched.Wait()
	t.drop()
}

// drop takes the run out of the queue. The file goes first: without its lock it
// would look like a dead run's.
func (t *Turn) drop() {
	_ = os.Remove(filepath.Join(t.queue.folder, t.self.name))
	_ = t.file.Close()
}
