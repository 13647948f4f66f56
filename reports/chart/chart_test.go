package chart

import (
	"bytes"
	"encoding/xml"
	"image/png"
	"io"
	"math"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"gonum.org/v1/plot/vg/draw"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func svgOf(t *testing.T, c Chart) string {
	t.Helper()
	var doc bytes.Buffer
	if err := c.SVG(&doc); err != nil {
		t.Fatal(err)
	}
	return doc.String()
}

// texts are the texts of an SVG document, which has to be XML.
func texts(t *testing.T, svg string) (found []string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(svg))
	inText := false
	for {
		token, err := d.Token()
		if err == io.EOF {
			return found
		}
		if err != nil {
			t.Fatalf("not XML: %v\n%s", err, svg)
		}
		switch e := token.(type) {
		case xml.StartElement:
			inText = e.Name.Local == "text"
		case xml.CharData:
			if inText {
				found = append(found, string(e))
			}
			inText = false
		}
	}
}

func checkTexts(t *testing.T, svg string, want ...string) {
	t.Helper()
	found := texts(t, svg)
	for _, w := range want {
		ok := false
		for _, f := range found {
			ok = ok || f == w
		}
		if !ok {
			t.Errorf("the figure lacks the text %q; it has %q", w, found)
		}
	}
}

// checkPNG: it decodes, has the width of every figure, and shows something.
func checkPNG(t *testing.T, c Chart) {
	t.Helper()
	var file bytes.Buffer
	if err := c.PNG(&file); err != nil {
		t.Fatal(err)
	}
	image, err := png.Decode(&file)
	if err != nil {
		t.Fatal(err)
	}
	b := image.Bounds()
	if b.Dx() != 1350 || b.Dy() < 60 {
		t.Errorf("the picture is %v", b)
	}
	inked := 0
	for y := b.Min.Y; y < b.Max.Y; y += 2 {
		for x := b.Min.X; x < b.Max.X; x += 2 {
			if r, g, bl, a := image.At(x, y).RGBA(); a != 0xffff {
				t.Fatalf("the picture is transparent at %d, %d", x, y)
			} else if r != 0xffff || g != 0xffff || bl != 0xffff {
				inked++
			}
		}
	}
	if inked < 200 {
		t.Errorf("the picture is empty: %d points are not white", inked)
	}
}

// full is a figure of each kind with all that it can show.
func full() map[string]Chart {
	bound := 20.0
	points := []Point{{0, 5}, {1, 7}, {2, math.NaN()}, {3, 40}, {4, 30}, {5, 2}}
	panel := Panel{
		Title: "hardened", Lines: []Line{{Label: "papers", Color: Green, Points: points}, {Label: "thin", Color: Muted, Thin: true, Dashes: Dashed, Points: points}},
		Bands: []Band{{From: 1, To: 3, Label: "kill-1"}, {From: 3, To: 3, Label: "at once"}}, Phases: []Band{{From: 0, To: 1, Label: "steady"}, {From: 1, To: 5, Label: "fault"}},
		Marks: []Mark{{T: 2, Label: "ConsumerDown", Kind: AlertMark}, {T: 2.1, Label: "4 shards", Kind: TakeoverMark}},
		Bound: &bound, BoundLabel: "steady bound",
	}
	return map[string]Chart{
		"timeline": Timeline{Name: "t", Title: "Backlog", YLabel: "entries", Panels: []Panel{panel, panel}}.Chart(),
		"log":      Timeline{Name: "l", Title: "Latency", LogSeconds: true, Panels: []Panel{panel}}.Chart(),
		"recovery": Recovery{Name: "r", Title: "Recovery", Bars: []RecoveryBar{
			{Label: "hardened", Milestones: []Milestone{{"steady again", 9, Blue}, {"notified", 3, Red}}},
			{Label: "naive", Milestones: []Milestone{{"notified", 3, Red}}, Missing: "steady again", Watched: 50},
		}}.Chart(),
		"bars": Bars{Name: "b", Title: "Bars", Series: []BarSeries{{"naive", Red}, {"hardened", Blue}}, Panels: []BarPanel{
			{Title: "violations", YLabel: "count", Groups: []BarGroup{{"lost", []Bar{{7, "7", true}, {0, "0", true}}}, {"order violations", []Bar{{Text: "not\njudged"}, {0, "0", true}}}}},
			{YLabel: "share", Percent: true, Groups: []BarGroup{{"x\nnaive", []Bar{{100, "100 %\n12,345 of 12,345", true}, {3, "3 %\n400 of 12,345", true}}}}},
		}}.Chart(),
		"spreads": Spreads{Name: "s", Title: "Detect", XLabel: "scrape s", Bound: "monitoring alone", Panels: []SpreadPanel{
			{"ConsumerDown", []SpreadColumn{{"1", []float64{2.5, 3, 3.5}, 3, 2, 4, ""}, {"15", []float64{20, 30}, 20, 15, 45, "1 missed"}}},
			{"Blind", []SpreadColumn{{"1", nil, 0, math.NaN(), math.NaN(), "3 missed"}, {"15", []float64{-0.1, 0}, 0, 0, 2, ""}}},
		}}.Chart(),
		"throughput": ThroughputChart(Throughput{Name: "p", Title: "Sharding", XLabel: "shards", YLabel: "messages/s", Ratios: true, Series: []RateSeries{
			{"work 5 ms", []RatePoint{{12, 2400, 2300, 2500}, {1, 200, 190, 210}, {4, 800, math.NaN(), math.NaN()}}},
			{"work 0 ms", []RatePoint{{1, 60_000, 50_000, 70_000}, {12, 61_000, 50_000, 70_000}}},
		}}),
	}
}

