package reports

import (
	"fmt"
	"strings"

	"paperlab/reports/chart"
	"paperlab/reports/series"
)

// story says in words what happened, in one to three paragraphs: what the
// verdict means, what was broken and how soon it was noticed and mended, and
// what the naive service did under the same load. Every sentence comes from the
// record; what the record lacks is said to be unknown or left out, and a claim
// that nothing went wrong is only made where an invariant was judged valid.
func story(r Result, takeovers map[string][]series.Takeover) []string {
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
	main, second := r.run(hardened), r.run(naive)
	if main == nil {
		main, second = second, nil
	}
	if main != nil {
		add(append(faultSentences(*main), append(recoverySentences(*main, takeovers[main.Profile]), outcomeSentences(*main)...)...)...)
	}
	if second != nil {
		add(naiveSentences(*second)...)
	}
	return paragraphs
}

// opening says what the verdict means.
func opening(r Result) string {
	main := r.run(hardened)
	reasons := sentenceOf(r.Reasons)
	switch {
	case r.Verdict == Aborted:
		return strings.TrimSpace("The run was aborted; what follows is what was seen until then. " + reasons)
	case r.Verdict == Infrastructure:
		return strings.TrimSpace("The lab itself failed, so this run says nothing about the service. " + reasons)
	case len(r.Runs) == 0:
		return strings.TrimSpace("No profile was run, so there is nothing to tell. " + reasons)
	case r.Verdict == Inconclusive:
		return strings.TrimSpace("No conclusion can be drawn from this run. " + reasons)
	case r.Verdict == Violation:
		return violation(main, reasons)
	case main == nil:
		return "Only the naive service was run. What it does wrong is shown, not judged. " + reasons
	case len(main.Invariants) == 0:
		return "The run ended as planned, but no invariant was judged. " + reasons
	default:
		return kept(*main)
	}
}

func kept(r Run) string {
	s := fmt.Sprintf("The hardened service kept %s", allOf(len(r.Invariants), "invariant"))
	if n := len(r.Objectives); n > 0 {
		s += fmt.Sprintf(" and met %s", allOf(n, "objective"))
	}
	return s + "."
}

func violation(main *Run, reasons string) string {
	var broken, missed []string
	if main != nil {
		for _, i := range main.Invariants {
			if i.Verdict == invalid {
				broken = append(broken, i.ID)
			}
		}
		for _, o := range main.Objectives {
			if !o.OK {
				missed = append(missed, o.ID)
			}
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

func faultSentences(r Run) []string {
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
			s += " Its effect could not be proven."
		}
		out = append(out, s)
	}
	return out
}

func whatHappened(f Fault) string {
	target := orElse(f.Target, "an unnamed target")
	switch f.Kind {
	case "kill":
		return target + " was killed"
	case "partition":
		return target + " was cut off by a network partition"
	default:
		return fmt.Sprintf("the fault %s was injected into %s", orElse(f.ID, f.Kind), target)
	}
}

func evidence(r Receipt) string {
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

func recoverySentences(r Run, takeovers []series.Takeover) []string {
	effect := r.effectAt()
	out := []string{falseAlarmSentence(r)}
	if effect == nil {
		return out
	}
	after := "after that"
	if len(r.Faults) > 1 {
		after = "after the first effect"
	}
	switch a := r.detecting(); {
	case a != nil:
		out = append(out, fmt.Sprintf("The first alert, %s, arrived %s %s.", a.Name, chart.Seconds(*r.TimeToDetectS), after))
	case r.TimeToDetectS != nil:
		out = append(out, fmt.Sprintf("The first alert arrived %s %s.", chart.Seconds(*r.TimeToDetectS), after))
	default:
		out = append(out, "No alert arrived "+after+".")
	}
	if taken := r.tookOver(takeovers); len(taken) > 0 {
		out = append(out, takeoverSentence(r, taken))
	}
	return append(out, backlogSentence(r), steadySentence(r))
}

func falseAlarmSentence(r Run) string {
	alarms := r.falseAlarms()
	if len(alarms) == 0 {
		return ""
	}
	var names []string
	for _, a := range alarms {
		names = append(names, a.Name)
	}
	return fmt.Sprintf("%s arrived while no fault was on: %s.", capital(count(len(alarms), "alert", "alerts")), list(unique(names)))
}

func backlogSentence(r Run) string {
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

func steadySentence(r Run) string {
	s := ""
	if !r.Steady.Held {
		s = "Steady state did not hold even before the fault. "
	}
	if r.TimeToRecoverS == nil {
		return s + "Steady state was not regained before the run ended."
	}
	return s + fmt.Sprintf("Steady state, latency included, held again after %s.", chart.Seconds(*r.TimeToRecoverS))
}

// takeoverSentence counts until the last shard was taken over: until then some
// keys waited.
func takeoverSentence(r Run, taken []series.Takeover) string {
	n, last := shardsOf(taken), chart.Seconds(taken[len(taken)-1].T-*r.effectAt())
	whose := "Its "
	if len(r.Faults) > 1 {
		whose = "The targets' "
	}
	if n == 1 {
		return fmt.Sprintf("%sone shard was taken over after %s.", whose, last)
	}
	return fmt.Sprintf("%s%s shards were taken over within %s.", whose, chart.Count(n), last)
}
