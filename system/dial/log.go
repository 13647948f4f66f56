package dial

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/redis/go-redis/v9"
)

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
