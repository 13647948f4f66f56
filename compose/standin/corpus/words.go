package corpus

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode/utf8"
)

// pick draws evenly.
func pick(rng *rand.Rand, list []string) string { return list[rng.IntN(len(list))] }

// zipf draws from a list in which the k-th entry is about 1/k as likely as the
// first: the inverse of the harmonic distribution, approximated by its
// continuous form. The first entries become the common words that a
// subscription matches often, the last ones those it matches rarely.
func zipf(rng *rand.Rand, list []string) string {
	n := math.Pow(float64(len(list)+1), rng.Float64())
	return list[min(int(n), len(list))-1]
}

// pickCategories draws a primary category and up to three cross-lists, nearly
// always from the same field or one near it.
func pickCategories(rng *rand.Rand) ([]string, *field) {
	total := 0
	for i := range fields {
		total += fields[i].weight
	}
	n := rng.IntN(total)
	f := &fields[0]
	for i := range fields {
		if f = &fields[i]; n < f.weight {
			break
		}
		n -= f.weight
	}
	categories := []string{zipf(rng, f.categories)}
	want := 0
	for p := crossListedOn; want < 3 && rng.Float64() < p; p = 0.35 {
		want++
	}
	for tries := 0; len(categories) <= want && tries < 20; tries++ {
		from := f.categories
		if rng.Float64() < 0.4 {
			from = f.near
		}
		if c := zipf(rng, from); !slices.Contains(categories, c) {
			categories = append(categories, c)
		}
	}
	return categories, f
}

// writer composes the title and the abstract of one paper. A paper has a few
// subjects and one or two methods that come back in every other sentence, as
// they do in life: keywords cluster in papers instead of being sprinkled evenly.
type writer struct {
	rng      *rand.Rand
	field    *field
	subjects []string
	methods  []string
}

func newWriter(rng *rand.Rand, f *field) *writer {
	w := &writer{rng: rng, field: f}
	for range 3 {
		w.subjects = append(w.subjects, zipf(rng, f.subjects))
	}
	for range 2 {
		w.methods = append(w.methods, zipf(rng, f.methods))
	}
	return w
}

func (w *writer) title() string {
	t := w.fill(zipf(w.rng, titles))
	for len(t) < 45 && w.rng.Float64() < 0.7 {
		t += w.fill(pick(w.rng, titleTails))
	}
	return capitalise(t)
}

// abstract joins sentences in the order in which abstracts are told, background,
// then what was done, then what came out, until the length is reached.
func (w *writer) abstract(length int) string {
	var b strings.Builder
	for b.Len() < length {
		stage := sentencesDone
		switch at := float64(b.Len()) / float64(length); {
		case at < 0.25:
			stage = sentencesBackground
		case at > 0.65:
			stage = sentencesFound
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(capitalise(w.fill(zipf(w.rng, stage))))
	}
	return b.String()
}

// fill replaces the slots of a template: {s} a subject of the paper, {m} one of
// its methods, {o} any subject of the field, {q} a quantity, {a} an adjective,
// {n} a number, {p} a person's name.
func (w *writer) fill(template string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(template, '{')
		if i < 0 {
			b.WriteString(template)
			return b.String()
		}
		b.WriteString(template[:i])
		b.WriteString(w.slot(template[i+1]))
		template = template[i+3:]
	}
}

func (w *writer) slot(kind byte) string {
	switch kind {
	case 's':
		return pick(w.rng, w.subjects)
	case 'm':
		return pick(w.rng, w.methods)
	case 'o':
		return zipf(w.rng, w.field.subjects)
	case 'q':
		return zipf(w.rng, w.field.quantities)
	case 'a':
		return zipf(w.rng, adjectives)
	case 'n':
		return zipf(w.rng, numbers)
	case 'p':
		return pick(w.rng, familyNames)
	default:
		panic("corpus: a template names the unknown slot " + string(kind))
	}
}

func capitalise(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return strings.ToUpper(s[:n]) + s[n:]
}
