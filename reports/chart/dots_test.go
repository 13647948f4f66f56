package chart

import (
	"math"
	"strings"
	"testing"
)

func dots() Dots {
	inf, nan := math.Inf(1), math.NaN()
	return Dots{
		Name: "times", Title: "Times, one dot for each seed", Alt: "Times of each seed.",
		Panels: []DotPanel{
			{Title: "time to detect (s)", Rows: []DotRow{
				{Label: "naive", Color: Red, Values: []float64{3.1, 3.2, 3.2, 3.21, 3.3, 4.1, inf, inf}, Median: 3.25, Low: 3.2, High: inf, Texts: []string{"3.3 s", "from 3.2 s, n=8"}},
				{Label: "careful", Color: Amber, Values: []float64{2.2, 2.9, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, nan}, Median: 3, Low: 2.9, High: 3, Texts: []string{"3.0 s", "2.9 to 3.0 s, n=9"}},
				{Label: "hardened", Color: Blue, Values: []float64{2.5}, Median: 2.5, Low: nan, High: nan, Texts: []string{"2.5 s", "n=1: too few"}},
			}},
			{Title: "messages lost", Whole: true, Rows: []DotRow{
				{Label: "naive", Color: Red, Values: []float64{0, 0, 1, 7}, Median: 0.5, Low: nan, High: nan, Texts: []string{"0.5"}},
				{Label: "hardened", Color: Blue, Median: nan, Low: nan, High: nan},
			}},
		},
	}
}

func TestDots(t *testing.T) {
	c := dots().Chart()
	checkPNG(t, c)
	svg := svgOf(t, c)
	checkTexts(t, svg, "time to detect (s)", "messages lost", "naive", "careful", "hardened", "never", "median", "3.3 s", "from 3.2 s, n=8")
	if n := len(strings.Split(svg, ">never</text>")) - 1; n != 1 {
		t.Errorf("%d panels have a column for what was never reached, want the one that needs it", n)
	}
}

// Of readings in one place each is seen, as far as there is room, and none leaves
// its row.
func TestDotsDoNotHide(t *testing.T) {
	d := dots()
	count := func(values ...float64) int {
		d.Panels = []DotPanel{{Rows: []DotRow{{Label: "x", Color: Blue, Values: values, Median: math.NaN(), Low: math.NaN(), High: math.NaN()}}}}
		places := map[string]bool{}
		for element := range strings.SplitSeq(svgOf(t, d.Chart()), "\n") {
			if strings.Contains(element, "fill:#0072B2") {
				places[element] = true
			}
		}
		return len(places)
	}
	if one, five := count(3), count(3, 3, 3, 3, 3); one != 1 || five != 5 {
		t.Errorf("one dot is %d, five in one place are %d", one, five)
	}
	if n := count(make([]float64, 100)...); n < 3 || n > 7 {
		t.Errorf("a hundred in one place stand in %d places, want as many as the row has room for", n)
	}
}

func TestDotsOfNothing(t *testing.T) {
	checkPNG(t, Dots{Panels: []DotPanel{{}, {Rows: []DotRow{{}}}}}.Chart())
}
