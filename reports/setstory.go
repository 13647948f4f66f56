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

// spokenMeasures are those that the story tells the medians of.
var spokenMeasures = []string{"time_to_detect_s", "lag_recovery_s", "lost", "duplicate_effects", "order_violations"}

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

// Medians are a clause for each spoken measure.
func (s setSubject) Medians() []string {
	var clauses []string
	for _, id := range spokenMeasures {
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

// Simpler are the clauses of where a profile was worse than one before it, that
// is simpler; Better those of where it was better; Alike names the measures in
// which no pair differs.
func (s setSubject) Simpler() []string {
	return s.clauses(func(p record.Pair) (string, string, int, bool) {
		return p.Against, p.Profile, p.Worse, p.Worse > p.Better
	})
}

// Better: see Simpler.
func (s setSubject) Better() []string {
	return s.clauses(func(p record.Pair) (string, string, int, bool) {
		return p.Profile, p.Against, p.Better, p.Better > p.Worse
	})
}

// Alike: see Simpler.
func (s setSubject) Alike() []string {
	var alike []string
	for _, m := range record.Measures {
		of := slices.DeleteFunc(slices.Clone(s.Pairs), func(p record.Pair) bool { return p.Measure != m.ID })
		if len(of) > 0 && !slices.ContainsFunc(of, func(p record.Pair) bool { return p.P < significant }) {
			alike = append(alike, m.Name)
		}
	}
	return alike
}

// clauses say of each pair of profiles in what the one was better, where chance
// alone hardly explains it.
func (s setSubject) clauses(of func(record.Pair) (better, worse string, in int, so bool)) []string {
	var order []string
	at := map[string][]string{}
	for _, p := range s.Pairs {
		better, worse, in, so := of(p)
		if !so || p.P >= significant {
			continue
		}
		who := "the " + better + " service was better than the " + worse + " one at"
		if at[who] == nil {
			order = append(order, who)
		}
		at[who] = append(at[who], fmt.Sprintf("%s (%d of %d seeds)", measureOf(p.Measure).Name, in, p.N))
	}
	for i, who := range order {
		order[i] = who + " " + list(at[who])
	}
	return order
}
