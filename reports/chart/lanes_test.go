package chart

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/plot/vg"
)

// crossings are the pairs where a name meets a name, or a line passes through
// a name.
func crossings(tags []tag) (met, crossed []string) {
	for i, a := range tags {
		for j, b := range tags {
			if i < j && a.row == b.row && a.from < b.to && b.from < a.to {
				met = append(met, fmt.Sprintf("%s and %s", a.label, b.label))
			}
			if i != j && a.line && a.row > b.row && b.left < a.x && a.x < b.right {
				crossed = append(crossed, fmt.Sprintf("the line of %s and %s", a.label, b.label))
			}
		}
	}
	return met, crossed
}

func at(x float64, label string, line bool) tag {
	t := tag{x: vg.Length(x), label: label, color: Ink, line: line}
	if line {
		t.glyph = wedge
	}
	return t
}

func TestArrange(t *testing.T) {
	for name, c := range map[string]struct {
		tags []tag
		rows int
	}{
		"none":                      {nil, 0},
		"far apart":                 {[]tag{at(10, "kill-1", true), at(200, "LagHigh", true)}, 1},
		"the earlier stands higher": {[]tag{at(10, "ConsumerDown", true), at(20, "LagHigh", true)}, 2},
		"a stair":                   {[]tag{at(10, "alert fires", true), at(20, "notified", true), at(30, "taken over", true), at(60, "backlog back", true)}, 4},
		"a line through a fault's name": {[]tag{
			at(100, "ollama-errors", true), at(120, "LLMPrimaryDown", true), at(190, "ollama-slow", true),
		}, 3},
		"no room on the right": {[]tag{at(560, "backlog back 31.4 s", true), at(590, "steady again 33.0 s", true)}, 2},
		"both sides":           {[]tag{at(300, "notified after a while", true), at(590, "steady again 33.0 s", true), at(540, "backlog back 31.4 s", true)}, 2},
		"text only":            {[]tag{at(10, "never in this run", false)}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			if rows := arrange(c.tags, 0, 600); rows != c.rows {
				t.Errorf("%d rows, want %d: %+v", rows, c.rows, c.tags)
			}
			if met, crossed := crossings(c.tags); met != nil || crossed != nil {
				t.Errorf("met: %q, crossed: %q", met, crossed)
			}
		})
	}
}

// Whatever the places, no name meets another or leaves the figure, and what a
// line has to cross is marked, so that it is drawn on a ground of its own.
func TestArrangeAnywhere(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 1))
		var tags []tag
		for i := range 1 + rng.IntN(9) {
			tags = append(tags, at(600*rng.Float64(), fmt.Sprint("name-", i, "-of-some-length")[:7+rng.IntN(10)], rng.IntN(4) > 0))
		}
		rows := arrange(tags, 0, 600)
		met, crossed := crossings(tags)
		marked := 0
		for _, g := range tags {
			if g.left < 0 || g.right > 600.001 || g.row < 0 || g.row >= rows {
				t.Errorf("seed %d: %s stands at %v to %v in row %d of %d", seed, g.label, g.left, g.right, g.row, rows)
			}
			if g.crossed {
				marked++
			}
		}
		if met != nil || len(crossed) > 0 && marked == 0 {
			t.Errorf("seed %d: met: %q, crossed: %q, %d marked", seed, met, crossed, marked)
		}
	}
}
