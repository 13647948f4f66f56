package run

import (
	"os"
	"path"
	"path/filepath"
	"slices"

	"paperlab/compose/logs"
	"paperlab/reports"
	"paperlab/reports/record"
)

// logFolder is where a profile's processes write, beneath the run's folder, and
// where their logs are kept, beneath the report's.
func logFolder(profile string) string { return path.Join("logs", profile) }

// secrets are what was handed to the service's processes, and whatever of this
// program's own environment they inherit.
func (o Options) secrets() *logs.Mask {
	return logs.NewMask(slices.Concat(os.Environ(), o.Env), openAIKey)
}

// logsOf are what a profile's processes wrote, as it is kept with the report. It
// is asked once they have ended, also when they never all started: then their logs
// matter most.
func (l lab) logsOf(profile string) (kept []reports.Log) {
	for _, k := range logs.Keep(filepath.Join(l.ledger.Root(), logFolder(profile)), l.mask) {
		kept = append(kept, reports.Log{Text: k.Text, Log: record.Log{
			Profile: profile, Process: k.Part, File: path.Join(logFolder(profile), k.Part+".log"),
			WrittenBytes: k.Written, KeptBytes: int64(len(k.Text)),
		}})
	}
	return kept
}
