package chart

import (
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Dots is a figure of single readings, one dot each, in panels below each other
// with an axis of their own, and in each a row for whatever is compared:
//
//	title
//	         │   · ·┃··  ·       │ ∘ │ 3.1 s
//	row      │  ····┃···· ·      │ ∘ │ (2.9 to 3.4 s)
//	         └──┴────┴────┴──────  never
//
// A reading that was never reached stands in a column of its own, beyond the
// axis: there is no place for it on it.
type Dots struct {
	Name, Title, Alt string
	Panels           []DotPanel
}

// DotPanel has one axis. Whole gives it whole numbers only.
type DotPanel struct {
	Title string
	Whole bool
	Rows  []DotRow
}

// DotRow is one row of readings, 0 or more each; +Inf was never reached.
type DotRow struct {
	Label  string
	Color  color.RGBA
	Values []float64
	// Median and the ends of its interval: +Inf is among those never reached, NaN
	// is not known.
	Median, Low, High float64
	// Texts stand at the row's right, one below the other.
	Texts []string
}

const (
	dotRowHeight = vg.Length(32)
	dotRadius    = vg.Length(2.4)
	neverWidth   = vg.Length(40)
	// dotTexts stands between the data and the texts of a row, at the right.
	dotTexts      = vg.Length(12)
	betweenPanels = vg.Length(10)
)

// Chart lays the figure out.
func (d Dots) Chart() Chart {
	height := 2*margin + titleSpace + legendRow + 4
	for _, p := range d.Panels {
		height += p.height()
	}
	return Chart{Name: d.Name, Title: d.Title, Alt: d.Alt, height: height, draw: d.draw}
}

// height leaves room for the title above and the axis below.
func (p DotPanel) height() vg.Length {
	return rowHeight + 4 + vg.Length(len(p.Rows))*dotRowHeight + 18 + betweenPanels
}

func (d Dots) draw(c draw.Canvas) {
	c = heading(c, d.Title)
	c = legend{
		{label: "one run each", color: Muted, glyph: draw.CircleGlyph{}},
		{label: "never reached", color: Muted, glyph: draw.RingGlyph{}},
		{label: "median", color: Ink, width: 2.2},
		{label: "its 95 % interval", color: Muted, area: true, shade: true},
	}.draw(c)
	var names, texts vg.Length
	for _, p := range d.Panels {
		for _, r := range p.Rows {
			names = max(names, label(Ink, true).Width(r.Label))
			for i, line := range r.Texts {
				texts = max(texts, textStyle(i).Width(line))
			}
		}
	}
	for _, p := range d.Panels {
		p.draw(draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{Min: vg.Point{X: c.Min.X, Y: c.Max.Y - p.height()}, Max: c.Max}}, names+10, texts+dotTexts)
		c.Max.Y -= p.height()
	}
}

// draw draws a panel; left and right of its data is room for names and for texts.
func (p DotPanel) draw(c draw.Canvas, left, texts vg.Length) {
	c.FillText(write(Ink, true, text.XLeft, text.YTop), vg.Point{X: c.Min.X, Y: c.Max.Y}, p.Title)
	right := texts
	if p.anyNever() {
		right += neverWidth
	}
	ticks := countTicks{steps: 8, whole: p.Whole}
	axis := newPlot()
	axis.HideY()
	axis.X.Min, axis.X.Max, axis.X.Tick.Marker = 0, ticks.top(p.largest()*1.02), ticks
	axis.Y.Min, axis.Y.Max = 0, float64(len(p.Rows))
	a := drawAxes(axis, draw.Crop(c, left, -right, betweenPanels, -rowHeight-4))
	for _, t := range axis.X.Tick.Marker.Ticks(axis.X.Min, axis.X.Max) {
		a.down(gridLine, a.x(t.Value))
	}
	if p.anyNever() {
		a.down(draw.LineStyle{Color: Muted, Width: 0.6, Dashes: Dotted}, a.data.Max.X+4)
		c.FillText(write(Muted, false, text.XCenter, text.YTop), vg.Point{X: a.never(), Y: a.data.Min.Y - 2}, "never")
	}
	for i, r := range p.Rows {
		r.draw(c, a, a.y(float64(len(p.Rows)-i)-0.5), c.Max.X-texts+dotTexts)
	}
}

func (p DotPanel) anyNever() bool {
	return slices.ContainsFunc(p.Rows, func(r DotRow) bool { return slices.Contains(r.Values, math.Inf(1)) })
}

// largest is the largest reading that was reached.
func (p DotPanel) largest() (largest float64) {
	for _, r := range p.Rows {
		for _, v := range r.Values {
			if !math.IsInf(v, 0) && v > largest {
				largest = v
			}
		}
	}
	return largest
}

// never is the middle of the column for what was never reached.
func (a axes) never() vg.Length { return a.data.Max.X + 4 + neverWidth/2 }

// place is where a reading stands.
func (a axes) place(v float64) vg.Length {
	if math.IsInf(v, 1) {
		return a.never()
	}
	return a.x(v)
}

// draw draws the row around the height y: interval and median behind the dots, so
// that they hide none. Its texts begin at beside.
func (r DotRow) draw(c draw.Canvas, a axes, y, beside vg.Length) {
	const half = dotRowHeight/2 - 2
	c.FillText(write(Ink, true, text.XRight, text.YCenter), vg.Point{X: a.data.Min.X - 8, Y: y}, r.Label)
	if !math.IsNaN(r.Low) && !math.IsNaN(r.High) {
		low, high := a.place(r.Low), a.place(r.High)
		c.FillPolygon(tint(Muted), rectangle(low-0.5, y-half, high+0.5, y+half))
	}
	if !math.IsNaN(r.Median) {
		x := a.place(r.Median)
		c.StrokeLine2(draw.LineStyle{Color: Ink, Width: 2.2}, x, y-half, x, y+half)
	}
	r.drawDots(c, a, y, half-dotRadius)
	for i, line := range r.Texts {
		down := (vg.Length(i) - vg.Length(len(r.Texts)-1)/2) * (textSize + 2)
		c.FillText(textStyle(i), vg.Point{X: beside, Y: y - down}, line)
	}
}

// textStyle is that of a row's text; the first stands out.
func textStyle(i int) draw.TextStyle {
	if i == 0 {
		return label(Ink, true)
	}
	return label(Muted, false)
}

// drawDots moves dots that would meet up and down by turns, within room above and
// below y. Where even that is not enough they lie on each other.
func (r DotRow) drawDots(c draw.Canvas, a axes, y, room vg.Length) {
	var taken []vg.Point
	for _, v := range slices.Sorted(slices.Values(r.Values)) {
		if math.IsNaN(v) {
			continue
		}
		at := vg.Point{X: a.place(v), Y: y}
		for i := 1; meets(at, taken); i++ {
			step := vg.Length((i+1)/2) * 2 * dotRadius
			if step > room {
				at.Y = y
				break
			}
			at.Y = y + step*vg.Length(1-2*(i%2))
		}
		taken = append(taken, at)
		glyph := draw.GlyphStyle{Color: r.Color, Radius: dotRadius, Shape: draw.CircleGlyph{}}
		if math.IsInf(v, 1) {
			glyph.Shape = draw.RingGlyph{}
		}
		c.DrawGlyphNoClip(glyph, at)
	}
}

func meets(at vg.Point, taken []vg.Point) bool {
	return slices.ContainsFunc(taken, func(p vg.Point) bool {
		dx, dy := float64(p.X-at.X), float64(p.Y-at.Y)
		return math.Hypot(dx, dy) < float64(2*dotRadius)*0.98
	})
}
