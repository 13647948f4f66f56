package reports

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
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

func replace(path string, fill func(io.Writer) error) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".report-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	buffered := bufio.NewWriter(f)
	if err := fill(buffered); err != nil {
		return err
	}
	// Sync, because a file system with delayed allocation can accept writes and
	// find only later that the disk is full.
	if err := errors.Join(buffered.Flush(), f.Chmod(0o644), f.Sync()); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
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
