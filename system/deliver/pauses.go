package deliver

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"paperlab/system/dial"
)

var errPaused = errors.New("the webhook's host asked to be left alone")

// pauses remembers which hosts answered 429 and until when they want no more
// requests. It is per host and not per webhook, because that is who counts.
type pauses struct {
	mu    sync.Mutex
	until map[string]time.Time
}

// begin notes a 429. Without a Retry-After the stream's own back-off is enough.
func (p *pauses) begin(host string, header http.Header) {
	now := time.Now()
	wait, asked := dial.RetryAfter(header, now)
	if !asked {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.until == nil {
		p.until = map[string]time.Time{}
	}
	for other, until := range p.until {
		if until.Before(now) {
			delete(p.until, other)
		}
	}
	if until := now.Add(wait); until.After(p.until[host]) {
		p.until[host] = until
	}
}

func (p *pauses) check(host string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if wait := time.Until(p.until[host]); wait > 0 {
		return fmt.Errorf("%w for another %s", errPaused, wait.Round(time.Millisecond))
	}
	return nil
}
