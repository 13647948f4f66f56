package record

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"time"
)

// SetSchema is the value of Set.Schema that this version writes and reads.
const SetSchema = "paperlab/set/v1"

// SetFile is the name of a set's record in its folder, which lies beside those
// of its runs.
const SetFile = "set.json"

// Set is set.json: one scenario, run for many seeds. All of it follows from the
// records of the runs; it is made anew after each.
type Set struct {
	Schema string `json:"schema"`
	// ID stands for all that must be equal for runs to be of one set: programs,
	// scenario, corpus, profiles, environment, Redis, machine. It is in the record
	// of each run, and in the name of the set's folder.
	ID       string `json:"id"`
	Scenario string `json:"scenario"`
	About    string `json:"about"`
	// Source is the file that the scenario was read from, empty for one of the
	// catalogue.
	Source      string   `json:"source,omitempty"`
	Environment string   `json:"environment"`
	Corpus      string   `json:"corpus"`
	Profiles    []string `json:"profiles"`
	// StartedAt is when the first of the runs began, FinishedAt when the last
	// ended, WallS how long all took together.
	StartedAt  time.Time `json:"started_at"`
	FinishedAt time.Time `json:"finished_at"`
	WallS      float64   `json:"wall_s"`
	// Verdict is the worst of all seeds'; a seed that is still to be run counts as
	// aborted.
	Verdict  Verdict           `json:"verdict"`
	Code     Code              `json:"code"`
	Versions map[string]string `json:"versions"`
	Host     Host              `json:"host"`
	Tally    Tally             `json:"tally"`
	// PassRate is passes by passes and violations, nil if there are neither: what
	// shows nothing counts in Tally and nowhere else.
	PassRate *Rate `json:"pass_rate"`
	// Invariants, Spreads and Pairs are over the seeds that passed or violated.
	Invariants []SetInvariant  `json:"invariants"`
	Spreads    []MeasureSpread `json:"spreads"`
	Pairs      []Pair          `json:"pairs"`
	Seeds      []SetSeed       `json:"seeds"`
}

// Tally is how many seeds came to which verdict. The sum is all of them.
type Tally struct {
	Pass           int `json:"pass"`
	Violation      int `json:"violation"`
	Inconclusive   int `json:"inconclusive"`
	Infrastructure int `json:"infrastructure"`
	Aborted        int `json:"aborted"`
	NotRun         int `json:"not_run"`
}

// SetSeed is one seed of a set, and the run that counts for it: the latest.
type SetSeed struct {
	Seed int64 `json:"seed"`
	// Verdict is empty if the seed is still to be run.
	Verdict Verdict  `json:"verdict"`
	Reasons []string `json:"reasons,omitempty"`
	// Folder is the name of the run's folder, beside the set's.
	Folder    string    `json:"folder,omitempty"`
	StartedAt time.Time `json:"started_at"`
	WallS     float64   `json:"wall_s"`
	// Earlier are runs of the same seed that do not count, because they showed
	// nothing and it was run again.
	Earlier []Attempt `json:"earlier,omitempty"`
	// Values are by profile and measure. Null was never reached; what was not
	// measured is not there.
	Values map[string]map[string]*float64 `json:"values,omitempty"`
	// Answers are by profile and invariant, those that were judged.
	Answers map[string]map[string]Answer `json:"answers,omitempty"`
}

// Attempt is a run that does not count.
type Attempt struct {
	Folder  string  `json:"folder"`
	Verdict Verdict `json:"verdict"`
}

// Judged tells whether the seed's run shows something of the service.
func (s SetSeed) Judged() bool { return s.Verdict == Pass || s.Verdict == Violation }

// value is a reading, infinite if it was never reached.
func (s SetSeed) value(profile, measure string) (v float64, measured bool) {
	reading, measured := s.Values[profile][measure]
	if reading == nil {
		return math.Inf(1), measured
	}
	return *reading, measured
}

// SetInvariant is in how many seeds a profile kept an invariant, broke it, or was
// not known to do either.
type SetInvariant struct {
	ID      string `json:"id"`
	Profile string `json:"profile"`
	Kept    int    `json:"kept"`
	Broken  int    `json:"broken"`
	Unknown int    `json:"unknown"`
}

