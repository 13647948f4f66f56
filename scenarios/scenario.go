// Package scenarios is the catalogue, one .yaml file for each scenario in this
// folder and built into the binary, and the reader of such files: what is started, how it is loaded, what
// is broken when, and what must hold.
//
// A scenario runs in phases, one after the other, while the load keeps coming
// at its rate:
//
//	control   bounds are measured
//	steady    the bounds hold; no alert may fire
//	fault     faults begin and end, each at its time from the phase's begin
//	recover   steady state is regained
//
// Afterwards the lab waits until what was offered is done, looks, and judges.
//
// Parse is strict. Everything in a file is known, has the right type and a
// possible value, or there is an Error that says where, what is allowed and
// what was probably meant; nothing has been started then. The file is walked
// as a syntax tree and not decoded into structs by reflection: a value that
// has the right type and is nevertheless impossible must be found again at its
// line and column.
//
//	scenario.go the types, and the files of this folder
//	parse.go    from a file to a Scenario
//	load.go     what arrives, and for whom
//	fault.go    one entry of faults
//	object.go   a mapping and its typed fields
//	error.go    Error, and the nearest name
package scenarios

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"paperlab/faults"
	"paperlab/grafana"
)

// Scenario is one scenario file.
type Scenario struct {
	// Name is the file's name without .yaml.
	Name string
	// About says in a sentence or two what happens and what must hold.
	About   string
	Service Service
	Load    Workload
	Phases  Phases
	// Monitoring is how closely it is watched.
	Monitoring Monitoring
	// Faults are in the order in which they begin.
	Faults     []faults.Planned
	Objectives Objectives
	// Invariants are ids of the checkers' catalogue, at least one.
	Invariants []string
	// Compare are the profiles, the simplest first, that are to run too and to be
	// shown beside the hardened one: naive, careful or both; empty for none.
	Compare []string
}

// Service is how much of the paper service is started.
type Service struct {
	// Shards of each stream, 1 to 1024.
	Shards int
	// Summarizers and Deliverers are processes, 1 to 32.
	Summarizers int
	Deliverers  int
	// Lanes of each shard's owner, 1 to 256; 8 if the file does not say.
	Lanes int
}

// Workload is what arrives from arXiv, and for whom.
type Workload struct {
	// Rate is in papers a second, above 0 and up to 10,000. OfCapacity, above 0
	// and up to 1, is the share of what the service can do on the machine at hand:
	// the rate then follows from a measurement. The file sets one of the two.
	Rate, OfCapacity float64
	// Papers is how many there are, 1 to 1,000,000: enough to last through the
	// steady and the fault phase at least. Where it is 0, as it is beside
	// OfCapacity, it follows from the rate: enough to last through recover.
	Papers int
	// Subscribers are 1 to 100,000.
	Subscribers int
	// Hottest is the share of all notifications that the subscriber with the most
	// gets, from a fair share to below 1; if the file does not say, 5 %, or half
	// as much again as a fair share where that is more.
	Hottest float64
	// FanOut is how many notifications a paper causes on average, above 0 and up
	// to 100; 5 if the file does not say.
	FanOut float64
	// Size of a paper as JSON, in bytes; 0 if it is as the corpus has it.
	Size int
}

// Phases are the lengths of a run's parts, 1 s to 1 h each.
type Phases struct {
	Control, Steady, Fault, Recover time.Duration
}

// Total is the time during which the load comes.
func (p Phases) Total() time.Duration { return p.Control + p.Steady + p.Fault + p.Recover }

// Monitoring is what sees a fault, as production has it.
type Monitoring struct {
	// Scrape is the time between two scrapes, and between two evaluations of the
	// alert rules, which follow it: 1 s to 5 min; 1 s if the file does not say. In
	// production it is rather 15 to 30 s.
	Scrape time.Duration
}

// Objectives are bounds on times. Nil means that the file sets none.
type Objectives struct {
	// TimeToDetect: from the first fault's proven effect to the alert's
	// arrival.
	TimeToDetect *Detection
	// TimeToRecover: until steady state holds again.
	TimeToRecover *Recovery
	// LagRecovery: the same for the backlog alone.
	LagRecovery *Recovery
}

// Recovery is a bound on a time until something holds again.
type Recovery struct {
	Within time.Duration
	// From is the clock: record.ClockEffect, or record.ClockLastHeal.
	From string
}

// Detection is a bound on the arrival of one alert.
type Detection struct {
	Alert  string
	Within time.Duration
}

//go:embed *.yaml
var files embed.FS

// maxSize is the longest scenario file, in bytes, that is read.
const maxSize = 1 << 20

// Names lists the catalogue in alphabetical order.
func Names() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(err) // the embedded folder is always there
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return names
}

// Load reads one scenario: a name of the catalogue, or the path of a file, known
// by its .yaml or a slash. Rules raise the alerts that objectives may wait for;
// without any, all are allowed. The error is an *Error.
func Load(name string, rules []grafana.Rule) (*Scenario, error) {
	if strings.HasSuffix(name, ".yaml") || strings.ContainsRune(name, os.PathSeparator) {
		return loadFile(name, rules)
	}
	source, err := files.ReadFile(name + ".yaml")
	if err != nil {
		return nil, &Error{Message: fmt.Sprintf("there is no scenario %q%s\nthere are: %s\na scenario of your own is named by the path of its .yaml file",
			name, DidYouMean(name, Names()), strings.Join(Names(), ", "))}
	}
	return Parse("scenarios/"+name+".yaml", source, rules)
}

func loadFile(path string, rules []grafana.Rule) (*Scenario, error) {
	// Errors of files wrap the reason in the path, which Error names already.
	f, err := os.Open(path)
	if err != nil {
		return nil, &Error{File: path, Message: fmt.Sprintf("the scenario file cannot be opened: %v", errors.Unwrap(err))}
	}
	defer f.Close()
	source, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, &Error{File: path, Message: fmt.Sprintf("the scenario file cannot be read: %v", errors.Unwrap(err))}
	}
	if len(source) > maxSize {
		return nil, &Error{File: path, Message: fmt.Sprintf("longer than %d bytes: not a scenario file", maxSize)}
	}
	return Parse(path, source, rules)
}
