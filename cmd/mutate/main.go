// Command mutate judges the judges: it changes one thing at a time in the code
// that judges runs, and runs that package's tests. A change that no test notices
// is a survivor: either a test is missing, or the change means the same.
//
//	source ──find──▶ mutants ──go test -overlay──▶ killed, survived, or no program
//
// The changed file is handed to the compiler by -overlay, so that nothing in the
// tree is touched. Survivors that mean the same are named in equivalent.txt with
// the reason. A change that does not compile is no mutant.
//
// Why not a library: gremlins 0.6.0 takes the conditions of a switch's cases for
// not covered and leaves them out, and most of what is decided here stands in one.
//
// It takes a second or two for each mutant, so half an hour for everything; see
// -sample.
package main

import (
	"context"
	_ "embed"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// target is code that is changed, the tests that must notice, and the share of
// mutants, in percent, that they must kill.
type target struct {
	// name is the package's folder. only are the files that are changed; all if
	// it is empty.
	name string
	only []string
	// tests are arguments of go test.
	tests []string
	least float64
}

var targets = []target{
	{"scenarios/check", nil, []string{"./scenarios/check"}, 90},
	{"reports/history", []string{"account.go", "backlog.go", "file.go", "machine.go", "measure.go", "price.go", "recovery.go", "steady.go"}, []string{"./reports/history", "./scenarios/check"}, 90},
	{"scenarios/run", []string{"judge.go"}, []string{"./scenarios/run", "-run", "Judge|Verdict|Record|CutShort|Clock"}, 90},
	{"scenarios", nil, []string{"./scenarios"}, 80},
	// Its slow tests look with a browser, fill a disk, and draw everything twice.
	{"reports", nil, []string{"./reports", "-skip", "NarrowScreen|FullDisk|DrawnAgain|Redraw$|AnyProfiles"}, 80},
	{"reports/record", nil, []string{"./reports/record"}, 80},
}

// patience bounds the tests of one mutant: some never end.
const patience = 60 * time.Second

//go:embed equivalent.txt
var equivalent string

func main() {
	sample := flag.Int("sample", 0, "mutants of each package, drawn by the seed; 0 takes all")
	seed := flag.Uint64("seed", 1, "what the sample is drawn by")
	flag.Usage = func() {
		fmt.Fprintf(flag.CommandLine.Output(), "usage: mutate [-sample N] [-seed N] [PACKAGE or FILE ...]\n\nFor example: mutate -sample 50 scenarios/check\nPackages: %s\n\n", strings.Join(names(), ", "))
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ok := true
	for _, t := range chosen(flag.Args()) {
		ok = t.judge(ctx, *sample, *seed) && ok
	}
	if !ok || ctx.Err() != nil {
		os.Exit(1)
	}
}

func names() (all []string) {
	for _, t := range targets {
		all = append(all, t.name)
	}
	return all
}

// chosen are the named targets, or all. The name of a file is that of its
// package's target with this file alone.
func chosen(args []string) []target {
	if len(args) == 0 {
		return targets
	}
	var some []target
	for _, arg := range args {
		name, file := strings.Trim(arg, "./"), []string(nil)
		if strings.HasSuffix(name, ".go") {
			name, file = filepath.Dir(name), []string{filepath.Base(name)}
		}
		i := slices.Index(names(), name)
		if i < 0 {
			fmt.Fprintf(os.Stderr, "mutate: there is no package %q here; there are %s\n", arg, strings.Join(names(), ", "))
			os.Exit(64)
		}
		t := targets[i]
		if file != nil {
			t.only = file
		}
		some = append(some, t)
	}
	return some
}

// judge runs the tests against each mutant, says what survived, and tells
// whether enough was killed.
func (t target) judge(ctx context.Context, sample int, seed uint64) bool {
	mutants, err := t.find()
	if err == nil {
		err = t.sound(ctx)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "mutate %s: %v\n", t.name, err)
		return false
	}
	if sample > 0 && sample < len(mutants) {
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(mutants), func(i, j int) { mutants[i], mutants[j] = mutants[j], mutants[i] })
		mutants = mutants[:sample]
	}
	count := map[fate]int{}
	tried, begin, told := 0, time.Now(), time.Now()
	var mu sync.Mutex
	t.each(ctx, mutants, func(m mutant, end fate) {
		mu.Lock()
		defer mu.Unlock()
		count[end]++
		tried++
		if time.Since(told) >= time.Minute {
			told = time.Now()
			left := time.Since(begin) / time.Duration(tried) * time.Duration(len(mutants)-tried)
			fmt.Fprintf(os.Stderr, "%s: %d of %d tried, about %v left\n", t.name, tried, len(mutants), left.Round(time.Minute))
		}
		if end == survived {
			fmt.Printf("  survived: %s\n", m)
		}
	})
	dead := count[killed] + count[endless]
	judged := dead + count[survived]
	share := 100 * float64(dead) / float64(max(judged, 1))
	fmt.Printf("%s: %d of %d mutants killed, %.1f %% (at least %.0f %%), %d of them by the clock; %d mean the same, %d do not compile\n",
		t.name, dead, judged, share, t.least, count[endless], count[same], count[noProgram])
	return ctx.Err() == nil && share >= t.least
}

// each hands the mutants to as many workers as there are processors.
func (t target) each(ctx context.Context, mutants []mutant, done func(mutant, fate)) {
	queue := make(chan mutant)
	var workers sync.WaitGroup
	for range runtime.NumCPU() {
		workers.Go(func() {
			for m := range queue {
				if end := t.try(ctx, m); ctx.Err() == nil {
					done(m, end)
				}
			}
		})
	}
	for _, m := range mutants {
		if ctx.Err() == nil {
			queue <- m
		}
	}
	close(queue)
	workers.Wait()
}