// MeasureSpread is a measure of one profile over the seeds.
type MeasureSpread struct {
	Measure string `json:"measure"`
	Profile string `json:"profile"`
	Spread
}

// Pair compares two profiles seed by seed: same load, same faults.
type Pair struct {
	Measure string `json:"measure"`
	// Profile is compared with Against: a difference is Profile's reading less
	// Against's.
	Profile string `json:"profile"`
	Against string `json:"against"`
	// Better, Worse and Equal are in how many seeds Profile was so; readings that
	// differ by no more than the measure's grain are equal.
	Better int `json:"better"`
	Worse  int `json:"worse"`
	Equal  int `json:"equal"`
	// P is the sign test's, of this comparison alone: where many are made, one in
	// twenty is below 0.05 by chance.
	P float64 `json:"sign_test_p"`
	// Spread is that of the differences; where one of the two never reached it,
	// the difference is infinite and counts as Never. Where neither did they are
	// equal.
	Spread
}

// SeedOf is what a set's record keeps of a run; folder is the run's.
func SeedOf(r Result, folder string) SetSeed {
	s := SetSeed{
		Seed: r.Seed, Verdict: r.Verdict, Reasons: r.Reasons, Folder: filepath.Base(folder),
		StartedAt: r.StartedAt, WallS: r.WallS, Values: map[string]map[string]*float64{}, Answers: map[string]map[string]Answer{},
	}
	for _, run := range r.Runs {
		s.Answers[run.Profile] = map[string]Answer{}
		for _, i := range run.Invariants {
			s.Answers[run.Profile][i.ID] = i.Answer
		}
		s.Values[run.Profile] = map[string]*float64{}
		for _, m := range Measures {
			value, measured := m.of(run)
			if measured && (value == nil || finite(*value) != nil) {
				s.Values[run.Profile][m.ID] = value
			}
		}
	}
	return s
}

// Summed is the set of these seeds; the receiver says what they are seeds of.
// Profiles are in the order in which they are to be shown and compared, each with
// those before it.
func (s Set) Summed(seeds []SetSeed) Set {
	s.Schema = SetSchema
	s.Seeds = slices.SortedFunc(slices.Values(seeds), func(a, b SetSeed) int { return cmp.Compare(a.Seed, b.Seed) })
	s.StartedAt, s.FinishedAt, s.WallS, s.Tally, s.PassRate = time.Time{}, time.Time{}, 0, Tally{}, nil
	var verdicts []Verdict
	for _, seed := range s.Seeds {
		verdicts = append(verdicts, cmp.Or(seed.Verdict, Aborted))
		s.Tally.add(seed.Verdict)
		s.WallS += seed.WallS
		end := seed.StartedAt.Add(time.Duration(seed.WallS * float64(time.Second)))
		if end.After(s.FinishedAt) {
			s.FinishedAt = end
		}
		if !seed.StartedAt.IsZero() && (s.StartedAt.IsZero() || seed.StartedAt.Before(s.StartedAt)) {
			s.StartedAt = seed.StartedAt
		}
	}
	s.Verdict = Worst(verdicts)
	if n := s.Tally.Pass + s.Tally.Violation; n > 0 {
		rate := rateOf(s.Tally.Pass, n)
		s.PassRate = &rate
	}
	s.Invariants, s.Spreads, s.Pairs = s.invariants(), s.spreads(), s.pairs()
	return s
}

// Again is the set as the records of its runs say today, which lie beside its
// folder. Of a run that is not there, or is another set's, what the set keeps of it
// stays.
func (s Set) Again(folder string) Set {
	seeds := slices.Clone(s.Seeds)
	for i, seed := range seeds {
		run := filepath.Join(filepath.Dir(filepath.Clean(folder)), seed.Folder)
		if r, err := LoadResult(run); seed.Folder != "" && err == nil && r.Set == s.ID {
			seeds[i] = SeedOf(r, run)
			seeds[i].Earlier = seed.Earlier
		}
	}
	return s.Summed(seeds)
}

func (t *Tally) add(v Verdict) {
	switch v {
	case Pass:
		t.Pass++
	case Violation:
		t.Violation++
	case Inconclusive:
		t.Inconclusive++
	case Infrastructure:
		t.Infrastructure++
	case Aborted:
		t.Aborted++
	default:
		t.NotRun++
	}
}

