package record

import "time"

// BenchSchema is the value of Bench.Schema that this version writes and reads.
const BenchSchema = "paperlab/bench/v1"

// Bench is the record of one benchmark.
type Bench struct {
	Schema string `json:"schema"`
	Name   string `json:"name"`
	About  string `json:"about,omitempty"`
	// Seed is where its random choices came from, 0 if it makes none.
	Seed      int64             `json:"seed,omitempty"`
	StartedAt time.Time         `json:"started_at"`
	WallS     float64           `json:"wall_s"`
	Code      Code              `json:"code"`
	Versions  map[string]string `json:"versions"`
	Host      Host              `json:"host"`
	// X names the numeric parameter that charts put on their X axis; empty
	// means "shards".
	X     string `json:"x,omitempty"`
	Cases []Case `json:"cases"`
	// Notes are sentences for the reader: what was found, what limits it.
	Notes []string `json:"notes,omitempty"`
}

// Case is one setting that was measured. Params hold what was set (numbers,
// strings, booleans), Metrics what came out; the unit is in the metric's name
// or in its Unit.
type Case struct {
	Name    string            `json:"name"`
	Params  map[string]any    `json:"params"`
	Metrics map[string]Metric `json:"metrics"`
}

// Metric is an estimate from N repeats with a confidence interval. Low and High
// are equal to Value when there is no interval.
type Metric struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	// N is the number of repeats, Level the confidence level (0.95), Unit as it
	// is written on an axis ("messages/s").
	N     int     `json:"n"`
	Level float64 `json:"level,omitempty"`
	Unit  string  `json:"unit,omitempty"`
	// Distribution is the one that Value is the median of, if it is one.
	Distribution *Distribution `json:"distribution,omitempty"`
}

// LoadBench reads a benchmark's result.json; path is the file or its folder. A
// record of another schema is refused with ErrForeign.
func LoadBench(path string) (b Bench, err error) {
	_, err = load(path, BenchSchema, &b)
	return b, err
}
