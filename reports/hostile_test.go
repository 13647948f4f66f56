package reports

import (
	"cmp"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"paperlab/reports/record"
)

// hostile is what a name must not be able to do: begin HTML, leave an attribute
// or a table's cell, begin a heading, end a line, run in a shell.
const hostile = "<script>alert(1)</script>\"'|`$(id)`\n# [x](javascript:1) #1F2328 \x01&amp;"

// spoil puts the hostile text into every string that is not an enumeration.
func spoil(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			spoil(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Name != "Profile" && f.Name != "Verdict" && f.Name != "Answer" && f.Name != "Schema" {
				spoil(v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			spoil(v.Index(i))
		}
	case reflect.Map:
		if v.Type() == reflect.TypeFor[map[string]string]() && !v.IsNil() {
			v.SetMapIndex(reflect.ValueOf(hostile), reflect.ValueOf(hostile))
		}
	case reflect.String:
		v.SetString(hostile)
	}
}

func spoiled(t *testing.T) (dir string) {
	t.Helper()
	r, events := crash(1)
	r.Reasons = []string{""}
	r.Verdict = record.Violation
	spoil(reflect.ValueOf(&r).Elem())
	for i := range events[hardened] {
		e := &events[hardened][i]
		e.Stream, e.Name, e.Owner, e.Detail = cmp.Or(e.Stream, hostile), cmp.Or(e.Name, hostile), hostile, hostile
		if e.Process != "ollama" {
			e.Process = hostile
		}
	}
	dir = t.TempDir()
	if err := Write(dir, r, events, nil); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestHostileNames(t *testing.T) {
	t.Parallel()
	dir := spoiled(t)
	t.Run("html", func(t *testing.T) {
		page := read(t, dir, "report.html")
		if found := loads.FindAllString(page, -1); found != nil {
			t.Errorf("got through: %q", found)
		}
		if n := strings.Count(page, "&lt;script&gt;"); n < 30 {
			t.Errorf("only %d hostile names are shown, so they were not tested", n)
		}
	})
	t.Run("markdown", func(t *testing.T) { checkMarkdown(t, read(t, dir, "report.md"), "## Limits") })
	t.Run("junit", func(t *testing.T) { checkXML(t, "junit.xml", read(t, dir, "junit.xml")) })
	t.Run("charts", func(t *testing.T) {
		for _, name := range filesIn(t, filepath.Join(dir, "charts")) {
			if strings.HasSuffix(name, ".svg") {
				checkXML(t, name, read(t, dir, "charts", name))
			}
		}
		if !strings.Contains(read(t, dir, "charts/backlog.svg"), "&lt;script&gt;") {
			t.Error("no hostile name is in the backlog, so it was not tested")
		}
	})
	t.Run("command", func(t *testing.T) {
		want := `NAME='<script>alert(1)</script>"'\''|` + "`$(id)`" + ` # [x](javascript:1) #1F2328 &amp;'`
		if page := read(t, dir, "report.md"); !strings.Contains(page, want) {
			t.Errorf("the command is not quoted as %s", want)
		}
	})
	t.Run("record", func(t *testing.T) {
		if r, err := record.LoadResult(dir); err != nil || r.Runs[0].Faults[0].Target != hostile {
			t.Errorf("the record must keep names as they are: %q, %v", r.Runs[0].Faults[0].Target, err)
		}
	})
}

func checkXML(t *testing.T, name, content string) {
	t.Helper()
	elements := 0
	for d := xml.NewDecoder(strings.NewReader(content)); ; {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Errorf("%s is not XML: %v", name, err)
			return
		}
		if e, ok := token.(xml.StartElement); ok {
			elements++
			if e.Name.Local == "script" {
				t.Errorf("%s has a <script>", name)
			}
		}
	}
	if elements < 2 {
		t.Errorf("%s is empty", name)
	}
}

// cellEnd is a pipe that is not escaped.
var cellEnd = regexp.MustCompile(`(^|[^\\])(\\\\)*\|`)

// checkMarkdown: no HTML, headings only of our own, and every line of a table
// has as many cells as its head. The command is code and needs no escaping.
func checkMarkdown(t *testing.T, page, lastHeading string) {
	t.Helper()
	cells, tables, heading := 0, 0, ""
	for line := range strings.Lines(page) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "    make ") {
			continue
		}
		if strings.Contains(line, "<") {
			t.Errorf("HTML in %q", line)
		}
		if strings.HasPrefix(line, "#") {
			heading = line
		}
		if !strings.HasPrefix(line, "|") {
			cells = 0
			continue
		}
		n := len(cellEnd.FindAllString(line, -1))
		if cells == 0 {
			cells = n
			tables++
		}
		if n != cells {
			t.Errorf("a line of a table with %d cells has %d: %q", cells, n, line)
		}
	}
	if heading != lastHeading {
		t.Errorf("the last heading is %q", heading)
	}
	if tables == 0 {
		t.Error("no table was found")
	}
}

func TestIndexOfHostileNames(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	// A folder's name cannot hold a slash; the rest is possible.
	name := strings.NewReplacer("/", "", "\x01", "").Replace(hostile)
	r := crashResult(1)
	r.Scenario, r.About = "", hostile
	folder := filepath.Join(out, name, "1")
	if err := errors.Join(writeJSON(folder, "result.json", r), writeBytes(folder, "report.html", nil)); err != nil { // the index reads records only
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(out, name, "<b>"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := writeBytes(filepath.Join(out, name, "<b>"), "result.json", []byte("<script>")); err != nil {
		t.Fatal(err)
	}
	if err := Index(out); err != nil {
		t.Fatal(err)
	}
	page := read(t, out, "index.html")
	if found := loads.FindAllString(page, -1); found != nil {
		t.Errorf("got through: %q", found)
	}
	if found := links.FindAllStringSubmatch(page, -1); len(found) != 1 || !strings.HasPrefix(found[0][1], "./%3Cscript%3E") || !strings.HasSuffix(found[0][1], "/1/report.html") {
		t.Errorf("links are %q", found)
	}
	if strings.Contains(page, "<b>") {
		t.Error("a broken folder's name got through")
	}
}
