package scenarios

import (
	"slices"
	"time"

	"paperlab/grafana"
)

// Bounds of the interval of monitoring. More often than every second a scrape
// would be load; beyond five minutes a series counts as gone.
const (
	defaultScrape = time.Second
	leastScrape   = time.Second
	mostScrape    = 5 * time.Minute
)

func (d *document) monitoring(scenario *object) Monitoring {
	m := Monitoring{Scrape: defaultScrape}
	if scenario.Has("monitoring") {
		m.Scrape = d.object(scenario.fields["monitoring"], "monitoring", "scrape").Duration("scrape", leastScrape, mostScrape)
	}
	return m
}

// detectable refuses an objective that the best service could not be relied on to
// meet, because monitoring alone may take longer: with it the phase of a scrape,
// and not the service, would decide. Without rules nothing can be said.
func (o *object) detectable(d Detection, every time.Duration, rules []grafana.Rule) {
	if len(rules) == 0 || d.Alert == "" || o.doc.err != nil {
		return
	}
	var names []string
	for _, r := range rules {
		names = append(names, r.Alert)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	o.Choice("alert", names...)
	switch rule, most, known := grafana.Soonest(rules, d.Alert, every); {
	case !slices.Contains(names, d.Alert):
	case !known:
		o.Fail("alert", "%s cannot be relied on at a scrape every %v: its rule takes a rate over less than two scrapes; lower monitoring.scrape, or wait for another alert", d.Alert, every)
	case d.Within < most:
		held, _ := rule.Delay(every)
		o.Fail("within", "%s can take %v by its monitoring alone: up to %v until a scrape shows it, up to %v until its rule is evaluated, and %v that it must hold (for: %v, in whole intervals); allow more, or lower monitoring.scrape",
			d.Alert, most, every, every, held, rule.For)
	}
}
