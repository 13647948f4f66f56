package monitor

import (
	"fmt"
	"net"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/discovery/targetgroup"
)

// Target is one process that answers /metrics.
type Target struct {
	// Job is the role, Instance the process's name; together they are unique.
	Job, Instance string
	// Addr is host:port.
	Addr string
}

func checkTargets(targets []Target) error {
	seen := map[[2]string]bool{}
	for _, t := range targets {
		key := [2]string{t.Job, t.Instance}
		_, _, err := net.SplitHostPort(t.Addr)
		switch {
		case t.Job == "" || t.Instance == "":
			return fmt.Errorf("monitor: target %+v: Job and Instance must not be empty", t)
		case seen[key]:
			return fmt.Errorf("monitor: target %s of job %s is there twice; their series would mix", t.Instance, t.Job)
		case err != nil:
			return fmt.Errorf("monitor: target %s: Addr %q: %w; give host:port", t.Instance, t.Addr, err)
		}
		seen[key] = true
	}
	return nil
}

func groupsOf(targets []Target) map[string][]*targetgroup.Group {
	group := &targetgroup.Group{Source: "lab"}
	for _, t := range targets {
		group.Targets = append(group.Targets, model.LabelSet{
			model.AddressLabel:  model.LabelValue(t.Addr),
			model.JobLabel:      model.LabelValue(t.Job),
			model.InstanceLabel: model.LabelValue(t.Instance),
		})
	}
	return map[string][]*targetgroup.Group{pool: {group}}
}
