package stream

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrFull is returned by Produce when the shard has reached its limit or
	// Redis has reached maxmemory. Nothing was added to that shard; consume or
	// raise the limit, then produce again.
	ErrFull = errors.New("stream is full")
	// ErrStaleRouting is returned by Produce when the shard knows a newer
	// routing table than the caller. Nothing was added to that shard; open the
	// stream again.
	ErrStaleRouting = errors.New("routing table is stale")
	// ErrFenced is returned by the steps of an owner (fetch, claim, commit)
	// when the shard's lease is not, or no longer, held under its epoch.
	ErrFenced = errors.New("fenced: the shard is owned under another epoch")
	// ErrSpec is returned by Open when the spec is impossible, or asks for
	// another number of shards than the stream has. Waiting does not cure it.
	ErrSpec = errors.New("the stream cannot be opened as asked")
)

// errForgotten is returned by an owner's fetch and commit when Redis has
// forgotten an earlier one of the same tenure. The owner begins again.
var errForgotten = errors.New("a failover has forgotten what this owner did")

// ends tells whether an error of an owner's step ends its tenure.
func ends(err error) bool { return errors.Is(err, ErrFenced) || errors.Is(err, errForgotten) }

// scriptError maps the error replies of our scripts to the sentinels.
func scriptError(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	switch {
	case strings.HasPrefix(text, "FENCED"):
		return ErrFenced
	case strings.HasPrefix(text, "FORGOT"):
		return errForgotten
	case strings.HasPrefix(text, "FULL"), strings.HasPrefix(text, "OOM"):
		return fmt.Errorf("%w: %w", ErrFull, err)
	case strings.HasPrefix(text, "STALE"):
		return fmt.Errorf("%w: %w", ErrStaleRouting, err)
	}
	return err
}

type unavailable struct{ error }

func (u unavailable) Unwrap() error { return u.error }

// Unavailable marks a handler's error as having its cause outside the entry: a
// service that is down, a rate limit. The entry waits and is tried again for
// as long as it takes; its attempts are not spent and it never becomes a dead
// letter.
func Unavailable(err error) error { return unavailable{err} }

type rejected struct{ error }

func (r rejected) Unwrap() error { return r.error }

// Reject marks a handler's error as final: the entry can never succeed and
// goes to the dead letters at once.
func Reject(err error) error { return rejected{err} }
