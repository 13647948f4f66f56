package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/google/renameio/v2"
)

// ErrForeign is returned by LoadResult for a file that is not a result record
// of a version that this program reads.
var ErrForeign = errors.New("not a paperlab result record")

// maxRecord bounds what a broken or foreign file can make a reader keep. A record
// has 150 bytes for each anomaly.
const maxRecord = 256 << 20

// LoadResult reads result.json; path is the file or its folder. Fields that
// this version does not know are ignored. A record of another schema, or
// without a known verdict, is refused with ErrForeign.
func LoadResult(path string) (r Result, err error) {
	path, err = load(path, Schema, &r)
	if _, known := exitCodes[r.Verdict]; err == nil && !known {
		err = fmt.Errorf("read result %s: %w: the verdict %q does not exist", path, ErrForeign, r.Verdict)
	}
	return r, err
}

// load reads a record of a schema, given its file or its folder.
func load(path, schema string, into any) (file string, err error) {
	content, path, err := readRecord(path)
	if err != nil {
		return path, err
	}
	if err := json.Unmarshal(content, into); err != nil {
		return path, fmt.Errorf("read result %s: %w: %w", path, ErrForeign, err)
	}
	if found := schemaOf(content); found != schema {
		return path, fmt.Errorf("read result %s: %w: its schema is %q, this program reads %q; use the version of lab that wrote it", path, ErrForeign, found, schema)
	}
	return path, nil
}

// SchemaOf is the schema that a record names, given its file or its folder;
// empty if it names none.
func SchemaOf(path string) (string, error) {
	content, _, err := readRecord(path)
	return schemaOf(content), err
}

func schemaOf(content []byte) string {
	var head struct{ Schema string }
	_ = json.Unmarshal(content, &head) // the loading of the record says what is wrong
	return head.Schema
}

// readRecord reads a record, given its file or its folder.
func readRecord(path string) (content []byte, file string, err error) {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		path = FileIn(path)
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

// FileIn is the record's file in a folder: result.json, or set.json of a set.
func FileIn(folder string) string {
	set := filepath.Join(folder, SetFile)
	if _, err := os.Lstat(set); err == nil {
		return set
	}
	return filepath.Join(folder, "result.json")
}

// Folder is where the report of one run goes: out/NAME/STARTED-SEED.
func Folder(out, name string, started time.Time, seed int64) string {
	return filepath.Join(out, name, fmt.Sprintf("%s-%d", started.UTC().Format("20060102T150405.000"), seed))
}

// MarkLatest lets the link "latest" beside the folder point to it. The link is
// replaced in one step, so that it always points to a whole report.
func MarkLatest(folder string) error {
	link := filepath.Join(filepath.Dir(folder), "latest")
	if err := renameio.Symlink(filepath.Base(folder), link); err != nil {
		return fmt.Errorf("mark %s as the latest: %w; is there a folder called latest?", folder, err)
	}
	return nil
}
