package reports

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/google/renameio/v2"
)

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
