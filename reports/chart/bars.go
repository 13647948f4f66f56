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
	x := c.Min.X
	for _, p := range b.Panels {
		// A panel is as wide as its share of the groups, so that all bars of
		// the figure have about the same width.
		w := space * vg.Length(max(len(p.Groups), 1)) / vg.Length(groups)
		b.drawPanel(draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{Min: vg.Point{X: x, Y: c.Min.Y}, Max: vg.Point{X: x + w, Y: c.Max.Y}}}, p)
		x += w + between
	}
}

func (b Bars) drawPanel(c draw.Canvas, panel BarPanel) {
	if panel.Title != "" {
		c.FillText(write(Ink, true, text.XLeft, text.YCenter), vg.Point{X: c.Min.X, Y: c.Max.Y - rowHeight/2}, panel.Title)
	}
	c.Max.Y -= 2 * rowHeight
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
	p.Add(gridLines(), b.groupPlotter(panel))
	names := b.labelHeight()
	frame := draw.Crop(c, 0, 0, names, 0)
	data := p.DataCanvas(frame)
	p.Draw(frame)
	style := write(Ink, false, text.XCenter, text.YTop)
	for i, g := range panel.Groups {
		for n, line := range labelLines(g.Label) {
			c.FillText(style, vg.Point{X: data.X(p.X.Norm(float64(i))), Y: data.Min.Y - 5 - vg.Length(n)*(textSize+2)}, line)
		}
	}
}

func (b Bars) groupPlotter(panel BarPanel) plotterFunc {
	return func(c draw.Canvas, p *plot.Plot) {
		width := c.X(p.X.Norm(1)) - c.X(p.X.Norm(0))
		bar := min(width*0.8/vg.Length(len(b.Series)), 56)
		for i, g := range panel.Groups {
			left := c.X(p.X.Norm(float64(i))) - bar*vg.Length(len(g.Bars))/2
			for n, v := range g.Bars {
				x := left + bar*vg.Length(n)
				top := c.Min.Y
				if v.Known {
					top = c.Y(p.Y.Norm(v.Value))
					c.FillPolygon(b.Series[n].Color, rectangle(x+1, c.Min.Y, x+bar-1, top))
				}
				lines := strings.Split(v.Text, "\n")
				for k, line := range lines {
					up := vg.Length(len(lines) - 1 - k)
					c.FillText(write(Ink, k == 0, text.XCenter, text.YBottom), vg.Point{X: x + bar/2, Y: top + 2 + up*(textSize+2)}, line)
				}
			}
		}
	}
}

// labelLines breaks a group's name at its spaces, or where it says so itself.
func labelLines(label string) []string {
	if strings.Contains(label, "\n") {
		return strings.Split(label, "\n")
	}
	return strings.Fields(label)
}

// labelHeight is that of the tallest name in any panel, so that all panels
// stand on one line.
func (b Bars) labelHeight() vg.Length {
	lines := 1
	for _, p := range b.Panels {
		for _, g := range p.Groups {
			lines = max(lines, len(labelLines(g.Label)))
		}
	}
	return vg.Length(lines)*(textSize+2) + 6
}
