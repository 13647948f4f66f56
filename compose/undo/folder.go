package undo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

const folderKind = "folder"

// folderData names the folder relative to the run's root, so that no ledger,
// damaged or forged, can name a place outside.
type folderData struct {
	Path string `json:"path"`
}

// Folder makes a folder beneath the run's root and returns its path. The
// entry's undo removes it with all that it holds.
func (l *Ledger) Folder(name string) (string, *Entry, error) {
	if !filepath.IsLocal(name) || filepath.Clean(name) == "." {
		return "", nil, fmt.Errorf("folder %q: want a path beneath the run's folder", name)
	}
	entry, err := l.Add(folderKind, "folder "+name, folderData{Path: name})
	if err != nil {
		return "", nil, err
	}
	path := filepath.Join(l.root, name)
	if err := os.MkdirAll(path, 0o700); err != nil {
		entry.Done()
		return "", nil, fmt.Errorf("make folder %s: %w", path, err)
	}
	return path, entry, nil
}

// undoFolder works through os.Root: a symbolic link planted in the run's
// folder cannot lead it outside.
func undoFolder(_ context.Context, root string, r Record) (string, error) {
	var data folderData
	if err := json.Unmarshal(r.Data, &data); err != nil {
		return "", fmt.Errorf("folder's data: %w", err)
	}
	if !filepath.IsLocal(data.Path) || filepath.Clean(data.Path) == "." {
		return "", fmt.Errorf("the ledger names %q, which is not beneath %s: left alone", data.Path, root)
	}
	beneath, err := os.OpenRoot(root)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return "", nil
		}
		return "", err
	}
	defer beneath.Close()
	if _, err := beneath.Lstat(data.Path); errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err := beneath.RemoveAll(data.Path); err != nil {
		return "", err
	}
	return "removed folder " + data.Path, nil
}
