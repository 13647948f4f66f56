package naive

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"paperlab/system/deliver"
	"paperlab/system/paper"
)

// Deliveries remembers who has been told. It is written and not read.
type Deliveries interface {
	RecordDelivery(ctx context.Context, n paper.Notification, at time.Time) error
}

// DeliverConfig is what Deliver needs.
type DeliverConfig struct {
	// Client makes the calls; it stays the caller's.
	Client *http.Client
	// Timeout bounds one POST. Default 10 s.
	Timeout time.Duration
	Store   Deliveries
	Metrics *deliver.Metrics
	Logger  *slog.Logger
}

// Deliver is the Handler of the Notifications stream: tell the subscriber, then
// remember it. Anything but a 2xx is an error.
func Deliver(cfg DeliverConfig) Handler {
	cfg.Timeout = cmp.Or(cfg.Timeout, 10*time.Second)
	cfg.Logger = cmp.Or(cfg.Logger, slog.Default())
	return func(ctx context.Context, payload []byte) error {
		var n paper.Notification
		if err := json.Unmarshal(payload, &n); err != nil {
			cfg.Logger.Error("an entry is not a notification and is left out", "error", err)
			return nil
		}
		if err := post(ctx, cfg, n); err != nil {
			cfg.Metrics.Count("error")
			return fmt.Errorf("telling %s of %s: %w", n.Subscriber, n.ID, err)
		}
		cfg.Metrics.Count("ok")
		return cfg.Store.RecordDelivery(ctx, n, time.Now())
	}
}

func post(ctx context.Context, cfg DeliverConfig, n paper.Notification) error {
	limited, cancel := context.WithTimeout(ctx, cfg.Timeout)
	defer cancel()
	const noKey = ""
	res, err := deliver.Post(limited, cfg.Client, n, noKey)
	if err != nil {
		return err
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return fmt.Errorf("the webhook answered %s", res.Status)
	}
	return nil
}