// invariants are those that a profile was judged by in any seed, in the order of
// their names, and of each the profiles in the set's.
func (s Set) invariants() (all []SetInvariant) {
	ids := map[string]bool{}
	for _, seed := range s.Seeds {
		for _, answers := range seed.Answers {
			for id := range answers {
				ids[id] = true
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		for _, profile := range s.Profiles {
			if i := s.invariant(id, profile); i.Kept+i.Broken+i.Unknown > 0 {
				all = append(all, i)
			}
		}
	}
	return all
}

func (s Set) invariant(id, profile string) SetInvariant {
	i := SetInvariant{ID: id, Profile: profile}
	for _, seed := range s.Seeds {
		if !seed.Judged() {
			continue
		}
		switch seed.Answers[profile][id] {
		case Valid:
			i.Kept++
		case Invalid:
			i.Broken++
		case Unknown:
			i.Unknown++
		}
	}
	return i
}

// spreads are those of each measure and profile that has a reading.
func (s Set) spreads() (all []MeasureSpread) {
	for _, m := range Measures {
		for _, profile := range s.Profiles {
			var readings []float64
			for _, seed := range s.Seeds {
				if v, measured := seed.value(profile, m.ID); measured && seed.Judged() {
					readings = append(readings, v)
				}
			}
			if len(readings) > 0 {
				all = append(all, MeasureSpread{m.ID, profile, spreadOf(readings)})
			}
		}
	}
	return all
}

// pairs compare each profile with those before it.
func (s Set) pairs() (all []Pair) {
	for _, m := range Measures {
		for i, profile := range s.Profiles {
			for _, against := range s.Profiles[:i] {
				if p := s.pair(m, profile, against); p.N > 0 {
					all = append(all, p)
				}
			}
		}
	}
	return all
}

func (s Set) pair(m Measure, profile, against string) Pair {
	p := Pair{Measure: m.ID, Profile: profile, Against: against}
	var differences []float64
	for _, seed := range s.Seeds {
		a, measured := seed.value(profile, m.ID)
		b, both := seed.value(against, m.ID)
		if !measured || !both || !seed.Judged() {
			continue
		}
		difference := a - b
		if a == b { // also if neither was ever reached
			difference = 0
		}
		differences = append(differences, difference)
		switch {
		case math.Abs(difference) <= m.Grain: // 0 of a count
			p.Equal++
		case difference < 0:
			p.Better++
		default:
			p.Worse++
		}
	}
	p.P, p.Spread = signTest(p.Better, p.Worse), spreadOf(differences)
	return p
}

// SpreadOf is the measure's spread of a profile; nil if it has no reading.
func (s Set) SpreadOf(measure, profile string) *Spread {
	for i := range s.Spreads {
		if s.Spreads[i].Measure == measure && s.Spreads[i].Profile == profile {
			return &s.Spreads[i].Spread
		}
	}
	return nil
}

// InvariantOf is how the seeds answered for an invariant and a profile; nil if it
// was not judged by that.
func (s Set) InvariantOf(id, profile string) *SetInvariant {
	for i := range s.Invariants {
		if s.Invariants[i].ID == id && s.Invariants[i].Profile == profile {
			return &s.Invariants[i]
		}
	}
	return nil
}

// All are the set's seeds.
func (s Set) All() Seeds {
	var all Seeds
	for _, seed := range s.Seeds {
		all = append(all, seed.Seed)
	}
	return all
}

// LoadSet reads set.json; path is the file or its folder. A record of another
// schema, or with a verdict that is none, is refused with ErrForeign.
func LoadSet(path string) (s Set, err error) {
	path, err = load(path, SetSchema, &s)
	for _, seed := range s.Seeds {
		if _, known := exitCodes[cmp.Or(seed.Verdict, Aborted)]; err == nil && !known {
			err = fmt.Errorf("read set %s: %w: seed %d has the verdict %q, which does not exist", path, ErrForeign, seed.Seed, seed.Verdict)
		}
	}
	if _, known := exitCodes[s.Verdict]; err == nil && !known {
		err = fmt.Errorf("read set %s: %w: the verdict %q does not exist", path, ErrForeign, s.Verdict)
	}
	return s, err
}

// SetFolder is where the report of a set goes: out/NAME/set-ID.
func SetFolder(out, name, id string) string { return filepath.Join(out, name, "set-"+id) }
