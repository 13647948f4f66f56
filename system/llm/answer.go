package llm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/sashabaranov/go-openai"

	"paperlab/system/dial"
)

// The kinds of refusal that are treated apart from other errors.
var (
	// errQuota: 429 that no waiting cures.
	errQuota = errors.New("its quota is used up")
	// errRate: 429, come back later.
	errRate = errors.New("it limits the rate")
	// errRequest: it understood the request and will never accept it.
	errRequest = errors.New("it refuses the request")
)

// judge says how a call ended, for the metric, and marks the errors that are
// treated apart.
func judge(err error, seen sighting) (outcome string, marked error) {
	switch {
	case err == nil:
		return "ok", nil
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout", fmt.Errorf("it did not answer in time: %w", err)
	case seen.status == http.StatusTooManyRequests && outOfQuota(err):
		return "refused", fmt.Errorf("%w: %w", errQuota, err)
	case seen.status == http.StatusTooManyRequests:
		return "refused", fmt.Errorf("%w: %w", errRate, err)
	case seen.status == http.StatusBadRequest,
		seen.status == http.StatusRequestEntityTooLarge,
		seen.status == http.StatusUnprocessableEntity:
		return "error", fmt.Errorf("%w: %w", errRequest, err)
	case seen.status == http.StatusServiceUnavailable:
		// Ollama's full queue. The breaker must hear of it, so it is not errRate.
		return "refused", err
	}
	return "error", err
}

func outOfQuota(err error) bool {
	var refusal *openai.APIError
	return errors.As(err, &refusal) && (refusal.Code == "insufficient_quota" || refusal.Type == "insufficient_quota")
}

// sighting is what go-openai does not hand on: it turns an answer into an error
// and forgets the headers.
type sighting struct {
	took       time.Duration
	status     int
	retryAfter time.Duration
	asked      bool
}

type sightingKey struct{}

// observer is the HTTP client under go-openai.
type observer struct{ client *http.Client }

// longestAnswer bounds what is read of one answer.
const longestAnswer = 1 << 20

func (o observer) Do(req *http.Request) (*http.Response, error) {
	res, err := o.client.Do(req)
	if err != nil {
		return nil, err
	}
	if s, watched := req.Context().Value(sightingKey{}).(*sighting); watched {
		s.status = res.StatusCode
		s.retryAfter, s.asked = dial.RetryAfter(res.Header, time.Now())
	}
	res.Body = http.MaxBytesReader(nil, res.Body, longestAnswer)
	return res, nil
}
