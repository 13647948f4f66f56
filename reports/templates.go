package reports

import (
	"cmp"
	"embed"
	"html/template"
	"io"
	"strings"
	texttemplate "text/template"

	"paperlab/reports/chart"
)

//go:embed template
var templates embed.FS

// words are the functions that pages and sentences call. Escaping is not among
// them: html/template does its own, and md is for Markdown alone.
var words = map[string]any{
	"seconds":   chart.Seconds,
	"number":    chart.Number,
	"minutes":   chart.Minutes,
	"when":      when,
	"orElse":    cmp.Or[string],
	"measured":  objectiveValue,
	"bound":     objectiveBound,
	"guarded":   guardValue,
	"quantity":  reading,
	"megabytes": megabytes,
	"style":     style,
	"path":      linkPath,
	"size":      size,
	"md":        escapeMarkdown,

	// of the sentences in story.txt and set.txt
	"allOf": allOf, "capital": capital, "count": count, "list": list, "noun": noun, "the": the, "was": was,
	"entries": func(n float64) string { return count(int(n), "entry", "entries") },
	"names":   names, "repeated": repeated, "tally": tally, "percent": percent,
	"join": func(parts []string) string { return strings.Join(parts, "; ") },
	"zero": func(s float64) bool { return s == 0 },

	// of the index
}

// executor is a template of either kind.
type executor interface{ Execute(io.Writer, any) error }

var (
	reportPages = pages("report")
	benchPages  = pages("bench")
	setPages    = pages("set")
	indexHTML   = htmlPage("index.html")
)

// pages are the two texts of a report, by the extension of their file.
func pages(name string) map[string]executor {
	file := name + ".md"
	return map[string]executor{
		"html": htmlPage(name + ".html"),
		"md":   texttemplate.Must(texttemplate.New(file).Funcs(words).ParseFS(templates, "template/"+file)),
	}
}

func htmlPage(file string) executor {
	return template.Must(template.New(file).Funcs(words).ParseFS(templates, "template/"+file))
}

func style() (template.CSS, error) {
	css, err := templates.ReadFile("template/style.css")
	return template.CSS(css), err
}

// markdown characters that would turn text into structure. The pipe ends a
// table's cell, the angle bracket begins HTML.
var markdownEscapes = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", `*`, `\*`, `_`, `\_`, `<`, `&lt;`, `>`, `&gt;`, `&`, `&amp;`,
	`[`, `\[`, `]`, `\]`, `|`, `\|`, `#`, `\#`, `~`, `\~`, `!`, `\!`,
)

func escapeMarkdown(s string) string { return markdownEscapes.Replace(oneLine(s)) }
