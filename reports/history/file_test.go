package history

import (
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"paperlab/system/paper"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func sample() []Event {
	return []Event{
		{T: 0.5, Profile: "hardened", Process: "lab", Type: OK, Op: Phase, Name: "steady"},
		{T: 1, Profile: "hardened", Process: "arxiv", Type: OK, Op: Serve, Message: "2101.00001v1",
			Paper: &paper.Paper{ID: "2101.00001", Version: 1, Title: "On <markup> & \"quotes\"", Categories: []string{"cs.DC"}}},
		{T: 0.1, Profile: "naive", Process: "sink", Type: Info, Op: Tell, Message: "2101.00001v1/s1", Status: 200},
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.jsonl.gz")
	if err := WriteFile(path, sample()); err != nil {
		t.Fatal(err)
	}
	got, err := ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || got[1].Paper == nil || got[1].Paper.Title != sample()[1].Paper.Title || got[2].Type != Info {
		t.Fatalf("read back %+v", got)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".history-*")); len(left) != 0 {
		t.Fatalf("left behind: %v", left)
	}
}

func TestEmptyHistoryIsAHistory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.jsonl.gz")
	if err := WriteFile(path, nil); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadFile(path); err != nil || len(got) != 0 {
		t.Fatalf("got %v, %v", got, err)
	}
}

func TestTornFileGivesWhatCameBefore(t *testing.T) {
	var whole bytes.Buffer
	w := NewWriter(&whole)
	for _, e := range sample() {
		if err := w.Write(e); err != nil {
			t.Fatal(err)
		}
		if err := w.zip.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "history.jsonl.gz")
	// Eight bytes of checksum and length are missing: all events are there, and
	// yet the file does not vouch for them.
	if err := os.WriteFile(path, whole.Bytes()[:whole.Len()-8], 0o644); err != nil {
		t.Fatal(err)
	}
	events, err := ReadFile(path)
	var line *LineError
	if !errors.Is(err, ErrTorn) || !errors.As(err, &line) || line.Line != 4 {
		t.Fatalf("error is %v; want ErrTorn at line 4", err)
	}
	if len(events) != 3 || !strings.Contains(err.Error(), path) {
		t.Fatalf("%d events, error %v", len(events), err)
	}
	for cut := range whole.Len() {
		if cut == 0 {
			continue
		}
		if err := last(Read(bytes.NewReader(whole.Bytes()[:cut]))); !errors.Is(err, ErrTorn) {
			t.Fatalf("cut at %d of %d bytes: error is %v; want ErrTorn", cut, whole.Len(), err)
		}
	}
}

func last(events func(func(Event, error) bool)) (err error) {
	for _, e := range events {
		err = e
	}
	return err
}

func TestBrokenLinesAreNamed(t *testing.T) {
	const good = `{"t":1,"profile":"p","process":"lab","type":"ok","op":"phase"}`
	for name, c := range map[string]struct {
		text, want string
		line       int
	}{
		"not JSON":       {good + "\n{\"t\":", "not an event", 2},
		"unknown field":  {`{"t":1,"type":"ok","op":"phase","colour":1}`, `unknown field "colour"`, 1},
		"no op":          {`{"t":1,"type":"ok"}`, "op and type are needed", 1},
		"two on a line":  {good + good, "more text follows", 1},
		"blank line":     {good + "\n\n" + good, "not an event", 2},
		"time goes back": {good + "\n" + strings.Replace(good, `"t":1`, `"t":0.5`, 1), "must be in order", 2},
		"endless line":   {good + "\n" + strings.Repeat("x", MaxLine+1), "longer than", 2},
	} {
		t.Run(name, func(t *testing.T) {
			err := last(ReadLines(strings.NewReader(c.text)))
			var line *LineError
			if !errors.As(err, &line) || line.Line != c.line || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error is %v; want line %d and %q", err, c.line, c.want)
			}
		})
	}
}

func TestNotAGzipFile(t *testing.T) {
	if err := last(Read(strings.NewReader("{\"t\":1}          "))); !errors.Is(err, gzip.ErrHeader) {
		t.Fatalf("error is %v; want gzip.ErrHeader", err)
	}
	if _, err := ReadFile(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("error is %v; want os.ErrNotExist", err)
	}
}

func TestAnEventTooLongIsNotWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.jsonl.gz")
	err := WriteFile(path, []Event{{Op: Fault, Type: OK, Detail: strings.Repeat("x", MaxLine)}})
	var line *LineError
	if !errors.As(err, &line) || line.Line != 1 {
		t.Fatalf("error is %v; want a LineError for line 1", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("a file was left: %v", err)
	}
}
