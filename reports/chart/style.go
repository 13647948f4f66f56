package chart

import (
	"cmp"
	"image/color"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The palette is Okabe and Ito's, which stays apart for every common kind of
// colour blindness; purple is Tol's, because theirs is too pale for a thin
// line on white. Hues are opaque: Tint makes the transparent ones.
var (
	Ink    = color.RGBA{R: 0x1f, G: 0x23, B: 0x28, A: 0xff}
	Muted  = color.RGBA{R: 0x5b, G: 0x64, B: 0x70, A: 0xff}
	Grid   = color.RGBA{R: 0xe3, G: 0xe6, B: 0xea, A: 0xff}
	Paper  = color.RGBA{R: 0xff, G: 0xff, B: 0xff, A: 0xff}
	Blue   = color.RGBA{R: 0x00, G: 0x72, B: 0xb2, A: 0xff}
	Red    = color.RGBA{R: 0xd5, G: 0x5e, B: 0x00, A: 0xff}
	Green  = color.RGBA{R: 0x00, G: 0x9e, B: 0x73, A: 0xff}
	Purple = color.RGBA{R: 0xaa, G: 0x33, B: 0x77, A: 0xff}
	Amber  = color.RGBA{R: 0xe6, G: 0x9f, B: 0x00, A: 0xff}
	Sky    = color.RGBA{R: 0x56, G: 0xb4, B: 0xe9, A: 0xff}
)

// Inks are hues dark enough to read as text.
var (
	faultInk = color.RGBA{R: 0x8a, G: 0x5a, B: 0x00, A: 0xff}
	alertInk = color.RGBA{R: 0xb3, G: 0x47, B: 0x00, A: 0xff}
)

// tint is a hue at a quarter of its strength, for areas behind data.
func tint(c color.RGBA) color.Color {
	return color.NRGBA{R: c.R, G: c.G, B: c.B, A: 0x38}
}

const (
	margin     = vg.Length(10)
	textSize   = vg.Length(9)
	titleSize  = vg.Length(12)
	lineWidth  = vg.Length(1.4)
	rowHeight  = vg.Length(13)
	legendRow  = vg.Length(15)
	titleSpace = vg.Length(20)
)

// Dashes tell lines apart where colour cannot.
var (
	Dashed = []vg.Length{4, 3}
	Dotted = []vg.Length{1.5, 2}
)

func sans(size vg.Length, bold bool) font.Font {
	f := font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
	if bold {
		f.Weight = xfont.WeightBold
	}
	return f
}

// label is a style of text that begins at its anchor.
func label(c color.Color, bold bool) text.Style { return write(c, bold, text.XLeft, text.YCenter) }

// write is a style of text whose anchor is at the given alignment.
func write(c color.Color, bold bool, x text.XAlignment, y text.YAlignment) text.Style {
	return text.Style{Color: c, Font: sans(textSize, bold), XAlign: x, YAlign: y, Handler: plot.DefaultTextHandler}
}

// newPlot is an empty plot in the house style: one font, a light grid, no box.
func newPlot() *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Label.TextStyle.Font, a.Label.TextStyle.Color = sans(textSize, false), Muted
		a.Tick.Label.Font, a.Tick.Label.Color = sans(textSize, false), Ink
		a.LineStyle = draw.LineStyle{Color: Muted, Width: 0.6}
		a.Tick.LineStyle, a.Tick.Length = draw.LineStyle{Color: Muted, Width: 0.6}, 3
		a.Padding = 0
		a.Label.Padding = 3
	}
	p.Y.Tick.Length = 0
	return p
}

// axes are a plot in its place: they turn values into points of the canvas.
type axes struct {
	*plot.Plot
	data draw.Canvas // where the data goes
}

// drawAxes draws a plot's axes into a frame; the data comes after them.
func drawAxes(p *plot.Plot, frame draw.Canvas) axes {
	p.Draw(frame)
	return axes{p, p.DataCanvas(frame)}
}

// layAxes gives axes across a figure, from left to right, before its height is
// known. Only x and the height of what stands below the data, data.Min.Y, are
// right.
func layAxes(p *plot.Plot, left, right vg.Length) axes {
	return axes{p, p.DataCanvas(draw.Canvas{Rectangle: vg.Rectangle{Min: vg.Point{X: left}, Max: vg.Point{X: right, Y: 500}}})}
}

func (a axes) x(v float64) vg.Length       { return a.data.X(a.X.Norm(v)) }
func (a axes) y(v float64) vg.Length       { return a.data.Y(a.Y.Norm(v)) }
func (a axes) point(x, y float64) vg.Point { return vg.Point{X: a.x(x), Y: a.y(y)} }
func (a axes) across(s draw.LineStyle, y vg.Length) {
	a.data.StrokeLine2(s, a.data.Min.X, y, a.data.Max.X, y)
}
func (a axes) down(s draw.LineStyle, x vg.Length) {
	a.data.StrokeLine2(s, x, a.data.Min.Y, x, a.data.Max.Y)
}

var gridLine = draw.LineStyle{Color: Grid, Width: 0.6}

// grid draws a line across the data at every labelled tick of Y.
func (a axes) grid() {
	for _, t := range a.Y.Tick.Marker.Ticks(a.Y.Min, a.Y.Max) {
		if !t.IsMinor() && t.Value >= a.Y.Min && t.Value <= a.Y.Max {
			a.across(gridLine, a.y(t.Value))
		}
	}
}

func rectangle(x0, y0, x1, y1 vg.Length) []vg.Point {
	return []vg.Point{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}}
}

// Black and White are for text on a bar, whose hue no theme changes much.
var (
	Black = color.RGBA{A: 0xff}
	White = color.RGBA{R: 0xff, G: 0xff, B: 0xfe, A: 0xff}
)

// luminance is a rough relative luminance, 0 to 1: enough to choose between
// black and white text.
func luminance(c color.RGBA) float64 {
	return (0.2126*float64(c.R) + 0.7152*float64(c.G) + 0.0722*float64(c.B)) / 255
}

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
