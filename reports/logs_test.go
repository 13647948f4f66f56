package reports

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"paperlab/reports/record"
)

// Logs lie beside the report, which links to them; a log that is not there any
// more is not linked to.
func TestLogsAreKeptAndLinked(t *testing.T) {
	t.Parallel()
	dir, r := t.TempDir(), crashResult(1)
	logs := []Log{
		{record.Log{Profile: hardened, Process: "summarize-1", File: "logs/hardened/summarize-1.log", WrittenBytes: 123_456, KeptBytes: 6}, []byte("ready\n")},
		{record.Log{Profile: naive, Process: "a](b) <i>|", File: "logs/naive/a](b) <i>|.log", WrittenBytes: 1, KeptBytes: 1}, []byte("x")},
	}
	r.Logs = []record.Log{logs[0].Log, logs[1].Log}
	if err := Write(dir, r, nil, nil, logs...); err != nil {
		t.Fatal(err)
	}
	if got := read(t, dir, "logs/hardened/summarize-1.log"); got != "ready\n" {
		t.Errorf("the log is %q", got)
	}
	back, err := record.LoadResult(dir)
	if err != nil || len(back.Logs) != 2 || back.Logs[0] != logs[0].Log {
		t.Errorf("the record lists %+v: %v", back.Logs, err)
	}
	html, md := read(t, dir, "report.html"), read(t, dir, "report.md")
	for _, want := range []string{`<a href="./logs/hardened/summarize-1.log">hardened summarize-1</a></th><td>123.5 kB</td><td>6 bytes</td>`, `<a href="./logs/naive/a%5D%28b%29%20%3Ci%3E%7C.log">naive a](b) &lt;i&gt;|</a>`} {
		if !strings.Contains(html, want) {
			t.Errorf("report.html has not %s", want)
		}
	}
	for _, want := range []string{"| [hardened summarize-1](./logs/hardened/summarize-1.log) | 123.5 kB | 6 bytes |", `| [naive a\](b) &lt;i&gt;\|](./logs/naive/a%5D%28b%29%20%3Ci%3E%7C.log) | 1 byte | 1 byte |`} {
		if !strings.Contains(md, want) {
			t.Errorf("report.md has not %s", want)
		}
	}
	if err := os.RemoveAll(filepath.Join(dir, "logs", "naive")); err != nil {
		t.Fatal(err)
	}
	if err := Redraw(dir); err != nil {
		t.Fatal(err)
	}
	if html := read(t, dir, "report.html"); strings.Contains(html, "naive/a") || !strings.Contains(html, "summarize-1.log") {
		t.Error("a log that is gone is linked to, or one that is there is not")
	}
	if back, err := record.LoadResult(dir); err != nil || len(back.Logs) != 2 {
		t.Errorf("drawing changed the record: %+v, %v", back.Logs, err)
	}
}
