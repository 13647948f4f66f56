package run

import (
	"context"
	"time"

	"paperlab/reports/history"
)

// DrainWithin is how long a service usually has to do what it was offered.
const DrainWithin = 60 * time.Second

// LiveDrainWithin is the same where arXiv itself is asked: much of the load may
// still have to come when the phases are over, a page every few seconds.
const LiveDrainWithin = 5 * time.Minute

// quietFor is how long everything must be done before it counts as done:
// several of the observer's readings, and time for it to read the last
// entries.
const quietFor = 1500 * time.Millisecond

// drain waits until everything that was offered is done: no more papers come,
// nothing is on its way on the streams or in an outbox, and nobody was told
// anything for a while. What is not done when time is up is a doubt
// about the verdict and no error.
func (p *profileRun) drain(ctx context.Context) error {
	quietSince, told := time.Now(), int64(-1)
	drained, err := until(ctx, p.DrainWithin, 100*time.Millisecond, func(passed time.Duration) bool {
		if now := p.around.sink.Answered(); now != told || !p.idle(ctx) {
			quietSince, told = time.Now(), now
		}
		p.show("drain", passed, p.DrainWithin)
		return time.Since(quietSince) >= quietFor
	})
	if err == nil {
		p.rec.Record(history.Drained(drained))
	}
	return err
}

// idle tells whether nothing is on its way as far as can be seen.
func (p *profileRun) idle(ctx context.Context) bool {
	backlog := p.observer.Backlog()
	if backlog == nil || *backlog > 0 || !p.around.arxiv.Done() {
		return false
	}
	waiting, err := p.observer.Outboxes(ctx)
	return err == nil && waiting == 0
}
