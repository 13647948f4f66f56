package record

import (
	"cmp"
	"slices"
)

// The profiles, as they are written in Run.Profile.
const (
	Naive    = "naive"
	Careful  = "careful"
	Hardened = "hardened"
)

// Profiles are all there are, the simplest first. Whatever shows several shows
// them in this order, so that the eye ends on the service as it should be; the
// order in which they ran is that of Result.Runs.
func Profiles() []string { return []string{Naive, Careful, Hardened} }

// Simpler compares two profiles by what they do against going wrong, for
// sorting. One that is not known comes last.
func Simpler(a, b string) int {
	rank := func(profile string) int {
		if at := slices.Index(Profiles(), profile); at >= 0 {
			return at
		}
		return len(Profiles())
	}
	return cmp.Compare(rank(a), rank(b))
}

// Judged tells whether the profile's run is judged: of the others, what they do
// wrong is shown.
func (r Run) Judged() bool { return r.Profile == Hardened }

// InOrder is the same result with its runs in the order in which they are shown.
func (r Result) InOrder() Result {
	r.Runs = slices.Clone(r.Runs)
	slices.SortStableFunc(r.Runs, func(a, b Run) int { return Simpler(a.Profile, b.Profile) })
	return r
}
