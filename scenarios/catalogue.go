package scenarios

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

//go:embed *.yaml
var files embed.FS

// maxSize is the longest scenario file, in bytes, that is read.
const maxSize = 1 << 20

// Names lists the catalogue in alphabetical order.
func Names() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(err) // the embedded folder is always there
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return names
}

// Load reads one scenario: a name of the catalogue, or the path of a file, known
// by its .yaml or a slash. Alerts are the names that objectives may wait for;
// without any, all are allowed. The error is an *Error.
func Load(name string, alerts []string) (*Scenario, error) {
	if strings.HasSuffix(name, ".yaml") || strings.ContainsRune(name, os.PathSeparator) {
		return loadFile(name, alerts)
	}
	source, err := files.ReadFile(name + ".yaml")
	if err != nil {
		return nil, &Error{Message: fmt.Sprintf("there is no scenario %q%s\nthere are: %s\na scenario of your own is named by the path of its .yaml file",
			name, DidYouMean(name, Names()), strings.Join(Names(), ", "))}
	}
	return Parse("scenarios/"+name+".yaml", source, alerts)
}

func loadFile(path string, alerts []string) (*Scenario, error) {
	// Errors of files wrap the reason in the path, which Error names already.
	f, err := os.Open(path)
	if err != nil {
		return nil, &Error{File: path, Message: fmt.Sprintf("the scenario file cannot be opened: %v", errors.Unwrap(err))}
	}
	defer f.Close()
	source, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, &Error{File: path, Message: fmt.Sprintf("the scenario file cannot be read: %v", errors.Unwrap(err))}
	}
	if len(source) > maxSize {
		return nil, &Error{File: path, Message: fmt.Sprintf("longer than %d bytes: not a scenario file", maxSize)}
	}
	return Parse(path, source, alerts)
}
