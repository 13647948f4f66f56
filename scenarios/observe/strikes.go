package observe

import (
	"time"

	"paperlab/reports/history"
)

const (
	// strikes is the channel on which a sabotaged service announces itself.
	strikes = "paperlab:sabotage"
	// strikeEvery keeps a defect that strikes all the time from filling the
	// history.
	strikeEvery = 100 * time.Millisecond
)

// hear notes the strikes of planted defects. A service that is sound has none.
func (o *Observer) hear() {
	ctx := o.life.Taking()
	heard := o.rdb.Subscribe(ctx, strikes)
	defer heard.Close()
	last := map[string]time.Time{}
	for messages := heard.Channel(); ; {
		select {
		case <-ctx.Done():
			return
		case m, open := <-messages:
			if !open {
				return
			}
			if time.Since(last[m.Payload]) >= strikeEvery {
				last[m.Payload] = time.Now()
				o.rec.Record(history.Struck(m.Payload))
			}
		}
	}
}