func TestEachKind(t *testing.T) {
	for kind, want := range map[string][]string{
		"timeline":   {"Backlog", "entries", "papers", "steady bound", "fault on", "alert notified", "shards changed owner", "hardened", "steady", "kill-1", "ConsumerDown", "4 shards", "steady bound 20", "time since the run began (s)"},
		"log":        {"Latency", "steady bound 20.0 s", "50 s", "2 s"},
		"recovery":   {"Recovery", "notified 3.0 s", "steady again 9.0 s", "6.0 s", "not within 50.0 s: steady again", "> 47.0 s", "time since the first fault's proven effect (s)"},
		"spreads":    {"Detect", "one measurement", "median", "monitoring alone", "ConsumerDown", "Blind", "1 missed", "3 missed", "scrape s", "15", "5 s"},
		"bars":       {"naive", "hardened", "violations", "7", "0", "not", "judged", "order", "100 %", "lost"},
		"throughput": {"work 5 ms", "work 0 ms", "×4", "×12", "×1.02", "messages/s", "shards", "measured, with confidence interval"},
	} {
		t.Run(kind, func(t *testing.T) {
			c := full()[kind]
			svg := svgOf(t, c)
			checkTexts(t, svg, want...)
			if !strings.Contains(svg, "<path") || strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
				t.Error("the figure has no path, or a place that is not a number")
			}
			checkPNG(t, c)
		})
	}
}

