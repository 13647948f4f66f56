package chart

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// bands shade spans of time over the whole height.
func bands(spans []Band) plotterFunc {
	return func(c draw.Canvas, p *plot.Plot) {
		for _, b := range spans {
			x0, x1 := c.X(p.X.Norm(max(b.From, p.X.Min))), c.X(p.X.Norm(min(b.To, p.X.Max)))
			// A fault that is over at once still has to be seen.
			x1 = maxLength(x1, x0+1.5)
			c.FillPolygon(tint(Amber), rectangle(x0, c.Min.Y, x1, c.Max.Y))
		}
	}
}

// phaseEdges draw a hairline where a phase begins.
func phaseEdges(phases []Band) plotterFunc {
	return func(c draw.Canvas, p *plot.Plot) {
		for _, ph := range phases {
			if ph.From <= p.X.Min || ph.From > p.X.Max {
				continue
			}
			x := c.X(p.X.Norm(ph.From))
			c.StrokeLine2(draw.LineStyle{Color: Muted, Width: 0.5}, x, c.Min.Y, x, c.Max.Y)
		}
	}
}

// boundLine is a dashed line whose name stands to the right of the data.
func boundLine(v float64, label string) plotterFunc {
	return func(c draw.Canvas, p *plot.Plot) {
		y := c.Y(p.Y.Norm(v))
		c.StrokeLine2(draw.LineStyle{Color: Ink, Width: 1, Dashes: Dashed}, c.Min.X, y, c.Max.X, y)
		// The name may stand a little lower or higher than its line, but not
		// below the axis, where the tick labels are.
		style := write(Ink, false, text.XLeft, text.YCenter)
		at := vg.Point{X: c.Max.X + 5, Y: maxLength(y, c.Min.Y+textSize/2)}
		c.FillText(style, at, label)
	}
}

// line draws a series in runs: a missing reading ends a run. A run of one
// reading is a dot, because a line needs two.
func (t Timeline) line(l Line) plotterFunc {
	return func(c draw.Canvas, p *plot.Plot) {
		style := draw.LineStyle{Color: l.Color, Width: lineWidth, Dashes: l.Dashes}
		if l.Thin {
			style.Width = 0.8
		}
		var run []vg.Point
		flush := func() {
			switch len(run) {
			case 0:
			case 1:
				c.DrawGlyphNoClip(draw.GlyphStyle{Color: l.Color, Radius: 1.5, Shape: draw.CircleGlyph{}}, run[0])
			default:
				c.StrokeLines(style, run)
			}
			run = nil
		}
		for _, pt := range l.Points {
			if !t.drawable(pt.V) {
				flush()
				continue
			}
			run = append(run, vg.Point{X: c.X(p.X.Norm(pt.T)), Y: c.Y(p.Y.Norm(pt.V))})
		}
		flush()
	}
}
