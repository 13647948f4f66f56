package reports

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"paperlab/reports/record"
)

// significant is the p below which the story calls one profile better than
// another.
const significant = 0.05

// medianMeasures are those whose medians the story tells, comparedMeasures those
// in which it compares profiles. How soon an alert arrives is the monitoring's
// doing and not compared; the rest is in the tables.
var (
	medianMeasures   = []string{"time_to_detect_s", "lag_recovery_s", "lost", "duplicate_effects", "order_violations", "latency_p95_s"}
	comparedMeasures = []string{
		"lag_recovery_s", "time_to_recover_s", "lost", "duplicate_effects", "order_violations",
		"latency_p95_s", "commands_per_message", "memory_bytes_per_message",
	}
)

// setStory says in words what the seeds show: how many passed and where a simpler
// profile did better; the medians; who was better where.
func setStory(s record.Set) []string {
	told := []string{oneLine(say("set", setSubject{s}))}
	if medians := oneLine(say("medians", setSubject{s})); medians != "" {
		told = append(told, medians)
	}
	if better := oneLine(say("better", setSubject{s})); better != "" {
		told = append(told, better)
	}
	return told
}

// setSubject is a set as its story speaks of it.
type setSubject struct{ record.Set }

// Judged is how many seeds show something.
func (s setSubject) Judged() int { return s.Tally.Pass + s.Tally.Violation }

// Main is the profile that the verdicts are of.
func (s setSubject) Main() string {
	if len(s.Profiles) == 0 || slices.Contains(s.Profiles, record.Hardened) {
		return record.Hardened
	}
	return s.Profiles[len(s.Profiles)-1]
}

// Few tells whether there are too few readings for any interval.
func (s setSubject) Few() bool {
	return !slices.ContainsFunc(s.Spreads, func(m record.MeasureSpread) bool { return m.IntervalLevel > 0 })
}

// Of names the seeds with a verdict; empty is that of those not run yet.
func (s setSubject) Of(v record.Verdict) string {
	var seeds []string
	for _, seed := range s.Seeds {
		if seed.Verdict == v {
			seeds = append(seeds, strconv.FormatInt(seed.Seed, 10))
		}
	}
	const most = 12
	if more := len(seeds) - most; more > 1 {
		seeds = append(seeds[:most], fmt.Sprintf("%d more", more))
	}
	return noun(len(seeds), "seed", "seeds") + " " + list(seeds)
}

// Medians are a clause for each of these measures.
func (s setSubject) Medians() []string {
	var clauses []string
	for _, id := range medianMeasures {
		var parts []string
		for _, profile := range s.Profiles {
			if spread := s.SpreadOf(id, profile); spread != nil {
				parts = append(parts, amount(spread.Median, measureOf(id).Unit)+" "+profile)
			}
		}
		if len(parts) > 0 {
			clauses = append(clauses, measureOf(id).Name+" "+strings.Join(parts, ", "))
		}
	}
	return clauses
}

// Broken says of each profile which invariants it broke, and in how many seeds.
func (s setSubject) Broken() (clauses []string) {
	for _, profile := range s.Profiles {
		var what []string
		for _, i := range s.Invariants {
			if i.Profile == profile && i.Broken > 0 {
				what = append(what, fmt.Sprintf("%s in %d of %s", i.ID, i.Broken, count(i.Kept+i.Broken+i.Unknown, "seed", "seeds")))
			}
		}
		if len(what) > 0 {
			clauses = append(clauses, "The "+profile+" service broke "+list(what)+".")
		}
	}
	return clauses
}

// Simpler says of each simpler profile in what it was better than the main one.
func (s setSubject) Simpler() []string {
	return s.clauses(func(p record.Pair) (better, worse string, so bool) { return p.Against, p.Profile, p.Worse > p.Better })
}

// Better says of the main profile in what it was better than each simpler one.
func (s setSubject) Better() []string {
	return s.clauses(func(p record.Pair) (better, worse string, so bool) { return p.Profile, p.Against, p.Better > p.Worse })
}

// clauses say for each pair with the main profile in what the one was better;
// what chance alone may explain is left out.
func (s setSubject) clauses(of func(record.Pair) (better, worse string, so bool)) (clauses []string) {
	for _, profile := range s.Profiles {
		var who string
		var what []string
		for _, id := range comparedMeasures {
			p := s.mainPair(id, profile)
			if p == nil || p.P >= significant {
				continue
			}
			if better, worse, so := of(*p); so {
				who = "The " + better + " service was better than the " + worse + " one at "
				what = append(what, fmt.Sprintf("%s (%d of %d seeds%s)", measureOf(id).Name, max(p.Better, p.Worse), p.N, s.background(id, profile)))
			}
		}
		if len(what) > 0 {
			clauses = append(clauses, who+list(what)+".")
		}
	}
	return clauses
}

// background says so where the faults did not make the difference.
func (s setSubject) background(id, profile string) string {
	if p := s.mainPair(id+"_caused", profile); p != nil && p.P >= significant {
		return ", and not because of the faults"
	}
	return ""
}

// mainPair compares the main profile with another one; nil if nothing was
// measured of both.
func (s setSubject) mainPair(id, against string) *record.Pair {
	for i, p := range s.Pairs {
		if p.Measure == id && p.Profile == s.Main() && p.Against == against {
			return &s.Pairs[i]
		}
	}
	return nil
}

// Alike are the measures in which the main profile and the simpler ones cannot be
// told apart.
func (s setSubject) Alike() (alike []string) {
	for _, id := range comparedMeasures {
		compared, differ := false, false
		for _, profile := range s.Profiles {
			if p := s.mainPair(id, profile); p != nil {
				compared, differ = true, differ || p.P < significant
			}
		}
		if compared && !differ {
			alike = append(alike, measureOf(id).Name)
		}
	}
	return alike
}
