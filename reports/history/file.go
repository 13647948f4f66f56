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

type header struct {
	Schema string `json:"schema"`
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
		source := &remembering{r: r}
		lines := bufio.NewScanner(source)
		lines.Buffer(make([]byte, 0, 64<<10), MaxLine)
		cut := false // the line at hand has no end
		lines.Split(func(data []byte, atEOF bool) (int, []byte, error) {
			cut = atEOF && bytes.IndexByte(data, '\n') < 0
			return bufio.ScanLines(data, atEOF)
		})
		latest := map[string]float64{}
		n := 0
		for lines.Scan() {
			if n++; n == 1 {
				err := readHeader(lines.Bytes())
				if err != nil && cut && source.err != nil {
					err = &LineError{n, torn(source.err)}
				}
				if err != nil {
					yield(Event{}, err)
					return
				}
				continue
			}
			e, err := decode(lines.Bytes())
			if err != nil && cut && source.err != nil {
				err = torn(source.err)
			}
			if err == nil && e.T < latest[e.Profile] {
				err = fmt.Errorf("time %g s comes after %g s; the events of a profile must be in order", e.T, latest[e.Profile])
			}
			if err != nil {
				yield(Event{}, &LineError{n, err})
				return
			}
			latest[e.Profile] = e.T
			if !yield(e, nil) {
				return
			}
		}
		switch err := lines.Err(); {
		case err != nil:
			yield(Event{}, &LineError{n + 1, torn(err)})
		case n == 0:
			yield(Event{}, &SchemaError{})
		}
	}
}

// remembering keeps the error that ended its reader. A Scanner hands out the
// piece of a line before that error, and the piece alone looks like bad JSON
// when it is only unfinished.
type remembering struct {
	r   io.Reader
	err error
}

func (r *remembering) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

func readHeader(line []byte) error {
	var h header
	if err := json.Unmarshal(line, &h); err != nil || h.Schema != Schema {
		return &SchemaError{h.Schema}
	}
	return nil
}

// decode is strict: a field that this version does not know may carry a
// meaning without which the rest is misread.
func decode(line []byte) (Event, error) {
	var e Event
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil {
		return e, fmt.Errorf("not an event: %w", err)
	}
	if d.InputOffset() != int64(len(bytes.TrimRight(line, " \t\r"))) {
		return e, errors.New("not an event: more text follows it on the line")
	}
	if e.Op == "" || e.Type == "" {
		return e, errors.New("not an event: op and type are needed")
	}
	return e, nil
}

// torn gives the errors of the layers below the words of a history's reader.
func torn(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fmt.Errorf("%w (%w)", ErrTorn, err)
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("longer than %d bytes: not a history, or a broken one", MaxLine)
	default:
		return err
	}
}
