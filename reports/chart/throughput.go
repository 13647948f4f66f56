package chart

import (
	"image/color"
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

const ratePanelHeight = vg.Length(215)

// ThroughputChart lays the figure out. The points of each series are sorted by
// X.
func ThroughputChart(t Throughput) Chart {
	for i := range t.Series {
		t.Series[i].Points = slices.SortedFunc(slices.Values(t.Series[i].Points), func(a, b RatePoint) int {
			return int(sign(a.X - b.X))
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
	c.FillText(write(Ink, true, text.XLeft, text.YCenter), vg.Point{X: c.Min.X, Y: c.Max.Y - rowHeight/2}, s.Label)
	c = draw.Crop(c, 0, -10, 4, -2*rowHeight)
	p := newPlot()
	p.X.Label.Text, p.Y.Label.Text = t.XLabel, t.YLabel
	var xs []plot.Tick
	maxX, maxY := 1.0, 0.0
	for _, pt := range s.Points {
		xs = append(xs, plot.Tick{Value: pt.X, Label: Number(pt.X)})
		maxX = max(maxX, pt.X)
		maxY = max(maxY, pt.Value)
		if !math.IsNaN(pt.High) {
			maxY = max(maxY, pt.High)
		}
	}
	ticks := countTicks{steps: 5}
	p.X.Tick.Marker, p.X.Min, p.X.Max = plot.ConstantTicks(xs), 0, maxX*1.04
	p.Y.Tick.Marker, p.Y.Min, p.Y.Max = ticks, 0, ticks.top(maxY*1.08)
	p.Add(gridLines(), proportion(s), rates(s))
	if t.Ratios && len(s.Points) > 1 && s.Points[0].Value > 0 {
		p.Add(ratios(s))
	}
	p.Draw(c)
}

// proportion is the line through the origin and the first point, cut at the
// panel's edge.
func proportion(s RateSeries) plotterFunc {
	return func(c draw.Canvas, p *plot.Plot) {
		if len(s.Points) == 0 || s.Points[0].X <= 0 || s.Points[0].Value <= 0 {
			return
		}
		slope := s.Points[0].Value / s.Points[0].X
		x := min(p.X.Max, p.Y.Max/slope)
		c.StrokeLine2(draw.LineStyle{Color: Muted, Width: 1, Dashes: Dotted},
			c.X(0), c.Y(0), c.X(p.X.Norm(x)), c.Y(p.Y.Norm(x*slope)))
	}
}

func rates(s RateSeries) plotterFunc {
	return func(c draw.Canvas, p *plot.Plot) {
		var line []vg.Point
		for _, pt := range s.Points {
			at := vg.Point{X: c.X(p.X.Norm(pt.X)), Y: c.Y(p.Y.Norm(pt.Value))}
			line = append(line, at)
			errorBar(&c, p, pt, at.X, Blue)
			c.DrawGlyphNoClip(draw.GlyphStyle{Color: Blue, Radius: 2.6, Shape: draw.CircleGlyph{}}, at)
		}
		if len(line) > 1 {
			c.StrokeLines(draw.LineStyle{Color: Blue, Width: lineWidth}, line)
		}
	}
}

// ratios stand to the upper left of their points, where a rising line does not
// go. One that would meet the axis, its neighbour or its neighbour's interval
// is left to the table: few shards lie close together.
func ratios(s RateSeries) plotterFunc {
	return func(c draw.Canvas, p *plot.Plot) {
		free := c.Min.X + 2
		style := write(Ink, true, text.XRight, text.YBottom)
		for i, pt := range s.Points[1:] {
			label := "×" + Number(pt.Value/s.Points[0].Value)
			at := vg.Point{X: c.X(p.X.Norm(pt.X)) - 4, Y: c.Y(p.Y.Norm(pt.Value)) + 4}
			left := at.X - style.Width(label)
			before := s.Points[i]
			high := before.Value
			if before.High > high {
				high = before.High
			}
			besides := left < c.X(p.X.Norm(before.X))+4 && at.Y < c.Y(p.Y.Norm(high))+4
			if left < free || besides {
				continue
			}
			free = at.X + 2
			c.FillText(style, at, label)
		}
	}
}

func errorBar(c *draw.Canvas, p *plot.Plot, pt RatePoint, x vg.Length, hue color.RGBA) {
	if math.IsNaN(pt.Low) || math.IsNaN(pt.High) || pt.High <= pt.Low {
		return
	}
	lo, hi := c.Y(p.Y.Norm(max(pt.Low, 0))), c.Y(p.Y.Norm(pt.High))
	style := draw.LineStyle{Color: hue, Width: 1}
	c.StrokeLine2(style, x, lo, x, hi)
	c.StrokeLine2(style, x-3, lo, x+3, lo)
	c.StrokeLine2(style, x-3, hi, x+3, hi)
}
