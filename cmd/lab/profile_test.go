package main

import (
	"slices"
	"testing"

	"paperlab/scenarios"
)

// TestProfilesOf: what PROFILE= may say, and what is run then.
func TestProfilesOf(t *testing.T) {
	alone, beside := &scenarios.Scenario{}, &scenarios.Scenario{Compare: []string{"naive", "careful"}}
	for _, c := range []struct {
		word string
		s    *scenarios.Scenario
		want []string
	}{
		{"compare", alone, []string{"hardened"}},
		{"compare", beside, []string{"naive", "careful", "hardened"}},
		{"all", alone, []string{"naive", "careful", "hardened"}},
		{"careful", beside, []string{"careful"}},
	} {
		if got, err := profilesOf(c.word, c.s); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("PROFILE=%s beside %v runs %v, %v; want %v", c.word, c.s.Compare, got, err, c.want)
		}
	}
	if len(beside.Compare) != 2 {
		t.Errorf("the scenario's own list became %v", beside.Compare)
	}
	if _, err := profilesOf("both", beside); err == nil {
		t.Error("both is taken")
	}
}
