package corpus

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"paperlab/system/paper"
)

const (
	// longestLine bounds one paper's metadata; the longest real line known,
	// with 2,000 authors, has 37 kB.
	longestLine = 1 << 20
	// mostPapers bounds what is read of a file before the slice is taken.
	mostPapers = 1_000_000
)

// Papers are what a file holds.
type Papers struct {
	// lineages are in the order of their submission.
	lineages []lineage
}

// Read reads real papers: a .jsonl file, plain or gzip, with one object a line:
//
//	{"id": "0704.0001", "versions": 2,
//	 "submitted": "Mon, 2 Apr 2007 19:18:42 GMT",
//	 "updated": "Tue, 24 Jul 2007 20:10:27 GMT",
//	 "title": "...", "authors": "A. One, B. Two and C. Three (Some Place)",
//	 "categories": ["hep-ph"], "abstract": "..."}
//
// abstract, comments, journal_ref and doi may be absent; other fields are
// ignored. Such a file tells the first and the last date of a paper and nothing
// in between, so a paper with N > 1 versions becomes two: version 1 at
// `submitted` and version N at `updated`, both with the only text that is
// known. Versions 2 to N-1 are not invented.
//
// Errors name the file and, where one is to blame, the line.
func Read(path string) (*Papers, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("corpus: %w: give a .jsonl or .jsonl.gz file, or use the builtin corpus", err)
	}
	defer f.Close()
	lines, err := unpack(f, strings.HasSuffix(path, ".gz"))
	if err != nil {
		return nil, fmt.Errorf("corpus: %s %w", path, err)
	}
	papers, err := readPapers(lines)
	if err != nil {
		return nil, fmt.Errorf("corpus: %s %w", path, err)
	}
	slices.SortFunc(papers, func(a, b lineage) int {
		return cmp.Or(a[0].Updated.Compare(b[0].Updated), strings.Compare(a[0].ID, b[0].ID))
	})
	return &Papers{papers}, nil
}

// First is a corpus of the first papers, in the order of their submission, with all
// their versions: as many as make limit versions, 1 to Largest, or all there are. A
// window of versions by date was rejected: on real papers, whose second version
// comes three months later in the median, a window of 2,000 holds both versions of
// a fifth fewer papers, and second versions whose first one was never seen.
//
// Only the last paper taken may lose its later version to the limit. Versions with
// equal dates follow in order of version.
func (p *Papers) First(limit int) (*Corpus, error) {
	if err := checkLimit("the number of versions wanted", limit); err != nil {
		return nil, err
	}
	versions := slices.Concat(p.lineages...)
	versions = versions[:min(limit, len(versions))]
	slices.SortFunc(versions, func(a, b Version) int {
		return cmp.Or(a.Updated.Compare(b.Updated), strings.Compare(a.ID, b.ID), cmp.Compare(a.Version, b.Version))
	})
	return &Corpus{Versions: versions}, nil
}

// unpack looks at the content, not only at the name: a gzip file called .jsonl
// is read as well.
func unpack(f io.Reader, named bool) (io.Reader, error) {
	r := bufio.NewReaderSize(f, 64<<10)
	magic, _ := r.Peek(2) // an error comes again with the first line
	if bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, fmt.Errorf("is broken: its gzip header: %w", err)
		}
		return z, nil
	}
	if named {
		return nil, errors.New("is named .gz but does not begin as gzip does")
	}
	return r, nil
}

// lineage is one paper of a file with its one or two versions.
type lineage []Version

func readPapers(r io.Reader) ([]lineage, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 64<<10), longestLine)
	var papers []lineage
	at := make(map[string]int)
	number := 0
	// After an error there is one line more: what was read of it before.
	for lines.Scan() && lines.Err() == nil {
		number++
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		versions, err := parseLine(lines.Bytes())
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		id := versions[0].ID
		if first, ok := at[id]; ok {
			return nil, fmt.Errorf("line %d: paper %s stands on line %d already", number, id, first)
		}
		at[id] = number
		if papers = append(papers, versions); len(papers) > mostPapers {
			return nil, fmt.Errorf("line %d: more than %d papers: cut the file", number, mostPapers)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, readError(number+1, err)
	}
	if len(papers) == 0 {
		return nil, errors.New("holds no papers")
	}
	return papers, nil
}

func readError(line int, err error) error {
	switch {
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("line %d: longer than %d bytes: this is not one paper a line", line, longestLine)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("line %d: the file ends in the middle of its gzip data (a copy that was cut off?): %w", line, err)
	default:
		return fmt.Errorf("line %d: cannot be read: %w", line, err)
	}
}

// record is a line as it is written.
type record struct {
	ID, Submitted, Updated                  string
	Versions                                int
	Title, Authors, Abstract, Comments, DOI string
	Categories                              []string
	JournalRef                              string `json:"journal_ref"`
}

// Identifier is the form of arXiv's identifiers, without a version, old and
// new.
var Identifier = regexp.MustCompile(`^(\d{4}\.\d{4,5}|[a-z]+(-[a-z]+)*(\.[A-Z]{2})?/\d{7})$`)

func parseLine(line []byte) (lineage, error) {
	var r record
	if err := json.Unmarshal(line, &r); err != nil {
		return nil, fmt.Errorf("not a paper as JSON: %w", err)
	}
	submitted, err := parseTime("submitted", r.Submitted)
	if err != nil {
		return nil, err
	}
	updated, err := parseTime("updated", r.Updated)
	if err != nil {
		return nil, err
	}
	authors := SplitAuthors(r.Authors)
	switch {
	case !Identifier.MatchString(r.ID):
		return nil, fmt.Errorf("id is %q: want an arXiv identifier such as 0704.0001 or hep-th/9901001", r.ID)
	case r.Versions < 1 || r.Versions > 1000:
		return nil, fmt.Errorf("versions is %d: want 1 to 1000", r.Versions)
	case updated.Before(submitted):
		return nil, fmt.Errorf("updated is %q, before submitted, %q", r.Updated, r.Submitted)
	case fold(r.Title) == "":
		return nil, errors.New("title is empty")
	case len(authors) == 0:
		return nil, fmt.Errorf("authors is %q: want at least one name", r.Authors)
	case len(r.Categories) == 0 || slices.Contains(r.Categories, ""):
		return nil, errors.New("categories is empty or names an empty one: want at least one, such as hep-ph")
	}
	v := Version{
		Paper: paper.Paper{
			ID: r.ID, Version: 1, Title: fold(r.Title), Abstract: fold(r.Abstract), Authors: authors,
			Categories: r.Categories, Published: submitted, Updated: submitted,
		},
		Comment: fold(r.Comments), JournalRef: fold(r.JournalRef), DOI: fold(r.DOI),
	}
	versions := lineage{v}
	if r.Versions > 1 {
		v.Version, v.Updated = r.Versions, updated
		versions = append(versions, v)
	}
	return versions, nil
}

func parseTime(field, text string) (time.Time, error) {
	t, err := time.Parse("Mon, 2 Jan 2006 15:04:05 MST", text)
	if err != nil {
		// A few real lines spell the month out.
		t, err = time.Parse("Mon, 2 January 2006 15:04:05 MST", text)
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("%s is %q: want a date such as %q", field, text, "Mon, 2 Apr 2007 19:18:42 GMT")
	}
	if t.Year() < 1991 {
		return time.Time{}, fmt.Errorf("%s is %q: arXiv began in 1991", field, text)
	}
	return t.UTC(), nil
}
