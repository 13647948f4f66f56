package chart

import (
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
	width  vg.Length
}

const swatch = vg.Length(18)

// legend is a block of entries, wrapped to a width, above the panels.
type legend []entry

func legendLabel() text.Style { return write(Ink, false, text.XLeft, text.YCenter) }

// place gives the left edge and the row of each entry, and the number of rows.
func (l legend) place(width vg.Length) (at []vg.Point, rows int) {
	style := legendLabel()
	var x vg.Length
	row := 0
	for _, e := range l {
		w := swatch + 5 + style.Width(e.label) + 16
		if x > 0 && x+w-16 > width {
			x, row = 0, row+1
		}
		at = append(at, vg.Point{X: x, Y: vg.Length(row)})
		x += w
	}
	if len(l) > 0 {
		rows = row + 1
	}
	return at, rows
}

func (l legend) height(width vg.Length) vg.Length {
	_, rows := l.place(width)
	return vg.Length(rows)*legendRow + 4
}

// draw writes the legend at the top of the canvas and returns what is left.
func (l legend) draw(c draw.Canvas) draw.Canvas {
	at, _ := l.place(c.Max.X - c.Min.X)
	for i, e := range l {
		x, y := c.Min.X+at[i].X, c.Max.Y-at[i].Y*legendRow-legendRow/2
		e.draw(&c, x, y)
		c.FillText(legendLabel(), vg.Point{X: x + swatch + 5, Y: y}, e.label)
	}
	return draw.Crop(c, 0, 0, 0, -l.height(c.Max.X-c.Min.X))
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
		w := e.width
		if w == 0 {
			w = lineWidth
		}
		c.StrokeLine2(draw.LineStyle{Color: e.color, Width: w, Dashes: e.dashes}, x, y, x+swatch, y)
	}
}

// heading writes a figure's title and returns what is left below it.
func heading(c draw.Canvas, title string) draw.Canvas {
	style := write(Ink, true, text.XLeft, text.YTop)
	style.Font = sans(titleSize, true)
	c.FillText(style, vg.Point{X: c.Min.X, Y: c.Max.Y}, title)
	return draw.Crop(c, 0, 0, 0, -titleSpace)
}
