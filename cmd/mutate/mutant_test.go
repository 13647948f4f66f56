package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const sample = `package sample

import "fmt"

func judge(a, b int, ok bool) (n int) {
	for i := range a {
		if i == 3 {
			continue
		}
		switch {
		case !ok, a < b:
			n = n + 2
		}
		fmt.Println(true)
		n++
	}
	return n
}
`

// TestFind: each kind of change, also in the conditions of a switch's cases.
func TestFind(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "sample.go"), []byte(sample), 0o600); err != nil {
		t.Fatal(err)
	}
	mutants, err := target{name: dir}.find()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range mutants {
		got = append(got, strings.TrimPrefix(m.String(), dir+"/sample.go:"))
	}
	want := []string{
		"7: if i == 3 {: == becomes !=", "7: if i == 3 {: 3 becomes 4", "8: continue: continue becomes break",
		"11: case !ok, a < b:: ! becomes nothing", "11: case !ok, a < b:: < becomes <=", "11: case !ok, a < b:: < becomes >=",
		"12: n = n + 2: n = n + 2 becomes nothing", "12: n = n + 2: + becomes -", "12: n = n + 2: 2 becomes 3",
		"14: fmt.Println(true): fmt.Println(true) becomes nothing", "14: fmt.Println(true): true becomes false", "15: n++: ++ becomes --",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
