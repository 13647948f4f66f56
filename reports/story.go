package reports

import (
	"fmt"
	"slices"
	"strings"
	texttemplate "text/template"

	"paperlab/reports/history"
	"paperlab/reports/record"
)

var sentences = texttemplate.Must(texttemplate.New("story.txt").Funcs(words).ParseFS(templates, "template/story.txt", "template/set.txt"))

// say is a passage of story.txt or set.txt.
func say(passage string, about any) string {
	var text strings.Builder
	if err := sentences.ExecuteTemplate(&text, passage, about); err != nil {
		return fmt.Sprintf("What stands here cannot be told: %v.", err)
	}
	return text.String()
}

// story says in words what happened, in a paragraph or more: what the
// verdict means and what a simpler service did better, what was broken and how
// soon it was noticed and mended, and what each other service did under the same
// load. Runs are in order. Every sentence comes from the
// record; what the record lacks is said to be unknown or left out, and a claim
// that nothing went wrong is only made where an invariant was judged valid.
func story(r record.Result, accounts map[string]*history.Account) []string {
	var subjects []*subject
	for _, run := range r.Runs {
		subjects = append(subjects, newSubject(run, accounts[run.Profile].Takeovers))
	}
	about := struct {
		record.Result
		Why      string
		Hardened *subject
		Rivals   []rival
		Main     string
	}{Result: r, Why: sentenceOf(r.Reasons), Rivals: rivals(r)}
	last := len(subjects) - 1
	if last < 0 {
		return []string{oneLine(say("opening", about))}
	}
	about.Main = subjects[last].Profile
	if subjects[last].Judged() {
		about.Hardened = subjects[last]
	}
	told := []string{oneLine(say("opening", about)), oneLine(say("service", subjects[last]))}
	for _, other := range subjects[:last] {
		told = append(told, oneLine(say("other", other)))
	}
	return told
}

// subject is a profile's run as the story speaks of it.
type subject struct {
	record.Run
	// Open are the invariants that are not valid, Broken those that are invalid,
	// Missed the objectives that were not met.
	Open, Broken, Missed []string
	// Shards were taken over from targets of faults, each within TakenWithin
	// seconds of its fault's effect: until then some keys waited.
	Shards      int
	TakenWithin float64
	findings
}

func newSubject(r record.Run, takeovers []history.Event) *subject {
	s := &subject{Run: r, findings: find(r)}
	for _, i := range r.Invariants {
		if i.Answer != record.Valid {
			s.Open = append(s.Open, i.ID)
		}
		if i.Answer == record.Invalid {
			s.Broken = append(s.Broken, i.ID)
		}
	}
	for _, o := range r.Objectives {
		if !o.OK {
			s.Missed = append(s.Missed, o.ID)
		}
	}
	shards := map[history.Place]struct{}{}
	for _, t := range tookOver(r, takeovers) {
		shards[history.Place{Stream: t.Stream, Shard: t.Shard}] = struct{}{}
		s.TakenWithin = max(s.TakenWithin, t.T-*lostOwner(r, t).EffectAtS)
	}
	s.Shards = len(shards)
	return s
}

const (
	// spoken is the longest evidence, in bytes, that the story repeats, maxFaults
	// the number of faults that it tells of; the rest is in the table of faults.
	spoken    = 110
	maxFaults = 4
)

// FirstFaults are those that the story tells of.
func (s *subject) FirstFaults() []record.Fault { return s.Faults[:min(len(s.Faults), maxFaults)] }

// Further is how many it does not.
func (s *subject) Further() int { return max(len(s.Faults)-maxFaults, 0) }

// Arrived are the alerts from the first effect on, which there must be.
func (s *subject) Arrived() []record.Alert { return alertsAfter(s.Run, *s.EffectAt()) }

// Targets is how many processes the first fault strikes.
func (s *subject) Targets() int { return len(s.Faults[0].Processes) }

// FirstAlert tells whether none of these arrived before the one that detected.
func (s *subject) FirstAlert() bool {
	return !slices.ContainsFunc(s.Arrived(), func(a record.Alert) bool { return a.NotifiedAtS < s.DetectedBy.NotifiedAtS })
}

// repeated is evidence as the story repeats it: what is long stays out.
func repeated(evidence string) string {
	if what := strings.TrimRight(oneLine(evidence), ". "); len(what) <= spoken {
		return what
	}
	return ""
}

// sentenceOf makes each reason end with a full stop.
func sentenceOf(reasons []string) string {
	var out []string
	for _, r := range reasons {
		if r = oneLine(r); r != "" {
			out = append(out, strings.TrimRight(r, ".")+".")
		}
	}
	return strings.Join(out, " ")
}
