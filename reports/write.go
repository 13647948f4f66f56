package reports

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/google/renameio/v2"

	"paperlab/reports/history"
	"paperlab/reports/record"
)

// Write makes the report of one run in dir: report.html, report.md, junit.xml,
// charts/*.svg and .png, history.jsonl.gz, slack.json (what was sent to the
// Slack sink, as it is; nil leaves the file out) and, last, result.json.
//
// Events are the histories by profile; a profile of the result that has none
// gets a report without figures of its own. An empty Result.Schema is filled
// in. Write may be called again for the same folder.
//
// A figure that cannot be drawn does not stop the report. An error names the
// file that could not be written; files written before it stay.
func Write(dir string, result record.Result, events map[string][]history.Event, slack []byte) error {
	if result.Schema == "" {
		result.Schema = record.Schema
	}
	accounts := map[string]*history.Account{}
	for _, run := range result.Runs {
		accounts[run.Profile] = history.AccountOf(events[run.Profile])
	}
	p := newPage(result, accounts)
	for _, step := range []func() error{
		func() error { return writePages(dir, reportPages, p, p.Charts) },
		func() error {
			return writeFile(dir, "junit.xml", func(w io.Writer) error { return junit(w, result.InOrder()) })
		},
		func() error { return writeHistory(dir, result, events) },
		func() error {
			if slack == nil {
				return nil
			}
			return writeBytes(dir, "slack.json", slack)
		},
		func() error { return writeJSON(dir, "result.json", result) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
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

// historyFile is a history's name in a run's folder.
const historyFile = "history.jsonl.gz"

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
