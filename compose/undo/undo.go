// Package undo is the ledger of what a run of the lab would leave behind.
//
// Each run owns one folder, <temp>/paperlab-<uid>/<run id>/. In it lie the
// run's temporary data and ledger.jsonl. Whoever starts a process, makes a
// folder or bends the machine in another way writes the undo first, then acts:
//
//  1. Open the ledger, which stays locked as long as the lab lives.
//  2. Before the act, Add (or Process, or Folder) appends the undo and fsyncs.
//  3. After the act was taken back in the ordinary way, mark the entry Done.
//  4. Close undoes what is still open, newest first, and removes the folder.
//
// When the lab is killed with SIGKILL, step 4 is missing. Stale then finds the
// ledgers whose lab is dead and Heal does step 4 for them:
//
//	                 lab dies                    Heal
//	open ──acts──▶ open ─────▶ stale (on disk) ───────▶ gone
//	  └──────────── Close ──────────────────────────────▶ gone
//
// A lab counts as dead when nobody holds the lock on its ledger. The lock ends
// with the process, whatever ends it; unlike a pid and a start time it cannot
// be another's after a while, holds when the clock is set, and covers a lab that
// lives in another pid namespace and shares the folder. The same lock keeps two
// healers apart.
//
// A process has no pid before it is started, so its undo is written in two
// steps. The intent carries a mark that the child finds in its environment;
// pid and start time are added after the start. A kill of the lab in between
// leaves an intent without a pid. On Linux the child then dies with the lab
// (Pdeathsig, set by package compose), and Heal looks for the mark besides. On
// other systems Heal says that the process may still run.
//
// Undoing is idempotent: what is already gone is no error. An undo that fails
// keeps its entry and the folder, so that Heal can be called again. A last
// line torn by a kill in mid-write is ignored: its act had not begun.
package undo

import (
	"context"
	"encoding/json"
	"fmt"
)

// Record is one undo as it stands in a ledger.
type Record struct {
	// N counts the records of one ledger from 1.
	N int `json:"n"`
	// Kind selects the function that undoes it.
	Kind string `json:"kind"`
	// What says in words what is undone: "redis-1 (redis-server)".
	What string `json:"what"`
	// Data belongs to the kind.
	Data json.RawMessage `json:"data,omitempty"`
}

// Func undoes one record of the run whose folder is root. It says in words
// what it did, or nothing if there was nothing left to undo. It may be called
// again after it succeeded and must then do nothing.
type Func func(ctx context.Context, root string, r Record) (did string, err error)

var kinds = map[string]Func{processKind: undoProcess, folderKind: undoFolder}

// Register adds a kind of undo. Call it from init functions only, so that the
// process that heals knows every kind that any lab may have written. It panics
// if the kind exists.
func Register(kind string, undo Func) {
	if _, exists := kinds[kind]; exists {
		panic(fmt.Sprintf("undo: kind %q registered twice", kind))
	}
	kinds[kind] = undo
}

func lookup(kind string) (Func, error) {
	undo, ok := kinds[kind]
	if !ok {
		return nil, fmt.Errorf("unknown kind of undo %q: this build of the lab cannot undo it, use the one that wrote it", kind)
	}
	return undo, nil
}
