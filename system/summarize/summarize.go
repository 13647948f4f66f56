// Package summarize is the work on one entry of the papers stream: have the
// paper summarized, find who wants to know, and hand back one notification for
// each of them.
//
//	entry ─▶ summary in the store? ──yes──────────────────┐
//	             │ no                                     ▼
//	             └─▶ ask an LLM ─▶ store it ─▶ match ─▶ notifications
//
// The handler may be called again for the same entry at any point and comes to
// the same end: a stored summary is not asked for again, and a notification's
// id depends on the version and the subscription alone. The notifications are
// published by the commit that acknowledges the entry, all or none; see package
// txn.
//
// When no LLM is available the entry waits: it is neither dropped nor a dead
// letter.
package summarize

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"paperlab/system/llm"
	"paperlab/system/paper"
	"paperlab/system/sabotage"
	"paperlab/system/service"
	"paperlab/system/store"
	"paperlab/system/stream"
)

// Notifications is the stream that the results go to.
const Notifications = "notifications"

// Writer writes summaries; it returns llm.ErrUnavailable when it cannot now.
type Writer interface {
	Summarize(ctx context.Context, p paper.Paper) (paper.Summary, error)
}

// Store keeps summaries.
type Store interface {
	Summary(ctx context.Context, paperID string, version int, prompt string) (sum paper.Summary, found bool, err error)
	SaveSummary(ctx context.Context, p paper.Paper, sum paper.Summary) error
}

// Matcher knows who wants to be told of what.
type Matcher interface {
	Match(p paper.Paper) []store.Wish
	Mismatch(p paper.Paper) (store.Wish, bool)
}

// Summarizer has the handler of the papers stream.
type Summarizer struct {
	store   Store
	writer  Writer
	matcher Matcher
	waiting *Waiting
	logger  *slog.Logger

	// several counts papers with two notifications or more, handled all papers:
	// sabotage strikes once, at the 20th.
	several, handled atomic.Int64
}

// New makes a summarizer.
func New(store Store, writer Writer, matcher Matcher, waiting *Waiting, logger *slog.Logger) *Summarizer {
	return &Summarizer{store: store, writer: writer, matcher: matcher, waiting: waiting, logger: logger}
}

// Handle is a stream.Handler.
func (s *Summarizer) Handle(ctx context.Context, e stream.Entry) ([]stream.Outgoing, error) {
	p, err := parse(e.Payload)
	if err != nil {
		return nil, stream.Reject(fmt.Errorf("entry %s of shard %d is not a paper: %w", e.ID, e.Shard, err))
	}
	if sabotage.On(sabotage.SlowDrift) {
		if n := s.handled.Add(1); n <= drifting {
			service.Pause(ctx, time.Duration(n)*drift)
			sabotage.Struck(sabotage.SlowDrift)
		}
	}
	sum, err := s.summary(ctx, p)
	if err != nil {
		return nil, err
	}
	return outgoing(p, sum, s.wishes(p)), nil
}

func parse(payload []byte) (paper.Paper, error) {
	var p paper.Paper
	if err := json.Unmarshal(payload, &p); err != nil {
		return paper.Paper{}, err
	}
	if p.ID == "" || p.Version < 1 {
		return paper.Paper{}, fmt.Errorf("id is %q and version %d; both must be set", p.ID, p.Version)
	}
	return p, nil
}

// summary finds or makes the paper's summary.
func (s *Summarizer) summary(ctx context.Context, p paper.Paper) (paper.Summary, error) {
	sum, found, err := s.store.Summary(ctx, p.ID, p.Version, llm.Prompt)
	if err != nil {
		return paper.Summary{}, stream.Unavailable(err)
	}
	if found {
		return sum, nil
	}
	sum, err = s.writer.Summarize(ctx, p)
	if errors.Is(err, llm.ErrUnavailable) {
		s.waiting.Begin(p.VersionID())
		return paper.Summary{}, stream.Unavailable(err)
	}
	s.waiting.End(p.VersionID())
	if err != nil {
		return paper.Summary{}, err
	}
	// From here on the answer is paid for: losing it for want of a moment's
	// patience with the store would mean paying twice.
	if err := s.store.SaveSummary(context.WithoutCancel(ctx), p, sum); err != nil {
		return paper.Summary{}, stream.Unavailable(err)
	}
	return sum, nil
}

// drift is by how much the work on a paper takes longer than that on the one
// before, where that is planted, for the first so many papers: what comes after
// them can be worked off.
const (
	drift    = 20 * time.Millisecond
	drifting = 80
)

// sabotagedPaper is the one that a planted defect strikes.
const sabotagedPaper = 20

func (s *Summarizer) wishes(p paper.Paper) []store.Wish {
	wishes := s.matcher.Match(p)
	if sabotage.On(sabotage.DropNotification) && len(wishes) >= 2 && s.several.Add(1) == sabotagedPaper {
		wishes = wishes[:len(wishes)-1]
		sabotage.Struck(sabotage.DropNotification)
	}
	if sabotage.On(sabotage.TellStranger) && s.handled.Add(1) == sabotagedPaper {
		if stranger, found := s.matcher.Mismatch(p); found {
			wishes = append(wishes, stranger)
			sabotage.Struck(sabotage.TellStranger)
		}
	}
	return wishes
}

// Notify is what the subscriber of a wish is told of a paper.
func Notify(p paper.Paper, sum paper.Summary, w store.Wish) paper.Notification {
	return paper.Notification{
		ID:           paper.NotificationID(p.VersionID(), w.ID),
		Subscriber:   w.Subscriber,
		Subscription: w.ID,
		Paper:        p.ID,
		Version:      p.Version,
		Title:        p.Title,
		URL:          p.URL(),
		Summary:      sum.Text,
		Webhook:      w.Webhook,
	}
}

func outgoing(p paper.Paper, sum paper.Summary, wishes []store.Wish) []stream.Outgoing {
	results := make([]stream.Outgoing, len(wishes))
	for i, w := range wishes {
		n := Notify(p, sum, w)
		payload, _ := json.Marshal(n) // strings and numbers always marshal
		results[i] = stream.Outgoing{
			Stream:  Notifications,
			Message: stream.Message{ID: n.ID, Key: n.Subscriber, Payload: payload},
		}
	}
	return results
}
