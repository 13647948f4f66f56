package chart

import (
	"cmp"
	"image/color"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// tag is a name in a lane: text that belongs to one x position.
type tag struct {
	x     vg.Length // where it points
	label string
	color color.RGBA
	glyph draw.GlyphDrawer // nil: text only
	// line tells whether a line leads from the name to the data.
	line bool

	// What follows is set by arrange. From and to are the edges of the text
	// with its glyph, left and right those of the text alone; row counts from
	// the data upwards.
	from, to, left, right vg.Length
	row                   int
	// crossed: there was no place where no line passes through the text.
	crossed bool
}

const (
	glyphSpace = vg.Length(7)
	// lineSpace keeps a text off its own line.
	lineSpace = vg.Length(3)
	// tagSpace is the least space between two names of a row.
	tagSpace = vg.Length(6)
)

// arrange gives each tag the lowest row where its name meets no other name, its
// line passes through no name, and no line passes through its name; and returns
// the number of rows. Names stand to the right of their place, or to the left
// where the right edge is too near; none begins left of the left one.
//
// The order matters. Of names on the right, the later are placed first: then
// the line of an earlier one, which stands further from the data, passes to the
// left of them. For names on the left it is the other way round.
func arrange(tags []tag, left, right vg.Length) int {
	for i := range tags {
		tags[i].stretch(left, right)
	}
	slices.SortStableFunc(tags, func(a, b tag) int {
		switch {
		case a.turned() && b.turned():
			return cmp.Compare(a.x, b.x)
		case a.turned():
			return 1
		case b.turned():
			return -1
		default:
			return cmp.Compare(b.x, a.x)
		}
	})
	rows := 0
	for i := range tags {
		tags[i].place(tags[:i], rows)
		if tags[i].row == rows {
			rows++
		}
	}
	return rows
}

// stretch sets the edges.
func (t *tag) stretch(left, right vg.Length) {
	width := label(t.color, false).Width(t.label)
	before, after := vg.Length(0), vg.Length(0)
	switch {
	case t.glyph != nil:
		before, after = glyphSpace/2, glyphSpace
	case t.line:
		after = lineSpace
	}
	t.left = t.x + after
	t.from, t.to = t.x-before, t.left+width
	if t.to > right {
		t.left = max(t.x-after-width, left)
		t.from, t.to = t.left, max(t.x+before, t.left+width)
	}
	t.right = t.left + width
}

func (t *tag) turned() bool { return t.left < t.x }

// place chooses the row. The row above all others is always free of names.
func (t *tag) place(placed []tag, rows int) {
	free := -1
	for row := 0; row <= rows; row++ {
		if slices.ContainsFunc(placed, func(p tag) bool {
			return p.row == row && t.from < p.to+tagSpace && p.from < t.to+tagSpace
		}) {
			continue
		}
		if free < 0 {
			free = row
		}
		if !slices.ContainsFunc(placed, func(p tag) bool {
			return p.row < row && t.line && p.covers(t.x) || p.row > row && p.line && t.covers(p.x)
		}) {
			t.row = row
			return
		}
	}
	t.row, t.crossed = free, true
}

func (t *tag) covers(x vg.Length) bool { return t.left-1 < x && x < t.right+1 }

// drawTags writes arranged tags above y; the line of a tag goes down to the
// bottom of the data. Lines come first, so that a text that one has to cross
// can stand on a ground of its own.
func drawTags(c *draw.Canvas, tags []tag, y, bottom vg.Length) {
	at := func(t tag) vg.Length { return y + vg.Length(t.row)*rowHeight + rowHeight/2 }
	for _, t := range tags {
		style := draw.LineStyle{Color: t.color, Width: 0.7, Dashes: Dotted}
		if t.glyph == nil {
			style.Dashes = nil
		}
		if t.line {
			c.StrokeLine2(style, t.x, bottom, t.x, at(t)+textSize/2)
		}
	}
	for _, t := range tags {
		if t.glyph != nil {
			c.DrawGlyphNoClip(draw.GlyphStyle{Color: t.color, Radius: 3.6, Shape: t.glyph}, vg.Point{X: t.x, Y: at(t)})
		}
		t.write(c, at(t))
	}
}

func (t *tag) write(c *draw.Canvas, y vg.Length) {
	if t.crossed {
		c.FillPolygon(Paper, rectangle(t.left-1, y-textSize/2-1, t.right+1, y+textSize/2+1))
	}
	c.FillText(label(t.color, false), vg.Point{X: t.left, Y: y}, t.label)
}

// shape is a filled polygon; its corners are in units of the glyph's radius.
type shape []vg.Point

var (
	diamond = shape{{X: -1}, {Y: 1}, {X: 1}, {Y: -1}}
	// wedge points down.
	wedge = shape{{X: -1, Y: 0.8}, {X: 1, Y: 0.8}, {Y: -1}}
)

// DrawGlyph implements draw.GlyphDrawer.
func (g shape) DrawGlyph(c *draw.Canvas, s draw.GlyphStyle, p vg.Point) {
	var corners []vg.Point
	for _, corner := range g {
		corners = append(corners, p.Add(corner.Scale(s.Radius)))
	}
	c.FillPolygon(s.Color, corners)
}
