package dial_test

import (
	"net/http"
	"testing"
	"time"

	"paperlab/system/dial"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	cases := []struct {
		value string
		wait  time.Duration
		asked bool
	}{
		{"", 0, false},
		{"soon", 0, false},
		{"1.5", 0, false},
		{"0", 0, true},
		{" 3 ", 3 * time.Second, true},
		{"-5", 0, true},
		{"-9223372036854775807", 0, true},
		{"9223372036854775807", time.Hour, true},
		{"Mon, 06 May 2024 07:08:29 GMT", 20 * time.Second, true},
		{"Mon, 06 May 2024 07:00:00 GMT", 0, true},
		{"Tue, 06 May 2025 07:00:00 GMT", time.Hour, true},
	}
	for _, c := range cases {
		wait, asked := dial.RetryAfter(http.Header{"Retry-After": {c.value}}, now)
		if wait != c.wait || asked != c.asked {
			t.Errorf("%q: got %s, %v, want %s, %v", c.value, wait, asked, c.wait, c.asked)
		}
	}
}
