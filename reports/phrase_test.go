package reports

import (
	"strings"
	"testing"
	"time"

	"paperlab/reports/record"
)

// Counts and names as sentences have them.
func TestPhrases(t *testing.T) {
	for _, c := range [][2]string{
		{count(0, "paper", "papers"), "no papers"}, {count(1, "paper", "papers"), "1 paper"}, {count(1800, "paper", "papers"), "1,800 papers"},
		{was(1, "webhook", "webhooks"), "1 webhook was"}, {was(2, "webhook", "webhooks"), "2 webhooks were"},
		{times(1), "once"}, {times(2), "twice"}, {times(3), "3 times"}, {times(1200), "1,200 times"},
		{allOf(1, "invariant"), "its one invariant"}, {allOf(2, "invariant"), "both invariants"}, {allOf(3, "invariant"), "all 3 invariants"},
		{the("invariant", []string{"no-loss"}), "the invariant no-loss"}, {the("invariant", []string{"no-loss", "key-order"}), "the invariants no-loss and key-order"},
		{list(nil), ""}, {list([]string{"a"}), "a"}, {list([]string{"a", "b"}), "a and b"}, {list([]string{"a", "b", "c"}), "a, b, and c"}, {list([]string{"a", "b", "c", "d"}), "a, b, c, and d"},
		{capital(""), ""}, {capital("ünder"), "Ünder"}, {capital("p95 latency"), "P95 latency"},
		{oneLine(" a\n\tb\x00c "), "a bc"},
		{sentenceOf([]string{"One.", " ", "two", "three.. "}), "One. two. three."},
		{repeated(strings.Repeat("x", 110) + ". "), strings.Repeat("x", 110)}, {repeated(strings.Repeat("x", 111)), ""},
		{label(strings.Repeat("x", 32)), strings.Repeat("x", 32)}, {label(strings.Repeat("ü", 33)), strings.Repeat("ü", 31) + "…"},
	} {
		if c[0] != c[1] {
			t.Errorf("got %q, want %q", c[0], c[1])
		}
	}
}

// Readings as tables have them: nothing is rounded into a bound that it exceeds,
// and what is not known is not a number.
func TestReadings(t *testing.T) {
	for _, c := range [][2]string{
		{size(0), "no bytes"}, {size(1), "1 byte"}, {size(999), "999 bytes"}, {size(1000), "1.0 kB"}, {size(1001), "1.1 kB"}, {size(123_456), "123.5 kB"},
		{megabytes(0), "an unknown amount"}, {megabytes(1), "1 MB"}, {megabytes(1_000_000), "1 MB"}, {megabytes(1_000_001), "2 MB"}, {megabytes(2_000_000_000), "2,000 MB"},
		{reading(2, "s"), "2.0 s"}, {reading(2, "alerts"), "2 alerts"}, {reading(2, ""), "2"},
		{objectiveBound(record.Objective{Bound: 15, Unit: "s", Clock: record.ClockEffect}), "at most 15.0 s from the effect"},
		{objectiveBound(record.Objective{Bound: 15, Unit: "s", Clock: record.ClockLastHeal}), "at most 15.0 s from the last heal"},
		{objectiveBound(record.Objective{Bound: 2, Unit: "alerts"}), "at most 2 alerts"},
		{objectiveValue(record.Objective{Unit: "s"}), "never reached"}, {objectiveValue(record.Objective{Unit: "s", Value: new(2.0)}), "2.0 s"},
		{guardValue(record.Guard{Unit: "s"}), "unknown"}, {guardValue(record.Guard{Unit: "entries", Value: new(40.0)}), "40 entries"},
		{probability(0.0009), "< 0.001"}, {probability(0.001), "0.001"}, {probability(0.25), "0.250"},
		{percent(0.01), "1 %"}, {percent(0.99), "99 %"}, {percent(0.991), "99.1 %"}, {percent(0.009), "0.9 %"},
		{amount(nil, "s"), "never"}, {fromTo("1", "1"), "1"}, {fromTo("1", "2"), "1 to 2"},
		{commit(record.Code{}), "unknown"}, {commit(record.Code{Commit: "0123456789ab"}), "0123456789"}, {commit(record.Code{Commit: "0123", Dirty: true}), "0123 with changes"},
		{when(time.Time{}), "at an unknown time"}, {when(time.Date(2026, 3, 14, 1, 2, 3, 0, time.FixedZone("", 3600))), "2026-03-14 00:02:03 UTC"},
		{linkPath("logs/a b(1)*!.log"), "./logs/a%20b%281%29%2A%21.log"},
		{slug("aZ z09-/x_ü"), "az-z09--x--"},
		{spaced("messages_per_s"), "messages/s"}, {spaced("time_to_x"), "time to x"}, {inSeconds("scrape_s"), "scrape (s)"}, {inSeconds("shards"), "shards"},
		{withUnit("work_ms", 5), "work 5 ms"}, {withUnit("wait_s", 5), "wait 5 s"}, {withUnit("paper_bytes", 5), "paper 5 bytes"}, {withUnit("odd", true), "odd true"},
		{axisLabel("m", ""), "m"}, {axisLabel("m", "messages/s"), "messages/s"}, {axisLabel("a_b", "×"), "a b (×)"},
	} {
		if c[0] != c[1] {
			t.Errorf("got %q, want %q", c[0], c[1])
		}
	}
}

// What was done again, and seen by nobody, is told; what was not is not.
func TestRepeats(t *testing.T) {
	for want, c := range map[string]record.Counts{
		"": {Offered: 9, DuplicateDeliveries: 4, DuplicateEffects: 4},
		"1 webhook was repeated and recognised by the key":                                                         {DuplicateDeliveries: 5, DuplicateEffects: 4},
		"2 LLM calls were answered again for a paper that had its summary; 1 entry was set aside as a dead letter": {LLMCallsRepeated: 2, DeadLetters: 1},
	} {
		s := subject{Run: record.Run{Counts: c}}
		if got := strings.Join(s.Repeats(), "; "); got != want {
			t.Errorf("%+v: %q, want %q", c, got, want)
		}
	}
}

// Of many seeds the first twelve are named; one more is named as well.
func TestNamesOfSeeds(t *testing.T) {
	for n, want := range map[int]string{
		1: "seed 1", 2: "seeds 1 and 2", 13: "seeds 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, and 13", 14: "seeds 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, and 2 more",
	} {
		s := setSubject{record.Set{Seeds: []record.SetSeed{{Seed: 99, Verdict: record.Pass}}}}
		for seed := range n {
			s.Seeds = append(s.Seeds, record.SetSeed{Seed: int64(seed + 1), Verdict: record.Violation})
		}
		if got := s.Of(record.Violation); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

// Every verdict that a seed can come to is tallied in its words.
func TestTally(t *testing.T) {
	for want, tl := range map[string]record.Tally{
		"1 pass, 1 violation of 0": {Pass: 1, Violation: 1}, "2 violations, 3 inconclusive, 4 infrastructure, 5 aborted, 6 not run yet of 0": {Violation: 2, Inconclusive: 3, Infrastructure: 4, Aborted: 5, NotRun: 6},
	} {
		if got := tally(record.Set{Tally: tl}); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
