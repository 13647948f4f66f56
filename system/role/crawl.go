package role

import (
	"context"
	"fmt"
	"time"

	"paperlab/system/careful"
	"paperlab/system/crawl"
	"paperlab/system/naive"
	"paperlab/system/service"
)

// Crawl harvests arXiv.
type Crawl struct {
	Flags
	Arxiv    string        `help:"arXiv's query API." default:"https://export.arxiv.org/api/query" env:"PAPERS_ARXIV"`
	Filter   string        `help:"Narrows the harvest, in arXiv's query language, as in 'cat:cs.DC OR cat:cs.DB'." env:"PAPERS_FILTER"`
	Interval time.Duration `help:"Wait between an answer and the next request; arXiv asks for 3s." default:"3s" env:"PAPERS_INTERVAL"`
	PageSize int           `help:"Papers to ask for at once, 1 to 2000." default:"100" env:"PAPERS_PAGE_SIZE"`
	From     string        `help:"Where a first harvest begins: a date such as 2026-01-31, or RFC 3339. Default: a day ago." env:"PAPERS_FROM"`
}

// Run harvests until the context ends.
func (c *Crawl) Run(ctx context.Context) error {
	from, err := c.from(time.Now())
	if err != nil {
		return err
	}
	// A first time for its checks alone, before anything is waited for.
	if _, err := crawl.New(crawl.Config{Interval: c.Interval, PageSize: c.PageSize}); err != nil {
		return err
	}
	p, err := c.open(ctx, "crawl", true)
	if err != nil {
		return err
	}
	defer p.close()
	arxiv, err := crawl.NewArXiv(c.Arxiv, c.Filter, p.links)
	if err != nil {
		return fmt.Errorf("--arxiv: %w", err)
	}
	crawler, err := c.crawler(ctx, p, arxiv, from)
	if err != nil {
		return err
	}
	return p.serve(ctx, crawler)
}

// crawler is the profile's. The careful one crawls as the naive one does, onto
// streams of its own.
func (c *Crawl) crawler(ctx context.Context, p *process, arxiv *crawl.ArXiv, from time.Time) (service.Service, error) {
	metrics := crawl.NewMetrics(p.registry)
	plain := naive.CrawlConfig{
		ArXiv: arxiv, Cursors: p.store, Interval: c.Interval, PageSize: c.PageSize, From: from, Metrics: metrics, Logger: p.log,
	}
	switch c.Profile {
	case profileNaive:
		plain.Add = naive.Adding(p.redis, naive.Papers(c.Prefix), metrics)
		return naive.NewCrawler(plain)
	case profileCareful:
		plain.Add = careful.Adding(p.redis, careful.Papers(c.Prefix, c.Shards), metrics)
		return naive.NewCrawler(plain)
	}
	papers, _, err := p.openStreams(ctx)
	if err != nil {
		return nil, err
	}
	return crawl.New(crawl.Config{
		ArXiv: arxiv, Sink: crawl.Into(papers, metrics), Cursors: p.store, Interval: c.Interval, PageSize: c.PageSize,
		From: from, Metrics: metrics, Logger: p.log,
	})
}

func (c *Crawl) from(now time.Time) (time.Time, error) {
	if c.From == "" {
		return now.Add(-24 * time.Hour), nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, c.From); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("--from is %q; it must be a date such as 2026-01-31, or RFC 3339 such as 2026-01-31T12:00:00Z", c.From)
}
