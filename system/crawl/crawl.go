// Package crawl harvests papers from arXiv's query API, politely and without
// leaving any out.
//
// One loop does it all:
//
//	wait ─▶ ask for a page ─▶ produce its papers ─▶ store the cursor ─┐
//	 ▲                                                                │
//	 └────────────────────────────────────────────────────────────────┘
//
// The cursor moves after the papers are on the stream, never before. A process
// killed in between asks for the same page again, and the produce script
// answers with the entries that are there already.
//
//   - arXiv says 429 or 503: the loop waits as long as it asks (a number of
//     seconds or an HTTP date), or else backs off with jitter.
//   - arXiv answers nonsense: the same back-off; the cursor stays.
//   - Redis or SQL is away: the page in hand is produced again until it works,
//     and arXiv is not asked for more meanwhile.
//
// arXiv wants one request every three seconds and one connection, so each wait
// is counted from the end of the last answer, and the first request waits too:
// a process that is restarted again and again must not ask faster.
package crawl

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"paperlab/system/paper"
	"paperlab/system/service"
)

// Sink puts papers on a stream, in order and idempotently: it is called again
// with the same papers after an error.
type Sink func(ctx context.Context, papers []paper.Paper) error

// Cursors keeps cursors by name; one that was never set is "".
type Cursors interface {
	Cursor(ctx context.Context, name string) (string, error)
	SetCursor(ctx context.Context, name, value string) error
}

// Config is what New needs.
type Config struct {
	ArXiv   *ArXiv
	Sink    Sink
	Cursors Cursors
	// Interval is the wait between an answer and the next request, above 0.
	Interval time.Duration
	// PageSize is the number of papers to ask for at once, 1 to 2000.
	PageSize int
	// From is where the harvest begins if there is no cursor yet.
	From    time.Time
	Metrics *Metrics
	Logger  *slog.Logger
}

// MaxPageSize is the most that arXiv gives at once.
const MaxPageSize = 2000

// Crawler is the harvesting service.
type Crawler struct {
	cfg  Config
	life service.Life
}

// New checks the configuration.
func New(cfg Config) (*Crawler, error) {
	if cfg.Interval <= 0 {
		return nil, fmt.Errorf("--interval is %s; it must be more than 0", cfg.Interval)
	}
	if cfg.PageSize < 1 || cfg.PageSize > MaxPageSize {
		return nil, fmt.Errorf("--page-size is %d; it must be from 1 to %d", cfg.PageSize, MaxPageSize)
	}
	return &Crawler{cfg: cfg}, nil
}

// Start reads the cursor and begins to harvest.
func (c *Crawler) Start(ctx context.Context) error {
	return c.life.Start(ctx, func(ctx context.Context) error {
		at, err := c.readCursor(ctx)
		if err != nil {
			return err
		}
		c.life.Go(func() {
			defer c.cfg.ArXiv.Close()
			c.harvest(c.life.Taking(), at)
		})
		return nil
	})
}

// Stop ends the harvest after the page in hand.
func (c *Crawler) Stop() { c.life.Stop() }

// cursorName tells harvests with different filters apart.
func (c *Crawler) cursorName() string {
	if c.cfg.ArXiv.filter == "" {
		return "arxiv"
	}
	return "arxiv " + c.cfg.ArXiv.filter
}

func (c *Crawler) readCursor(ctx context.Context) (cursor, error) {
	value, err := c.cfg.Cursors.Cursor(ctx, c.cursorName())
	if err != nil {
		return cursor{}, err
	}
	if value == "" {
		return cursor{Minute: c.cfg.From.UTC().Truncate(time.Minute)}, nil
	}
	return parseCursor(value)
}

// moves bounds how often in a row a minute is asked for again because the
// ground had moved: if arXiv's order is not stable, it would never end.
const moves = 3

func (c *Crawler) harvest(ctx context.Context, at cursor) {
	c.cfg.Logger.Info("harvest begins", "from", at.Minute, "done", at.Done)
	wait, failures, moved := c.cfg.Interval, 0, 0
	for service.Pause(ctx, wait) {
		// One more than the page, because the first is the one to be checked.
		page, err := c.cfg.ArXiv.Updated(ctx, at.Minute, at.start(), min(c.cfg.PageSize+1, MaxPageSize))
		if ctx.Err() != nil {
			return
		}
		c.cfg.Metrics.Request(err)
		if err != nil {
			failures++
			wait = c.backOff(err, failures)
			c.cfg.Logger.Warn("arXiv cannot be harvested; waiting", "for", wait.String(), "error", err)
			continue
		}
		wait, failures = c.cfg.Interval, 0
		if !at.fits(page) && moved < moves {
			moved++
			c.cfg.Logger.Info("the ground has moved; asking for the minute again", "minute", at.Minute, "last", at.Last)
			// The page is kept all the same: arXiv shows a paper's newest
			// version only, so one that is superseded meanwhile would not come
			// again.
			if c.produce(ctx, page) {
				at = at.again()
			}
			continue
		}
		moved = 0
		at = c.keep(ctx, at, page)
	}
}

// produce puts the page's papers on the stream; false means that the context
// ended first.
func (c *Crawler) produce(ctx context.Context, page Page) bool {
	for _, err := range page.Skipped {
		c.cfg.Logger.Warn("an entry of arXiv's answer was skipped", "error", err)
	}
	if len(page.Papers) == 0 {
		return true
	}
	return c.insist(ctx, "producing papers", func() error { return c.cfg.Sink(ctx, page.Papers) })
}

// keep produces the page and moves the cursor, and returns where the harvest
// stands: moved, or where it was if the context ended first.
func (c *Crawler) keep(ctx context.Context, at cursor, page Page) cursor {
	if !c.produce(ctx, page) || len(page.Papers) == 0 {
		return at
	}
	next := at.after(page)
	// What is produced is produced: the cursor follows even if a stop came in
	// between.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	store := func() error { return c.cfg.Cursors.SetCursor(ctx, c.cursorName(), next.String()) }
	if !c.insist(ctx, "storing the cursor", store) {
		// Going on is safe: a later cursor covers this page as well.
		c.cfg.Logger.Error("the cursor was not stored; a restart will produce these papers again")
	}
	return next
}

// insist calls work until it succeeds; false means that the context ended
// first.
func (c *Crawler) insist(ctx context.Context, what string, work func() error) bool {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		err := work()
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		c.cfg.Logger.Warn(what+" failed; trying again", "in", wait.String(), "error", err)
		if !service.Pause(ctx, jitter(wait)) {
			return false
		}
	}
}

// longestBackOff bounds the wait that arXiv did not ask for.
const longestBackOff = 30 * time.Second

func (c *Crawler) backOff(err error, failures int) time.Duration {
	var limited *LimitedError
	if errors.As(err, &limited) && limited.Asked {
		return max(limited.After, c.cfg.Interval)
	}
	doubled := c.cfg.Interval << min(failures, 10)
	return max(c.cfg.Interval, jitter(min(doubled, longestBackOff)))
}

// jitter spreads a wait over 75 to 125 % of it.
func jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.75 + rand.Float64()/2))
}
