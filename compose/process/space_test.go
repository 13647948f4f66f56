package process

import (
	"math"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckSpace(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "there", "yet")
	if err := CheckSpace(dir, 1); err != nil {
		t.Error(err)
	}
	if err := CheckSpace(dir, math.MaxInt64); err == nil || !strings.Contains(err.Error(), "free some space") {
		t.Errorf("all the space in the world is free: %v", err)
	}
}
