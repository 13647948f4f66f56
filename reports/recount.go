package reports

import _ "embed"

// Recount is a Python program that counts a run's history again and compares with
// its record; it takes the run's folder. It shares no code with the checkers, and
// is there for who does not believe them.
//
//go:embed recount.py
var Recount string
