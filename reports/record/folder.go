package record

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Folder is where the report of one run goes: out/NAME/STARTED-SEED.
func Folder(out, name string, started time.Time, seed int64) string {
	return filepath.Join(out, name, fmt.Sprintf("%s-%d", started.UTC().Format("20060102T150405.000"), seed))
}

// MarkLatest lets the link "latest" beside the folder point to it. The link is
// replaced in one step, so that it always points to a whole report.
func MarkLatest(folder string) error {
	link := filepath.Join(filepath.Dir(folder), "latest")
	fresh := fmt.Sprintf("%s.%d", link, os.Getpid())
	if err := os.Remove(fresh); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("mark %s as the latest: %w", folder, err)
	}
	if err := os.Symlink(filepath.Base(folder), fresh); err != nil {
		return fmt.Errorf("mark %s as the latest: %w", folder, err)
	}
	if err := os.Rename(fresh, link); err != nil {
		_ = os.Remove(fresh)
		return fmt.Errorf("mark %s as the latest: %w; is there a folder called latest?", folder, err)
	}
	return nil
}