// What has nothing to show is drawn all the same, without a panic and without
// an axis that never ends.
func TestEmptyInputs(t *testing.T) {
	nan := []Point{{0, math.NaN()}, {1, math.NaN()}}
	for name, c := range map[string]func() Chart{
		"timeline":            Timeline{Title: "x"}.Chart,
		"log":                 Timeline{Title: "x", LogSeconds: true}.Chart,
		"log without lines":   Timeline{Title: "x", LogSeconds: true, Panels: []Panel{{}}}.Chart,
		"log of zeros":        Timeline{Title: "x", LogSeconds: true, Panels: []Panel{{Lines: []Line{{Points: []Point{{0, 0}, {1, -1}}}}}}}.Chart,
		"nothing but NaN":     Timeline{Title: "x", Panels: []Panel{{Lines: []Line{{Points: nan}}}}}.Chart,
		"nothing but NaN log": Timeline{Title: "x", LogSeconds: true, Panels: []Panel{{Lines: []Line{{Points: nan}}}}}.Chart,
		"infinity":            Timeline{Title: "x", Panels: []Panel{{Lines: []Line{{Points: []Point{{0, math.Inf(1)}, {1, 3}}}}}}}.Chart,
		"a mark past the end": Timeline{Title: "x", Panels: []Panel{{Marks: []Mark{{T: 99, Label: "late"}}, Bands: []Band{{From: 50, To: 70, Label: "b"}}}}}.Chart,
		"recovery":            Recovery{Title: "x"}.Chart,
		"spreads":             Spreads{Title: "x", Panels: []SpreadPanel{{}, {Columns: []SpreadColumn{{}}}}}.Chart,
		"recovery at once":    Recovery{Title: "x", Bars: []RecoveryBar{{Label: "a", Milestones: []Milestone{{"m", 0, Red}}}, {}}}.Chart,
		"bars":                Bars{Title: "x"}.Chart,
		"bars without groups": Bars{Title: "x", Panels: []BarPanel{{}, {}}}.Chart,
		"bars without bars":   Bars{Title: "x", Panels: []BarPanel{{Groups: []BarGroup{{Label: "g"}}}}}.Chart,
		"throughput":          func() Chart { return ThroughputChart(Throughput{Title: "x"}) },
		"throughput of none": func() Chart {
			return ThroughputChart(Throughput{Title: "x", Ratios: true, Series: []RateSeries{{Label: "s"}}})
		},
		"throughput of one": func() Chart {
			return ThroughputChart(Throughput{Title: "x", Ratios: true, Series: []RateSeries{{"s", []RatePoint{{0, 0, 0, 0}}}}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			drawn := c()
			checkTexts(t, svgOf(t, drawn), "x")
			var file bytes.Buffer
			if err := drawn.PNG(&file); err != nil {
				t.Error(err)
			}
		})
	}
}

// A logarithmic axis without readings is still one.
func TestEmptyLogAxis(t *testing.T) {
	checkTexts(t, svgOf(t, Timeline{LogSeconds: true, Panels: []Panel{{}}}.Chart()), "100 ms", "1 s")
}

// A figure that cannot be drawn is an error and not the end of the report.
func TestPanicIsAnError(t *testing.T) {
	c := Chart{Name: "broken", height: 50, draw: func(draw.Canvas) { panic("odd") }}
	for _, write := range []func(io.Writer) error{c.SVG, c.PNG} {
		if err := write(io.Discard); err == nil || !strings.Contains(err.Error(), "chart broken cannot be drawn: odd") {
			t.Errorf("error is %v", err)
		}
	}
}

var polyline = regexp.MustCompile(`<path d="(M[^"Z]*)" style="[^"]*stroke:#009E73`)

// A missing reading ends the line: it is neither bridged nor drawn as 0.
func TestGapsBreakLines(t *testing.T) {
	n := math.NaN()
	for name, c := range map[string]struct {
		points []Point
		// lines are the numbers of points of each part of the line; a part of
		// one is a dot and not among them.
		lines []int
	}{
		"no gap":                 {[]Point{{0, 1}, {1, 2}, {2, 3}, {3, 4}}, []int{4}},
		"one gap":                {[]Point{{0, 1}, {1, 2}, {2, n}, {3, 4}, {4, 4}, {5, 3}}, []int{2, 3}},
		"gap at both ends":       {[]Point{{0, n}, {1, 2}, {2, 3}, {3, n}}, []int{2}},
		"alone between two gaps": {[]Point{{0, 1}, {1, 2}, {2, n}, {3, 4}, {4, n}, {5, 3}, {6, 3}}, []int{2, 2}},
		"infinite":               {[]Point{{0, 1}, {1, 2}, {2, math.Inf(1)}, {3, 4}, {4, 4}}, []int{2, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			svg := svgOf(t, Timeline{Panels: []Panel{{Lines: []Line{{Color: Green, Points: c.points}}}}}.Chart())
			var got []int
			for _, m := range polyline.FindAllStringSubmatch(svg, -1)[1:] { // the first is the legend's
				got = append(got, 1+strings.Count(m[1], "L"))
			}
			if len(got) != len(c.lines) {
				t.Fatalf("lines have %v points, want %v", got, c.lines)
			}
			for i := range got {
				if got[i] != c.lines[i] {
					t.Errorf("lines have %v points, want %v", got, c.lines)
				}
			}
		})
	}
}

func TestEmpty(t *testing.T) {
	with := func(log bool, points ...Point) Timeline {
		return Timeline{LogSeconds: log, Panels: []Panel{{Lines: []Line{{Points: points}}}}}
	}
	for _, c := range []struct {
		t    Timeline
		want bool
	}{
		{Timeline{}, true}, {with(false), true}, {with(false, Point{0, math.NaN()}), true}, {with(false, Point{0, 0}), false},
		{with(true, Point{0, 0}), true}, {with(true, Point{0, 0.1}), false},
	} {
		if got := c.t.Empty(); got != c.want {
			t.Errorf("%+v: empty is %v", c.t, got)
		}
	}
}

// Each text is as wide as the layout took it to be, in any font; names cannot
// leave their element.
func TestTexts(t *testing.T) {
	svg := svgOf(t, Timeline{Title: `<script> & "quotes" ` + "\x01", Panels: []Panel{{Title: "#1F2328"}}}.Chart())
	checkTexts(t, svg, `<script> & "quotes" `, "#1F2328")
	all, fixed := strings.Count(svg, "<text"), strings.Count(svg, "textLength=")
	if families := strings.Count(svg, "font-family:Liberation Sans,Arial"); all == 0 || fixed != all || families != all {
		t.Errorf("%d texts, %d with a width, %d with fonts to choose from", all, fixed, families)
	}
}
