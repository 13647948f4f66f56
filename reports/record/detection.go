package record

import "fmt"

// Detection is the time to detect, taken apart. Times are on the run's clock, in
// seconds; nil is not known. Each stage ends with the next one's time:
//
//	effect ──▶ scraped ──▶ pending ──▶ firing ──▶ sent ──▶ arrived
//	    the next scrape,   evaluation  the rule's  notifier  Slack
//	    and its condition              "for"
type Detection struct {
	Alert string `json:"alert"`
	// EffectAtS is the first fault's proven effect.
	EffectAtS float64 `json:"effect_at_s"`
	// ScrapedAtS is when the first scrape began that showed the rule's condition.
	// It may lie before the effect: a scrape that is under way when the fault
	// strikes shows it as well, and so does one between the injection and the
	// reading that proved its effect.
	ScrapedAtS *float64 `json:"scraped_at_s"`
	// PendingAtS is the evaluation that first found the condition true, FiringAtS
	// the one at which it had held for as long as the rule's "for".
	PendingAtS *float64 `json:"pending_at_s"`
	FiringAtS  float64  `json:"firing_at_s"`
	// SentAtS is when the notifier first sent the message, ArrivedAtS when the
	// lab's Slack sink had taken it.
	SentAtS    *float64 `json:"sent_at_s"`
	ArrivedAtS float64  `json:"arrived_at_s"`
	// Disorder says in a sentence which stages are not in order: the clocks of
	// their witnesses disagree, and no stage's length can be relied on.
	Disorder string `json:"disorder,omitempty"`
}

// Stage is a part of a detection: its name, and when it ended, on the run's
// clock; nil is not known.
type Stage struct {
	Name string
	At   *float64
}

// Stages are all, in the order in which they must come.
func (d Detection) Stages() [5]Stage {
	return [5]Stage{{"scraped", d.ScrapedAtS}, {"pending", d.PendingAtS}, {"firing", &d.FiringAtS}, {"sent", d.SentAtS}, {"arrived", &d.ArrivedAtS}}
}

// clockGrain is how far, in seconds, two stages may be out of order by the
// clocks' grain alone: Prometheus counts whole milliseconds, and moves the time
// of a scrape by up to two onto its interval.
const clockGrain = 0.005

// InOrder is the detection with its Disorder, if there is one.
func (d Detection) InOrder() Detection {
	d.Disorder = ""
	var before *Stage
	for _, s := range d.Stages() {
		if s.At == nil {
			continue
		}
		if before != nil && *s.At < *before.At-clockGrain {
			d.Disorder = fmt.Sprintf("%s at %.3f s comes before %s at %.3f s, so the clocks of the witnesses disagree: was the machine's clock set during the run?",
				s.Name, *s.At, before.Name, *before.At)
			return d
		}
		before = &s
	}
	return d
}
