package main

import (
	"database/sql"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite" // the driver, to look at what was written
)

// TestMain lets the scripts call this binary as papers.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"papers": main})
}

// TestScripts are what a user types and sees; they need no Redis. What does is
// tested in package role.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("PAPERS_LISTEN", "127.0.0.1:0")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"holds": holds},
	})
}

// holds compares what a database holds: holds FILE SUBSCRIBERS SUBSCRIPTIONS
func holds(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: holds FILE SUBSCRIBERS SUBSCRIPTIONS")
	}
	file := ts.MkAbs(args[0])
	if _, err := os.Stat(file); err != nil {
		ts.Fatalf("%v", err)
	}
	db, err := sql.Open("sqlite", "file:"+file+"?mode=ro")
	ts.Check(err)
	defer func() { _ = db.Close() }()
	var got []string
	for _, table := range []string{"users", "subscriptions"} {
		var n int
		ts.Check(db.QueryRow("SELECT count(*) FROM " + table).Scan(&n))
		got = append(got, fmt.Sprint(n))
	}
	if want := strings.Join(args[1:], " "); strings.Join(got, " ") != want {
		ts.Fatalf("it holds %s, want %s", strings.Join(got, " "), want)
	}
}
