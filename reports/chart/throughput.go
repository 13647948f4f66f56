package chart

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Throughput is a figure of rates against a number of shards, one panel for
// each series, because series can differ by orders of magnitude. Each point
// carries its confidence interval; a thin line shows what exact proportion to
// the first point would be.
type Throughput struct {
	Name, Title, Alt string
	XLabel, YLabel   string
	// Ratios writes each point's ratio to the series' first point beside it.
	Ratios bool
	Series []RateSeries
}

// RateSeries is one curve.
type RateSeries struct {
	Label  string
	Points []RatePoint
}

// RatePoint is a value with the bounds of its confidence interval; Low and
// High are NaN where there is none.
type RatePoint struct{ X, Value, Low, High float64 }

// top is where the point or its interval ends.
func (p RatePoint) top() float64 {
	if p.High > p.Value { // not if it is NaN
		return p.High
	}
	return p.Value
}

const ratePanelHeight = vg.Length(215)

// ThroughputChart lays the figure out. The points of each series are sorted by
// X.
func ThroughputChart(t Throughput) Chart {
	for i := range t.Series {
		t.Series[i].Points = slices.SortedFunc(slices.Values(t.Series[i].Points), func(a, b RatePoint) int {
			return cmp.Compare(a.X, b.X)
		})
	}
	rows := (len(t.Series) + 1) / 2
	height := 2*margin + titleSpace + legendRow + 4 + vg.Length(rows)*ratePanelHeight
	return Chart{Name: t.Name, Title: t.Title, Alt: t.Alt, height: height, draw: t.draw}
}

func (t Throughput) draw(c draw.Canvas) {
	c = heading(c, t.Title)
	c = legend{
		{label: "measured, with confidence interval", color: Blue},
		{label: "in exact proportion to the first", color: Muted, dashes: Dotted, width: 1},
	}.draw(c)
	cols := min(len(t.Series), 2)
	rows := (len(t.Series) + 1) / 2
	tiles := draw.Tiles{Rows: rows, Cols: cols, PadX: 20}
	for i, s := range t.Series {
		t.drawSeries(tiles.At(c, i%2, i/2), s)
	}
}

func (t Throughput) drawSeries(c draw.Canvas, s RateSeries) {
	panelTitle(c, s.Label)
	c = draw.Crop(c, 0, -10, 4, -2*rowHeight)
	p := newPlot()
	p.X.Label.Text, p.Y.Label.Text = t.XLabel, t.YLabel
	var xs []plot.Tick
	maxX, maxY := 1.0, 0.0
	for _, pt := range s.Points {
		xs = append(xs, plot.Tick{Value: pt.X, Label: Number(pt.X)})
		maxX = max(maxX, pt.X)
		maxY = max(maxY, pt.top())
	}
	ticks := countTicks{steps: 5}
	p.X.Tick.Marker, p.X.Min, p.X.Max = plot.ConstantTicks(xs), 0, maxX*1.04
	p.Y.Tick.Marker, p.Y.Min, p.Y.Max = ticks, 0, ticks.top(maxY*1.08)
	a := drawAxes(p, c)
	a.grid()
	a.drawProportion(s)
	a.drawRates(s)
	if t.Ratios && len(s.Points) > 1 && s.Points[0].Value > 0 {
		a.drawRatios(s)
	}
}

// drawProportion draws the line through the origin and the first point, cut at
// the panel's edge.
func (a axes) drawProportion(s RateSeries) {
	if len(s.Points) == 0 || s.Points[0].X <= 0 || s.Points[0].Value <= 0 {
		return
	}
	slope := s.Points[0].Value / s.Points[0].X
	end := min(a.X.Max, a.Y.Max/slope)
	a.data.StrokeLine2(draw.LineStyle{Color: Muted, Width: 1, Dashes: Dotted}, a.x(0), a.y(0), a.x(end), a.y(end*slope))
}

func (a axes) drawRates(s RateSeries) {
	var line []vg.Point
	for _, pt := range s.Points {
		at := a.point(pt.X, pt.Value)
		line = append(line, at)
		a.drawInterval(pt)
		a.data.DrawGlyphNoClip(draw.GlyphStyle{Color: Blue, Radius: 2.6, Shape: draw.CircleGlyph{}}, at)
	}
	if len(line) > 1 {
		a.data.StrokeLines(draw.LineStyle{Color: Blue, Width: lineWidth}, line)
	}
}

func (a axes) drawInterval(pt RatePoint) {
	if math.IsNaN(pt.Low) || math.IsNaN(pt.High) || pt.High <= pt.Low {
		return
	}
	x, lo, hi := a.x(pt.X), a.y(max(pt.Low, 0)), a.y(pt.High)
	style := draw.LineStyle{Color: Blue, Width: 1}
	a.data.StrokeLine2(style, x, lo, x, hi)
	a.data.StrokeLine2(style, x-3, lo, x+3, lo)
	a.data.StrokeLine2(style, x-3, hi, x+3, hi)
}

// drawRatios writes them to the upper left of their points, where a rising line
// does not go. One that would meet the axis, its neighbour or its neighbour's
// interval is left to the table: few shards lie close together.
func (a axes) drawRatios(s RateSeries) {
	free := a.data.Min.X + 2
	style := write(Ink, true, text.XRight, text.YBottom)
	for i, pt := range s.Points[1:] {
		label := "×" + Number(pt.Value/s.Points[0].Value)
		at := a.point(pt.X, pt.Value).Add(vg.Point{X: -4, Y: 4})
		left := at.X - style.Width(label)
		before := s.Points[i]
		besides := left < a.x(before.X)+4 && at.Y < a.y(before.top())+4
		if left < free || besides {
			continue
		}
		free = at.X + 2
		a.data.FillText(style, at, label)
	}
}
