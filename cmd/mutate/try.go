package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// fate is what became of a mutant.
type fate int

const (
	killed fate = iota
	// endless is killed by the clock: a busy machine may have done it.
	endless
	survived
	same
	noProgram
)

// try runs the target's tests against a mutant.
func (t target) try(ctx context.Context, m mutant) fate {
	if m.known() {
		return same
	}
	dir, err := os.MkdirTemp("", "mutate-")
	if err != nil {
		panic(err) // nothing works without a temp folder
	}
	defer os.RemoveAll(dir)
	overlay, err := m.overlay(dir)
	if err != nil {
		panic(err)
	}
	out, err := t.test(ctx, "-overlay", overlay)
	switch {
	case err == nil:
		return survived
	case strings.Contains(out, "[build failed]") || strings.Contains(out, "[setup failed]"):
		return noProgram
	case strings.Contains(out, "panic: test timed out") || !strings.Contains(out, "FAIL"):
		return endless
	}
	return killed
}

// sound makes sure that the tests pass without a mutant.
func (t target) sound(ctx context.Context) error {
	out, err := t.test(ctx)
	if err != nil {
		return errors.Join(fmt.Errorf("its tests fail without any change: %w", err), errors.New(out))
	}
	return nil
}

func (t target) test(ctx context.Context, flags ...string) (out string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	args := slices.Concat([]string{"test", "-vet=off", "-failfast", "-count=1", "-timeout", patience.String()}, flags, t.tests)
	output, err := exec.CommandContext(ctx, "go", args...).CombinedOutput()
	return string(output), err
}

// overlay writes the changed file and what go test's -overlay reads.
func (m mutant) overlay(dir string) (path string, err error) {
	changed := filepath.Join(dir, "changed.go")
	text := slices.Concat(m.source[:m.at], []byte(m.is), m.source[m.end:])
	original, err := filepath.Abs(m.file)
	if err != nil {
		return "", err
	}
	list, err := json.Marshal(map[string]map[string]string{"Replace": {original: changed}})
	path = filepath.Join(dir, "overlay.json")
	return path, errors.Join(err, os.WriteFile(changed, text, 0o600), os.WriteFile(path, list, 0o600))
}
