package monitor

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

// loader reads rule files from a file system that may be embedded, and clears
// the interval that a group names: the lab evaluates every group at its own.
type loader struct {
	files  fs.FS
	parser parser.Parser
}

// Load implements rules.GroupLoader.
func (l loader) Load(name string, ignoreUnknown bool, scheme model.ValidationScheme) (*rulefmt.RuleGroups, []error) {
	content, err := fs.ReadFile(l.files, name)
	if err != nil {
		return nil, []error{err}
	}
	groups, errs := rulefmt.Parse(content, ignoreUnknown, scheme, l.parser, slog.New(slog.DiscardHandler))
	if len(errs) > 0 {
		return nil, []error{fmt.Errorf("%s: %w", name, errors.Join(errs...))}
	}
	for i := range groups.Groups {
		groups.Groups[i].Interval = 0
	}
	return groups, nil
}

// Parse implements rules.GroupLoader.
func (l loader) Parse(query string) (parser.Expr, error) { return l.parser.ParseExpr(query) }

// ruleFiles names the rule files, each of which must parse: a rule file with
// an error would otherwise only mean that no alert ever comes.
func ruleFiles(files fs.FS) ([]string, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("monitor: list rule files: %w", err)
	}
	if len(names) == 0 {
		return nil, errors.New("monitor: no rule files (*.yaml) at the root of Rules")
	}
	l := loader{files, parser.NewParser(parser.Options{})}
	for _, name := range names {
		if _, errs := l.Load(name, false, model.UTF8Validation); len(errs) > 0 {
			return nil, fmt.Errorf("monitor: rule file: %w; `promtool check rules` names the same", errors.Join(errs...))
		}
	}
	return names, nil
}
