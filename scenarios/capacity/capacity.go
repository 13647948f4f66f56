// Package capacity keeps what a machine can do: how many papers a second a
// profile of the service carries, so that a load can be a share of it.
//
// Measuring takes ten seconds and more, so a figure is kept in a file, under all
// that it depends on (Key). It is asked for like this:
//
//  1. Open the file.
//  2. Take the machine's Speed, a short yardstick.
//  3. Find the figure. Where there is none that holds, the reason says why; then
//     measure, and Keep it with that speed.
//  4. Doubt it when a run shows that the machine does not carry its share.
//
// A figure holds no longer when the machine is faster or slower than it was by
// more than speedTolerance, when it is older than oldest, and when it is doubted.
package capacity

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/renameio/v2"

	"paperlab/reports/record"
	"paperlab/scenarios"
)

// Schema is that of the file which this version reads and writes.
const Schema = "paperlab/capacity/v1"

// FileName is what the file is called in the folder of all reports.
const FileName = "capacity.json"

const (
	speedTolerance = 0.20
	oldest         = 7 * 24 * time.Hour
	// most figures are kept, the latest ones.
	most = 100
)

// Key is what a figure depends on.
type Key struct {
	Profile     string      `json:"profile"`
	Environment string      `json:"environment"`
	Host        record.Host `json:"host"`
	// Program is a sum of the service's program, Redis the servers' version.
	Program string `json:"program"`
	Redis   string `json:"redis"`
	// Corpus is where the papers come from.
	Corpus string `json:"corpus"`
	Shape  Shape  `json:"shape"`
	// Around is how fast and how wide what stands around the service is, in words.
	Around string `json:"around"`
}

// Shape is that of the service and of its load; the load's rate is no part of it.
type Shape struct {
	Shards       int     `json:"shards"`
	Summarizers  int     `json:"summarizers"`
	Deliverers   int     `json:"deliverers"`
	Lanes        int     `json:"lanes"`
	Subscribers  int     `json:"subscribers"`
	HottestShare float64 `json:"hottest_share"`
	FanOut       float64 `json:"fan_out"`
	// PaperBytes is 0 where papers are as the corpus has them.
	PaperBytes int `json:"paper_bytes"`
}

// ShapeOf is the shape of what a scenario starts.
func ShapeOf(s *scenarios.Scenario) Shape {
	return Shape{
		Shards: s.Service.Shards, Summarizers: s.Service.Summarizers, Deliverers: s.Service.Deliverers, Lanes: s.Service.Lanes,
		Subscribers: s.Load.Subscribers, HottestShare: s.Load.Hottest, FanOut: s.Load.FanOut, PaperBytes: s.Load.Size,
	}
}

// Figure is what was measured.
type Figure struct {
	Key        Key       `json:"of"`
	PapersPerS float64   `json:"papers_per_s"`
	MeasuredAt time.Time `json:"measured_at"`
	// Speed is the machine's when it was measured; see Speed.
	Speed float64 `json:"speed"`
	// Doubt says why it is to be measured again, empty if it is not.
	Doubt string `json:"doubt,omitempty"`
}

// Book is the file's content.
type Book struct {
	path    string
	figures []Figure
}

type file struct {
	Schema  string   `json:"schema"`
	Figures []Figure `json:"figures"`
}

// Open reads the file; one that is not there is an empty book. The error says
// what is wrong with a file that cannot be used; the book is empty then, and
// Keep replaces the file.
func Open(path string) (*Book, error) {
	b := &Book{path: path}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return b, nil
	}
	if err != nil {
		return b, fmt.Errorf("the capacities measured so far: %w", err)
	}
	var f file
	if err := json.Unmarshal(text, &f); err != nil {
		return b, fmt.Errorf("the capacities measured so far: %s is broken: %w", path, err)
	}
	if f.Schema != Schema {
		return b, fmt.Errorf("the capacities measured so far: %s has the schema %q, this program reads %q", path, f.Schema, Schema)
	}
	// A figure of nothing would make a load of nothing.
	for _, figure := range f.Figures {
		if figure.PapersPerS > 0 && figure.Speed > 0 && !math.IsInf(figure.PapersPerS, 0) {
			b.figures = append(b.figures, figure)
		}
	}
	return b, nil
}

// Find is the figure that holds for the key on a machine of that speed; else
// the reason why there is none.
func (b *Book) Find(k Key, speed float64, now time.Time) (f Figure, why string) {
	at := b.index(k)
	if at < 0 {
		return Figure{}, "never measured for this program, load and machine"
	}
	f = b.figures[at]
	switch age, change := now.Sub(f.MeasuredAt), speed/f.Speed-1; {
	case f.Doubt != "":
		return f, f.Doubt
	case age > oldest || age < 0:
		return f, fmt.Sprintf("measured on %s, which is not within the last %.0f days", f.MeasuredAt.Format(time.DateOnly), oldest.Hours()/24)
	case math.Abs(change) > speedTolerance:
		return f, fmt.Sprintf("the machine is %+.0f%% as fast as when it was measured", 100*change)
	}
	return f, ""
}

func (b *Book) index(k Key) int {
	return slices.IndexFunc(b.figures, func(f Figure) bool { return f.Key == k })
}

// Keep writes the figure down in the place of an earlier one of the same key.
func (b *Book) Keep(f Figure) error {
	if at := b.index(f.Key); at >= 0 {
		b.figures = slices.Delete(b.figures, at, at+1)
	}
	b.figures = append(b.figures, f)
	b.figures = b.figures[max(0, len(b.figures)-most):]
	return b.write()
}

// Doubt has the figure measured again by the next run, for a reason. Without a
// figure it does nothing.
func (b *Book) Doubt(k Key, why string) error {
	at := b.index(k)
	if at < 0 {
		return nil
	}
	b.figures[at].Doubt = why
	return b.write()
}

func (b *Book) write() error {
	text, err := json.MarshalIndent(file{Schema, b.figures}, "", "  ")
	if err == nil {
		err = os.MkdirAll(filepath.Dir(b.path), 0o755)
	}
	if err == nil {
		err = renameio.WriteFile(b.path, append(text, '\n'), 0o644, renameio.WithTempDir(filepath.Dir(b.path)))
	}
	if err != nil {
		return fmt.Errorf("keep the measured capacity: %w", err)
	}
	return nil
}
