package history

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strconv"
)

// A history file is gzip over lines of JSON (history.jsonl.gz): first one that
// names the schema, then one for each event. It may hold several profiles; the
// events of each are in the order of T.

// Schema is what the first line of a history says that this version writes and
// reads. Version 1 had no such line.
const Schema = "paperlab/history/v2"

// SchemaError is returned by reads of a history that another version of this
// program wrote, or that is none: what a field means may have changed since.
type SchemaError struct {
	// Found is the schema that the first line names, empty if it names none.
	Found string
}

func (e *SchemaError) Error() string {
	found := "the history names the schema " + strconv.Quote(e.Found)
	if e.Found == "" {
		found = "the history names no schema, as those of version 1 did not"
	}
	return fmt.Sprintf("%s; this program reads %s: use the version of lab that wrote it, or run the scenario again", found, Schema)
}

// MaxLine is the longest line, in bytes, that is written or read: a bound on
// what a broken file can make a reader keep. A served paper with a long
// abstract takes about 5,000.
const MaxLine = 1 << 20

// ErrTorn is wrapped by reads of a file whose compressed data ends too early:
// the lab was killed while it wrote, or the copy is incomplete. Events read
// before the tear are good.
var ErrTorn = errors.New("the compressed data ends too early")

// LineError says which line of a history could not be read, counting from 1.
type LineError struct {
	Line int
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("history line %d: %v", e.Line, e.Err) }
func (e *LineError) Unwrap() error { return e.Err }

// Writer appends events to a compressed history. It is not safe for use from
// several goroutines.
type Writer struct {
	zip  *gzip.Writer
	line int
}

// NewWriter compresses onto w. The caller closes the Writer, then w.
func NewWriter(w io.Writer) *Writer { return &Writer{zip: gzip.NewWriter(w)} }

// begin writes the schema, once.
func (w *Writer) begin() error {
	if w.line > 0 {
		return nil
	}
	w.line = 1
	_, err := fmt.Fprintf(w.zip, "{\"schema\":%q}\n", Schema)
	return err
}

// Write appends one event.
func (w *Writer) Write(e Event) error {
	if err := w.begin(); err != nil {
		return err
	}
	w.line++
	line, err := json.Marshal(e)
	if err != nil {
		return &LineError{w.line, err}
	}
	if len(line) >= MaxLine {
		return &LineError{w.line, fmt.Errorf("%s event of %d bytes; at most %d are allowed", e.Op, len(line), MaxLine)}
	}
	_, err = w.zip.Write(append(line, '\n'))
	return err
}

// Close writes the end of the compressed data. Without it the file is torn.
func (w *Writer) Close() error { return errors.Join(w.begin(), w.zip.Close()) }

// ReadFile reads a whole history. With an error it also returns the events
// that stand before the broken place.
func ReadFile(path string) ([]Event, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	defer f.Close()
	var events []Event
	for e, err := range Read(f) {
		if err != nil {
			return events, fmt.Errorf("read history %s: %w", path, err)
		}
		events = append(events, e)
	}
	return events, nil
}

// Check reads the beginning of the history at path: a *SchemaError if this
// version does not read it.
func Check(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read history: %w", err)
	}
	defer f.Close()
	for _, err := range Read(f) {
		return err
	}
	return nil
}

// Read yields the events of a compressed history one by one. It ends with the
// first error: a *SchemaError, or a *LineError, which wraps ErrTorn if the data
// was cut off.
func Read(r io.Reader) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		zip, err := gzip.NewReader(r)
		if err != nil {
			yield(Event{}, fmt.Errorf("not a gzip file: %w", torn(err)))
			return
		}
		defer zip.Close()
		ReadLines(zip)(yield)
	}
}

// ReadLines is Read without the compression.
func ReadLines(r io.Reader) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		lines := bufio.NewReaderSize(r, MaxLine)
		latest := map[string]float64{}
		err := readHeader(lines)
		for n := 2; err == nil; n++ {
			e, failed := readEvent(lines, latest)
			switch {
			case failed == io.EOF:
				return
			case failed != nil:
				err = &LineError{n, failed}
			case !yield(e, nil):
				return
			}
		}
		yield(Event{}, err)
	}
}

func readHeader(lines *bufio.Reader) error {
	line, err := lines.ReadSlice('\n')
	if err != nil && err != io.EOF {
		return &LineError{1, torn(err)}
	}
	var header struct{ Schema string }
	if err := json.Unmarshal(line, &header); err != nil || header.Schema != Schema {
		return &SchemaError{header.Schema}
	}
	return nil
}

// readEvent is strict: a field that this version does not know may carry a
// meaning without which the rest is misread. Latest are the times, by profile,
// of the events before this one. At the end it answers io.EOF.
func readEvent(lines *bufio.Reader, latest map[string]float64) (e Event, err error) {
	line, err := lines.ReadSlice('\n')
	switch {
	case err == io.EOF && len(line) == 0:
		return e, err
	case err != nil && err != io.EOF:
		// A piece of a line would look like bad JSON, and is only unfinished.
		return e, torn(err)
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil {
		return e, fmt.Errorf("not an event: %w", err)
	}
	if d.InputOffset() != int64(len(bytes.TrimRight(line, " \t\r\n"))) {
		return e, errors.New("not an event: more text follows it on the line")
	}
	if e.Op == "" || e.Type == "" {
		return e, errors.New("not an event: op and type are needed")
	}
	if e.Op == Subscribe && e.Wish == nil {
		return e, errors.New("a subscribe without its wish")
	}
	if e.Op == Machine && e.Machine == nil {
		return e, errors.New("a reading of the machine without the reading")
	}
	if e.T < latest[e.Profile] {
		return e, fmt.Errorf("time %g s comes after %g s; the events of a profile must be in order", e.T, latest[e.Profile])
	}
	latest[e.Profile] = e.T
	return e, nil
}

// torn gives the errors of the layers below the words of a history's reader.
func torn(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fmt.Errorf("%w (%w)", ErrTorn, err)
	case errors.Is(err, bufio.ErrBufferFull):
		return fmt.Errorf("longer than %d bytes: not a history, or a broken one", MaxLine)
	default:
		return err
	}
}
