package corpus

import (
	"regexp"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// SplitAuthors turns arXiv's author line ("A. One, B. Tw\"o (Some Place) and
// C. Three") into names: affiliations in parentheses dropped, LaTeX accents
// turned into letters, "Jr." kept with its name, "X Collaboration:" in front of
// a list kept as a name of its own.
func SplitAuthors(line string) []string {
	line = withoutParentheses(fold(unTeX(line)))
	var names []string
	if i := strings.IndexByte(line, ':'); i > 0 && strings.Contains(line[:i], "ollaboration") {
		names = append(names, strings.TrimSpace(line[:i]))
		line = line[i+1:]
	}
	for part := range strings.SplitSeq(separators.Replace(line), ",") {
		part = strings.TrimPrefix(strings.Trim(part, " &"), "and ")
		switch {
		case part == "":
		case suffix.MatchString(part) && len(names) > 0:
			names[len(names)-1] += " " + part
		default:
			names = append(names, fold(part))
		}
	}
	return names
}

// separators make a comma of all that stands between names. A regular
// expression would take most of the time that reading a file of papers takes.
var separators = strings.NewReplacer(";", ",", ":", ",", " and ", ",", " & ", ",")

var suffix = regexp.MustCompile(`^(?:Jr|Sr|II|III|IV)\.?$`)

// withoutParentheses drops what stands in round brackets, nested ones too. An
// unclosed bracket runs to the end, as cut-off affiliation lists do.
func withoutParentheses(s string) string {
	var b strings.Builder
	depth := 0
	for _, r := range s {
		switch {
		case r == '(':
			depth++
		case r == ')':
			depth = max(0, depth-1)
		case depth == 0:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// accents are LaTeX's accent commands and the combining marks they stand for.
var accents = map[byte]string{
	'\'': "\u0301", '`': "\u0300", '^': "\u0302", '"': "\u0308", '~': "\u0303",
	'=': "\u0304", '.': "\u0307", 'v': "\u030C", 'u': "\u0306", 'H': "\u030B",
	'c': "\u0327", 'k': "\u0328", 'r': "\u030A", 'd': "\u0323", 'b': "\u0331",
}

var (
	// letterCommand is a command that is a letter by itself.
	letterCommand = regexp.MustCompile(`\\(aa|AA|ae|AE|oe|OE|ss|o|O|l|L|i|j)(?:\s+|\{\}|\b)`)
	letters       = map[string]string{
		"aa": "å", "AA": "Å", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "ss": "ß",
		"o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "i": "i", "j": "j",
	}
	// accented is an accent command and its letter: \'e \'{e} \v{c} \v c.
	accented = regexp.MustCompile("\\\\(?:([\\'`^\"~=.])\\s*|([vuHckrdb])(?:\\s+|\\b))(?:\\{\\s*(\\pL)\\s*\\}|(\\pL))")
	leftover = strings.NewReplacer("{", "", "}", "", "~", " ", `\ `, " ", `\`, "")
)

// unTeX turns the accents and special letters of LaTeX into Unicode. What it
// does not know it leaves without its backslash: a name is still a name then.
func unTeX(s string) string {
	if !strings.ContainsAny(s, `\{}~`) {
		return s
	}
	s = letterCommand.ReplaceAllStringFunc(s, func(m string) string {
		return letters[letterCommand.FindStringSubmatch(m)[1]]
	})
	s = accented.ReplaceAllStringFunc(s, func(m string) string {
		part := accented.FindStringSubmatch(m)
		return part[3] + part[4] + accents[(part[1] + part[2])[0]]
	})
	return norm.NFC.String(leftover.Replace(s))
}
