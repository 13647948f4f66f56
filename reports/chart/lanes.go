package chart

import (
	"image/color"
	"slices"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// tag is a name in a lane: text that belongs to one x position.
type tag struct {
	x     vg.Length // where it points
	label string
	color color.RGBA
	glyph draw.GlyphDrawer // nil: text only
	left  vg.Length        // the text's left edge, set by arrange
	row   int              // counted from the data upwards, set by arrange
}

const glyphSpace = vg.Length(7)

func tagStyle(c color.Color) text.Style { return write(c, false, text.XLeft, text.YCenter) }

// arrange gives each tag the lowest row where it meets no other, between the
// edges min and max, and returns the number of rows. It goes from right to
// left: so the earlier of two that would meet stands further from the data, and
// its line passes to the left of the later one's name instead of through it.
func arrange(tags []tag, min, max vg.Length) int {
	slices.SortStableFunc(tags, func(a, b tag) int {
		switch {
		case a.x > b.x:
			return -1
		case a.x < b.x:
			return 1
		}
		return 0
	})
	type span struct{ from, to vg.Length }
	var rows [][]span
	for i := range tags {
		t := &tags[i]
		width := tagStyle(t.color).Width(t.label)
		from, to := t.x, t.x+width
		t.left = t.x
		if t.glyph != nil {
			from, to, t.left = t.x-glyphSpace/2, t.x+glyphSpace+width, t.x+glyphSpace
		}
		if to > max {
			// No room to the right: the text stands to the left of its place.
			t.left = t.x - width
			if t.glyph != nil {
				t.left -= glyphSpace
			}
			t.left = vg.Length(maxLength(t.left, min))
			from, to = t.left, maxLength(t.x+glyphSpace/2, t.left+width)
		}
		row := slices.IndexFunc(rows, func(r []span) bool {
			return !slices.ContainsFunc(r, func(s span) bool { return from < s.to+6 && s.from < to+6 })
		})
		if row < 0 {
			row = len(rows)
			rows = append(rows, nil)
		}
		rows[row] = append(rows[row], span{from, to})
		t.row = row
	}
	return len(rows)
}

func maxLength(a, b vg.Length) vg.Length {
	if a > b {
		return a
	}
	return b
}

// drawTags writes arranged tags above y; a tag with a glyph drops a thin line
// to the bottom of the data.
func drawTags(c *draw.Canvas, tags []tag, y, bottom vg.Length) {
	for _, t := range tags {
		at := y + vg.Length(t.row)*rowHeight + rowHeight/2
		if t.glyph != nil {
			c.StrokeLine2(draw.LineStyle{Color: t.color, Width: 0.7, Dashes: Dotted}, t.x, bottom, t.x, at)
			c.DrawGlyphNoClip(draw.GlyphStyle{Color: t.color, Radius: 3.6, Shape: t.glyph}, vg.Point{X: t.x, Y: at})
		}
		c.FillText(tagStyle(t.color), vg.Point{X: t.left, Y: at}, t.label)
	}
}

// diamond is a filled square on its corner.
type diamond struct{}

// DrawGlyph implements draw.GlyphDrawer.
func (diamond) DrawGlyph(c *draw.Canvas, s draw.GlyphStyle, p vg.Point) {
	c.FillPolygon(s.Color, []vg.Point{
		{X: p.X - s.Radius, Y: p.Y}, {X: p.X, Y: p.Y + s.Radius}, {X: p.X + s.Radius, Y: p.Y}, {X: p.X, Y: p.Y - s.Radius},
	})
}

// wedge is a filled triangle that points down.
type wedge struct{}

// DrawGlyph implements draw.GlyphDrawer.
func (wedge) DrawGlyph(c *draw.Canvas, s draw.GlyphStyle, p vg.Point) {
	r := s.Radius
	c.FillPolygon(s.Color, []vg.Point{{X: p.X - r, Y: p.Y + r*0.8}, {X: p.X + r, Y: p.Y + r*0.8}, {X: p.X, Y: p.Y - r}})
}
