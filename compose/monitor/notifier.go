package monitor

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"paperlab/compose/standin"
	"paperlab/system/service"
)

// Bounds of the notifier. A message is small, and an alert that is told ten
// seconds late has lost its worth as a time of detection.
const (
	queueLength = 64
	// perMessage is what Slack still shows well.
	perMessage  = 20
	postTimeout = 2 * time.Second
	giveUpAfter = 10 * time.Second
	drainFor    = 2 * time.Second
	firstWait   = 50 * time.Millisecond
	longestWait = time.Second
)

// news is what one evaluation of one rule found.
type news struct {
	// expr is the rule's expression.
	expr   string
	alerts []standin.SlackAlert
}

// notifier posts messages one after another, so that a firing alert never
// arrives after its own end.
type notifier struct {
	url    string
	log    *slog.Logger
	client *http.Client
	queue  chan news
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

func newNotifier(url string, log *slog.Logger) *notifier {
	ctx, cancel := context.WithCancel(context.Background())
	return &notifier{
		url: url, log: log, ctx: ctx, cancel: cancel,
		// A proxy from the environment would carry the lab's alerts off the
		// machine.
		client: &http.Client{Timeout: postTimeout, Transport: &http.Transport{Proxy: nil}},
		queue:  make(chan news, queueLength),
	}
}

// start begins to send. What is told completes news before they leave: here and
// not where they are enqueued, since the rule engine waits there.
func (n *notifier) start(complete func(news)) {
	n.wg.Go(func() {
		for found := range n.queue {
			complete(found)
			n.send(found.alerts)
		}
	})
}

// enqueue never blocks. It must not be called after stop.
func (n *notifier) enqueue(found news) {
	if n.url == "" {
		return
	}
	for chunk := range slices.Chunk(found.alerts, perMessage) {
		select {
		case n.queue <- news{found.expr, chunk}:
		default:
			n.log.Error("message dropped: the queue is full", "webhook", n.url, "queue", queueLength, "alert", chunk[0].Name)
		}
	}
}

// stop lets queued messages leave for drainFor, then gives them up.
func (n *notifier) stop() {
	close(n.queue)
	timer := time.AfterFunc(drainFor, n.cancel)
	n.wg.Wait()
	timer.Stop()
	n.cancel()
	n.client.CloseIdleConnections()
}

// send tries until the webhook takes the message, or giveUpAfter. The message
// says when it was first sent: further tries count as its way.
func (n *notifier) send(alerts []standin.SlackAlert) {
	ctx, cancel := context.WithTimeout(n.ctx, giveUpAfter)
	defer cancel()
	for i := range alerts {
		alerts[i].Sent = time.Now()
	}
	body, err := json.Marshal(standin.SlackBodyOf(alerts))
	for wait := firstWait; err == nil; wait = min(2*wait, longestWait) {
		failure := n.post(ctx, body)
		if failure == nil {
			return
		}
		if !service.Pause(ctx, wait) {
			err = failure
		}
	}
	n.log.Error("message dropped: the webhook did not take it", "webhook", n.url, "alert", alerts[0].Name, "err", err)
}

func (n *notifier) post(ctx context.Context, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, n.url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make the request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := n.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(resp.Body, 200))
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return fmt.Errorf("%s answered %s: %s", n.url, resp.Status, answer)
	}
	return nil
}
