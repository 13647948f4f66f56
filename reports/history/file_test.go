package history

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"paperlab/system/paper"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func sample() []Event {
	p := &paper.Paper{ID: "2101.00001", Version: 1, Title: "On <markup> & \"quotes\"", Categories: []string{"cs.DC"}}
	told := Webhook{Subscriber: "u1", Notification: paper.Notification{ID: "2101.00001v1/s1", Subscriber: "u1", Subscription: "s1", Paper: p.ID, Version: 1}}
	return []Event{
		Began(PhaseSteady).At(0.5, "hardened"),
		Served(p, false).At(1, "hardened"),
		ToldUnanswered(told).At(0.1, "naive"),
		FaultInjected(FaultFacts{ID: "kill-a", Kind: "kill", Target: "a", Processes: []string{"a"}, Happened: "a was killed"}, "alive").At(2, "naive"),
		Alerted(AlertNews{Name: "Down", State: Firing, At: 2.5, Labels: map[string]string{"instance": "a"}}).At(3, "naive"),
		MachineRead(MachineReading{Over: 1, CPUs: 2, LateP99: 0.001, LateMax: 0.002}).At(4, "naive"),
	}
}

// written compresses the events to a file.
func written(t *testing.T, events []Event) (path string) {
	t.Helper()
	var whole bytes.Buffer
	w := NewWriter(&whole)
	for _, e := range events {
		if err := w.Write(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "history.jsonl.gz")
	if err := os.WriteFile(path, whole.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	got, err := ReadFile(written(t, sample()))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, sample()) {
		t.Fatalf("read back %+v", got)
	}
}

func TestEmptyHistoryIsAHistory(t *testing.T) {
	if got, err := ReadFile(written(t, nil)); err != nil || len(got) != 0 {
		t.Fatalf("got %v, %v", got, err)
	}
}

// TestAnotherSchemaIsRefused: of a history of another version nothing is read,
// and the error says what it is, what is read here, and what to do.
func TestAnotherSchemaIsRefused(t *testing.T) {
	const event = `{"t":1,"profile":"p","process":"lab","type":"ok","op":"phase"}`
	for text, found := range map[string]string{
		event + "\n": "",
		"":           "",
		"not JSON\n": "",
		`{"schema":"paperlab/history/v3"}` + "\n":    "paperlab/history/v3",
		`{"schema":"paperlab/result/v1"}` + "\n{}\n": "paperlab/result/v1",
	} {
		err := last(ReadLines(strings.NewReader(text)))
		var schema *SchemaError
		if !errors.As(err, &schema) || schema.Found != found {
			t.Fatalf("%q: error is %v; want a SchemaError that names %q", text, err, found)
		}
		if says := strings.Contains(err.Error(), "names no schema"); says != (found == "") {
			t.Errorf("%q, which names %q", err, found)
		}
		for _, said := range []string{found, Schema, "use the version of lab that wrote it"} {
			if !strings.Contains(err.Error(), said) {
				t.Errorf("%q does not say %q", err, said)
			}
		}
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
	if !errors.Is(err, ErrTorn) || !errors.As(err, &line) || line.Line != len(sample())+2 {
		t.Fatalf("error is %v; want ErrTorn after the last line", err)
	}
	if len(events) != len(sample()) || !strings.Contains(err.Error(), path) {
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
		"no reading":     {`{"t":1,"type":"ok","op":"machine"}`, "without the reading", 1},
		"no wish":        {`{"t":1,"type":"ok","op":"subscribe"}`, "without its wish", 1},
		"unknown field":  {`{"t":1,"type":"ok","op":"phase","colour":1}`, `unknown field "colour"`, 1},
		"no op":          {`{"t":1,"type":"ok"}`, "op and type are needed", 1},
		"two on a line":  {good + good, "more text follows", 1},
		"blank line":     {good + "\n\n" + good, "not an event", 2},
		"time goes back": {good + "\n" + strings.Replace(good, `"t":1`, `"t":0.5`, 1), "must be in order", 2},
		"endless line":   {good + "\n" + strings.Repeat("x", MaxLine+1), "longer than", 2},
	} {
		t.Run(name, func(t *testing.T) {
			err := last(ReadLines(strings.NewReader(`{"schema":"` + Schema + "\"}\n" + c.text)))
			var line *LineError
			if !errors.As(err, &line) || line.Line != c.line+1 || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error is %v; want line %d and %q", err, c.line, c.want)
			}
		})
	}
}

// The first line is bounded, too.
func TestAnEndlessFirstLine(t *testing.T) {
	err := last(ReadLines(strings.NewReader(strings.Repeat("x", MaxLine+1))))
	var line *LineError
	if !errors.As(err, &line) || line.Line != 1 {
		t.Fatalf("error is %v; want line 1", err)
	}
}

// Check reads the beginning only.
func TestCheck(t *testing.T) {
	if err := Check(written(t, sample())); err != nil {
		t.Errorf("a good history: %v", err)
	}
	if err := Check(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no history: %v", err)
	}
	var old bytes.Buffer
	zip := gzip.NewWriter(&old)
	_, _ = zip.Write([]byte("{}\n"))
	path := filepath.Join(t.TempDir(), "old")
	if err := errors.Join(zip.Close(), os.WriteFile(path, old.Bytes(), 0o644)); err != nil {
		t.Fatal(err)
	}
	var schema *SchemaError
	if err := Check(path); !errors.As(err, &schema) {
		t.Errorf("an old history: %v", err)
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

// What is written can be read, up to the longest line.
func TestTheLongestLine(t *testing.T) {
	empty, err := json.Marshal(Exited(""))
	if err != nil {
		t.Fatal(err)
	}
	longest := Exited(strings.Repeat("x", MaxLine-1-len(empty)+len(`,"reason":""`)))
	for {
		text, err := json.Marshal(longest)
		if err != nil {
			t.Fatal(err)
		}
		if len(text) == MaxLine-1 {
			break
		}
		longest.Reason = longest.Reason[:len(longest.Reason)-(len(text)-(MaxLine-1))]
	}
	got, err := ReadFile(written(t, []Event{longest}))
	if err != nil || len(got) != 1 || got[0].Reason != longest.Reason {
		t.Errorf("%d events, %v", len(got), err)
	}
	longest.Reason += "x"
	if err := NewWriter(io.Discard).Write(longest); err == nil {
		t.Error("a line is written that cannot be read")
	}
}

func TestAnEventTooLongIsNotWritten(t *testing.T) {
	err := NewWriter(io.Discard).Write(Exited(strings.Repeat("x", MaxLine)))
	var line *LineError
	if !errors.As(err, &line) || line.Line != 2 {
		t.Fatalf("error is %v; want a LineError for the first event, line 2", err)
	}
}
