package grafana

import (
	"fmt"
	"io/fs"
	"slices"

	"github.com/goccy/go-yaml"
)

// AlertNames are the names of all alerts of the rule files, sorted, each once.
func AlertNames() ([]string, error) {
	alerts := Alerts()
	paths, err := fs.Glob(alerts, "*.yaml")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, path := range paths {
		content, err := fs.ReadFile(alerts, path)
		if err != nil {
			return nil, err
		}
		var file struct {
			Groups []struct {
				Rules []struct {
					Alert string `yaml:"alert"`
				} `yaml:"rules"`
			} `yaml:"groups"`
		}
		if err := yaml.Unmarshal(content, &file); err != nil {
			return nil, fmt.Errorf("rule file %s: %w", path, err)
		}
		for _, g := range file.Groups {
			for _, r := range g.Rules {
				if r.Alert != "" {
					names = append(names, r.Alert)
				}
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}
