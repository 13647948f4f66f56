package chart

import (
	"cmp"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Timeline is a figure of values over time: panels on top of each other, with
// the same axes, so that they can be compared by eye.
type Timeline struct {
	Name, Title, Alt string
	// YLabel names the unit. A logarithmic axis has none: its ticks do.
	YLabel string
	// LogSeconds makes Y a logarithmic axis of durations in seconds; else it is
	// linear, begins at 0 and has whole numbers.
	LogSeconds bool
	// Since says what happened at a time of 0: "the run began" if it is empty.
	Since  string
	Panels []Panel
}

// Panel is one profile's part of a timeline. Times are in seconds since its
// run began.
type Panel struct {
	Title string
	// Zero is the time that the axis counts from, so that panels can be compared
	// at the same moment of each run.
	Zero   float64
	Lines  []Line
	Bands  []Band
	Phases []Band
	Marks  []Mark
	// Bound is drawn as a dashed line, with its name beside the data; nil draws
	// none.
	Bound      *float64
	BoundLabel string
	// Strips stand under the data, on the same time axis.
	Strips []Strip
}

// Line is one series. Lines of the same label share one legend entry.
type Line struct {
	Label  string
	Color  color.RGBA
	Dashes []vg.Length
	Thin   bool
	Points []Point
}

// Point is one reading; V is NaN where there was none.
type Point struct{ T, V float64 }

// Band is a span of time with a name.
type Band struct {
	From, To float64
	Label    string
}

// Mark is something that happened at one moment.
type Mark struct {
	T     float64
	Label string
	Kind  MarkKind
}

// MarkKind says how a mark looks and what it means.
type MarkKind struct {
	glyph   draw.GlyphDrawer
	color   color.RGBA
	meaning string
}

// The kinds of mark.
var (
	AlertMark    = MarkKind{wedge, alertInk, "alert notified"}
	TakeoverMark = MarkKind{diamond, Ink, "shards changed owner"}
)

const (
	dataHeight  = vg.Length(125)
	boundMargin = vg.Length(74)
	panelSpace  = vg.Length(12)
)

// Empty tells whether no panel has a reading.
func (t Timeline) Empty() bool {
	return !slices.ContainsFunc(t.Panels, func(p Panel) bool {
		return slices.ContainsFunc(p.Lines, func(l Line) bool {
			return slices.ContainsFunc(l.Points, func(pt Point) bool { return t.drawable(pt.V) })
		})
	})
}

func (t Timeline) drawable(v float64) bool {
	return !math.IsNaN(v) && !math.IsInf(v, 0) && (!t.LogSeconds || v > 0)
}

// panelLayout is a panel with all its measures known.
type panelLayout struct {
	Panel
	plot  *plot.Plot
	tags  []tag
	above vg.Length // the height of the lanes
	below vg.Length // the height of the X axis
	// strips is the height of the strips under the X axis, and foot what the axis
	// counts, below them.
	strips vg.Length
	foot   string
}

// Chart lays the figure out.
func (t Timeline) Chart() Chart {
	right := vg.Length(4) // room beside the data for names of bounds and strips
	if slices.ContainsFunc(t.Panels, func(p Panel) bool { return p.Bound != nil || len(p.Strips) > 0 }) {
		right = boundMargin
	}
	legend := t.legend()
	_, legendHeight := legend.place(Width - 2*margin)
	height := 2*margin + titleSpace + legendHeight - panelSpace
	t.Panels = fromZero(t.Panels)
	r := t.ranges()
	var panels []panelLayout
	for i, p := range t.Panels {
		l := panelLayout{Panel: p, plot: t.newPanelPlot(r)}
		if i == len(t.Panels)-1 {
			l.foot = "time since " + cmp.Or(t.Since, "the run began") + " (s)"
			height += rowHeight
		}
		a := layAxes(l.plot, margin, Width-margin-right)
		l.tags = p.tags(a)
		rows := arrange(l.tags, a.data.Min.X, Width-margin)
		l.above = rowHeight + vg.Length(rows)*rowHeight + 2
		l.below = a.data.Min.Y
		l.strips = vg.Length(len(p.Strips)) * rowHeight
		height += l.above + dataHeight + l.below + l.strips + panelSpace
		panels = append(panels, l)
	}
	return Chart{Name: t.Name, Title: t.Title, Alt: t.Alt, height: height, draw: func(c draw.Canvas) {
		c = legend.draw(heading(c, t.Title))
		for _, l := range panels {
			c = t.drawPanel(c, l, right)
		}
	}}
}

// drawPanel draws at the top of the canvas and returns what is left.
func (t Timeline) drawPanel(c draw.Canvas, l panelLayout, right vg.Length) draw.Canvas {
	frame := c
	frame.Max.Y = c.Max.Y - l.above
	frame.Min.Y = frame.Max.Y - dataHeight - l.below
	frame.Max.X -= right
	a := drawAxes(l.plot, frame)
	t.drawData(a, l.Panel)
	drawTags(&c, l.tags, a.data.Max.Y+2, a.data.Min.Y)
	l.drawPhases(&c, a, c.Max.Y-rowHeight/2)
	panelTitle(c, l.Title)
	drawStrips(c, a, l.Panel, frame.Min.Y)
	foot := vg.Point{X: (a.data.Min.X + a.data.Max.X) / 2, Y: frame.Min.Y - l.strips}
	c.FillText(write(Muted, false, text.XCenter, text.YTop), foot, l.foot)
	c.Max.Y = frame.Min.Y - l.strips - panelSpace
	return c
}

// span is the range of a figure's data: times, and values.
type span struct{ minT, maxT, minV, maxV float64 }

// ranges are those that hold the data of all panels.
func (t Timeline) ranges() span {
	r := span{minT: math.Inf(1), maxT: math.Inf(-1), minV: math.Inf(1)}
	for _, p := range t.Panels {
		r.minT = min(r.minT, -p.Zero)
		for _, b := range p.Phases {
			r.maxT = max(r.maxT, b.To)
		}
		if p.Bound != nil && t.drawable(*p.Bound) {
			r.maxV, r.minV = max(r.maxV, *p.Bound), min(r.minV, *p.Bound)
		}
		for _, l := range p.Lines {
			for _, pt := range l.Points {
				if t.drawable(pt.V) {
					r.maxT, r.maxV, r.minV = max(r.maxT, pt.T), max(r.maxV, pt.V), min(r.minV, pt.V)
				}
			}
		}
	}
	if r.maxV < r.minV {
		r.minV, r.maxV = 0.1, 1 // no reading at all; an axis needs a range
	}
	r.maxT = max(r.maxT, r.minT+1)
	return r
}

func (t Timeline) newPanelPlot(r span) *plot.Plot {
	p := newPlot()
	p.X.Tick.Marker = countTicks{steps: 10, whole: true}
	p.X.Min, p.X.Max = r.minT, r.maxT
	if t.LogSeconds {
		p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, secondsLogTicks{}
		p.Y.Min, p.Y.Max = logRange(r.minV, r.maxV)
	} else {
		ticks := countTicks{steps: 5, whole: true}
		p.Y.Label.Text = t.YLabel
		p.Y.Tick.Marker, p.Y.Min, p.Y.Max = ticks, 0, ticks.top(r.maxV)
	}
	return p
}

// value writes a reading in the axis' unit.
func (t Timeline) value(v float64) string {
	if t.LogSeconds {
		return Seconds(v)
	}
	return Number(v)
}

func (t Timeline) legend() legend {
	var lines, others legend
	for _, p := range t.Panels {
		for _, s := range p.Lines {
			lines = append(lines, entry{label: s.Label, color: s.Color, dashes: s.Dashes})
		}
		if p.Bound != nil {
			others = append(others, entry{label: p.BoundLabel, color: Ink, dashes: Dashed, width: 1})
		}
		if len(p.Bands) > 0 {
			others = append(others, entry{label: "fault on", color: Amber, area: true, shade: true})
		}
		for _, m := range p.Marks {
			others = append(others, entry{label: m.Kind.meaning, color: m.Kind.color, glyph: m.Kind.glyph})
		}
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(append(lines, others...), func(e entry) bool {
		again := seen[e.label]
		seen[e.label] = true
		return again
	})
}

// tags are the names that stand above the panel's data.
func (p Panel) tags(a axes) []tag {
	var tags []tag
	for _, b := range p.Bands {
		tags = append(tags, tag{x: a.x(max(a.X.Min, b.From)), label: b.Label, color: faultInk, line: true})
	}
	for _, m := range p.Marks {
		tags = append(tags, tag{x: a.x(m.T), label: m.Label, color: m.Kind.color, glyph: m.Kind.glyph, line: true})
	}
	return tags
}

// drawPhases writes the phases' names into the panel's top row, each in the
// middle of its span; a name that does not fit is left out, its edge stays.
func (p Panel) drawPhases(c *draw.Canvas, a axes, y vg.Length) {
	style := write(Muted, false, text.XCenter, text.YCenter)
	free := c.Min.X + label(Ink, true).Width(p.Title) + 8
	for _, ph := range p.Phases {
		x0, x1 := a.x(ph.From), a.x(ph.To)
		from := max(x0, free)
		if style.Width(ph.Label)+6 > x1-from {
			continue
		}
		c.FillText(style, vg.Point{X: (from + x1) / 2, Y: y}, ph.Label)
	}
}

// panelTitle writes a panel's heading into its upper left corner.
func panelTitle(c draw.Canvas, title string) {
	c.FillText(label(Ink, true), vg.Point{X: c.Min.X, Y: c.Max.Y - rowHeight/2}, title)
}

// drawData draws what a panel shows, from the back to the front.
func (t Timeline) drawData(a axes, panel Panel) {
	for _, b := range panel.Bands {
		x0, x1 := a.x(max(b.From, a.X.Min)), a.x(min(b.To, a.X.Max))
		// A fault that is over at once still has to be seen.
		a.data.FillPolygon(tint(Amber), rectangle(x0, a.data.Min.Y, max(x1, x0+1.5), a.data.Max.Y))
	}
	for _, ph := range panel.Phases {
		if ph.From > a.X.Min && ph.From <= a.X.Max {
			a.down(draw.LineStyle{Color: Muted, Width: 0.5}, a.x(ph.From))
		}
	}
	a.grid()
	if panel.Bound != nil && t.drawable(*panel.Bound) {
		y := a.y(*panel.Bound)
		a.across(draw.LineStyle{Color: Ink, Width: 1, Dashes: Dashed}, y)
		// The name may stand a little higher than its line, but not below the
		// axis, where the tick labels are.
		at := vg.Point{X: a.data.Max.X + 5, Y: max(y, a.data.Min.Y+textSize/2)}
		a.data.FillText(label(Ink, false), at, panel.BoundLabel+" "+t.value(*panel.Bound))
	}
	for _, l := range panel.Lines {
		t.drawLine(a, l)
	}
}

// drawLine draws a series in runs: a missing reading ends a run. A run of one
// reading is a dot, because a line needs two.
func (t Timeline) drawLine(a axes, l Line) {
	style := draw.LineStyle{Color: l.Color, Width: lineWidth, Dashes: l.Dashes}
	if l.Thin {
		style.Width = 0.8
	}
	var run []vg.Point
	for i, pt := range l.Points {
		if t.drawable(pt.V) {
			run = append(run, a.point(pt.T, pt.V))
			if i < len(l.Points)-1 {
				continue
			}
		}
		switch len(run) {
		case 0:
		case 1:
			a.data.DrawGlyphNoClip(draw.GlyphStyle{Color: l.Color, Radius: 1.5, Shape: draw.CircleGlyph{}}, run[0])
		default:
			a.data.StrokeLines(style, run)
		}
		run = nil
	}
}
