package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// hostileWords are what a user may put into a variable, and what a shell or make
// would carry out.
var hostileWords = []string{
	"plain", "two words", "semi; touch struck", "$(shell touch struck)", "$$(touch struck)", "$(touch struck)", "`touch struck`",
	"a$HOME b", "$$", "'; touch struck; '", `"; touch struck; "`, "--out=elsewhere", "-x", "a\\", "*", "&& touch struck", "~", "#x",
	"line\ntouch struck",
}

// TestMakePassesWordsAsTheyAre runs the Makefile with a lab that only repeats its
// arguments, and a go that does nothing: whatever a user puts into a variable
// arrives whole, as one word, and nothing of it is carried out. It needs make and
// sh, and takes about 3 s.
func TestMakePassesWordsAsTheyAre(t *testing.T) {
	t.Parallel()
	for _, word := range hostileWords {
		want := map[string][]string{
			"scenario": {"scenario", "--seed=" + word, "--seeds=" + word, "--again=" + word, "--profile=" + word, "--corpus=" + word, "--environment=" + word, "--remeasure", "--beside", "--", word},
			"bench":    {"bench", "--seed=" + word, "--beside", "--", word},
			"sabotage": {"sabotage", "--seed=" + word, "--beside", "--", word},
			"report":   {"report", "--", word},
			"recount":  {"recount", "--", word},
		}
		for target, want := range want {
			for _, inEnvironment := range []bool{false, true} {
				if got := called(t, target, word, inEnvironment); !slices.Equal(got, want) {
					t.Errorf("make %s with %q (in the environment: %v): lab was called with %q, want %q", target, word, inEnvironment, got, want)
				}
			}
		}
	}
}

// called is what make calls lab with when every variable is the word.
func called(t *testing.T, target, word string, inEnvironment bool) []string {
	t.Helper()
	makefile, err := filepath.Abs(makefilePath)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, does := range map[string]string{"lab": `for a; do printf '%s\0' "$a"; done`, "go": ":"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+does+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("make", "--no-print-directory", "-f", makefile, "LAB="+filepath.Join(dir, "lab"), target)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
	for _, name := range said(t) {
		if inEnvironment {
			cmd.Env = append(cmd.Env, name+"="+word)
		} else {
			cmd.Args = append(cmd.Args, name+"="+word)
		}
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("make %s: %v", target, err)
	}
	if found, _ := filepath.Glob(filepath.Join(dir, "*")); len(found) != 2 {
		t.Errorf("%q left %v", word, found)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

// said are the variables that users set.
func said(t *testing.T) []string {
	t.Helper()
	raw, err := os.ReadFile(makefilePath)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(regexp.MustCompile(`(?m)^SAID := (.*)$`).FindStringSubmatch(string(raw))[1])
}

const makefilePath = "../../Makefile"

// TestMakePastesNoWordOfTheUser: a variable that a user sets is in the list that is
// exported as it is, and no recipe has make put its value into a shell's line.
func TestMakePastesNoWordOfTheUser(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(makefilePath)
	if err != nil {
		t.Fatal(err)
	}
	said := said(t)
	var set []string
	for _, m := range regexp.MustCompile(`(?m)^(\w+) *\?=`).FindAllStringSubmatch(string(raw), -1) {
		set = append(set, m[1])
	}
	if !slices.Equal(said, set) || len(said) < 6 {
		t.Errorf("variables with a default are %v, SAID lists %v", set, said)
	}
	for _, name := range said {
		if pasted := regexp.MustCompile(`(?m)^\t.*\$[({]` + name + `[)}].*$`).FindString(string(raw)); pasted != "" {
			t.Errorf("%s is pasted into a recipe, where a shell reads it; say \"$$%s\":%s", name, name, pasted)
		}
	}
}
