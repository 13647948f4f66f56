package naive

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"paperlab/system/crawl"
	"paperlab/system/paper"
	"paperlab/system/service"
)

// CrawlConfig is what NewCrawler needs.
type CrawlConfig struct {
	ArXiv *crawl.ArXiv
	// Add puts one paper on its stream.
	Add     func(context.Context, paper.Paper) error
	Cursors crawl.Cursors
	// Interval is the wait between an answer and the next request, above 0.
	Interval time.Duration
	// PageSize is the number of papers to ask for at once, 1 to
	// crawl.MaxPageSize.
	PageSize int
	// From is where the harvest begins if there is no bookmark yet.
	From    time.Time
	Metrics *crawl.Metrics
	Logger  *slog.Logger
}

// Crawler harvests arXiv in the usual way: it asks for what was updated since
// the last time that it saw, and leaves out what it has seen. It keeps no place
// in a list that moves, so a paper that gets a new version meanwhile hides no
// other. While nothing breaks, each version that arXiv serves is added once.
//
// The bookmark is stored after the page. A crash in between adds the page again,
// and so does a store that is away when the process ends: whoever reads must
// know repeats, or do the work again.
type Crawler struct {
	cfg  CrawlConfig
	life service.Life
}

// NewCrawler checks the configuration.
func NewCrawler(cfg CrawlConfig) (*Crawler, error) {
	if cfg.Interval <= 0 || cfg.PageSize < 1 || cfg.PageSize > crawl.MaxPageSize {
		return nil, fmt.Errorf("naive crawler: interval is %s and page size %d; they must be above 0, and 1 to %d", cfg.Interval, cfg.PageSize, crawl.MaxPageSize)
	}
	return &Crawler{cfg: cfg}, nil
}

// Start reads the bookmark and begins to harvest.
func (c *Crawler) Start(ctx context.Context) error {
	return c.life.Start(ctx, func(ctx context.Context) error {
		mark, err := readBookmark(ctx, c.cfg.Cursors, c.cfg.From)
		if err != nil {
			return err
		}
		c.life.Go(func() {
			defer c.cfg.ArXiv.Close()
			c.harvest(c.life.Taking(), mark)
		})
		return nil
	})
}

// Stop ends the harvest after the paper in hand.
func (c *Crawler) Stop() { c.life.Stop() }

func (c *Crawler) harvest(ctx context.Context, mark bookmark) {
	wait, limit := c.cfg.Interval, c.cfg.PageSize
	for service.Pause(ctx, wait) {
		page, err := c.cfg.ArXiv.Updated(ctx, mark.Since, 0, limit)
		if ctx.Err() != nil {
			return
		}
		c.cfg.Metrics.Request(err)
		if err != nil {
			wait = c.patience(err)
			c.cfg.Logger.Warn("arXiv cannot be harvested; waiting", "for", wait.String(), "error", err)
			continue
		}
		wait = c.cfg.Interval
		if fresh := c.add(ctx, page, &mark); fresh > 0 {
			limit = c.cfg.PageSize
			c.store(ctx, mark)
		} else if len(page.Papers)+len(page.Skipped) >= limit {
			// More papers of one minute than a page holds.
			limit = min(2*limit, crawl.MaxPageSize)
		}
	}
}

// patience is what arXiv asks for, or a moment.
func (c *Crawler) patience(err error) time.Duration {
	var limited *crawl.LimitedError
	if errors.As(err, &limited) {
		return max(limited.After, c.cfg.Interval)
	}
	return max(errorPause, c.cfg.Interval)
}

// add adds what is new on the page and counts it. A paper that cannot be added
// is tried again until it is, or the context ends.
func (c *Crawler) add(ctx context.Context, page crawl.Page, mark *bookmark) (fresh int) {
	for _, err := range page.Skipped {
		c.cfg.Logger.Warn("an entry of arXiv's answer was skipped", "error", err)
	}
	for _, p := range page.Papers {
		if mark.has(p) {
			continue
		}
		for err := c.cfg.Add(ctx, p); err != nil; err = c.cfg.Add(ctx, p) {
			c.cfg.Logger.Warn("a paper could not be added; trying again", "paper", p.VersionID(), "in", errorPause.String(), "error", err)
			if !service.Pause(ctx, errorPause) {
				return fresh
			}
		}
		mark.note(p)
		fresh++
	}
	return fresh
}

// store keeps the bookmark, also when a stop has come: what is added is added.
func (c *Crawler) store(ctx context.Context, mark bookmark) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	if err := c.cfg.Cursors.SetCursor(ctx, bookmarkName, mark.String()); err != nil {
		c.cfg.Logger.Error("the bookmark was not stored; a restart adds these papers again", "error", err)
	}
}

// bookmarkName is the name of the stored bookmark.
const bookmarkName = "arxiv since"

// bookmark is how far the harvest has come: arXiv can be asked for a minute and
// what follows, so what was seen of that minute is kept with it.
type bookmark struct {
	// Since is the latest minute that was seen; UTC.
	Since time.Time `json:"since"`
	// Seen are the version ids that were added of it.
	Seen []string `json:"seen,omitempty"`
}

func readBookmark(ctx context.Context, from crawl.Cursors, first time.Time) (bookmark, error) {
	value, err := from.Cursor(ctx, bookmarkName)
	if err != nil {
		return bookmark{}, err
	}
	mark := bookmark{Since: first.UTC().Truncate(time.Minute)}
	if err := json.Unmarshal([]byte(cmp.Or(value, "{}")), &mark); err != nil || mark.Since.IsZero() {
		return bookmark{}, fmt.Errorf("the stored bookmark %q is not one: since, and what was seen then, are expected: %w", value, err)
	}
	return mark, nil
}

func (b bookmark) String() string {
	text, err := json.Marshal(b)
	if err != nil {
		panic(err) // times and strings always marshal
	}
	return string(text)
}

func (b bookmark) has(p paper.Paper) bool { return slices.Contains(b.Seen, p.VersionID()) }

func (b *bookmark) note(p paper.Paper) {
	if at := p.Updated.UTC().Truncate(time.Minute); at.After(b.Since) {
		b.Since, b.Seen = at, nil
	}
	b.Seen = append(b.Seen, p.VersionID())
}

// Adding is a CrawlConfig's Add for the papers stream.
func Adding(rdb *redis.ClusterClient, to Stream, m *crawl.Metrics) func(context.Context, paper.Paper) error {
	return func(ctx context.Context, p paper.Paper) error {
		if err := add(ctx, rdb, to, p); err != nil {
			return fmt.Errorf("adding paper %s: %w", p.VersionID(), err)
		}
		m.Produced(to.Name(), false)
		return nil
	}
}
