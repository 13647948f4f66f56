package scenarios

import (
	"regexp"
	"strings"
	"testing"
)

// TestBounds: the least and the most of each field are taken, and what lies next
// to them is not.
func TestBounds(t *testing.T) {
	const file = `name: demo
about: The least and the most.
service: {shards: 12, summarizers: 3, deliverers: 2, lanes: 4}
load: {rate: 60/s, subscribers: 40, fan_out: 4.5, size: 2KB}
phases: {control: 8s, steady: 2s, fault: 15s, recover: 30s}
monitoring: {scrape: 15s}
faults:
  - sink: {mode: slow}
    at: 0s
    for: 1s
invariants: [no-loss]
`
	for field, c := range map[string]struct{ good, bad []string }{
		"shards":      {[]string{"1", "1024"}, []string{"0", "1025"}},
		"summarizers": {[]string{"1", "32"}, []string{"0", "33"}},
		"deliverers":  {[]string{"1", "32"}, []string{"0", "33"}},
		"lanes":       {[]string{"1", "256"}, []string{"0", "257"}},
		"rate":        {[]string{"0.1/s", "10000/s"}, []string{"0/s", "10000.1/s"}},
		"subscribers": {[]string{"1", "100000"}, []string{"0", "100001"}},
		"fan_out":     {[]string{"0.1", "100"}, []string{"0", "100.1"}},
		"size":        {[]string{"0.4KB", "64KB"}, []string{"0.399KB", "64.1KB"}},
		"control":     {[]string{"1s", "1h"}, []string{"999ms", "1h1ms"}},
		"steady":      {[]string{"1s", "1h"}, []string{"999ms", "1h1ms"}},
		"fault":       {[]string{"1s", "1h"}, []string{"999ms", "1h1ms"}},
		"recover":     {[]string{"1s", "1h"}, []string{"999ms", "1h1ms"}},
		"scrape":      {[]string{"1s", "5m"}, []string{"999ms", "5m1ms"}},
		"at":          {[]string{"0s", "14s"}, []string{"-1ms", "15001ms"}},
		"for":         {[]string{"100ms", "15s"}, []string{"99ms", "15001ms"}},
	} {
		parse := func(value string) error {
			_, err := Parse("demo.yaml", []byte(regexp.MustCompile(`\b`+field+`: [^,}\n]+`).ReplaceAllString(file, field+": "+value)), nil)
			return err
		}
		for _, value := range c.good {
			if err := parse(value); err != nil {
				t.Errorf("%s: %s is refused: %v", field, value, err)
			}
		}
		for _, value := range c.bad {
			if err := parse(value); err == nil || !strings.Contains(err.Error(), field+": "+value) {
				t.Errorf("%s: %s is not refused, or its line not shown: %v", field, value, err)
			}
		}
	}
}
