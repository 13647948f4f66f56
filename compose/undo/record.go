package undo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"
)

// line is one line of ledger.jsonl: the lab that wrote it (first line only), a
// record (again with the same number when its data became known), or the mark
// that a record is done.
type line struct {
	Lab *labLine `json:"lab,omitempty"`
	Record
	Done bool `json:"done,omitempty"`
}

// labLine is for who reads the file; what tells that the lab lives is its lock.
type labLine struct {
	Pid   int       `json:"pid"`
	Run   string    `json:"run"`
	Began time.Time `json:"began"`
}

// write appends one line with a single system call, so that a kill leaves at
// most one torn line. After a failed write (a full disk) the file is cut back,
// or the torn line would swallow the next one.
func (l *Ledger) write(entry line, sync bool) error {
	raw, err := json.Marshal(entry)
	if err != nil {
		return err
	}
	end, err := l.file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if _, err = l.file.Write(append(raw, '\n')); err == nil && sync {
		err = l.file.Sync()
	}
	if err != nil {
		return errors.Join(err, l.file.Truncate(end))
	}
	return nil
}

// read replays a ledger: the records that are still open, and what was
// unreadable, in words.
func read(path string) (open map[int]Record, damage []string, err error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	open = map[int]Record{}
	number := 0
	for text := range bytes.Lines(raw) {
		number++
		var entry line
		if err := json.Unmarshal(text, &entry); err != nil {
			if bytes.HasSuffix(text, []byte("\n")) {
				damage = append(damage, fmt.Sprintf("line %d of the ledger is unreadable and was passed over: %v", number, err))
			}
			continue
		}
		switch {
		case entry.Lab != nil:
		case entry.Done:
			delete(open, entry.N)
		case entry.N > 0 && entry.Kind != "":
			open[entry.N] = entry.Record
		default:
			damage = append(damage, fmt.Sprintf("line %d of the ledger says nothing that is known: %s", number, bytes.TrimSpace(text)))
		}
	}
	return open, damage, nil
}

func newestFirst(open map[int]Record) []Record {
	numbers := slices.Sorted(maps.Keys(open))
	slices.Reverse(numbers)
	records := make([]Record, 0, len(numbers))
	for _, n := range numbers {
		records = append(records, open[n])
	}
	return records
}
