package chart

import (
	"image/color"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Strip is a row of moments under a panel's data, on its time axis: a stroke for
// each, and their number and what they are at the right.
type Strip struct {
	Label string
	Color color.RGBA
	Times []float64
}

// drawStrips draws them below y, one row each, with the faults shaded as above.
func drawStrips(c draw.Canvas, a axes, panel Panel, y vg.Length) {
	for _, b := range panel.Bands {
		x0, x1 := a.x(max(b.From, a.X.Min)), a.x(min(b.To, a.X.Max))
		c.FillPolygon(tint(Amber), rectangle(x0, y-vg.Length(len(panel.Strips))*rowHeight, max(x1, x0+1.5), y))
	}
	for _, s := range panel.Strips {
		middle := y - rowHeight/2
		a.data.StrokeLine2(draw.LineStyle{Color: Grid, Width: 0.5}, a.data.Min.X, middle, a.data.Max.X, middle)
		for _, at := range s.Times {
			x := a.x(at)
			c.StrokeLine2(draw.LineStyle{Color: s.Color, Width: 0.9}, x, middle-rowHeight/2+2, x, middle+rowHeight/2-2)
		}
		c.FillText(label(Ink, false), vg.Point{X: a.data.Max.X + 5, Y: middle}, Count(len(s.Times))+" "+s.Label)
		y -= rowHeight
	}
}

// fromZero counts the times of each panel from its own zero.
func fromZero(panels []Panel) []Panel {
	panels = slices.Clone(panels)
	for i, p := range panels {
		shift := func(bands []Band) []Band {
			bands = slices.Clone(bands)
			for j := range bands {
				bands[j].From, bands[j].To = bands[j].From-p.Zero, bands[j].To-p.Zero
			}
			return bands
		}
		panels[i].Bands, panels[i].Phases = shift(p.Bands), shift(p.Phases)
		panels[i].Lines, panels[i].Marks, panels[i].Strips = slices.Clone(p.Lines), slices.Clone(p.Marks), slices.Clone(p.Strips)
		for j, l := range p.Lines {
			points := slices.Clone(l.Points)
			for k := range points {
				points[k].T -= p.Zero
			}
			panels[i].Lines[j].Points = points
		}
		for j := range p.Marks {
			panels[i].Marks[j].T -= p.Zero
		}
		for j, s := range p.Strips {
			times := slices.Clone(s.Times)
			for k := range times {
				times[k] -= p.Zero
			}
			panels[i].Strips[j].Times = times
		}
	}
	return panels
}
