package scenarios

import _ "embed"

// Schema is the JSON schema of a scenario file, for editors and for programs. It
// is made from what the reader asks for: go test ./scenarios -update.
//
//go:embed schema.json
var Schema []byte
