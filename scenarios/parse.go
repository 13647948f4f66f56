package scenarios

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"paperlab/compose"
	"paperlab/grafana"
	"paperlab/reports/history"
	"paperlab/reports/record"
	"paperlab/scenarios/check"
)

// Parse reads a scenario. The file's name is used in messages, and must be the
// scenario's name with .yaml. Rules raise the alerts that an objective may wait
// for; without any, all are allowed. Every error is an *Error.
func Parse(file string, source []byte, rules []grafana.Rule) (*Scenario, error) {
	// An editor's mark of the encoding is no part of the first field's name.
	source = bytes.TrimPrefix(source, []byte("\ufeff"))
	d := &document{file: file, lines: strings.Split(strings.ReplaceAll(string(source), "\r\n", "\n"), "\n")}
	var s Scenario
	if root := d.root(source); d.err == nil {
		s = d.scenario(root, rules)
	}
	if d.err != nil {
		return nil, d.err
	}
	return &s, nil
}

// root is the one document of the file.
func (d *document) root(source []byte) ast.Node {
	file, err := parser.ParseBytes(source, 0)
	if err != nil {
		var syntax yaml.Error
		if errors.As(err, &syntax) && syntax.GetToken() != nil {
			d.fail(syntax.GetToken().Position, "not YAML: %s", short(syntax.GetMessage()))
		} else {
			d.fail(nil, "not YAML: %s", short(err.Error()))
		}
		return nil
	}
	var bodies []ast.Node
	for _, doc := range file.Docs {
		if doc.Body != nil {
			bodies = append(bodies, doc.Body)
		}
	}
	switch len(bodies) {
	case 0:
		d.fail(nil, "the file is empty; a scenario is needed (see the README, or another file of scenarios/)")
		return nil
	case 1:
		return bodies[0]
	default:
		d.fail(position(bodies[1]), "the file holds %d documents; one scenario to a file", len(bodies))
		return nil
	}
}

// short keeps a message of the library from showing a whole file that is no
// text.
func short(message string) string {
	message, _, _ = strings.Cut(message, "\n")
	if len(message) > widest {
		message = strings.ToValidUTF8(message[:widest], "") + "…"
	}
	return message
}

func (d *document) scenario(root ast.Node, rules []grafana.Rule) Scenario {
	o := d.object(root, "", "name", "about", "service", "load", "phases", "monitoring", "faults", "objectives", "invariants", "compare")
	s := Scenario{Name: o.Text("name"), About: o.Text("about")}
	if want := strings.TrimSuffix(filepath.Base(d.file), filepath.Ext(d.file)); s.Name != want {
		o.Fail("name", "name is %q in a file called %s; a scenario is found by its file's name, so both must be the same", s.Name, filepath.Base(d.file))
	}
	s.Service = readService(d.object(o.need("service", "a mapping"), "service", "shards", "summarizers", "deliverers", "lanes"))
	s.Phases = readPhases(d.object(o.need("phases", "a mapping"), "phases", "control", "steady", "fault", "recover"))
	s.Load = readLoad(d.object(o.need("load", "a mapping"), "load", loadFields...), s.Phases)
	s.Monitoring = d.monitoring(o)
	s.Faults = d.faults(o.list("faults"), s.Service.plan(), s.Phases.Fault)
	if o.Has("objectives") {
		s.Objectives = d.objectives(o, s, rules)
	}
	s.Invariants = d.invariants(o)
	if o.Has("compare") {
		s.Compare = d.compare(o)
	}
	return s
}

// compare is one profile or a list of them, each but the hardened one, which
// always runs.
func (d *document) compare(o *object) []string {
	allowed := slices.DeleteFunc(record.Profiles(), func(profile string) bool { return profile == record.Hardened })
	var profiles []string
	if o.several("compare") {
		profiles = d.distinct(o, "compare", allowed)
	} else {
		profiles = append(profiles, o.Choice("compare", allowed...))
	}
	slices.SortFunc(profiles, record.Simpler)
	return profiles
}

