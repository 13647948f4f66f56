package monitor

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/rules"
)

// Alert is one tenure of one alert: from firing to resolved.
type Alert struct {
	Name string
	// Labels are those of the alert, without its name.
	Labels map[string]string
	// Annotations are the rule's texts, filled in.
	Annotations map[string]string
	// Value is the expression's at firing.
	Value float64
	// ActiveAt is when the condition was first seen to hold, FiringAt when it
	// had held for the rule's "for": both times of evaluations.
	ActiveAt, FiringAt time.Time
	// NotifiedAt is when the webhook had taken the message; zero if it has
	// not.
	NotifiedAt time.Time
	// ResolvedAt is when the condition was first seen not to hold any more;
	// zero while it fires. ResolvedNotifiedAt is when the webhook had taken
	// that message.
	ResolvedAt, ResolvedNotifiedAt time.Time
}

// notice is one change of state to be told: the alert as it then was.
type notice struct {
	id int
	Alert
}

// resolved tells which of the two states the notice is about.
func (n notice) resolved() bool { return !n.ResolvedAt.IsZero() }

// journal keeps every alert, and lets each of its states through once.
type journal struct {
	mu sync.Mutex
	// alerts are in the order of firing; a notice's id is the index.
	alerts []Alert
	// firing maps the labels' hash to the index of the alert that fires now.
	firing map[uint64]int
}

// take notes what the rule engine reports and returns what is new.
func (j *journal) take(reported []*rules.Alert) []notice {
	j.mu.Lock()
	defer j.mu.Unlock()
	var news []notice
	for _, a := range reported {
		hash := a.Labels.Hash()
		id, fires := j.firing[hash]
		switch {
		case a.ResolvedAt.IsZero() && !fires:
			id = len(j.alerts)
			j.alerts = append(j.alerts, alertOf(a))
			if j.firing == nil {
				j.firing = map[uint64]int{}
			}
			j.firing[hash] = id
		case !a.ResolvedAt.IsZero() && fires:
			j.alerts[id].ResolvedAt = a.ResolvedAt
			delete(j.firing, hash)
		default:
			continue
		}
		news = append(news, notice{id, j.alerts[id]})
	}
	return news
}

// delivered notes when the webhook had taken these.
func (j *journal) delivered(told []notice, at time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, n := range told {
		if n.resolved() {
			j.alerts[n.id].ResolvedNotifiedAt = at
		} else {
			j.alerts[n.id].NotifiedAt = at
		}
	}
}

func (j *journal) all() []Alert {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := slices.Clone(j.alerts)
	for i := range out {
		out[i].Labels, out[i].Annotations = maps.Clone(out[i].Labels), maps.Clone(out[i].Annotations)
	}
	return out
}

func alertOf(a *rules.Alert) Alert {
	labels := a.Labels.Map()
	name := labels[model.AlertNameLabel]
	delete(labels, model.AlertNameLabel)
	return Alert{
		Name: name, Labels: labels, Annotations: a.Annotations.Map(), Value: a.Value,
		ActiveAt: a.ActiveAt, FiringAt: a.FiredAt,
	}
}
