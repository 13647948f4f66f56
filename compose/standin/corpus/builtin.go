package corpus

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"paperlab/system/paper"
)

// Shares and distances of the generated corpus. Revisions come sooner than in
// life, where the median is months: order per paper is judged through versions
// of one paper, so a run of a few minutes must contain many of them.
const (
	revisedShare  = 0.15 // of papers get a version 2
	revisedAgain  = 0.15 // of those get a version 3
	revisionNear  = 5    // papers between a version and the next, at least
	revisionFar   = 120  // and at most
	stepSeconds   = 20   // arXiv time from one version to the next, at least
	stepSpread    = 71   // and up to stepSeconds+stepSpread-1
	commentShare  = 0.75
	journalShare  = 0.12
	crossListedOn = 0.45 // share of papers that carry a first cross-list
)

// Builtin makes a corpus of exactly n versions from the seed, the first on
// 1 January 2021. The first k versions of a larger corpus of the same seed are
// the same as those of a smaller one.
func Builtin(seed uint64, n int) (*Corpus, error) {
	if err := checkLimit("the builtin corpus's size", n); err != nil {
		return nil, err
	}
	g := newGenerator(seed)
	c := &Corpus{Versions: make([]Version, 0, n)}
	for len(c.Versions) < n {
		c.Versions = append(c.Versions, g.next())
	}
	return c, nil
}

// generator makes one version after the other. Each paper draws from a random
// source of its own, so that a change in how one is made does not change the
// rest.
type generator struct {
	seed  uint64
	rng   *rand.Rand
	clock time.Time
	// month is the part of an identifier before the dot, number the part after.
	month  string
	number int
	papers int
	due    []revision
	people people
}

func newGenerator(seed uint64) *generator {
	return &generator{
		seed:   seed,
		rng:    rand.New(rand.NewPCG(seed, 0)),
		clock:  time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC),
		people: newPeople(rand.New(rand.NewPCG(seed, 1))),
	}
}

func (g *generator) next() Version {
	g.clock = g.clock.Add(time.Duration(stepSeconds+g.rng.IntN(stepSpread)) * time.Second)
	var v Version
	if len(g.due) > 0 && g.due[0].at <= g.papers {
		v = g.revise(g.due[0].version)
		g.due = g.due[1:]
	} else {
		v = g.paper()
		g.papers++
	}
	share := revisedShare
	if v.Version > 1 {
		share = revisedAgain
	}
	if v.Version < 3 && g.rng.Float64() < share {
		at := g.papers + revisionNear + g.rng.IntN(revisionFar-revisionNear)
		g.expect(revision{at: at, version: v})
	}
	return v
}

func (g *generator) identify() string {
	if month := g.clock.Format("0601"); month != g.month {
		g.month, g.number = month, 0
	}
	g.number++
	return fmt.Sprintf("%s.%05d", g.month, g.number)
}

func (g *generator) paper() Version {
	rng := rand.New(rand.NewPCG(g.seed, uint64(g.papers)+1<<32))
	categories, field := pickCategories(rng)
	w := newWriter(rng, field)
	v := Version{Paper: paper.Paper{
		ID:         g.identify(),
		Version:    1,
		Title:      w.title(),
		Abstract:   w.abstract(abstractLength(rng)),
		Authors:    g.people.authors(rng),
		Categories: categories,
		Published:  g.clock,
		Updated:    g.clock,
	}}
	if rng.Float64() < commentShare {
		v.Comment = fmt.Sprintf("%d pages, %d figures", 4+rng.IntN(36), 1+rng.IntN(14))
	}
	if rng.Float64() < journalShare {
		v.JournalRef = fmt.Sprintf("%s %d (2021) %d", pick(rng, words.Journals), 10+rng.IntN(190), 1+rng.IntN(9000))
		v.DOI = fmt.Sprintf("10.5555/%s", v.ID)
	}
	return v
}

// revise makes the next version: the same paper with a sentence more and a
// comment that says so.
func (g *generator) revise(v Version) Version {
	rng := rand.New(rand.NewPCG(g.seed, uint64(g.papers)+uint64(v.Version)<<40))
	v.Version++
	v.Updated = g.clock
	v.Abstract += " " + pick(rng, words.Corrections)
	v.Comment = fmt.Sprintf("v%d: %s", v.Version, pick(rng, words.RevisionComments))
	return v
}

// abstractLength is lognormal with its median at 1,150 characters and about
// two thirds between 900 and 1,500, within arXiv's own limit of 1,920.
func abstractLength(rng *rand.Rand) int {
	return int(min(1700, max(250, 1150*math.Exp(0.25*rng.NormFloat64()))))
}

// revision is a version that will get a successor when `at` papers are out.
type revision struct {
	at      int
	version Version
}

// expect puts a revision in its place: those that are due first come first.
func (g *generator) expect(r revision) {
	i, _ := slices.BinarySearchFunc(g.due, r, func(a, b revision) int {
		return cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.version.ID, b.version.ID))
	})
	g.due = slices.Insert(g.due, i, r)
}

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
