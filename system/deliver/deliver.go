// Package deliver is the work on one entry of the notifications stream: tell
// one subscriber by webhook, and remember it.
//
//	entry ─▶ row in the store? ──yes──▶ done
//	             │ no
//	             └─▶ POST ──2xx──▶ row ─▶ done
//
// Between the answer and the row a crash leaves the subscriber told and nobody
// knowing it. The notification is then posted again under the same
// Idempotency-Key, which is how the receiver knows that it has it already; an
// effect outside cannot be had exactly once without the outside's help.
//
// What an answer means:
//
//	2xx                      told
//	408, 429, 5xx, none      the receiver is away: wait, for as long as it takes
//	410                      the webhook is gone for good: dead letter at once
//	other 4xx, 3xx           tried a few times, then a dead letter
package deliver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"paperlab/system/dial"
	"paperlab/system/paper"
	"paperlab/system/sabotage"
	"paperlab/system/stream"
)

// Store remembers who has been told.
type Store interface {
	Delivered(ctx context.Context, notificationID string) (bool, error)
	RecordDelivery(ctx context.Context, n paper.Notification, at time.Time) error
}

// Config is what New needs.
type Config struct {
	Store Store
	// Timeout bounds one POST, above 0.
	Timeout time.Duration
	Links   dial.Links
	Metrics *Metrics
	Logger  *slog.Logger
}

// Deliverer has the handler of the notifications stream.
type Deliverer struct {
	cfg    Config
	client *http.Client
	pauses pauses
	// posted are the ids that a sabotaged process has sent before.
	posted sync.Map
	swap   swap
}

// connectionsPerHost bounds what one receiver gets from one process at once.
const connectionsPerHost = 32

// New makes a deliverer.
func New(cfg Config) *Deliverer {
	return &Deliverer{cfg: cfg, client: &http.Client{
		Transport: cfg.Links.Transport(connectionsPerHost),
		// A redirected POST becomes a GET without a body in most cases, and
		// would be taken for success.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Close gives connections back.
func (d *Deliverer) Close() { d.client.CloseIdleConnections() }

// Handle is a stream.Handler without results.
func (d *Deliverer) Handle(ctx context.Context, e stream.Entry) ([]stream.Outgoing, error) {
	n, err := parse(e.Payload)
	if err != nil {
		return nil, stream.Reject(fmt.Errorf("entry %s of shard %d is not a notification: %w", e.ID, e.Shard, err))
	}
	if sabotage.On(sabotage.SwapNotifications) {
		return nil, d.swap.deliver(ctx, n, d.deliver)
	}
	return nil, d.deliver(ctx, n)
}

func parse(payload []byte) (paper.Notification, error) {
	var n paper.Notification
	if err := json.Unmarshal(payload, &n); err != nil {
		return n, err
	}
	if n.ID == "" || n.Subscriber == "" {
		return n, fmt.Errorf("id is %q and subscriber %q; both must be set", n.ID, n.Subscriber)
	}
	at, err := url.Parse(n.Webhook)
	if err != nil || at.Host == "" || (at.Scheme != "http" && at.Scheme != "https") {
		return n, fmt.Errorf("webhook %q is not an http or https URL", n.Webhook)
	}
	return n, nil
}

func (d *Deliverer) deliver(ctx context.Context, n paper.Notification) error {
	done, err := d.cfg.Store.Delivered(ctx, n.ID)
	if err != nil {
		return stream.Unavailable(err)
	}
	if done {
		d.cfg.Metrics.Count("repeat")
		return nil
	}
	if err := d.post(ctx, n); err != nil {
		if ctx.Err() == nil && !errors.Is(err, errPaused) {
			d.cfg.Metrics.Count("error")
		}
		return fmt.Errorf("telling %s of %s: %w", n.Subscriber, n.ID, err)
	}
	d.cfg.Metrics.Count("ok")
	// The subscriber has been told: remembering it must not fall to a stop.
	if err := d.cfg.Store.RecordDelivery(context.WithoutCancel(ctx), n, time.Now()); err != nil {
		return stream.Unavailable(err)
	}
	return nil
}

// Post sends one notification; key "" sends no Idempotency-Key. It returns the
// answer, whose body is read and closed, or an error when there was none.
func Post(ctx context.Context, client *http.Client, n paper.Notification, key string) (*http.Response, error) {
	webhook := n.Webhook
	n.Webhook = ""
	body, _ := json.Marshal(n) // strings and numbers always marshal
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, webhook, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "paperlab/1")
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	// Drained, so that the connection can be used again; bounded, because the
	// answer means nothing to us.
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	_ = res.Body.Close()
	return res, nil
}

func (d *Deliverer) post(ctx context.Context, n paper.Notification) error {
	at, err := url.Parse(n.Webhook)
	if err != nil {
		return err
	}
	if err := d.pauses.check(at.Host); err != nil {
		return stream.Unavailable(err)
	}
	key := n.ID
	if sabotage.On(sabotage.FreshIdempotencyKey) {
		key = uuid.NewString()
		if _, again := d.posted.LoadOrStore(n.ID, true); again {
			sabotage.Struck(sabotage.FreshIdempotencyKey)
		}
	}
	limited, cancel := context.WithTimeout(ctx, d.cfg.Timeout)
	defer cancel()
	res, err := Post(limited, d.client, n, key)
	if err != nil {
		return stream.Unavailable(err)
	}
	switch status := res.StatusCode; {
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusTooManyRequests:
		d.pauses.begin(at.Host, res.Header)
		return stream.Unavailable(errors.New("the webhook answered " + res.Status))
	case status == http.StatusRequestTimeout, status >= 500:
		return stream.Unavailable(errors.New("the webhook answered " + res.Status))
	case status == http.StatusGone:
		return stream.Reject(errors.New("the webhook answered " + res.Status + ": it is gone for good"))
	}
	return errors.New("the webhook answered " + res.Status)
}

// Metrics counts deliveries.
type Metrics struct{ deliveries *prometheus.CounterVec }

// NewMetrics registers the metrics.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	m := &Metrics{promauto.With(registry).NewCounterVec(prometheus.CounterOpts{
		Name: "papers_deliveries_total",
		Help: "Notifications by what became of an attempt: ok, repeat (told before) or error.",
	}, []string{"outcome"})}
	// There from the beginning on: of a series that begins with a failure,
	// nobody sees the increase.
	for _, outcome := range []string{"ok", "repeat", "error"} {
		m.deliveries.WithLabelValues(outcome)
	}
	return m
}

// Count counts one attempt.
func (m *Metrics) Count(outcome string) { m.deliveries.WithLabelValues(outcome).Inc() }
