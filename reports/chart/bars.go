package chart

import (
	"image/color"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Bars is a figure of grouped bars, in panels side by side, each with a Y axis
// of its own.
type Bars struct {
	Name, Title, Alt string
	Series           []BarSeries
	Panels           []BarPanel
}

// BarSeries is a colour and its meaning, the same in all panels.
type BarSeries struct {
	Label string
	Color color.RGBA
}

// BarPanel is a set of groups under one heading.
type BarPanel struct {
	Title, YLabel string
	// Percent gives an axis from 0 to 100 %; else whole numbers from 0.
	Percent bool
	Groups  []BarGroup
}

// BarGroup holds one bar for each series, in their order.
type BarGroup struct {
	Label string
	Bars  []Bar
}

// Bar is one value with the text on top of it. A bar that is not Known is not
// drawn; its text still is.
type Bar struct {
	Value float64
	Text  string
	Known bool
}

const barsHeight = vg.Length(270)

// Chart lays the figure out.
func (b Bars) Chart() Chart {
	return Chart{Name: b.Name, Title: b.Title, Alt: b.Alt, height: barsHeight, draw: b.draw}
}

func (b Bars) draw(c draw.Canvas) {
	c = heading(c, b.Title)
	var l legend
	for _, s := range b.Series {
		l = append(l, entry{label: s.Label, color: s.Color, area: true})
	}
	c = l.draw(c)
	groups := 0
	for _, p := range b.Panels {
		groups += max(len(p.Groups), 1)
	}
	const between = vg.Length(18)
	space := c.Max.X - c.Min.X - between*vg.Length(len(b.Panels)-1)
	m := b.measure(space, groups)
	x := c.Min.X
	for _, p := range b.Panels {
		// A panel is as wide as its share of the groups, so that all bars of
		// the figure have about the same width.
		w := space * vg.Length(max(len(p.Groups), 1)) / vg.Length(groups)
		b.drawPanel(draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{Min: vg.Point{X: x, Y: c.Min.Y}, Max: vg.Point{X: x + w, Y: c.Max.Y}}}, p, m)
		x += w + between
	}
}

// barMeasures are the same for all panels, so that they stand on one line.
type barMeasures struct {
	slot  vg.Length // about the room of one group
	above vg.Length // for the panel's title and the text of a bar at the top
	names vg.Length // for the names of the groups
}

func (b Bars) measure(space vg.Length, groups int) barMeasures {
	// What a Y axis takes is a guess: it depends on its labels.
	axes := 34 * vg.Length(len(b.Panels))
	m := barMeasures{slot: (space - axes) / vg.Length(max(groups, 1))}
	text, names := 2, 1
	for _, p := range b.Panels {
		for _, g := range p.Groups {
			names = max(names, len(labelLines(g.Label, m.slot)))
			for _, lines := range g.texts(b.barWidth(m.slot)) {
				text = max(text, len(lines))
			}
		}
	}
	m.above = rowHeight + vg.Length(text-1)*(textSize+3)
	m.names = vg.Length(names)*(textSize+2) + 6
	return m
}

func (b Bars) drawPanel(c draw.Canvas, panel BarPanel, m barMeasures) {
	panelTitle(c, panel.Title)
	c.Max.Y -= m.above
	p := newPlot()
	p.Y.Label.Text = panel.YLabel
	p.Y.Min = 0
	p.X.Min, p.X.Max = -0.5, float64(len(panel.Groups))-0.5
	p.X.Tick.Marker = plot.ConstantTicks{}
	largest := 0.0
	for _, g := range panel.Groups {
		for _, bar := range g.Bars {
			if bar.Known {
				largest = max(largest, bar.Value)
			}
		}
	}
	ticks := countTicks{steps: 5, whole: true}
	if panel.Percent {
		ticks.unit, largest = " %", 98
	}
	// A little room above the tallest bar keeps its count off the title.
	p.Y.Tick.Marker, p.Y.Max = ticks, ticks.top(largest*1.02)
	a := drawAxes(p, draw.Crop(c, 0, 0, m.names, 0))
	a.grid()
	b.drawGroups(a, panel)
	style := write(Ink, false, text.XCenter, text.YTop)
	for i, g := range panel.Groups {
		for n, line := range labelLines(g.Label, m.slot) {
			c.FillText(style, vg.Point{X: a.x(float64(i)), Y: a.data.Min.Y - 5 - vg.Length(n)*(textSize+2)}, line)
		}
	}
}

func (b Bars) barWidth(slot vg.Length) vg.Length {
	return min(slot*0.9/vg.Length(max(len(b.Series), 1)), 60)
}

func (b Bars) drawGroups(a axes, panel BarPanel) {
	width := b.barWidth(a.x(1) - a.x(0))
	for i, g := range panel.Groups {
		left := a.x(float64(i)) - width*vg.Length(len(g.Bars))/2
		texts := g.texts(width)
		for n, v := range g.Bars {
			x, top := left+width*vg.Length(n), a.data.Min.Y
			if v.Known {
				top = a.y(v.Value)
				a.data.FillPolygon(b.Series[n].Color, rectangle(x+1, a.data.Min.Y, x+width-1, top))
			}
			v.write(&a.data, texts[n], x+width/2, top+2)
		}
	}
}

// style is bold for a number and quiet for the lack of one.
func (v Bar) style(line int) text.Style {
	if !v.Known {
		return write(Muted, false, text.XCenter, text.YBottom)
	}
	return write(Ink, line == 0, text.XCenter, text.YBottom)
}

// write puts the bar's text above y.
func (v Bar) write(c *draw.Canvas, lines []string, x, y vg.Length) {
	for i, line := range lines {
		c.FillText(v.style(i), vg.Point{X: x, Y: y + vg.Length(len(lines)-1-i)*(textSize+2)}, line)
	}
}

// texts are the lines on top of each bar. Where neighbours would meet they are
// broken at their spaces to the width of a bar.
func (g BarGroup) texts(bar vg.Length) [][]string {
	texts := make([][]string, len(g.Bars))
	widths := make([]vg.Length, len(g.Bars))
	meet := false
	for i, v := range g.Bars {
		texts[i] = strings.Split(v.Text, "\n")
		for n, line := range texts[i] {
			widths[i] = max(widths[i], v.style(n).Width(line))
		}
		meet = meet || i > 0 && (widths[i-1]+widths[i])/2+2 > bar
	}
	if !meet {
		return texts
	}
	for i := range texts {
		texts[i] = wrap(texts[i], bar-2, " ")
	}
	return texts
}

// labelLines breaks a group's name at its spaces, or where it says so itself,
// and where that is not enough after a hyphen.
func labelLines(label string, width vg.Length) []string {
	lines := strings.Fields(label)
	if strings.Contains(label, "\n") {
		lines = strings.Split(label, "\n")
	}
	return wrap(lines, width-4, "-")
}

// wrap breaks lines that are too wide after separators; a part without one
// stays whole.
func wrap(lines []string, width vg.Length, separator string) (out []string) {
	for _, line := range lines {
		fitted := ""
		for part := range strings.SplitAfterSeq(line, separator) {
			if fitted != "" && label(Ink, true).Width(strings.TrimSpace(fitted+part)) > width {
				out = append(out, strings.TrimSpace(fitted))
				fitted = ""
			}
			fitted += part
		}
		out = append(out, strings.TrimSpace(fitted))
	}
	return out
}
