package reports

import (
	"fmt"
	"strings"

	"paperlab/reports/chart"
	"paperlab/reports/history"
	"paperlab/reports/record"
)

// story says in words what happened, in one to three paragraphs: what the
// verdict means, what was broken and how soon it was noticed and mended, and
// what the naive service did under the same load. Every sentence comes from the
// record; what the record lacks is said to be unknown or left out, and a claim
// that nothing went wrong is only made where an invariant was judged valid.
func story(r record.Result, accounts map[string]*history.Account) []string {
	var paragraphs []string
	add := func(sentences ...string) {
		var said []string
		for _, s := range sentences {
			if s != "" {
				said = append(said, s)
			}
		}
		if len(said) > 0 {
			paragraphs = append(paragraphs, strings.Join(said, " "))
		}
	}
	add(opening(r))
	main, second := r.Of(hardened), r.Of(naive)
	if main == nil {
		main, second = second, nil
	}
	if main != nil {
		add(append(faultSentences(*main), append(recoverySentences(*main, accounts[main.Profile].Takeovers), outcomeSentences(*main)...)...)...)
	}
	if second != nil {
		add(naiveSentences(*second)...)
	}
	return paragraphs
}

// opening says what the verdict means.
func opening(r record.Result) string {
	main := r.Of(hardened)
	reasons := sentenceOf(r.Reasons)
	switch {
	case r.Verdict == record.Aborted:
		return strings.TrimSpace("The run was aborted; what follows is what was seen until then. " + reasons)
	case r.Verdict == record.Infrastructure:
		return strings.TrimSpace("The lab itself failed, so this run says nothing about the service. " + reasons)
	case len(r.Runs) == 0:
		return strings.TrimSpace("No profile was run, so there is nothing to tell. " + reasons)
	case main == nil:
		return strings.TrimSpace("Only the naive service was run. What it does wrong is shown, not judged. " + reasons)
	case r.Verdict == record.Inconclusive:
		return strings.TrimSpace("No conclusion can be drawn from this run. " + reasons)
	case r.Verdict == record.Violation:
		return violation(*main, reasons)
	case len(main.Invariants) == 0:
		return strings.TrimSpace("The run ended as planned, but no invariant was judged. " + reasons)
	default:
		return kept(*main)
	}
}

// kept claims no more than was judged valid, whatever the verdict says.
func kept(r record.Run) string {
	var open, missed []string
	for _, i := range r.Invariants {
		if i.Answer != record.Valid {
			open = append(open, i.ID)
		}
	}
	for _, o := range r.Objectives {
		if !o.OK {
			missed = append(missed, o.ID)
		}
	}
	switch {
	case len(open) > 0:
		return fmt.Sprintf("The verdict is pass, though %s %s not judged valid.", list(open), noun(len(open), "was", "were"))
	case len(missed) > 0:
		return fmt.Sprintf("The verdict is pass, though the service missed %s.", list(missed))
	}
	s := fmt.Sprintf("The hardened service kept %s", allOf(len(r.Invariants), "invariant"))
	if n := len(r.Objectives); n > 0 {
		s += fmt.Sprintf(" and met %s", allOf(n, "objective"))
	}
	return s + "."
}

func violation(main record.Run, reasons string) string {
	var broken, missed []string
	for _, i := range main.Invariants {
		if i.Answer == record.Invalid {
			broken = append(broken, i.ID)
		}
	}
	for _, o := range main.Objectives {
		if !o.OK {
			missed = append(missed, o.ID)
		}
	}
	var parts []string
	if len(broken) > 0 {
		parts = append(parts, fmt.Sprintf("broke %s %s", noun(len(broken), "the invariant", "the invariants"), list(broken)))
	}
	if len(missed) > 0 {
		parts = append(parts, fmt.Sprintf("missed %s %s", noun(len(missed), "the objective", "the objectives"), list(missed)))
	}
	if len(parts) == 0 {
		return strings.TrimSpace("The hardened service did not keep its promise. " + reasons)
	}
	return "The hardened service " + list(parts) + "."
}

// spoken is the longest evidence, in bytes, that the story repeats; the rest is
// in the table of faults.
const (
	spoken    = 110
	maxFaults = 4
)

func faultSentences(r record.Run) []string {
	if len(r.Faults) == 0 {
		return []string{"No fault was injected."}
	}
	var out []string
	for i, f := range r.Faults {
		if i == maxFaults {
			out = append(out, fmt.Sprintf("%s followed.", capital(count(len(r.Faults)-maxFaults, "further fault", "further faults"))))
			break
		}
		at := f.InjectedAtS
		if f.EffectAtS != nil {
			at = *f.EffectAtS
		}
		s := fmt.Sprintf("At %s %s%s.", chart.Seconds(at), whatHappened(f), evidence(f.Receipt))
		if f.EffectAtS == nil {
			s += " That it took effect could not be proven."
		}
		out = append(out, s)
	}
	return out
}

