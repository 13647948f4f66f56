package reports

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"paperlab/reports/chart"
	"paperlab/reports/record"
)

// WriteSet makes the report of a set in dir: set.json, report.html, report.md,
// charts/*.svg and .png. The record comes first: all else can be drawn again from
// it.
func WriteSet(dir string, s record.Set) error {
	if err := writeJSON(dir, record.SetFile, s); err != nil {
		return err
	}
	return notDrawn(dir, drawSet(dir, s))
}

func drawSet(dir string, s record.Set) error {
	p := newSetPage(s)
	return writePages(dir, setPages, p, p.Charts)
}

// setPage is what a set's report.html and report.md both show.
type setPage struct {
	record.Set
	Title   string
	Story   []string
	Kept    table
	Spreads table
	Pairs   table
	Charts  []picture
	Missing []string
	Seeds   []seedLine
	Command string
}

// seedLine is a seed with the address of its run's report, empty if there is none.
type seedLine struct {
	record.SetSeed
	HTML, MD string
}

func newSetPage(s record.Set) *setPage {
	p := &setPage{
		Set: s, Title: fmt.Sprintf("%s, seeds %s", s.Scenario, s.All()),
		Story: setStory(s), Kept: keptTable(s), Spreads: spreadsTable(s), Pairs: pairsTable(s), Command: setCommand(s),
	}
	able, missing := setFigures(s)
	charts, failed := drawAll(able)
	p.Charts, p.Missing = charts, append(missing, failed...)
	for _, seed := range s.Seeds {
		line := seedLine{SetSeed: seed}
		if seed.Folder != "" {
			beside := "../" + url.PathEscape(seed.Folder) + "/report."
			line.HTML, line.MD = beside+"html", beside+"md"
		}
		p.Seeds = append(p.Seeds, line)
	}
	return p
}

// Failed are the seeds whose run did not pass.
func (p *setPage) Failed() []seedLine {
	return slices.DeleteFunc(slices.Clone(p.Seeds), func(s seedLine) bool { return s.Verdict == record.Pass || s.Verdict == "" })
}

// Why are a seed's reasons as one text.
func (s seedLine) Why() string { return sentenceOf(s.Reasons) }

// Attempts says how often the seed was run before the run that counts.
func (s seedLine) Attempts() string {
	if len(s.Earlier) == 0 {
		return ""
	}
	var verdicts []string
	for _, a := range s.Earlier {
		verdicts = append(verdicts, string(a.Verdict))
	}
	return "run " + times(1+len(s.Earlier)) + ", before: " + list(verdicts)
}

// setCommand is how to run the same set again. A set has all profiles, unless it
// is told otherwise.
func setCommand(s record.Set) string {
	options := []string{"SEEDS=" + s.All().String()}
	switch len(s.Profiles) {
	case len(record.Profiles()):
	case 1:
		options = append(options, "PROFILE="+quote(s.Profiles[0]))
	default:
		options = append(options, "PROFILE=compare")
	}
	return again(record.Result{Scenario: s.Scenario, Source: s.Source, Corpus: s.Corpus, Environment: s.Environment}, options...)
}

// keptTable says of each invariant in how many seeds each profile kept it.
func keptTable(s record.Set) table {
	t := table{Head: append([]string{"kept in how many seeds"}, s.Profiles...)}
	var done []string
	for _, i := range s.Invariants {
		if slices.Contains(done, i.ID) {
			continue
		}
		done = append(done, i.ID)
		line := row{Label: i.ID}
		for _, profile := range s.Profiles {
			line.Cells = append(line.Cells, keptCell(s.InvariantOf(i.ID, profile)))
		}
		t.Rows = append(t.Rows, line)
	}
	return t
}

func keptCell(i *record.SetInvariant) cell {
	if i == nil {
		return cell{Text: "not judged"}
	}
	c := cell{Text: fmt.Sprintf("%d of %d", i.Kept, i.Kept+i.Broken+i.Unknown)}
	if i.Unknown > 0 {
		c.Text += fmt.Sprintf(", %d unknown", i.Unknown)
	}
	if i.Broken > 0 {
		c.Class = "bad"
	}
	return c
}

// spreadsTable has a line for each measure and profile.
func spreadsTable(s record.Set) table {
	t := table{Head: []string{"figure", "profile", "n", "median", "95 % interval", "p10 to p90", "least to most", "never reached"}}
	for _, spread := range s.Spreads {
		m := measureOf(spread.Measure)
		never := cell{Text: chart.Count(spread.Never)}
		if spread.Never > 0 {
			never.Class = "bad"
		}
		t.Rows = append(t.Rows, row{Label: m.Name, Cells: []cell{
			{Text: spread.Profile}, {Text: chart.Count(spread.N)}, {Text: amount(spread.Median, m.Unit)}, {Text: medianInterval(spread.Spread, m.Unit)},
			{Text: between(spread.P10, spread.P90, m.Unit)}, {Text: between(spread.Min, spread.Max, m.Unit)}, never,
		}})
	}
	return t
}

