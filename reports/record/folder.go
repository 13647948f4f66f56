package record

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/google/renameio/v2"
)

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
