package record

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestParseSeeds(t *testing.T) {
	for text, want := range map[string]Seeds{
		"7": {7}, "0": {0}, "1..3": {1, 2, 3}, "4..4": {4}, "1,5,7..9": {1, 5, 7, 8, 9}, "9,1": {9, 1},
		"9223372036854775806..9223372036854775807": {math.MaxInt64 - 1, math.MaxInt64},
	} {
		if got, err := ParseSeeds(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q is %v, %v; want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"": "a seed is missing", "1,": "a seed is missing", "..5": "a seed is missing", "1..": "a seed is missing",
		"one": `"one" is no seed`, "-1": `"-1" is no seed`, "+1": `"+1" is no seed`, "01": `"01" is no seed`, "1.5": `"1.5" is no seed`,
		" 1": `" 1" is no seed`, "1, 2": `" 2" is no seed`, "1...3": `".3" is no seed`, "1..2..3": `"2..3" is no seed`, "1-3": `"1-3" is no seed`,
		"9223372036854775808": "is no seed", "9..1": `the range "9..1" runs downwards`,
		"1..5,3": "3 stands in it twice", "2,2": "2 stands in it twice",
		"1..10001": "more than 10000", "0..9223372036854775807": "more than 10000", "1..6000,7001..13000": "more than 10000",
	} {
		if got, err := ParseSeeds(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is %v, %v; want an error with %q", text, got, err, want)
		} else if !strings.Contains(err.Error(), "more than") && !strings.Contains(err.Error(), seedsAllowed) {
			t.Errorf("%q: the error does not say what is allowed: %v", text, err)
		}
	}
}

func TestSeedsAsText(t *testing.T) {
	for _, text := range []string{"7", "1..3", "1,2", "1,5,7..9", "9,1", "1..20", "11,12", "31..33,50"} {
		seeds, err := ParseSeeds(text)
		if err != nil || seeds.String() != text {
			t.Errorf("%q is written %q, %v", text, seeds, err)
		}
	}
	if got := (Seeds{5, 1}).With(3, 5, 2).String(); got != "1..3,5" {
		t.Errorf("5 and 1 with 3, 5 and 2 are %s", got)
	}
}

// As many as a set may have, in one range or in several, and not one more.
func TestAsManySeedsAsThereMayBe(t *testing.T) {
	for _, text := range []string{"1..10000", "0..9998,20000", "5,10..10008"} {
		if seeds, err := ParseSeeds(text); err != nil || len(seeds) != maxSeeds {
			t.Errorf("%q: %d seeds, %v", text, len(seeds), err)
		}
		if _, err := ParseSeeds(text + ",30000"); err == nil {
			t.Errorf("%q and one more are taken", text)
		}
	}
}
