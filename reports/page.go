// Package reports turns the record of a run, and the histories behind it, into
// what people read. It runs nothing and judges nothing: verdicts come with the
// record (package record), figures are drawn from the history's account (package
// history), and what neither has is said to be missing.
//
// # The main flow
//
// Write makes a folder:
//
//	events ──────────────────────> history.jsonl.gz ┐ the evidence comes first:
//	Result ──────────────────────> result.json      │ a full disk loses pictures.
//	what was sent, what was said ─> slack.json, logs ┘ A folder with a record is
//	                                                  complete enough to list
//	Result, events ──> newPage ──┬──> report.html     one file, opens offline
//	                     │       ├──> report.md
//	                     │       └──> charts/*.svg, *.png
//	                     └──> junit.xml
//
// The page (page.go) is one model for both texts, so they cannot differ. The
// story (story.go) is its first paragraph, composed from the record and the
// takeovers by the sentences in template/story.txt. The figures (figures.go)
// take their points from the account, sorted into seconds (bin.go), and are
// drawn by package chart. Index (index.go) lists all folders; Redraw makes the
// pages of one again from its evidence. Benchmarks (bench.go) and sets of many
// seeds (set.go) have a record and a page of their own.
//
// # What happens on failure
//
// Every file is written beside its place and renamed, so that a reader never
// meets half of one; the error of a full disk names the file and what to do. A
// figure that cannot be drawn becomes a sentence in the report.
package reports

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"paperlab/reports/history"
	"paperlab/reports/record"
)

// page is what report.html and report.md both show, its runs in the order of
// record.Profiles.
type page struct {
	record.Result
	Title   string
	Story   []string
	Load    string
	Figures table
	Costs   table
	// Detection is the time to detect, taken apart; empty if nothing was detected.
	Detection table
	Charts    []picture
	Missing   []string
	Runs      []runPage
	Counts    table
	Blame     table
	Limits    []string
	Command   string
	// Ran are the profiles in the order in which they ran.
	Ran []string
}

// picture is a figure, drawn once: as a document and in its inline form.
type picture struct {
	figure
	SVG      template.HTML
	document []byte
}

func drawn(f figure) (picture, error) {
	var doc bytes.Buffer
	if err := f.Chart.SVG(&doc); err != nil {
		return picture{}, err
	}
	svg, err := inline(f.Alt, doc.Bytes())
	return picture{f, svg, doc.Bytes()}, err
}

// runPage is what the page says of one profile alone.
type runPage struct {
	record.Run
	Timeline                []moment
	SteadyText, MachineText string
}

// table has a heading for each column; the first cell of a row is its heading.
type table struct {
	Head []string
	Rows []row
}

type row struct {
	Label string
	Cells []cell
}

// cell is text with the class that colours it: "good", "bad" or "".
type cell struct{ Text, Class string }

func newPage(r record.Result, accounts map[string]*history.Account) *page {
	var ran []string
	for _, run := range r.Runs {
		ran = append(ran, run.Profile)
	}
	r = r.InOrder()
	p := &page{
		Result: r, Title: fmt.Sprintf("%s, seed %d", cmp.Or(r.Scenario, "unnamed scenario"), r.Seed),
		Story: story(r, accounts), Load: oneLine(say("load", r)), Figures: keyFigures(r, accounts), Costs: costsTable(r), Detection: detectionTable(r), Counts: countsTable(r), Blame: blameTable(r),
		Limits: limits(r), Command: command(r), Ran: ran,
	}
	able, missing := figures(r, accounts)
	charts, failed := drawAll(able)
	p.Charts, p.Missing = charts, append(missing, failed...)
	for _, run := range r.Runs {
		p.Runs = append(p.Runs, runPage{Run: run, Timeline: timeline(run, accounts[run.Profile].Takeovers), SteadyText: oneLine(say("steady", run)), MachineText: oneLine(say("machine", run))})
	}
	return p
}

// drawAll draws the figures, and says in a sentence each why one could not be.
func drawAll(figures []figure) (charts []picture, missing []string) {
	for _, f := range figures {
		c, err := drawn(f)
		if err != nil {
			missing = append(missing, fmt.Sprintf("%s is not shown: %v.", f.Title, err))
			continue
		}
		charts = append(charts, c)
	}
	return charts, missing
}

// writePages writes both texts of a report, and then its charts: the HTML page
// has them inside.
func writePages(dir string, texts map[string]executor, page any, charts []picture) error {
	for _, kind := range []string{"md", "html"} {
		if err := writeFile(dir, "report."+kind, func(w io.Writer) error { return texts[kind].Execute(w, page) }); err != nil {
			return err
		}
	}
	for _, c := range charts {
		err := writeBytes(dir, "charts/"+c.Name+".svg", c.document)
		if err == nil {
			err = writeFile(dir, "charts/"+c.Name+".png", c.PNG)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// inline makes an SVG document part of an HTML page: without its prologue, as
// wide as the page allows, and in the page's colours, so that it can be read on
// a dark screen as well. Text in a chart is escaped by the encoder.
func inline(alt string, svg []byte) (template.HTML, error) {
	start := bytes.Index(svg, []byte("<svg"))
	end := bytes.IndexByte(svg[max(start, 0):], '>')
	if start < 0 || end < 0 {
		return "", errors.New("the SVG has no root")
	}
	box := viewBox.Find(svg[start : start+end])
	body := styles.ReplaceAllFunc(svg[start+end+1:], func(style []byte) []byte {
		return hue.ReplaceAll(style, []byte("var(--c$1,#$1)"))
	})
	head := fmt.Sprintf(`<svg role="img" aria-label="%s" %s>`, template.HTMLEscapeString(alt), box)
	return template.HTML(head + string(body)), nil
}

var (
	viewBox = regexp.MustCompile(`viewBox="[^"]*"`)
	// Only within a style: a name in a chart may look like a colour.
	styles = regexp.MustCompile(`style="[^"]*"`)
	hue    = regexp.MustCompile(`#([0-9A-F]{6})\b`)
)

// limits say what this run cannot tell.
func limits(r record.Result) []string {
	lines := strings.Split(say("limits", r), "\n")
	return slices.DeleteFunc(lines, func(line string) bool { return line == "" })
}

// linkPath leads from a report to a file beside it, safe in both texts.
func linkPath(file string) string {
	escaped := (&url.URL{Path: file}).EscapedPath()
	return "./" + strings.NewReplacer("(", "%28", ")", "%29", "*", "%2A", "!", "%21").Replace(escaped)
}

// when writes a time of the calendar for people, in UTC.
func when(t time.Time) string {
	if t.IsZero() {
		return "at an unknown time"
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}
