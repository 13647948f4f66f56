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
	"io/fs"
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
