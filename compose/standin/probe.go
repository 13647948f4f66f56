package standin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// probeHeader marks a call that is evidence for the lab and not the service's.
const probeHeader = "Paperlab-Probe"

// ErrUnreadable is returned by Probe when status 200 came, and with it something
// else than the stand-in's ordinary answer: one that breaks off, or another.
var ErrUnreadable = errors.New("the answer is not readable")

// Seen is what a probe saw. With Probe's error it tells all manners apart:
//
//	connection refused   Status 0, syscall.ECONNREFUSED
//	reset                Status 0, syscall.ECONNRESET or io.EOF
//	silent, or too late  Status 0, context.DeadlineExceeded
//	stalled              Status 200, context.DeadlineExceeded
//	truncated, garbage   Status 200, ErrUnreadable, and the Head says which
//	an error             its Status and RetryAfter
//	ordinary             Status 200 and no error
type Seen struct {
	// Status is 0 if no answer began.
	Status int
	// RetryAfter is the header's value.
	RetryAfter string
	// Head is the first 160 bytes of the body, or what came of them.
	Head string
}

// probe asks over HTTP as the service does. It obeys the manner and is neither
// counted nor recorded. A key that is not empty is sent as a bearer's. readable
// judges the body of a 200.
func (s *server) probe(ctx context.Context, method, address, body, key string, readable func([]byte) error) (seen Seen, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("standin: %s: probe: %w", s.name, err)
		}
	}()
	r, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return seen, err
	}
	r.Header.Set(probeHeader, "1")
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	// A connection of its own, so that nothing lingers between probes.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(r)
	if err != nil {
		return seen, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, largestBody))
	seen = Seen{res.StatusCode, res.Header.Get("Retry-After"), strings.ToValidUTF8(string(answer[:min(len(answer), 160)]), "")}
	if err == nil && seen.Status == http.StatusOK {
		if wrong := readable(answer); wrong != nil {
			err = fmt.Errorf("%w: %w", ErrUnreadable, wrong)
		}
	}
	return seen, err
}

// isProbe tells whether a request is a probe's.
func isProbe(r *http.Request) bool { return r.Header.Get(probeHeader) != "" }
