//go:build !sabotage

package sabotage

// On tells whether the named defect is planted: never, in this build.
func On(string) bool { return false }

// Struck announces nothing in this build.
func Struck(string) {}

// AnnounceBy has nothing to announce in this build.
func AnnounceBy(func(defect string)) {}
