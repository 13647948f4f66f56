package run

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"paperlab/reports/record"
	"paperlab/scenarios"
	"paperlab/scenarios/capacity"
)

// LoadError is returned by SetLoad for a load that cannot be had: bad input, and
// nothing of the run has started.
type LoadError struct{ err error }

func (e LoadError) Error() string { return e.err.Error() }
func (e LoadError) Unwrap() error { return e.err }

// ExitCode is that of bad input.
func (LoadError) ExitCode() int { return scenarios.ExitCode }

// offer is what the record says of the load though no history shows it: the rate,
// and that it is a share of the capacity of some profile, or 0 and "".
type offer struct {
	rate, share float64
	of          string
	capacity    float64
	// saturation is what the profile that is offered it can do at most, in papers
	// a second, nil if nobody measured it.
	saturation *float64
}

// SetLoad decides what is offered, before Run: the rate, if the scenario gives it
// as a share of a capacity, which is measured where no figure is known that
// holds; from it how many papers; then whom they interest. The scenario is copied,
// not changed.
//
// The rate is a share of the least capacity of hardened and of the profiles that
// the scenario compares it with, whichever of them run: PROFILE= changes no load.
func (o *Options) SetLoad(ctx context.Context) error {
	s := *o.Scenario
	o.Scenario = &s
	if s.Load.OfCapacity > 0 {
		if err := o.findCapacities(ctx); err != nil {
			return err
		}
		of, least := o.least()
		// In tenths: nobody wants to read 41.98371.
		s.Load.Rate = max(math.Round(10*s.Load.OfCapacity*least)/10, 0.1)
		o.Progress.Say("the load is %g papers/s, %g%% of the %.1f/s that %s can do here", s.Load.Rate, 100*s.Load.OfCapacity, least, of)
	}
	if s.Load.Papers == 0 {
		s.Load.Papers = s.Load.Lasting(warmUp + s.Phases.Total())
	}
	return o.draw()
}

// rated are the profiles whose capacities decide the rate.
func rated(s *scenarios.Scenario) []string {
	return append([]string{record.Hardened}, s.Compare...)
}

// least is the one of those that decide the rate that can do least.
func (o *Options) least() (profile string, papersPerS float64) {
	for _, p := range rated(o.Scenario) {
		if can := o.known[p].PapersPerS; profile == "" || can < papersPerS {
			profile, papersPerS = p, can
		}
	}
	return profile, papersPerS
}

// draw takes the corpus and those whom it interests.
func (o *Options) draw() error {
	load := o.Scenario.Load
	switch {
	case o.Live != nil && load.Size > 0:
		return LoadError{errors.New("load.size cannot be had of arXiv itself: leave it out, or give another corpus")}
	case o.Live != nil:
		return o.interest()
	}
	if err := o.take(); err != nil {
		return err
	}
	if have := len(o.Corpus.Versions); have < load.Papers {
		return LoadError{fmt.Errorf("corpus %s holds %d versions of papers and %s needs %d, at %g/s: give a larger file, or lower the load or shorten the phases in a copy of the scenario",
			o.CorpusName, have, o.Scenario.Name, load.Papers, load.Rate)}
	}
	return o.interest()
}

// take takes as many papers as the load has, or as there are.
func (o *Options) take() (err error) {
	if o.Corpus, err = o.CorpusOf(o.Scenario.Load.Papers); err != nil {
		return LoadError{err}
	}
	if size := o.Scenario.Load.Size; size > 0 {
		o.Corpus = o.Corpus.Sized(size)
	}
	return nil
}

// interest draws who is to be told of what.
func (o *Options) interest() (err error) {
	if o.People, o.Wishes, err = o.Corpus.Subscriptions(o.source(2), o.Scenario.Load.Demand()); err != nil {
		return LoadError{err}
	}
	return nil
}

// offered is what a profile is offered.
func (o *Options) offered(profile string) offer {
	found := offer{rate: o.Scenario.Load.Rate}
	if own, known := o.known[profile]; known {
		found.share = o.Scenario.Load.OfCapacity
		found.of, found.capacity = o.least()
		found.saturation = &own.PapersPerS
	}
	return found
}

// findCapacities looks up or measures the capacities that decide the rate, and
// those of the profiles that run.
func (o *Options) findCapacities(ctx context.Context) error {
	book, err := o.book()
	if err != nil {
		o.Progress.Say("%v; they are measured anew", err)
	}
	program, err := sumOf(o.Program)
	if err != nil {
		return err
	}
	speed, err := capacity.Speed()
	if err != nil {
		return err
	}
	o.known = map[string]capacity.Figure{}
	profiles := append(rated(o.Scenario), o.Profiles...)
	slices.Sort(profiles)
	for _, profile := range slices.Compact(profiles) {
		key := o.key(profile, program)
		figure, why := book.Find(key, speed, time.Now())
		if o.Remeasure {
			why = "asked for"
		}
		if why != "" {
			o.Progress.Say("%s: measuring how much it can do, which takes about 12 s and is kept: %s", profile, why)
			if figure, err = o.measured(ctx, key, speed); err != nil {
				return fmt.Errorf("measure the capacity of %s: %w", profile, err)
			}
			if err := book.Keep(figure); err != nil {
				o.Progress.Say("%v; the next run measures again", err)
			}
		}
		o.known[profile] = figure
		o.Progress.Say("%s: can do %.1f papers/s here, measured %s", profile, figure.PapersPerS, figure.MeasuredAt.Format(time.DateTime))
	}
	return nil
}

func (o Options) book() (*capacity.Book, error) {
	return capacity.Open(filepath.Join(o.Out, capacity.FileName))
}

func (o Options) measured(ctx context.Context, key capacity.Key, speed float64) (capacity.Figure, error) {
	papers, err := o.measureCapacity(ctx, key.Profile)
	return capacity.Figure{Key: key, PapersPerS: papers, MeasuredAt: time.Now().UTC().Truncate(time.Second), Speed: speed}, err
}

func (o Options) key(profile, program string) capacity.Key {
	return capacity.Key{
		Profile: profile, Environment: o.Environment.Name(), Host: record.ThisHost(), Program: program, Redis: o.RedisVersion,
		Corpus: o.CorpusName, Shape: capacity.ShapeOf(o.Scenario),
		Around: fmt.Sprintf("%d calls of an LLM in flight a summarizer; ollama %v, openai %v, arxiv %v, sink %v",
			llmInFlight, ollamaLatency, openaiLatency, arxivLatency, sinkLatency),
	}
}

// sumOf is a checksum of a program.
func sumOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("the service's program: %w", err)
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", fmt.Errorf("the service's program: %w", err)
	}
	return fmt.Sprintf("%x", sum.Sum(nil))[:16], nil
}

// doubt has a capacity measured again that the run shows to be wrong: at a
// share of it, the service was never steady. With a planted defect, that says
// nothing of the machine.
func (o Options) doubt(r record.Result) {
	if len(o.Env) > 0 {
		return
	}
	for _, run := range r.Runs {
		figure, known := o.known[run.Profile]
		if !known || run.Steady.Held {
			continue
		}
		book, _ := o.book() // the next run says what is wrong with it
		if err := book.Doubt(figure.Key, fmt.Sprintf("a run of %s was never steady at %g papers/s", r.Scenario, run.Load.RatePerS)); err != nil {
			o.Progress.Say("%v", err)
		}
	}
}
