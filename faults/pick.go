package faults

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Pick is how a scenario's file chooses among equals: the processes of a role, or
// the Redis nodes that were made masters or replicas.
//
//	one     the first of an order that the seed draws, once for a whole scenario:
//	        "one" is the same one in all of its faults
//	other   the second of that order, which is never "one"
//	2       the first two of it, so that one and other are among them
//	all     every one
//	NAME    the one of that name, such as summarize-2
//
// Whether two picks are the same must not hang on the seed: a file would be right
// for some seeds and wrong for others. What a file names is therefore taken to be
// the same as what it draws.
type Pick struct {
	// Word is as it stands in the file.
	Word string
	// name is the one that the file names; else from and to are the places in
	// the order that is drawn. There are among of them.
	name            string
	from, to, among int
}

// everyOne picks all of a number of equals.
func everyOne(among int) Pick { return Pick{Word: "all", to: among, among: among} }

// oneOf is the pick "one" of a number of equals.
func oneOf(among int) Pick { return Pick{Word: "one", to: 1, among: among} }

// byName picks one of a number of equals.
func byName(name string, among int) Pick { return Pick{Word: name, name: name, among: among} }

// count is how many it picks.
func (p Pick) count() int { return max(p.to-p.from, min(len(p.name), 1)) }

// meets tells whether two picks have one in common, or have it for some seed.
func (p Pick) meets(q Pick) bool {
	switch {
	case p.name != "" && q.name != "":
		return p.name == q.name
	case p.name != "" || q.name != "":
		return true
	}
	return max(p.from, q.from) < min(p.to, q.to)
}

// pickWords are those that draw, beside numbers.
var pickWords = []string{"one", "other", "all"}

// readPick reads the field pick, of what there are these names: what is not there
// cannot be picked.
func readPick(f Fields, what string, names []string) Pick {
	const field = "pick"
	word, n := f.Word(field), len(names)
	p := Pick{Word: word, among: n}
	number, err := strconv.Atoi(word)
	switch {
	case word == "" || n == 0: // of which the reader has told
	case err == nil && (number < 1 || number > n):
		f.Fail(field, "pick is %d, and there are %d of %s (%s): pick 1 to %d, all, or have more of them under service", number, n, what, strings.Join(names, ", "), n)
	case err == nil:
		p.to = number
	case word == "all":
		p.to = n
	case word == "one":
		p.to = 1
	case word == "other" && n == 1:
		f.Fail(field, "pick is other, and there is only one of %s (%s): have a second one under service, or pick one", what, names[0])
	case word == "other":
		p.from, p.to = 1, 2
	default:
		p.name = f.Choice(field, slices.Concat(pickWords, upTo(n), names)...)
	}
	return p
}

func upTo(n int) (numbers []string) {
	for i := range n {
		numbers = append(numbers, strconv.Itoa(i+1))
	}
	return numbers
}

// inOrder sorts names with a number at their end as a reader would.
func inOrder(names []string) []string {
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
	return names
}

// and is a list in words: "summarize-1, summarize-2 and summarize-3".
func and(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// were is what was done to these: "summarize-1 was killed".
func were(names []string, done string) string {
	verb := " was "
	if len(names) > 1 {
		verb = " were "
	}
	return and(names) + verb + done
}
