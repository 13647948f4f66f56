// Package grafana holds what an operator of the paper service loads into
// Prometheus and Grafana, and hands the same files to the lab.
//
// alerts/*.yaml are ordinary rule files. In production, name the folder under
// rule_files in prometheus.yml; scrape each role as a job of its own name
// (crawl, summarize, deliver, watch) with the process's name as instance, and
// evaluate at least every five seconds, since the shortest rule waits for one
// second only. The lab evaluates them every second.
package grafana

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"

	"github.com/goccy/go-yaml"
)

//go:embed alerts/*.yaml
var files embed.FS

// Alerts is the folder of the Prometheus rule files.
func Alerts() fs.FS {
	alerts, err := fs.Sub(files, "alerts")
	if err != nil {
		panic(err) // the folder's name is a constant
	}
	return alerts
}

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
