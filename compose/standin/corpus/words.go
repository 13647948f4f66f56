package corpus

import (
	_ "embed"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"unicode/utf8"
)

// field is a part of science with its own words.
type field struct {
	// Weight is about the share of arXiv's new papers; all add up to 100.
	Weight                                          int
	Categories, Near, Subjects, Methods, Quantities []string
}

// vocabulary is what generated papers are made of. Lists are ordered from
// common to rare; zipf makes the front of each list far more frequent than its
// end. The slots of titles and sentences are explained at writer.slot.
type vocabulary struct {
	Fields                  []field
	Adjectives, Numbers     []string
	GivenNames              []string `json:"given_names"`
	FamilyNames             []string `json:"family_names"`
	Titles                  []string
	TitleTails              []string `json:"title_tails"`
	Background, Done, Found []string
	Journals, Corrections   []string
	RevisionComments        []string `json:"revision_comments"`
	// Dull words say nothing about a subject.
	Dull []string
}

//go:embed vocabulary.json
var vocabularyJSON []byte

var words = func() (v vocabulary) {
	if err := json.Unmarshal(vocabularyJSON, &v); err != nil {
		panic(err) // the embedded file is wrong
	}
	return v
}()

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
	n := rng.IntN(100)
	f := &words.Fields[slices.IndexFunc(words.Fields, func(f field) bool {
		n -= f.Weight
		return n < 0
	})]
	categories := []string{zipf(rng, f.Categories)}
	want := 0
	for p := crossListedOn; want < 3 && rng.Float64() < p; p = 0.35 {
		want++
	}
	for tries := 0; len(categories) <= want && tries < 20; tries++ {
		from := f.Categories
		if rng.Float64() < 0.4 {
			from = f.Near
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
		w.subjects = append(w.subjects, zipf(rng, f.Subjects))
	}
	for range 2 {
		w.methods = append(w.methods, zipf(rng, f.Methods))
	}
	return w
}

func (w *writer) title() string {
	t := w.fill(zipf(w.rng, words.Titles))
	for len(t) < 45 && w.rng.Float64() < 0.7 {
		t += w.fill(pick(w.rng, words.TitleTails))
	}
	return capitalise(t)
}

// abstract joins sentences in the order in which abstracts are told, background,
// then what was done, then what came out, until the length is reached.
func (w *writer) abstract(length int) string {
	var b strings.Builder
	for b.Len() < length {
		stage := words.Done
		switch at := float64(b.Len()) / float64(length); {
		case at < 0.25:
			stage = words.Background
		case at > 0.65:
			stage = words.Found
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(capitalise(w.fill(zipf(w.rng, stage))))
	}
	return b.String()
}

// fill replaces the slots of a template.
func (w *writer) fill(template string) string { return os.Expand(template, w.slot) }

// slot draws s, a subject of the paper, m, one of its methods, o, any subject
// of the field, q, a quantity, a, an adjective, n, a number, or p, a person's
// name.
func (w *writer) slot(kind string) string {
	switch kind {
	case "s":
		return pick(w.rng, w.subjects)
	case "m":
		return pick(w.rng, w.methods)
	case "o":
		return zipf(w.rng, w.field.Subjects)
	case "q":
		return zipf(w.rng, w.field.Quantities)
	case "a":
		return zipf(w.rng, words.Adjectives)
	case "n":
		return zipf(w.rng, words.Numbers)
	case "p":
		return pick(w.rng, words.FamilyNames)
	default:
		panic("corpus: a template names the unknown slot " + kind)
	}
}

func capitalise(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return strings.ToUpper(s[:n]) + s[n:]
}
