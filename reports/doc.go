// Package reports turns the record of a run, and the histories behind it, into
// what people read. It runs nothing and judges nothing: verdicts come with the
// record (package record), figures are drawn from the history's account (package
// history), and what neither has is said to be missing.
//
// # The main flow
//
// Write makes a folder:
//
//	Result, events ──> newPage ──┬──> report.html   one file, opens offline
//	                     │       ├──> report.md
//	                     │       └──> charts/*.svg, *.png
//	                     ├──> junit.xml, slack.json, history.jsonl.gz
//	                     └──> result.json           last: a folder that has it
//	                                                is complete
//
// The page (page.go) is one model for both texts, so they cannot differ. The
// story (story.go) is its first paragraph, composed from the record and the
// takeovers by the sentences in template/story.txt. The figures (figures.go)
// take their points from the account, sorted into seconds (bin.go), and are
// drawn by package chart. Index (index.go) lists all folders; Load reads one
// back, so that its pages can be drawn again. Benchmarks (bench.go) have a record
// and a page of their own.
//
// # What happens on failure
//
// Every file is written beside its place and renamed, so that a reader never
// meets half of one; the error of a full disk names the file and what to do. A
// figure that cannot be drawn becomes a sentence in the report.
package reports
