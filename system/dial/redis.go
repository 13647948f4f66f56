package dial

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Answers bounds the wait for one answer of Redis. A call whose context has an
// earlier deadline ends with it. It does not bound a blocking read: go-redis
// waits for that for as long as it blocks and ten seconds more, so whoever
// blocks needs a context with a deadline.
const Answers = 1500 * time.Millisecond

// Redis is a client of the cluster that the seed addresses belong to. It opens
// no connection until the first command.
//
// go-redis sends a command again by itself after a broken connection, a time-out
// or a redirect, so a command may run twice on the server. That is safe here
// because of what is sent: entries are added by the produce script, which
// answers with the earlier entry when it has seen the message id, and commits
// carry an epoch and acknowledge an entry only once. A bare XADD through this
// client would not be safe.
//
// All commands go to masters: a replica's answer about pending entries or
// leases may be seconds old.
func Redis(addrs []string, links Links) *redis.ClusterClient {
	return redis.NewClusterClient(&redis.ClusterOptions{
		Addrs:  addrs,
		Dialer: links.DialContext,
		// Version 2 of the protocol, because scripts answer the same under both
		// and the push messages of version 3 are one more thing to go wrong.
		Protocol:        2,
		DisableIdentity: true,
		MaintNotificationsConfig: &maintnotifications.Config{
			Mode: maintnotifications.ModeDisabled,
		},

		MaxRedirects:    3,
		MinRetryBackoff: 10 * time.Millisecond,
		MaxRetryBackoff: 100 * time.Millisecond,

		DialTimeout: Timeout,
		// Each command is tried again anyway; trying again in the pool as well
		// would multiply the waits.
		DialerRetries:         1,
		ReadTimeout:           Answers,
		WriteTimeout:          Answers,
		ContextTimeoutEnabled: true,

		// Per node. The hardened profile sends short scripts only, at any time a
		// few for each shard that it owns, so that connections are free again in
		// a moment. The naive profile keeps one blocked for each of its workers,
		// the careful one for each of its partitions: both must be fewer.
		PoolSize:    32,
		PoolTimeout: Answers,

		// After a failover nobody may answer MOVED: a dead master says nothing.
		ClusterStateReloadInterval: 5 * time.Second,
		FailingTimeoutSeconds:      1,
	})
}

// Node is a client of one Redis server, whatever its place in the cluster, for
// asking about that server alone: one connection, no second attempt, and every
// step within the given time.
func Node(addr string, links Links, within time.Duration) *redis.Client {
	return redis.NewClient(&redis.Options{
		Addr:                     addr,
		Dialer:                   links.DialContext,
		Protocol:                 2,
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
		MaxRetries:               -1,
		DialTimeout:              within,
		DialerRetries:            1,
		ReadTimeout:              within,
		WriteTimeout:             within,
		PoolTimeout:              within,
		ContextTimeoutEnabled:    true,
		PoolSize:                 1,
	})
}

// LogTo sends what go-redis has to say to a logger, at level debug. By itself
// go-redis writes to standard error, a line or more for each attempt to reach a
// node that is down; but what that attempt was for, and that it failed, is said
// by whoever made it. It holds for the whole process.
func LogTo(logger *slog.Logger) { redis.SetLogger(debug{logger}) }

type debug struct{ logger *slog.Logger }

// Printf implements go-redis's interface.
func (d debug) Printf(ctx context.Context, format string, values ...any) {
	if d.logger.Enabled(ctx, slog.LevelDebug) {
		d.logger.DebugContext(ctx, fmt.Sprintf(format, values...), "from", "go-redis")
	}
}

// longestWait bounds what a Retry-After header can ask for, so that a server
// with a wrong clock cannot silence the service for a year.
const longestWait = time.Hour

// RetryAfter reads a Retry-After header, which is a number of seconds or an
// HTTP date (RFC 9110, section 10.2.3): the wait from now, 0 to one hour, and
// whether there was a readable header at all.
func RetryAfter(header http.Header, now time.Time) (wait time.Duration, asked bool) {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if value == "" {
		return 0, false
	}
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
		// Compared as a number first: a huge one would overflow a Duration.
		seconds = min(max(seconds, 0), int64(longestWait/time.Second))
		return time.Duration(seconds) * time.Second, true
	}
	if date, err := http.ParseTime(value); err == nil {
		return min(max(date.Sub(now), 0), longestWait), true
	}
	return 0, false
}