// pairsTable has a line for each measure and pair of profiles.
func pairsTable(s record.Set) table {
	t := table{Head: []string{"figure", "difference", "n", "median", "95 % interval", "better", "worse", "equal", "p"}}
	for _, pair := range s.Pairs {
		m := measureOf(pair.Measure)
		t.Rows = append(t.Rows, row{Label: m.Name, Cells: []cell{
			{Text: pair.Profile + " − " + pair.Against}, {Text: chart.Count(pair.N)}, {Text: difference(pair.Median, m.Unit)},
			{Text: differenceInterval(pair.Spread, m.Unit)}, {Text: chart.Count(pair.Better)}, {Text: chart.Count(pair.Worse)},
			{Text: chart.Count(pair.Equal)}, {Text: probability(pair.P)},
		}})
	}
	return t
}

// measureOf is the measure of that id, also if this version does not know it.
func measureOf(id string) record.Measure {
	if m := record.MeasureOf(id); m != nil {
		return *m
	}
	return record.Measure{ID: id, Name: spaced(id)}
}

// amount is a reading, nil for one that was never reached.
func amount(v *float64, unit string) string {
	if v == nil {
		return "never"
	}
	return reading(*v, unit)
}

// tooFew stands for the interval of a median that cannot be given.
const tooFew = "too few for one"

func medianInterval(s record.Spread, unit string) string {
	if s.IntervalLevel == 0 {
		return tooFew
	}
	return between(s.Low, s.High, unit)
}

func between(low, high *float64, unit string) string {
	return fromTo(amount(low, unit), amount(high, unit))
}

func fromTo(from, to string) string {
	if from == to {
		return from
	}
	return from + " to " + to
}

// difference is one with its sign; nil is one with what was never reached.
func difference(v *float64, unit string) string {
	switch {
	case v == nil:
		return "without end"
	case *v > 0:
		return "+" + reading(*v, unit)
	case *v < 0:
		return "−" + reading(-*v, unit)
	}
	return "0"
}

func differenceInterval(s record.Spread, unit string) string {
	if s.IntervalLevel == 0 {
		return tooFew
	}
	return fromTo(difference(s.Low, unit), difference(s.High, unit))
}

func probability(p float64) string {
	if p < 0.001 {
		return "< 0.001"
	}
	return fmt.Sprintf("%.3f", p)
}

// percent writes a share, and keeps 99.6 % from looking like certainty.
func percent(share float64) string {
	whole := 100 * share
	if whole > 99 && whole < 100 || whole > 0 && whole < 1 {
		return fmt.Sprintf("%.1f %%", whole)
	}
	return fmt.Sprintf("%.0f %%", whole)
}

// tally says in words how many seeds came to what: "17 pass, 1 violation, 2
// inconclusive of 20".
func tally(s record.Set) string {
	var parts []string
	add := func(n int, what string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, what))
		}
	}
	t := s.Tally
	add(t.Pass, "pass")
	add(t.Violation, noun(t.Violation, "violation", "violations"))
	add(t.Inconclusive, "inconclusive")
	add(t.Infrastructure, "infrastructure")
	add(t.Aborted, "aborted")
	add(t.NotRun, "not run yet")
	return strings.Join(parts, ", ") + fmt.Sprintf(" of %d", len(s.Seeds))
}

// SetSummary is what a terminal shows of a set: the figures that its story tells.
func SetSummary(s record.Set) string {
	summary := fmt.Sprintf("\n%s, seeds %s: %s\n", s.Scenario, s.All(), tally(s))
	s.Spreads = slices.DeleteFunc(slices.Clone(s.Spreads), func(m record.MeasureSpread) bool { return !slices.Contains(medianMeasures, m.Measure) })
	t := spreadsTable(s)
	t.Head[0] = ""
	if len(t.Rows) == 0 {
		return summary
	}
	return summary + t.plain()
}

func setLine(s record.Set) indexLine {
	return indexLine{
		Name: "set of " + s.Scenario, StartedAt: s.StartedAt, Verdict: s.Verdict, Seed: s.All().String(), About: s.About,
		Commit: commit(s.Code), Cells: []cell{{Text: tally(s)}},
	}
}
