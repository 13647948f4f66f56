package corpus

import (
	"encoding/json"
	"strings"

	"paperlab/system/paper"
)

// SmallestSize and LargestSize, in bytes, bound what Sized can be asked for: a
// paper with a title and an author needs about so much, and a page of 200 must
// stay below what a crawler reads of one answer.
const (
	SmallestSize = 400
	LargestSize  = 64_000
)

// Sized is the corpus with papers of about so many bytes, as JSON: a shorter
// one's abstract is filled up with words that say nothing, which nobody
// subscribes to, and a longer one's is cut at a word. One whose title, authors
// and categories alone are longer stays so, without an abstract.
func (c *Corpus) Sized(bytes int) *Corpus {
	sized := &Corpus{Versions: make([]Version, len(c.Versions))}
	for i, v := range c.Versions {
		v.Abstract = fit(v.Abstract, len(v.Abstract)+bytes-Size(&v.Paper))
		sized.Versions[i] = v
	}
	return sized
}

// Size is the paper's length as JSON, in bytes: that of its entry on the papers
// stream.
func Size(p *paper.Paper) int {
	text, _ := json.Marshal(p) // texts, numbers and times of this age always marshal
	return len(text)
}

// fit makes a text as long as wanted, up to the length of a word.
func fit(text string, length int) string {
	if length <= 0 {
		return ""
	}
	if len(text) > length {
		cut := strings.LastIndexByte(text[:length+1], ' ')
		return text[:max(cut, 0)]
	}
	var b strings.Builder
	b.WriteString(text)
	for i := 0; ; i++ {
		word := words.Dull[i%len(words.Dull)]
		if b.Len()+1+len(word) > length {
			return strings.TrimSpace(b.String())
		}
		b.WriteString(" " + word)
	}
}
