// Package chart draws the figures of a report. It knows nothing of runs or
// histories: it takes points, bands and bars, and gives a Chart, which can be
// written as SVG and as PNG. Both come from one drawing, so they cannot differ.
//
// The layout is the same everywhere, from top to bottom: title, legend, then
// panels. Names of faults, phases, alerts and takeovers stand in lanes above a
// panel's data and never over it; a lane grows by a row where two names would
// meet. A figure's height follows from its lanes, so that panels that share
// axes also share their size.
//
// A missing reading is NaN and breaks the line. It is never drawn as 0.
package chart

import (
	"bytes"
	"fmt"
	"html"
	"image/png"
	"io"
	"regexp"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Width is the width of every figure: 900 CSS pixels.
const Width = 675 * vg.Inch / 72

// pngDPI makes a figure 1350 pixels wide: sharp on a dense screen and in a
// README, and still a small file.
const pngDPI = 144

// Chart is one finished figure.
type Chart struct {
	// Name is the file's name without its ending: "backlog".
	Name string
	// Title is the figure's heading.
	Title string
	// Alt says in one sentence what the figure shows, for those who cannot see
	// it.
	Alt string

	height vg.Length
	draw   func(draw.Canvas)
}

// SVG writes the figure as an SVG document. Text stays text, in a font of the
// reader's machine, and each piece is as wide as the layout took it to be.
func (c Chart) SVG(w io.Writer) error {
	canvas := vgsvg.New(Width, c.height)
	if err := c.paint(canvas); err != nil {
		return err
	}
	var doc bytes.Buffer
	if _, err := canvas.WriteTo(&doc); err != nil {
		return fmt.Errorf("chart %s: encode the SVG: %w", c.Name, err)
	}
	_, err := w.Write(textElement.ReplaceAllFunc(bytes.Map(xmlOnly, doc.Bytes()), fixText))
	return err
}

// xmlOnly drops the control characters that XML cannot hold: the encoder lets
// them through, and no browser shows a document that has one.
func xmlOnly(r rune) rune {
	if r < ' ' && r != '\n' && r != '\t' || r == '\uFFFE' || r == '\uFFFF' {
		return -1
	}
	return r
}

var textElement = regexp.MustCompile(`(?s)<text ([^>]*)style="([^"]*)font-weight:(\w+);([^"]*)font-size:([0-9.]+)px([^"]*)">([^<]*)</text>`)

// fixText names more than the one family that vgsvg names, and the width that
// the text has in it: on a machine that has none of them another font would let
// labels meet.
func fixText(element []byte) []byte {
	m := textElement.FindSubmatch(element)
	size, err := strconv.ParseFloat(string(m[5]), 64)
	content := html.UnescapeString(string(m[7]))
	if err != nil || content == "" {
		return element
	}
	style := text.Style{Font: sans(vg.Length(size), string(m[3]) == "bold"), Handler: plot.DefaultTextHandler}
	fixed := bytes.Replace(element, []byte("style="), fmt.Appendf(nil, `textLength="%.5g" lengthAdjust="spacingAndGlyphs" style=`, style.Width(content).Points()), 1)
	return bytes.Replace(fixed, []byte("font-family:Liberation Sans;"), []byte("font-family:Liberation Sans,Arial,Helvetica,sans-serif;"), 1)
}

// PNG writes the figure as a PNG image on white.
func (c Chart) PNG(w io.Writer) error {
	canvas := vgimg.NewWith(vgimg.UseWH(Width, c.height), vgimg.UseDPI(pngDPI))
	if err := c.paint(canvas); err != nil {
		return err
	}
	// Squeezing the last bytes out takes longer than the drawing.
	fast := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := fast.Encode(w, canvas.Image()); err != nil {
		return fmt.Errorf("chart %s: encode the PNG: %w", c.Name, err)
	}
	return nil
}

// paint turns a panic of the plotting library into an error: a figure that
// cannot be drawn must not cost the reader the whole report.
func (c Chart) paint(canvas vg.CanvasSizer) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("chart %s cannot be drawn: %v", c.Name, p)
		}
	}()
	dc := draw.New(canvas)
	dc.SetColor(Paper)
	dc.Fill(dc.Rectangle.Path())
	c.draw(draw.Crop(dc, margin, -margin, margin, -margin))
	return nil
}
