package reports

import (
	"cmp"
	"embed"
	"html/template"
	"strings"
	texttemplate "text/template"

	"paperlab/reports/chart"
)

//go:embed template
var templates embed.FS

// words are the functions that both kinds of page call. Escaping is not among
// them: html/template does its own, and md is for Markdown alone.
var words = map[string]any{
	"seconds":   chart.Seconds,
	"number":    chart.Number,
	"when":      when,
	"orElse":    cmp.Or[string],
	"measured":  objectiveValue,
	"megabytes": megabytes,
	"maybe":     maybe,
	"style":     style,
	"md":        escapeMarkdown,
	"quantity":  quantity,
}

var (
	pageHTML     = template.Must(template.New("report.html").Funcs(words).ParseFS(templates, "template/report.html"))
	pageMarkdown = texttemplate.Must(texttemplate.New("report.md").Funcs(words).ParseFS(templates, "template/report.md"))
)

func style() (template.CSS, error) {
	css, err := templates.ReadFile("template/style.css")
	return template.CSS(css), err
}

func maybe(s *float64, absent string) string {
	if s == nil {
		return absent
	}
	return chart.Seconds(*s)
}

// markdown characters that would turn text into structure. The pipe ends a
// table's cell, the angle bracket begins HTML.
var markdownEscapes = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", `*`, `\*`, `_`, `\_`, `<`, `&lt;`, `>`, `&gt;`, `&`, `&amp;`,
	`[`, `\[`, `]`, `\]`, `|`, `\|`, `#`, `\#`, `~`, `\~`, `!`, `\!`,
)

func escapeMarkdown(s string) string { return markdownEscapes.Replace(oneLine(s)) }
