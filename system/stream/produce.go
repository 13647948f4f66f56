package stream

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Produced tells where a message stands. Entry is empty if it could not be
// added.
type Produced struct {
	Shard int
	Entry string
	// Repeated is true if the message id was known and Entry is the earlier one.
	Repeated bool
}

// Produce adds messages, each to its key's shard, in the order given for each
// shard. One script a shard adds all of that shard's messages or none. The
// answer has an element for each message, also when there is an error: shards
// that failed have an empty Entry, the others are done. Calling again with the
// same messages is safe: those already there are found by their ids. Errors
// include [ErrFull] and [ErrStaleRouting].
func (s *Stream) Produce(ctx context.Context, msgs ...Message) ([]Produced, error) {
	byShard := make(map[int][]int)
	for i, m := range msgs {
		shard := s.Shard(m.Key)
		byShard[shard] = append(byShard[shard], i)
	}
	produced := make([]Produced, len(msgs))
	errs := make([]error, len(s.keys))
	var wg sync.WaitGroup
	for shard, indexes := range byShard {
		wg.Go(func() {
			if err := s.produceShard(ctx, shard, indexes, msgs, produced); err != nil {
				errs[shard] = fmt.Errorf("produce %d messages to shard %d of %s: %w", len(indexes), shard, s.Name(), err)
			}
		})
	}
	wg.Wait()
	return produced, errors.Join(errs...)
}

// produceShard writes produced at the given indexes only, so that shards need
// no lock between them.
func (s *Stream) produceShard(ctx context.Context, shard int, indexes []int, msgs []Message, produced []Produced) error {
	k := s.keys[shard]
	keys := make([]string, 0, 2+len(indexes))
	keys = append(keys, k.entries, k.meta)
	args := make([]any, 0, 2+3*len(indexes))
	args = append(args, s.routing.Version, s.spec.RepeatWindow.Milliseconds())
	for _, i := range indexes {
		produced[i].Shard = shard
		keys = append(keys, k.seen(msgs[i].ID))
		args = append(args, msgs[i].ID, msgs[i].Key, msgs[i].Payload)
	}
	reply, err := produceScript.Run(ctx, s.rdb, keys, args...).Slice()
	if err != nil {
		return scriptError(err)
	}
	if len(reply) != 2*len(indexes) {
		return fmt.Errorf("the produce script answered %d values for %d messages", len(reply), len(indexes))
	}
	for n, i := range indexes {
		produced[i].Entry, _ = reply[2*n].(string)
		repeated, _ := reply[2*n+1].(int64)
		produced[i].Repeated = repeated == 1
	}
	return nil
}
