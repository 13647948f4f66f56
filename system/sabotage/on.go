//go:build sabotage

package sabotage

import (
	"os"
	"sync/atomic"
)

var planted = os.Getenv("PAPERS_SABOTAGE")

// On tells whether the named defect is planted in this process.
func On(name string) bool { return name == planted }

var announce atomic.Pointer[func(string)]

// AnnounceBy says how this process announces its strikes.
func AnnounceBy(by func(defect string)) { announce.Store(&by) }

// Struck announces that the defect did what a sound service would not.
func Struck(defect string) {
	if by := announce.Load(); by != nil {
		(*by)(defect)
	}
}
