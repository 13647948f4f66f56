package chart

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Spreads is a figure of distributions of seconds, every value a dot, in panels
// with one logarithmic axis, so that panels compare.
type Spreads struct {
	Name, Title, Alt string
	XLabel           string
	// Bound says what the shaded range of a column is.
	Bound  string
	Panels []SpreadPanel
}

// SpreadPanel is a set of columns under one heading.
type SpreadPanel struct {
	Title   string
	Columns []SpreadColumn
}

// SpreadColumn is one distribution. Least and Most are the range that is shaded,
// NaN if there is none; a Least of 0 begins at the axis. Note stands at the
// column's foot: what is not in the values.
type SpreadColumn struct {
	Label       string
	Values      []float64
	Median      float64
	Least, Most float64
	Note        string
}

const spreadPanelHeight = vg.Length(170)

// Chart lays the figure out.
func (s Spreads) Chart() Chart {
	rows := (len(s.Panels) + 1) / 2
	height := 2*margin + titleSpace + legendRow + 4 + vg.Length(rows)*spreadPanelHeight
	return Chart{Name: s.Name, Title: s.Title, Alt: s.Alt, height: height, draw: s.draw}
}

func (s Spreads) draw(c draw.Canvas) {
	c = heading(c, s.Title)
	c = legend{
		{label: "one measurement", color: Blue, glyph: draw.CircleGlyph{}},
		{label: "median", color: Red, width: 2},
		{label: s.Bound, color: Amber, area: true, shade: true},
	}.draw(c)
	lo, hi := s.span()
	tiles := draw.Tiles{Rows: (len(s.Panels) + 1) / 2, Cols: min(len(s.Panels), 2), PadX: 20}
	for i, p := range s.Panels {
		s.drawPanel(tiles.At(c, i%2, i/2), p, lo, hi)
	}
}

// span is the range of all values and bounds, widened; what is not above 0 has no
// place on a logarithmic axis.
func (s Spreads) span() (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, p := range s.Panels {
		for _, c := range p.Columns {
			for _, v := range append([]float64{c.Least, c.Most}, c.Values...) {
				if v > 0 {
					lo, hi = min(lo, v), max(hi, v)
				}
			}
		}
	}
	if lo > hi {
		return 0.1, 1
	}
	return logRange(lo, hi)
}

func (s Spreads) drawPanel(c draw.Canvas, panel SpreadPanel, lo, hi float64) {
	panelTitle(c, panel.Title)
	c = draw.Crop(c, 0, -10, 4, -1.6*rowHeight)
	p := newPlot()
	p.X.Label.Text = s.XLabel
	var names []plot.Tick
	for i, column := range panel.Columns {
		names = append(names, plot.Tick{Value: float64(i), Label: column.Label})
	}
	p.X.Tick.Marker, p.X.Min, p.X.Max = plot.ConstantTicks(names), -0.5, float64(max(len(panel.Columns), 1))-0.5
	p.Y.Scale, p.Y.Tick.Marker, p.Y.Min, p.Y.Max = plot.LogScale{}, secondsLogTicks{}, lo, hi
	a := drawAxes(p, c)
	a.grid()
	for i, column := range panel.Columns {
		a.drawColumn(float64(i), column)
	}
}

func (a axes) drawColumn(x float64, c SpreadColumn) {
	left, right, middle := a.x(x-0.36), a.x(x+0.36), a.x(x)
	if !math.IsNaN(c.Most) && c.Most > a.Y.Min {
		a.data.FillPolygon(tint(Amber), rectangle(left, a.y(max(c.Least, a.Y.Min)), right, a.y(c.Most)))
	}
	if len(c.Values) > 0 && c.Median > 0 {
		a.data.StrokeLine2(draw.LineStyle{Color: Red, Width: 2}, left, a.y(c.Median), right, a.y(c.Median))
	}
	// Dots stand beside each other in the order in which they come, so that equal
	// ones can be counted.
	for i, v := range c.Values {
		at := middle + (right-left)*0.8*(vg.Length(i)+0.5-vg.Length(len(c.Values))/2)/vg.Length(len(c.Values))
		y := a.y(max(v, a.Y.Min))
		a.data.DrawGlyphNoClip(draw.GlyphStyle{Color: Blue, Radius: 1.7, Shape: draw.CircleGlyph{}}, vg.Point{X: at, Y: y})
	}
	if c.Note != "" {
		a.data.FillText(write(alertInk, false, text.XCenter, text.YBottom), vg.Point{X: middle, Y: a.data.Min.Y + 2}, c.Note)
	}
}
