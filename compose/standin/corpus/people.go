package corpus

import (
	"math"
	"math/rand/v2"
)

// people is the pool that authors are drawn from: few write much, most write
// once or twice.
type people []string

const (
	poolSize          = 12_000
	collaborationRate = 0.003 // papers with the author list of a large collaboration
)

func newPeople(rng *rand.Rand) people {
	p := make(people, 0, poolSize)
	seen := make(map[string]bool, poolSize)
	for len(p) < poolSize {
		given := zipf(rng, words.GivenNames)
		if rng.Float64() < 0.35 {
			given += " " + string(rune('A'+rng.IntN(25))) + "."
		}
		name := given + " " + zipf(rng, words.FamilyNames)
		// Two family names, as is usual in half of the world, keep the pool
		// from running out.
		if seen[name] {
			name += "-" + pick(rng, words.FamilyNames)
		}
		if !seen[name] {
			seen[name] = true
			p = append(p, name)
		}
	}
	return p
}

// authors draws one author list without repetition: lognormal in length with
// its median at 3, at most 12 except for collaborations.
func (p people) authors(rng *rand.Rand) []string {
	n := int(math.Round(3.2 * math.Exp(0.6*rng.NormFloat64())))
	n = min(12, max(1, n))
	if rng.Float64() < collaborationRate {
		n = 25 + rng.IntN(100)
	}
	authors := make([]string, 0, n)
	seen := make(map[int]bool, n)
	for len(authors) < n {
		// The square of a uniform number favours the front of the pool.
		u := rng.Float64()
		i := int(u * u * float64(len(p)))
		if !seen[i] {
			seen[i] = true
			authors = append(authors, p[i])
		}
	}
	return authors
}
