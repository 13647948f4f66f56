package monitor

import (
	"sync"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/rules"

	"paperlab/compose/standin"
	"paperlab/reports/history"
)

// journal lets each state of each alert through once: the rule engine reports
// an alert again at every evaluation.
type journal struct {
	mu sync.Mutex
	// firing are the labels' hashes of the alerts that fire now.
	firing map[uint64]bool
}

// take notes what the rule engine reports and returns what is new.
func (j *journal) take(reported []*rules.Alert) []standin.SlackAlert {
	j.mu.Lock()
	defer j.mu.Unlock()
	var news []standin.SlackAlert
	for _, a := range reported {
		hash := a.Labels.Hash()
		switch fires := a.ResolvedAt.IsZero(); {
		case fires == j.firing[hash]:
		case fires:
			j.firing[hash] = true
			news = append(news, changed(a, history.Firing, a.FiredAt))
		default:
			delete(j.firing, hash)
			news = append(news, changed(a, history.Resolved, a.ResolvedAt))
		}
	}
	return news
}

func changed(a *rules.Alert, state string, at time.Time) standin.SlackAlert {
	labels := a.Labels.Map()
	name := labels[model.AlertNameLabel]
	delete(labels, model.AlertNameLabel)
	return standin.SlackAlert{Name: name, State: state, At: at, Labels: labels, Annotations: a.Annotations.Map()}
}