func readService(o *object) Service {
	s := Service{
		Shards:      o.Integer("shards", 1, 1024),
		Summarizers: o.Integer("summarizers", 1, 32),
		Deliverers:  o.Integer("deliverers", 1, 32),
		Lanes:       8,
	}
	if o.Has("lanes") {
		s.Lanes = o.Integer("lanes", 1, 256)
	}
	return s
}

// plan is what faults pick from.
func (s Service) plan() compose.Plan {
	return compose.Plan{Shards: s.Shards, Summarizers: s.Summarizers, Deliverers: s.Deliverers}
}

func readPhases(o *object) Phases {
	return Phases{
		Control: o.Duration("control", time.Second, time.Hour),
		Steady:  o.Duration("steady", time.Second, time.Hour),
		Fault:   o.Duration("fault", time.Second, time.Hour),
		Recover: o.Duration("recover", time.Second, time.Hour),
	}
}

func (d *document) objectives(scenario *object, s Scenario, rules []grafana.Rule) Objectives {
	var found Objectives
	o := d.object(scenario.fields["objectives"], "objectives", "time_to_detect", "time_to_recover", "lag_recovery")
	if len(s.Faults) == 0 {
		scenario.Fail("objectives", "objectives are times after a fault, and there are no faults; leave them out")
	}
	// What takes longer than this is not observed any more.
	longest := s.Phases.Fault + s.Phases.Recover
	if o.Has("time_to_detect") {
		detect := d.object(o.fields["time_to_detect"], "time_to_detect", "alert", "within")
		found.TimeToDetect = &Detection{Alert: detect.Text("alert"), Within: detect.Duration("within", time.Millisecond, longest)}
		detect.detectable(*found.TimeToDetect, s.Monitoring.Scrape, rules)
	}
	found.TimeToRecover, found.LagRecovery = o.recovery("time_to_recover", s), o.recovery("lag_recovery", s)
	return found
}

// recovery is a bound on a time until something holds again, nil if the field is
// not there.
func (o *object) recovery(field string, s Scenario) *Recovery {
	if !o.Has(field) {
		return nil
	}
	r := o.doc.object(o.fields[field], field, "within", "from")
	found := Recovery{From: record.ClockEffect}
	if r.Has("from") {
		found.From = r.Choice("from", record.ClockEffect, record.ClockLastHeal)
	}
	longest := s.Phases.Fault + s.Phases.Recover
	if found.From == record.ClockLastHeal {
		longest -= lastHeal(s)
	}
	found.Within = r.Duration("within", time.Millisecond, 2*time.Hour)
	if hold := time.Duration(history.Hold * float64(time.Second)); found.Within > longest-hold {
		r.Fail("within", "%s.within is %v, but the load ends %v after the %s, and what is regained must hold for %v; make it %v at most, or lengthen phases.recover",
			field, found.Within, longest, strings.ReplaceAll(found.From, "-", " "), hold, max(0, longest-hold))
	}
	return &found
}

// lastHeal is when the last fault is to be healed, from the begin of the fault
// phase on.
func lastHeal(s Scenario) (last time.Duration) {
	for _, f := range s.Faults {
		end, ends := f.End()
		if !ends {
			end = s.Phases.Fault
		}
		last = max(last, end)
	}
	return last
}

func (d *document) invariants(o *object) []string {
	o.need("invariants", "a list of "+strings.Join(check.IDs(), ", "))
	return d.distinct(o, "invariants", check.IDs())
}

// distinct is a list of at least one of the names that are allowed, each once.
func (d *document) distinct(o *object, field string, allowed []string) []string {
	var names []string
	first := map[string]*token.Position{}
	for _, n := range o.list(field) {
		one := strings.TrimSuffix(field, "s")
		entry := object{doc: d, path: "", fields: map[string]ast.Node{one: n}}
		name := entry.Choice(one, allowed...)
		if before := first[name]; before != nil {
			d.fail(position(n), "%s is listed twice, first at line %d", name, before.Line)
		}
		first[name] = position(n)
		names = append(names, name)
	}
	if len(names) == 0 {
		o.wrong(field, fmt.Sprintf("a list with at least one of %s", strings.Join(allowed, ", ")))
	}
	return names
}
