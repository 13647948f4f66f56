package reports

import "paperlab/reports/record"

// WriteBench makes the report of a benchmark in dir: report.html, report.md,
// charts/*.svg and .png and, last, result.json. Notes are added to those of the
// record. An empty Bench.Schema is filled in.
func WriteBench(dir string, b record.Bench, notes ...string) error {
	if b.Schema == "" {
		b.Schema = record.BenchSchema
	}
	b.Notes = append(b.Notes[:len(b.Notes):len(b.Notes)], notes...)
	p := newBenchPage(b)
	if err := writePages(dir, benchPages, p, p.Charts); err != nil {
		return err
	}
	return writeJSON(dir, "result.json", b)
}
