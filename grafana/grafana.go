// Package grafana holds what an operator of the paper service loads into
// Prometheus and Grafana, and hands the same files to the lab.
//
// alerts/*.yaml are ordinary rule files. In production, name the folder under
// rule_files in prometheus.yml; scrape each role as a job of its own name
// (crawl, summarize, deliver, watch) with the process's name as instance, and
// evaluate the rules as often as you scrape. How late an alert then is at most,
// and which ones see nothing at that interval, Rule says; `make bench
// NAME=detect` measures it.
package grafana

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/prometheus/promql/parser"
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

// Rule is one alerting rule. An alert may have several.
type Rule struct {
	Alert string
	// For is how long its condition must hold.
	For time.Duration
	// Window is the range over which its expression looks back: the shortest, since
	// that one fails first where scrapes are rare. Of alternatives (or) it is the
	// longest of theirs, and 0 if one of them asks for the latest samples only.
	Window time.Duration
}

// Delay bounds what monitoring alone takes from the moment at which a condition
// is there to be seen until its alert fires, with scrapes, and evaluations of the
// rules, every so often. At least: both follow at once. At most: one interval
// until the scrape, and one until the evaluation. Then the condition must hold
// for For, which ends with an evaluation: it counts in whole intervals. A scrape
// that has to wait for its time-out takes up to three quarters of an interval
// longer. What the service needs until its condition is there comes on top.
func (r Rule) Delay(every time.Duration) (least, most time.Duration) {
	held := (r.For + every - 1) / every * every
	return held, 2*every + held
}

// Blind tells whether the rule cannot be relied on at that interval: a rate needs
// two samples in its window.
func (r Rule) Blind(every time.Duration) bool { return r.Window > 0 && r.Window < 2*every }

// Soonest is, of the rules of an alert that can be relied on at that interval, the
// one that raises it first, and how long monitoring alone takes then at most;
// known is false if there is none.
func Soonest(rules []Rule, alert string, every time.Duration) (rule Rule, most time.Duration, known bool) {
	for _, r := range rules {
		if r.Alert != alert || r.Blind(every) {
			continue
		}
		if _, m := r.Delay(every); !known || m < most {
			rule, most, known = r, m, true
		}
	}
	return rule, most, known
}

// Rules are all alerting rules of the rule files, in the files' order.
func Rules() ([]Rule, error) {
	alerts := Alerts()
	paths, err := fs.Glob(alerts, "*.yaml")
	if err != nil {
		return nil, err
	}
	var rules []Rule
	for _, path := range paths {
		content, err := fs.ReadFile(alerts, path)
		if err != nil {
			return nil, err
		}
		found, err := read(content)
		if err != nil {
			return nil, fmt.Errorf("rule file %s: %w", path, err)
		}
		rules = append(rules, found...)
	}
	return rules, nil
}

func read(content []byte) (rules []Rule, err error) {
	var file struct {
		Groups []struct {
			Rules []struct {
				Alert string `yaml:"alert"`
				Expr  string `yaml:"expr"`
				For   string `yaml:"for"`
			} `yaml:"rules"`
		} `yaml:"groups"`
	}
	if err := yaml.Unmarshal(content, &file); err != nil {
		return nil, err
	}
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			if r.Alert == "" {
				continue
			}
			rule := Rule{Alert: r.Alert}
			if r.For != "" {
				if rule.For, err = time.ParseDuration(r.For); err != nil {
					return nil, fmt.Errorf("alert %s: for: %w; give it in h, m or s", r.Alert, err)
				}
			}
			expr, err := parser.NewParser(parser.Options{}).ParseExpr(r.Expr)
			if err != nil {
				return nil, fmt.Errorf("alert %s: %w", r.Alert, err)
			}
			rule.Window = windowOf(expr)
			rules = append(rules, rule)
		}
	}
	return rules, nil
}

// windowOf is an expression's, as in Rule.
func windowOf(node parser.Node) time.Duration {
	var of []time.Duration
	for child := range parser.ChildrenIter(node) {
		of = append(of, windowOf(child))
	}
	switch n := node.(type) {
	case *parser.MatrixSelector:
		of = append(of, n.Range)
	case *parser.SubqueryExpr:
		of = append(of, n.Range)
	case *parser.BinaryExpr:
		if n.Op == parser.LOR {
			if slices.Min(of) == 0 {
				return 0
			}
			return slices.Max(of)
		}
	}
	of = slices.DeleteFunc(of, func(window time.Duration) bool { return window == 0 })
	if len(of) == 0 {
		return 0
	}
	return slices.Min(of)
}
