package dial

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

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
