package stream

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// Buckets is the number of buckets that keys hash to. Moving a bucket from one
// shard to another is the only kind of resharding.
const Buckets = 1024

// MaxShards is the largest number of shards: one for each bucket.
const MaxShards = Buckets

// Bucket is the bucket of a key, 0 to Buckets-1: xxHash64 of the key mod
// Buckets. It is part of the stored format and must never change.
func Bucket(key string) int { return int(xxhash.Sum64String(key) % Buckets) }

// routing is the table from bucket to shard. It is stored in Redis as JSON, so
// that every process routes alike.
type routing struct {
	// Version counts from 1 and grows with each change. A shard refuses a
	// producer whose version is older than its own.
	Version int64 `json:"version"`
	Shards  int   `json:"shards"`
	// Tags are the shards' hash tags in order, one each and all different. A
	// table older than this field has none stored; they are then those that
	// shardTags gives.
	Tags []string `json:"tags"`
	// Buckets has exactly Buckets elements, each 0 to Shards-1.
	Buckets []int `json:"buckets"`
}

// newRouting deals the buckets out in equal runs. The name is the one that keys
// carry.
func newRouting(name string, shards int) routing {
	r := routing{Version: 1, Shards: shards, Tags: shardTags(name, shards), Buckets: make([]int, Buckets)}
	for b := range r.Buckets {
		r.Buckets[b] = b * shards / Buckets
	}
	return r
}

// MarshalBinary is how Redis stores it.
func (r routing) MarshalBinary() ([]byte, error) { return json.Marshal(r) }

func (r routing) shard(key string) int { return r.Buckets[Bucket(key)] }

func (r routing) validate() error {
	if r.Shards < 1 || r.Shards > MaxShards {
		return fmt.Errorf("routing table: shards is %d, must be 1 to %d", r.Shards, MaxShards)
	}
	if len(r.Tags) != r.Shards {
		return fmt.Errorf("routing table: %d tags for %d shards, must be as many", len(r.Tags), r.Shards)
	}
	for s, tag := range r.Tags {
		if tag == "" || strings.ContainsAny(tag, "{} ") || slices.Index(r.Tags, tag) != s {
			return fmt.Errorf("routing table: shard %d has the tag %q, must be one of its own without braces or blanks", s, tag)
		}
	}
	if len(r.Buckets) != Buckets {
		return fmt.Errorf("routing table: %d buckets, must be %d", len(r.Buckets), Buckets)
	}
	for b, s := range r.Buckets {
		if s < 0 || s >= r.Shards {
			return fmt.Errorf("routing table: bucket %d is on shard %d, must be 0 to %d", b, s, r.Shards-1)
		}
	}
	return nil
}
