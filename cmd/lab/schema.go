package main

import (
	"fmt"
	"io"

	"paperlab/reports/schema"
	"paperlab/scenarios"
)

// scenarioSchema is the name of the one schema of what is read, not written.
const scenarioSchema = "scenario"

type schemaCommand struct {
	Name string `arg:"" optional:"" help:"scenario, result, bench, set or history."`
}

// Run prints one JSON schema.
func (c schemaCommand) Run(stdout io.Writer) error {
	names := append(schema.Names(), scenarioSchema)
	text, known := schema.Text(c.Name)
	switch {
	case c.Name == scenarioSchema:
		text = scenarios.Schema
	case c.Name == "":
		return inputError{fmt.Errorf("which schema? There are: %v", names)}
	case !known:
		return unknownInput("schema", c.Name, names)
	}
	_, err := stdout.Write(text)
	return err
}
