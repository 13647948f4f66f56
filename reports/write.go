package reports

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/google/renameio/v2"

	"paperlab/reports/history"
	"paperlab/reports/record"
)

// ErrNotDrawn is wrapped by the error of Write, WriteBench and Redraw when the
// evidence is whole and a page or picture could not be written: Redraw makes
// them from it later.
var ErrNotDrawn = errors.New("the record and what it rests on are whole, the report is not")

// Log is what one process wrote, as it is kept with a run: bounded, and without
// secrets.
type Log struct {
	record.Log
	Text []byte
}

// Write makes the report of one run in dir, first what cannot be had again:
// history.jsonl.gz, result.json, slack.json (what was sent to the Slack sink, as
// it is; nil leaves the file out) and logs/; then what is drawn from it:
// junit.xml, report.html, report.md, charts/*.svg and .png.
//
// Events are the histories by profile; a profile of the result that has none
// gets a report without figures of its own. Logs are those that the result lists.
// An empty Result.Schema is filled in. Write may be called again for the same folder.
//
// A file of evidence that cannot be written stops no other one; the error names
// it. Where all of it is there and the report is not, it wraps ErrNotDrawn. A
// figure that cannot be drawn does not stop the report.
func Write(dir string, result record.Result, events map[string][]history.Event, slack []byte, logs ...Log) error {
	if result.Schema == "" {
		result.Schema = record.Schema
	}
	evidence := []error{writeHistory(dir, result, events), writeJSON(dir, recordFile, result)}
	if slack != nil {
		evidence = append(evidence, writeBytes(dir, "slack.json", slack))
	}
	for _, l := range logs {
		evidence = append(evidence, writeBytes(dir, l.File, l.Text))
	}
	if err := errors.Join(evidence...); err != nil {
		return err
	}
	return notDrawn(dir, draw(dir, result, events))
}

// Redraw makes the pages and pictures of a run's, a set's or a benchmark's folder again
// from its evidence, which stays as it is; a set's are the records of its runs. A
// record or history of another version is refused with record.ErrForeign or a *history.SchemaError.
func Redraw(dir string) error {
	schema, err := record.SchemaOf(dir)
	if err != nil {
		return err
	}
	switch schema {
	case record.BenchSchema:
		b, err := record.LoadBench(dir)
		if err != nil {
			return err
		}
		return notDrawn(dir, drawBench(dir, b))
	case record.SetSchema:
		s, err := record.LoadSet(dir)
		if err != nil {
			return err
		}
		return WriteSet(dir, s.Again(dir))
	}
	result, events, err := Load(dir)
	if err != nil {
		return err
	}
	return notDrawn(dir, draw(dir, result, events))
}

// draw makes what people read from what the run left.
func draw(dir string, result record.Result, events map[string][]history.Event) error {
	accounts := map[string]*history.Account{}
	for _, run := range result.Runs {
		accounts[run.Profile] = history.AccountOf(events[run.Profile])
	}
	// A link must lead somewhere: a full disk may have taken a log.
	result.Logs = slices.DeleteFunc(slices.Clone(result.Logs), func(l record.Log) bool {
		_, err := os.Stat(filepath.Join(dir, filepath.FromSlash(l.File)))
		return err != nil
	})
	p := newPage(result, accounts)
	if err := writeFile(dir, "junit.xml", func(w io.Writer) error { return junit(w, result.InOrder()) }); err != nil {
		return err
	}
	return writePages(dir, reportPages, p, p.Charts)
}

func notDrawn(dir string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w; `%s` draws it once that is mended", ErrNotDrawn, err, redrawCommand(dir))
}

// Load reads back what Write needs to make the pages and figures of a run's
// folder again: the record and the histories by profile. Those of another
// version are refused with record.ErrForeign or a *history.SchemaError.
func Load(dir string) (record.Result, map[string][]history.Event, error) {
	result, err := record.LoadResult(dir)
	if err != nil {
		return result, nil, err
	}
	all, err := history.ReadFile(filepath.Join(dir, historyFile))
	if err != nil {
		return result, nil, err
	}
	events := map[string][]history.Event{}
	for _, e := range all {
		events[e.Profile] = append(events[e.Profile], e)
	}
	return result, events, nil
}

// The names of a record and of a history in a run's folder.
const (
	recordFile  = "result.json"
	historyFile = "history.jsonl.gz"
)

// writeJSON is readable by people and stable from run to run.
func writeJSON(dir, name string, v any) error {
	return writeFile(dir, name, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(v)
	})
}

// writeHistory puts the profiles one after the other, in the order in which
// they ran.
func writeHistory(dir string, r record.Result, events map[string][]history.Event) error {
	return writeFile(dir, historyFile, func(w io.Writer) error {
		h := history.NewWriter(w)
		for _, run := range r.Runs {
			for _, e := range events[run.Profile] {
				if err := h.Write(e); err != nil {
					return errors.Join(err, h.Close())
				}
			}
		}
		return h.Close()
	})
}

// writeFile makes dir/name from what fill writes. The file appears whole or not
// at all: it is written beside its place, synced and renamed. Parent folders
// are made.
func writeFile(dir, name string, fill func(io.Writer) error) error {
	path := filepath.Join(dir, name)
	if err := replace(path, fill); err != nil {
		return fmt.Errorf("write report file %s: %w%s", path, err, remedy(err))
	}
	return nil
}

func replace(path string, fill func(io.Writer) error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := renameio.NewPendingFile(path, renameio.WithTempDir(filepath.Dir(path)), renameio.WithStaticPermissions(0o644))
	if err != nil {
		return err
	}
	defer f.Cleanup()
	buffered := bufio.NewWriter(f)
	if err := errors.Join(fill(buffered), buffered.Flush()); err != nil {
		return err
	}
	return f.CloseAtomicallyReplace()
}

// remedy says what the reader can do about an error of the file system.
func remedy(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "; the disk is full: free some space, or write the report elsewhere"
	case errors.Is(err, os.ErrPermission), errors.Is(err, syscall.EROFS):
		return "; the folder cannot be written to: check its permissions"
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EEXIST):
		return "; a file stands where a folder is needed: move it away, or write the report elsewhere"
	default:
		return ""
	}
}

func writeBytes(dir, name string, content []byte) error {
	return writeFile(dir, name, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}