func evidence(r record.Receipt) string {
	var parts []string
	for _, p := range []struct{ when, what string }{{"before", r.Before}, {"then", r.During}} {
		what := strings.TrimRight(oneLine(p.what), ". ")
		if what != "" && len(what) <= spoken {
			parts = append(parts, p.when+": "+what)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, "; ") + ")"
}

func recoverySentences(r record.Run, takeovers []history.Event) []string {
	effect := r.EffectAt()
	out := []string{falseAlarmSentence(r)}
	if effect == nil {
		return out
	}
	after := "after that"
	if len(r.Faults) > 1 {
		after = "after the first effect"
	}
	out = append(out, detectionSentence(r, after))
	if taken := tookOver(r, takeovers); len(taken) > 0 {
		out = append(out, takeoverSentence(r, taken))
	}
	if !r.Bounded() {
		return append(out, "What steady state is could not be measured before the fault, so there is no time to recover.")
	}
	return append(out, backlogSentence(r), steadySentence(r))
}

// detectionSentence does not call an alert the first if another came before it:
// a scenario may say which alert it waits for.
func detectionSentence(r record.Run, after string) string {
	arrived := alertsAfter(r, *r.EffectAt())
	switch a := r.DetectedBy; {
	case a != nil && !otherBefore(r, *a):
		return fmt.Sprintf("The first alert, %s, arrived %s %s.", a.Name, chart.Seconds(*r.TimeToDetectS), after)
	case a != nil:
		return fmt.Sprintf("The alert %s arrived %s %s, and others before it.", a.Name, chart.Seconds(*r.TimeToDetectS), after)
	case r.TimeToDetectS != nil:
		return fmt.Sprintf("It was detected %s %s.", chart.Seconds(*r.TimeToDetectS), after)
	case len(arrived) > 0 && r.Bounded():
		return fmt.Sprintf("The alert that was to detect it did not arrive; what arrived is %s.", list(arrived))
	case len(arrived) > 0:
		return fmt.Sprintf("Alerts arrived %s (%s), but no time to detect was measured.", after, list(arrived))
	default:
		return "No alert arrived " + after + "."
	}
}

func falseAlarmSentence(r record.Run) string {
	alarms := r.FalseAlarms
	if len(alarms) == 0 {
		return ""
	}
	var names []string
	for _, a := range alarms {
		names = append(names, a.Name)
	}
	return fmt.Sprintf("%s arrived before any fault: %s.", capital(count(len(alarms), "alert", "alerts")), list(unique(names)))
}

func backlogSentence(r record.Run) string {
	bound := ""
	if r.Steady.BacklogBound > 0 {
		bound = fmt.Sprintf(" of %s", count(int(r.Steady.BacklogBound), "entry", "entries"))
	}
	switch {
	case r.LagRecoveryS == nil:
		return fmt.Sprintf("The backlog was not back within its steady bound%s when the run ended.", bound)
	case *r.LagRecoveryS == 0:
		return fmt.Sprintf("The backlog never left its steady bound%s.", bound)
	default:
		return fmt.Sprintf("The backlog was back within its steady bound%s after %s.", bound, chart.Seconds(*r.LagRecoveryS))
	}
}

func steadySentence(r record.Run) string {
	s := ""
	if !r.Steady.Held {
		s = "Steady state did not hold even before the fault. "
	}
	switch {
	case r.TimeToRecoverS == nil:
		return s + "Steady state was not regained before the run ended."
	case *r.TimeToRecoverS == 0:
		return s + "Steady state, latency included, was never left."
	}
	return s + fmt.Sprintf("Steady state, latency included, held again after %s.", chart.Seconds(*r.TimeToRecoverS))
}

// takeoverSentence counts until the last shard was taken over: until then some
// keys waited. Of several faults each has its own beginning.
func takeoverSentence(r record.Run, taken []history.Event) string {
	n := shardsOf(taken)
	longest := 0.0
	for _, t := range taken {
		longest = max(longest, t.T-*lostOwner(r, t).EffectAtS)
	}
	within := chart.Seconds(longest)
	switch {
	case len(r.Faults) > 1 && n > 1:
		return fmt.Sprintf("The targets' %s shards were taken over, each within %s of its fault's effect.", chart.Count(n), within)
	case len(r.Faults) > 1:
		return fmt.Sprintf("The targets' one shard was taken over within %s of its fault's effect.", within)
	case n == 1:
		return fmt.Sprintf("Its one shard was taken over after %s.", within)
	default:
		return fmt.Sprintf("Its %s shards were taken over within %s.", chart.Count(n), within)
	}
}
