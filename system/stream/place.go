package stream

import (
	"fmt"
	"strings"
)

// slots is the number of hash slots of a Redis Cluster.
const slots = 16384

// shardTags are the hash tags of a new stream's shards, in order.
func shardTags(name string, shards int) []string {
	tags := make([]string, shards)
	for shard := range tags {
		tags[shard] = shardTag(name, shard, shards)
	}
	return tags
}

// shardTag returns the hash tag of a shard: the first of the numbered series
// "name.shard.k" whose slot falls into the shard's own equal share of the
// slots. Any cluster that spreads its slots evenly in order thereby spreads
// the shards evenly; with names left to chance it takes 17 or more streams to
// reach each of three masters with 95 % probability.
func shardTag(name string, shard, shards int) string {
	from, to := shard*slots/shards, (shard+1)*slots/shards
	for k := 0; ; k++ {
		tag := fmt.Sprintf("%s.%d.%d", name, shard, k)
		if s := int(Slot(tag)); s >= from && s < to {
			return tag
		}
	}
}

// Slot is the hash slot of a Redis key, 0 to 16383: CRC16 (XMODEM) of the key,
// or of what stands between the first { and the next } if that is not empty.
// Source: the Redis Cluster specification, "Key distribution model".
func Slot(key string) uint16 {
	if open := strings.IndexByte(key, '{'); open >= 0 {
		if length := strings.IndexByte(key[open+1:], '}'); length > 0 {
			key = key[open+1 : open+1+length]
		}
	}
	var crc uint16
	for i := range len(key) {
		crc ^= uint16(key[i]) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return crc % slots
}

// shardKeys are the Redis keys of one shard.
type shardKeys struct {
	entries, meta, outbox, dead string
	tag                         string
}

func newShardKeys(tag string) shardKeys {
	tag = "{" + tag + "}"
	return shardKeys{
		entries: tag + ":entries",
		meta:    tag + ":meta",
		outbox:  tag + ":outbox",
		dead:    tag + ":dead",
		tag:     tag,
	}
}

func (k shardKeys) seen(messageID string) string { return k.tag + ":seen:" + messageID }
func (k shardKeys) lease(group string) string    { return k.tag + ":lease:" + group }
func (k shardKeys) members(group string) string  { return k.tag + ":members:" + group }
func (k shardKeys) commits(group string) string  { return k.tag + ":commits:" + group }
