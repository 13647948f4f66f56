package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// CheckSpace is nil if at least need bytes are free where path is, or will be.
// A disk that fills up in the middle of a run would be measured as a fault of
// Redis.
func CheckSpace(path string, need int64) error {
	var disk syscall.Statfs_t
	for {
		err := syscall.Statfs(path, &disk)
		if err == nil {
			break
		}
		parent := filepath.Dir(path)
		if !errors.Is(err, os.ErrNotExist) || parent == path {
			return fmt.Errorf("look how much space is free in %s: %w", path, err)
		}
		path = parent
	}
	// The types differ between systems.
	if free := int64(disk.Bavail) * int64(disk.Bsize); free < need {
		return fmt.Errorf("only %d MB are free in %s, and %d MB are needed: free some space, or choose another folder", free>>20, path, need>>20)
	}
	return nil
}
