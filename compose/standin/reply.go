package standin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
)

// reply is an answer before a manner has had its way with it.
type reply struct {
	status                  int
	contentType, retryAfter string
	body                    []byte
	// reason is what the history says of a refusal.
	reason string
}

// errReset is returned by send when the manner resets the connection.
var errReset = errors.New("the connection was reset")

// serve answers a visit once its time has come: with the manner's own answer,
// or with the ordinary one, which is not made in vain.
func (m *manners) serve(w http.ResponseWriter, r *http.Request, v *visit, ordinary func() reply) {
	got, err := m.pass(v, func(got met) error { return got.linger(r.Context(), v.latency) })
	if err != nil {
		reset(w)
		return
	}
	var a reply
	if got.Status == 0 && got.Ends != Reset {
		a = ordinary()
	}
	_ = m.give(r.Context(), w, v, got, a)
}

// give sends what a visit gets, and counts it if that is the ordinary answer,
// whole. Its errors are send's.
func (m *manners) give(ctx context.Context, w http.ResponseWriter, v *visit, got met, ordinary reply) error {
	err := got.send(ctx, w, ordinary)
	if err == nil && !v.probe && got.Status == 0 && got.Ends != Truncated && ordinary.status == http.StatusOK {
		m.answered.Add(1)
	}
	return err
}

// send gives the ordinary answer, or the manner's own, as far as the manner
// lets it get. An error says that the caller did not get what send wanted to
// give, as far as that can be seen from here; errReset says that this was
// wanted. The connection is done with in any case.
func (m met) send(ctx context.Context, w http.ResponseWriter, ordinary reply) error {
	if err := ctx.Err(); err != nil {
		reset(w)
		return err
	}
	a := m.or(ordinary)
	switch m.Ends {
	case Reset:
		reset(w)
		return errReset
	case Truncated:
		a.body = a.body[:len(a.body)/2]
	case Stalled:
		return m.stall(ctx, w, a)
	}
	return a.write(w)
}

// or is the manner's own answer, or else the ordinary one.
func (m Manner) or(ordinary reply) reply {
	if m.Status != 0 {
		return m.own()
	}
	return ordinary
}

// own is the manner's own answer; status 0 if it has none.
func (m Manner) own() reply {
	a := reply{status: m.Status, retryAfter: m.RetryAfter, body: []byte(m.Body)}
	if json.Valid(a.body) {
		a.contentType = "application/json"
	}
	return a
}

// stall writes half of the answer, and the rest when the manner changes.
func (m met) stall(ctx context.Context, w http.ResponseWriter, a reply) error {
	rest := a.body[len(a.body)/2:]
	a.body = a.body[:len(a.body)/2]
	if err := a.write(w); err != nil {
		return err
	}
	select {
	case <-m.changed:
	case <-ctx.Done():
		reset(w)
		return ctx.Err()
	}
	_, err := w.Write(rest)
	return cmp.Or(err, http.NewResponseController(w).Flush())
}

// write sends the reply. It flushes, which makes the answer one of chunks: its
// end reaches the caller only when the handler returns, so that what a handler
// writes down until then comes before whatever the caller does next.
func (a reply) write(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", cmp.Or(a.contentType, http.DetectContentType(a.body)))
	if a.retryAfter != "" {
		w.Header().Set("Retry-After", a.retryAfter)
	}
	w.WriteHeader(a.status)
	_, err := w.Write(a.body)
	return cmp.Or(err, http.NewResponseController(w).Flush())
}
