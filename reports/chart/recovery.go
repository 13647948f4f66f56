package chart

import (
	"cmp"
	"image/color"
	"slices"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Recovery is a figure with one bar for each profile, from a fault's proven
// effect to steady state, cut at every milestone.
type Recovery struct {
	Name, Title, Alt string
	Bars             []RecoveryBar
}

// RecoveryBar is one profile's bar.
type RecoveryBar struct {
	Label string
	// Milestones are drawn in order of time.
	Milestones []Milestone
	// Missing names what had not happened when the run ended, Watched seconds
	// after the effect.
	Missing string
	Watched float64
}

// Milestone is what was reached After seconds; at 0 no time is written beside
// its name.
type Milestone struct {
	Name  string
	After float64
	Color color.RGBA
}

const barHeight = vg.Length(24)

// Chart lays the figure out.
func (r Recovery) Chart() Chart {
	p := newPlot()
	p.X.Min, p.X.Max = 0, r.longest()
	p.X.Tick.Marker = countTicks{steps: 10}
	p.X.Label.Text = "time since the first fault's proven effect (s)"
	p.HideY()
	var names vg.Length
	for _, b := range r.Bars {
		names = max(names, label(Ink, true).Width(b.Label))
	}
	left := names + 14
	a := layAxes(p, margin+left, Width-margin)
	height := 2*margin + titleSpace + 8 + a.data.Min.Y
	var rows []recoveryRow
	for _, b := range r.Bars {
		row := newRecoveryRow(b, a)
		rows = append(rows, row)
		height += row.height()
	}
	return Chart{Name: r.Name, Title: r.Title, Alt: r.Alt, height: height, draw: func(c draw.Canvas) {
		c = heading(c, r.Title)
		a := drawAxes(p, draw.Crop(c, left, 0, 0, 0))
		for _, t := range a.X.Tick.Marker.Ticks(a.X.Min, a.X.Max) {
			a.down(gridLine, a.x(t.Value))
		}
		for _, row := range rows {
			row.draw(&c, a)
			c.Max.Y -= row.height()
		}
	}}
}

func (r Recovery) longest() float64 {
	longest := 0.0
	for _, b := range r.Bars {
		for _, m := range b.Milestones {
			longest = max(longest, m.After)
		}
		if b.Missing != "" {
			longest = max(longest, b.Watched)
		}
	}
	return max(longest*1.02, 1)
}

// recoveryRow is a bar with the names above and below it.
type recoveryRow struct {
	RecoveryBar
	above, below         []tag
	aboveRows, belowRows int
}

func newRecoveryRow(b RecoveryBar, a axes) recoveryRow {
	slices.SortStableFunc(b.Milestones, func(a, b Milestone) int { return cmp.Compare(a.After, b.After) })
	row := recoveryRow{RecoveryBar: b, above: b.durationTags(a), below: b.milestoneTags(a)}
	row.aboveRows = arrange(row.above, a.data.Min.X, Width-margin)
	row.belowRows = arrange(row.below, a.data.Min.X, Width-margin)
	return row
}

func (r recoveryRow) height() vg.Length {
	return vg.Length(r.aboveRows+r.belowRows)*rowHeight + barHeight + 16
}

// segment is the part of a bar that ends at a milestone.
type segment struct {
	from, to float64
	color    color.RGBA
	open     bool // ends because the run did
}

func (b RecoveryBar) segments() []segment {
	var out []segment
	from := 0.0
	for _, m := range b.Milestones {
		out = append(out, segment{from: from, to: m.After, color: m.Color})
		from = m.After
	}
	if b.Missing != "" && b.Watched > from {
		out = append(out, segment{from: from, to: b.Watched, color: Grid, open: true})
	}
	return out
}

func (b RecoveryBar) milestoneTags(a axes) []tag {
	var tags []tag
	for _, m := range b.Milestones {
		label := m.Name
		if m.After > 0 {
			label += " " + Seconds(m.After)
		}
		tags = append(tags, tag{x: a.x(m.After), label: label, color: Ink, glyph: wedge, line: true})
	}
	if b.Missing != "" {
		tags = append(tags, tag{x: a.x(b.Watched), label: "not within " + Seconds(b.Watched) + ": " + b.Missing, color: alertInk})
	}
	return tags
}

// durationTags are the seconds of the segments that are too narrow to hold
// them; they stand above the bar.
func (b RecoveryBar) durationTags(a axes) []tag {
	var tags []tag
	for _, s := range b.segments() {
		x0, x1 := a.x(s.from), a.x(s.to)
		if s.to-s.from >= 0.005 && !s.fits(x1-x0) {
			tags = append(tags, tag{x: (x0 + x1) / 2, label: s.label(), color: Muted, line: true})
		}
	}
	return tags
}

// label is the segment's length; what ends only with the run lasts longer.
func (s segment) label() string {
	if s.open {
		return "> " + Seconds(s.to-s.from)
	}
	return Seconds(s.to - s.from)
}

func (s segment) fits(width vg.Length) bool {
	return write(Ink, true, text.XCenter, text.YCenter).Width(s.label())+8 <= width
}

// draw draws the row at the top of the canvas.
func (r recoveryRow) draw(c *draw.Canvas, a axes) {
	y := c.Max.Y - vg.Length(r.aboveRows)*rowHeight - 4 // the bar's upper edge
	for _, s := range r.segments() {
		x0, x1 := a.x(s.from), a.x(s.to)
		c.FillPolygon(s.color, rectangle(x0, y-barHeight, x1, y))
		if !s.fits(x1 - x0) {
			continue
		}
		ink := White
		if s.open || luminance(s.color) > 0.3 {
			ink = Black
		}
		c.FillText(write(ink, true, text.XCenter, text.YCenter), vg.Point{X: (x0 + x1) / 2, Y: y - barHeight/2}, s.label())
	}
	r.drawNames(c, y)
	c.FillText(label(Ink, true), vg.Point{X: c.Min.X, Y: y - barHeight/2}, r.Label)
}

// drawNames writes what stands above and below the bar, lines first.
func (r recoveryRow) drawNames(c *draw.Canvas, y vg.Length) {
	for _, t := range r.above {
		if t.row > 0 {
			c.StrokeLine2(draw.LineStyle{Color: Muted, Width: 0.5}, t.x, y, t.x, y+vg.Length(t.row)*rowHeight+rowHeight/2+textSize/2)
		}
	}
	for _, t := range r.above {
		t.write(c, y+vg.Length(t.row)*rowHeight+rowHeight/2)
	}
	at := func(t tag) vg.Length { return y - barHeight - vg.Length(t.row)*rowHeight - rowHeight/2 - 3 }
	for _, t := range r.below {
		if t.line {
			c.StrokeLine2(draw.LineStyle{Color: Ink, Width: 0.7}, t.x, y, t.x, at(t))
		}
	}
	for _, t := range r.below {
		if t.glyph != nil {
			c.DrawGlyphNoClip(draw.GlyphStyle{Color: Ink, Radius: 1.8, Shape: draw.CircleGlyph{}}, vg.Point{X: t.x, Y: at(t)})
		}
		t.write(c, at(t))
	}
}
