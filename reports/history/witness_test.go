package history

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEventsAreMadeHereOnly: whoever writes an event by hand, a test included,
// can write one that no witness does. The composite literal of a slice is none.
func TestEventsAreMadeHereOnly(t *testing.T) {
	root := filepath.Join("..", "..")
	seen := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || path == "witness_test.go" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		seen++
		for n, line := range bytes.Split(text, []byte("\n")) {
			line = bytes.ReplaceAll(line, []byte("]history."+"Event{"), nil)
			if bytes.Contains(line, []byte("history."+"Event{")) || bytes.Contains(line, []byte("Op: "+"history.")) {
				t.Errorf("%s:%d makes an event by hand; use or add a constructor in witness.go", path, n+1)
			}
		}
		return nil
	})
	if err != nil || seen < 100 {
		t.Fatalf("%d files were read: %v", seen, err)
	}
}
