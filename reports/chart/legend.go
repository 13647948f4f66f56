package chart

import (
	"cmp"
	"image/color"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// entry is one item of a legend: a line, an area or a glyph, and its name.
type entry struct {
	label  string
	color  color.RGBA
	dashes []vg.Length
	area   bool
	shade  bool // area at the strength of a fault's band
	glyph  draw.GlyphDrawer
	width  vg.Length // of the line; 0 is that of data
}

const swatch = vg.Length(18)

// legend is a block of entries, wrapped to a width, above the panels.
type legend []entry

// place gives the left edge of each entry and the distance of its middle from
// the legend's top, and the legend's height.
func (l legend) place(width vg.Length) (at []vg.Point, height vg.Length) {
	x, row := vg.Length(0), 0
	for _, e := range l {
		w := swatch + 5 + label(Ink, false).Width(e.label)
		if x > 0 && x+w > width {
			x, row = 0, row+1
		}
		at = append(at, vg.Point{X: x, Y: vg.Length(row)*legendRow + legendRow/2})
		x += w + 16
	}
	if len(l) == 0 {
		return nil, 4
	}
	return at, vg.Length(row+1)*legendRow + 4
}

// draw writes the legend at the top of the canvas and returns what is left.
func (l legend) draw(c draw.Canvas) draw.Canvas {
	at, height := l.place(c.Max.X - c.Min.X)
	for i, e := range l {
		x, y := c.Min.X+at[i].X, c.Max.Y-at[i].Y
		e.draw(&c, x, y)
		c.FillText(label(Ink, false), vg.Point{X: x + swatch + 5, Y: y}, e.label)
	}
	return draw.Crop(c, 0, 0, 0, -height)
}

func (e entry) draw(c *draw.Canvas, x, y vg.Length) {
	switch {
	case e.glyph != nil:
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: e.color, Radius: 4, Shape: e.glyph}, vg.Point{X: x + swatch/2, Y: y})
	case e.area && e.shade:
		c.FillPolygon(tint(e.color), rectangle(x, y-4, x+swatch, y+4))
	case e.area:
		c.FillPolygon(e.color, rectangle(x+4, y-4, x+swatch-4, y+4))
	default:
		c.StrokeLine2(draw.LineStyle{Color: e.color, Width: cmp.Or(e.width, lineWidth), Dashes: e.dashes}, x, y, x+swatch, y)
	}
}

// heading writes a figure's title and returns what is left below it.
func heading(c draw.Canvas, title string) draw.Canvas {
	style := write(Ink, true, text.XLeft, text.YTop)
	style.Font = sans(titleSize, true)
	c.FillText(style, vg.Point{X: c.Min.X, Y: c.Max.Y}, title)
	return draw.Crop(c, 0, 0, 0, -titleSpace)
}
