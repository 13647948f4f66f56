package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// ErrForeign is returned by LoadResult for a file that is not a result record
// of a version that this program reads.
var ErrForeign = errors.New("not a paperlab result record")

// maxRecord bounds what a broken or foreign file can make a reader keep.
const maxRecord = 16 << 20

// LoadResult reads result.json; path is the file or its folder. Fields that
// this version does not know are ignored. A record of another schema, or
// without a known verdict, is refused with ErrForeign.
func LoadResult(path string) (Result, error) {
	content, path, err := readRecord(path)
	if err != nil {
		return Result{}, err
	}
	var r Result
	if err := json.Unmarshal(content, &r); err != nil {
		return Result{}, fmt.Errorf("read result %s: %w: %w", path, ErrForeign, err)
	}
	if r.Schema != Schema {
		return Result{}, fmt.Errorf("read result %s: %w: its schema is %q, this program reads %q; use the version of lab that wrote it", path, ErrForeign, r.Schema, Schema)
	}
	switch r.Verdict {
	case Pass, Violation, Inconclusive, Infrastructure, Aborted:
		return r, nil
	default:
		return Result{}, fmt.Errorf("read result %s: %w: the verdict %q does not exist", path, ErrForeign, r.Verdict)
	}
}

// SchemaOf is the schema that a record names, given its file or its folder;
// empty if it names none.
func SchemaOf(path string) (string, error) {
	content, _, err := readRecord(path)
	if err != nil {
		return "", err
	}
	var head struct{ Schema string }
	_ = json.Unmarshal(content, &head) // the loading of the record says what is wrong
	return head.Schema, nil
}

// readRecord reads a record, given its file or its folder.
func readRecord(path string) (content []byte, file string, err error) {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		path = filepath.Join(path, "result.json")
		info, err = os.Stat(path)
	}
	if err != nil {
		return nil, path, fmt.Errorf("read result: %w; a run that ended leaves result.json in its folder", err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxRecord {
		return nil, path, fmt.Errorf("read result %s: %w: not a regular file of at most %d bytes", path, ErrForeign, maxRecord)
	}
	content, err = os.ReadFile(path)
	if err != nil {
		return nil, path, fmt.Errorf("read result: %w", err)
	}
	return content, path, nil
}
