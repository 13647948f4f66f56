//go:build sabotage

package sabotage

import "os"

var planted = os.Getenv("PAPERS_SABOTAGE")

// On tells whether the named defect is planted in this process.
func On(name string) bool { return name == planted }
