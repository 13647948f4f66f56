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
	"path/filepath"
)

// A history file is gzip over one JSON event a line (history.jsonl.gz). It may
// hold several profiles; the events of each are in the order of T.

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

// Write appends one event.
func (w *Writer) Write(e Event) error {
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
func (w *Writer) Close() error { return w.zip.Close() }

// WriteFile writes all events to path. The file appears whole or not at all:
// it is written beside its place and then renamed.
func WriteFile(path string, events []Event) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".history-*")
	if err != nil {
		return fmt.Errorf("write history %s: %w; check the folder's permissions and free space", path, err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
			err = fmt.Errorf("write history %s: %w", path, err)
		}
	}()
	buffered := bufio.NewWriter(f)
	w := NewWriter(buffered)
	for _, e := range events {
		if err := w.Write(e); err != nil {
			return err
		}
	}
	if err := errors.Join(w.Close(), buffered.Flush(), f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

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

// Read yields the events of a compressed history one by one. It ends with the
// first error: a *LineError, which wraps ErrTorn if the data was cut off.
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
			n++
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
		if err := lines.Err(); err != nil {
			yield(Event{}, &LineError{n + 1, torn(err)})
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
