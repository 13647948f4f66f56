package scenarios

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"paperlab/grafana"
)

// survey reads a form in all ways that make the reader ask for something else:
// with each field of a mapping left out, with each alone, with each name of a
// choice. From there it goes on where the reader asked for something new, and from
// each name of a choice: within the same mapping and below, since what two mappings
// beside each other hold is nothing to each other.
type survey struct {
	rules    []grafana.Rule
	mappings map[string][]string
	lists    map[string]bool
	shapes   map[string][]shape
	// needed has, for each mapping and way of it, the fields that were missed in
	// every reading.
	needed map[string]map[string]bool
}

// ways are what is out of the ordinary in one reading: at a mapping "-field" (all
// but that one) or "+field" (it alone), at a choice a name.
type ways map[string]string

func surveyed(rules []grafana.Rule) *survey {
	s := &survey{rules, map[string][]string{}, map[string]bool{}, map[string][]shape{}, map[string]map[string]bool{}}
	queue, seen := []ways{{}}, map[string]bool{}
	for len(queue) > 0 {
		w := queue[0]
		queue = queue[1:]
		if key := fmt.Sprint(w); !seen[key] { // a map is printed in order
			seen[key] = true
			queue = append(queue, s.read(w)...)
		}
	}
	return s
}

// read reads the form in one way, with small numbers and with large ones, and says
// which ways go on from there.
func (s *survey) read(w ways) (further []ways) {
	var t *trial
	known := len(s.mappings) + len(s.shapes)
	for _, big := range []bool{false, true} {
		t = &trial{
			big: big, mappings: map[string][]string{}, lists: map[string]bool{}, shapes: map[string][]shape{}, missed: map[string]bool{},
			absent: func(object, field string) bool {
				way := w[object]
				return way == "-"+field || strings.HasPrefix(way, "+") && way != "+"+field
			},
			choose: func(path string, allowed []string) string {
				if name := w[path]; slices.Contains(allowed, name) {
					return name
				}
				return allowed[0]
			},
		}
		d := &document{file: "form.yaml", blank: true}
		d.scenario(&form{path: "", trial: t}, s.rules)
		maps.Copy(s.mappings, t.mappings)
		maps.Copy(s.lists, t.lists)
		for path, asked := range t.shapes {
			for _, one := range asked {
				if !slices.ContainsFunc(s.shapes[path], func(have shape) bool { return reflect.DeepEqual(have, one) }) {
					s.shapes[path] = append(s.shapes[path], one)
				}
			}
		}
	}
	s.note(w, t)
	if known == len(s.mappings)+len(s.shapes) && !w.chosen() {
		return nil
	}
	for path, fields := range t.mappings {
		for _, field := range fields {
			further = append(further, w.and(path, path, "-"+field))
			if !w.chosen() {
				further = append(further, w.and(path, path, "+"+field))
			}
		}
	}
	for path, asked := range t.shapes {
		for _, one := range asked {
			for _, name := range one.allowed {
				further = append(further, w.and(parent(path), path, name))
			}
		}
	}
	return slices.DeleteFunc(further, func(w ways) bool { return w == nil })
}

// and is the ways with one more, nil where it is not to be followed: something
// else is chosen there already, or another way has nothing to do with it.
func (w ways) and(mapping, at, how string) ways {
	if _, taken := w[at]; taken {
		return nil
	}
	for path, how := range w {
		if !strings.HasPrefix(how, "+") && !strings.HasPrefix(how, "-") {
			path = parent(path) // a choice is a way of the mapping that it stands in
		}
		if !strings.HasPrefix(mapping, path) {
			return nil
		}
	}
	more := maps.Clone(w)
	more[at] = how
	return more
}

// chosen tells whether a name was chosen, and nothing left out.
func (w ways) chosen() bool {
	for _, how := range w {
		if strings.HasPrefix(how, "-") {
			return false
		}
	}
	return slices.ContainsFunc(slices.Collect(maps.Values(w)), func(how string) bool { return how[0] != '+' })
}

// parent is the mapping that a field is of.
func parent(path string) string { return path[:max(strings.LastIndex(path, "."), 0)] }

func (s *survey) note(w ways, t *trial) {
	for path, fields := range t.mappings {
		way := path + " " + w[path]
		first := s.needed[way] == nil
		if first {
			s.needed[way] = map[string]bool{}
		}
		for _, field := range fields {
			missed := t.missed[path+"."+field]
			if first && missed {
				s.needed[way][field] = true
			} else if !missed {
				delete(s.needed[way], field)
			}
		}
	}
}

// or is both shapes in one. A bound that is not the same in both follows from
// other fields, and is not known here.
func (s shape) or(other shape) shape {
	for _, name := range other.allowed {
		if !slices.Contains(s.allowed, name) {
			s.allowed = append(slices.Clone(s.allowed), name)
		}
	}
	if s.least != other.least {
		s.least = -1
	}
	if s.most != other.most {
		s.most = -1
	}
	return s
}
