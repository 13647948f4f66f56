package logs

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// hidden stands in the place of a secret.
const hidden = "***"

// Mask takes secrets out of text: values that are known to be secret, and what
// stands where secrets stand.
type Mask struct{ known *strings.Replacer }

// shortest value that is taken for a secret: one of a few letters would take
// ordinary words out of the text.
const shortest = 6

// NewMask knows the values of an environment (NAME=value) whose names say that
// they are secret, and some more that are.
func NewMask(environment []string, secrets ...string) *Mask {
	for _, pair := range environment {
		if name, value, _ := strings.Cut(pair, "="); secretName.MatchString(name) {
			secrets = append(secrets, value)
		}
	}
	var forms []string
	for _, s := range secrets {
		// A key of several lines is written line by line.
		for line := range strings.Lines(s) {
			line = strings.TrimSpace(line)
			quoted := strconv.Quote(line)
			forms = append(forms, line, url.QueryEscape(line), url.PathEscape(line), quoted[1:len(quoted)-1])
		}
	}
	forms = slices.DeleteFunc(forms, func(f string) bool { return len(f) < shortest })
	// Of two that begin alike the longer one is tried first.
	slices.SortFunc(forms, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	var pairs []string
	for _, form := range slices.Compact(forms) {
		pairs = append(pairs, form, hidden)
	}
	return &Mask{strings.NewReplacer(pairs...)}
}

// secretName knows an environment variable that holds a secret by its name.
var secretName = regexp.MustCompile(`(?i)(key|token|secret|passw(or)?d|passphrase|credential|auth|webhook)s?(_url)?$`)

// shape is where a secret stands, or what it looks like. Hints are words, in lower
// case, without any of which a line has none: most lines are spared the search.
type shape struct {
	hints []string
	what  *regexp.Regexp
	with  string
}

// shapes know secrets nobody told of. Quotes may be escaped: logs quote what
// others have quoted.
var shapes = []shape{
	{[]string{"authorization"}, regexp.MustCompile(`(?i)(authorization\\*["']?\s*[:=]\s*\\*["']?(?:(?:bearer|basic|digest|token)\s+)?)[^\s"'\\,;]+`), "${1}" + hidden},
	{[]string{"bearer"}, regexp.MustCompile(`(?i)(\bbearer\s+)[A-Za-z0-9+/._~=-]{6,}`), "${1}" + hidden},
	{
		[]string{"key", "secret", "token", "passw", "passphrase", "credential", "cookie"},
		regexp.MustCompile(`(?i)((?:api[_-]?key|access[_-]?key|private[_-]?key|secret|token|password|passwd|passphrase|credentials?|cookie)\\*["']?\s*[:=]\s*)(?:\\*["'][^"'\\]*|[^\s"'\\,;&})\]]+)`), "${1}" + hidden,
	},
	{[]string{"key ", "secret ", "token ", "password ", "requirepass ", "masterauth "}, regexp.MustCompile(`(?i)((?:--[a-z-]*(?:key|secret|token|password)|\brequirepass|\bmasterauth)\s+)[^\s"']+`), "${1}" + hidden},
	{[]string{"://"}, regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://)[^\s/"'?#]*@`), "${1}" + hidden + "@"},
	{[]string{"hooks.slack.com/"}, regexp.MustCompile(`(?i)(hooks\.slack\.com/services/)[A-Za-z0-9/_-]+`), "${1}" + hidden},
	{
		[]string{"sk-", "sk_", "pk_", "rk_", "ghp_", "gho_", "ghs_", "github_pat_", "glpat-", "xox"},
		regexp.MustCompile(`\b(?:sk|pk|rk|ghp|gho|ghs|github_pat|glpat|xox[abeoprs])[-_][A-Za-z0-9_-]{8,}`), hidden,
	},
	{[]string{"eyj"}, regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*`), hidden},
	{[]string{"akia"}, regexp.MustCompile(`\bAKIA[0-9A-Z]{16}\b`), hidden},
}

// Text is s without its secrets.
func (m *Mask) Text(s string) string {
	s = m.known.Replace(s)
	lower := strings.ToLower(s)
	for _, shape := range shapes {
		if slices.ContainsFunc(shape.hints, func(hint string) bool { return strings.Contains(lower, hint) }) {
			s = shape.what.ReplaceAllString(s, shape.with)
		}
	}
	return s
}
