// Package set runs one scenario for many seeds, one after the other, and can be
// stopped at any moment: the same command goes on where it was.
//
//	earlier runs of the set ─▶ seeds still to be run ─▶ run ─▶ set.json, report
//	                                    ▲                │
//	                                    └────────────────┘
//
// What belongs to a set is told by the runs themselves: each record (result.json)
// names its set by an ID that stands for all that must be equal, such as programs,
// scenario, corpus, profiles and machine. The set's own record is made of those
// of its runs, and made again after each. So nothing has to be kept in step: a
// lab that is killed between a run and the set's record has lost neither, a run
// without a record has never been, and a run whose folder is removed is run again.
//
// # What is run again
//
// A run that passed or is a violation is never run again: nobody can repeat a seed
// until it passes. One that was aborted, or in which the lab itself failed, shows
// nothing and is run again by the next command. One that is inconclusive counts
// as that; it is run again only if told so (Options.Again). The latest run of a
// seed counts, and the record names the earlier ones.
//
// # How a set grows
//
// A set has the seeds that were asked for and those that were run before. Asking
// for 1..20 after 1..5 runs fifteen; asking for 1..5 after 1..20 runs none and
// still shows all twenty: what was seen is not left out.
//
// # What happens on failure
//
// When the context ends, the run that is under way is aborted as any other, and
// the set is written as far as it came. When the lab itself failed three times in
// a row, or a report cannot be written, the set stops: more of the same would tell
// nothing.
package set

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"paperlab/reports"
	"paperlab/reports/chart"
	"paperlab/reports/record"
)

// Options say what to run. All fields must be set but Again.
type Options struct {
	// Of says what the set is of: its ID, scenario, profiles and what else stands
	// in its record beside its seeds.
	Of    record.Set
	Seeds record.Seeds
	// Again also runs the seeds again whose run is inconclusive.
	Again bool
	// Out is the folder of all reports.
	Out string
	// Run runs one seed and writes its report, whose folder it returns. The record
	// there must name the set.
	Run func(ctx context.Context, seed int64) (record.Result, string, error)
	// Say tells a person how far the set is.
	Say func(format string, args ...any)
}

// failuresInARow of the lab itself end a set.
const failuresInARow = 3

// ErrStopped is returned by Run if the lab itself failed too often.
var ErrStopped = errors.New("the set was stopped: the lab itself failed three times in a row. What went wrong is in the last run's report")

// Run runs the seeds that are still to be run, and writes the set's record and
// report after each. It returns the set and its folder, which is not there while
// nothing was ever run. A set that was stopped by
// the context is no error: its verdict is at best aborted.
func Run(ctx context.Context, o Options) (record.Set, string, error) {
	s := &series{Options: o, folder: record.SetFolder(o.Out, o.Of.Scenario, o.Of.ID)}
	if err := s.recall(); err != nil {
		return o.Of, s.folder, err
	}
	todo := s.todo()
	s.Say("set of %s: %d of %d seeds are still to be run", o.Of.Scenario, len(todo), len(s.seeds))
	err := s.runAll(ctx, todo)
	made := s.summed()
	if made.StartedAt.IsZero() { // nothing was ever run: there is nothing to tell
		return made, s.folder, err
	}
	return made, s.folder, errors.Join(err, s.write())
}

// series is a set on its way.
type series struct {
	Options
	folder string
	// seeds of the set, with those that were not run yet.
	seeds []record.SetSeed
}

// recall finds the runs of the set that there are.
func (s *series) recall() error {
	found, err := earlier(filepath.Dir(s.folder), s.Of.ID)
	if err != nil {
		return err
	}
	for _, seed := range s.Seeds {
		s.seeds = append(s.seeds, record.SetSeed{Seed: seed})
	}
	for _, run := range found {
		s.take(run)
	}
	return nil
}

// earlier are the runs of the set, in the order in which they were begun.
func earlier(dir, id string) (found []record.SetSeed, err error) {
	folders, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("look for runs of the set: %w", err)
	}
	for _, f := range folders {
		folder := filepath.Join(dir, f.Name())
		if !f.IsDir() {
			continue // such as the link to the latest
		}
		// What has no record, or one that is none, is no run that came to its end.
		if r, err := record.LoadResult(folder); err == nil && r.Set == id {
			found = append(found, record.SeedOf(r, folder))
		}
	}
	slices.SortStableFunc(found, func(a, b record.SetSeed) int { return a.StartedAt.Compare(b.StartedAt) })
	return found, nil
}

// take lets a run count for its seed; the one that did before becomes an earlier
// one.
func (s *series) take(run record.SetSeed) {
	at := slices.IndexFunc(s.seeds, func(have record.SetSeed) bool { return have.Seed == run.Seed })
	if at < 0 {
		s.seeds = append(s.seeds, run)
		return
	}
	if before := s.seeds[at]; before.Verdict != "" {
		run.Earlier = append(before.Earlier, record.Attempt{Folder: before.Folder, Verdict: before.Verdict})
	}
	s.seeds[at] = run
}

// todo are the seeds asked for that are to be run, in the order in which they
// were asked for.
func (s *series) todo() (todo record.Seeds) {
	for _, seed := range s.Seeds {
		at := slices.IndexFunc(s.seeds, func(have record.SetSeed) bool { return have.Seed == seed })
		switch s.seeds[at].Verdict {
		case record.Pass, record.Violation:
		case record.Inconclusive:
			if s.Again {
				todo = append(todo, seed)
			}
		default:
			todo = append(todo, seed)
		}
	}
	return todo
}

func (s *series) runAll(ctx context.Context, todo record.Seeds) error {
	failures := 0
	for i, seed := range todo {
		if ctx.Err() != nil {
			return nil
		}
		s.Say("seed %d, %d of %d: %s", seed, i+1, len(todo), s.standing(len(todo)-i))
		result, folder, err := s.Run(ctx, seed)
		if err != nil {
			return fmt.Errorf("seed %d: %w", seed, err)
		}
		s.take(record.SeedOf(result, folder))
		s.Say("seed %d: %s%s", seed, result.Verdict, firstOf(result.Reasons))
		if err := s.write(); err != nil {
			return err
		}
		if failures++; result.Verdict != record.Infrastructure {
			failures = 0
		}
		if failures == failuresInARow {
			return ErrStopped
		}
	}
	return nil
}

func firstOf(reasons []string) string {
	if len(reasons) == 0 {
		return ""
	}
	return ": " + reasons[0]
}

// standing says how many passed so far and how long the rest will take.
func (s *series) standing(left int) string {
	t := s.summed().Tally
	passed := fmt.Sprintf("%d passed so far", t.Pass)
	if t.Violation > 0 {
		passed += fmt.Sprintf(", %d in violation", t.Violation)
	}
	if rest := s.timeLeft(left); rest > 0 {
		return passed + ", about " + chart.Minutes(rest) + " left"
	}
	return passed
}

// timeLeft is, in seconds, what so many runs take: each the median of what those
// took that came to their end; 0 if none did.
func (s *series) timeLeft(runs int) float64 {
	var took []float64
	for _, seed := range s.seeds {
		if seed.Judged() || seed.Verdict == record.Inconclusive {
			took = append(took, seed.WallS)
		}
	}
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[len(took)/2] * float64(runs)
}

func (s *series) summed() record.Set { return s.Of.Summed(s.seeds) }

// write writes the set's record and report, and lists it with all others.
func (s *series) write() error {
	return errors.Join(reports.WriteSet(s.folder, s.summed()), reports.Index(s.Out))
}
