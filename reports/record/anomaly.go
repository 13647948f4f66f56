package record

// Anomaly is one time that something went wrong.
type Anomaly struct {
	Invariant string  `json:"invariant"`
	AtS       float64 `json:"at_s"`
	Blamed
}

// Blamed says when an anomaly happened beside the faults. That it happened during
// or after one does not mean that the fault caused it; see Blame.
type Blamed struct {
	When When `json:"when"`
	// Fault is the id of the fault that was on, or the last to be healed; empty
	// before all of them.
	Fault string `json:"fault,omitempty"`
}

// When is where an anomaly stands in time.
type When string

// During: a fault was on, the latest of several. After: one had been healed and
// none was on. Before: none had been injected yet. NoFault: none ever was.
const (
	Before  When = "before"
	During  When = "during"
	After   When = "after"
	NoFault When = "none"
)

// Blame sums up the anomalies of one invariant.
type Blame struct {
	Invariant string       `json:"invariant"`
	Total     int          `json:"total"`
	Parts     []BlamedPart `json:"parts"`
	// BackgroundPerS is how many a second the service has without a fault: those
	// of the control and the steady phase. Caused is by how much those from the
	// first fault on exceed that; both nil where there was no fault, or no
	// control phase.
	BackgroundPerS *float64 `json:"background_per_s,omitempty"`
	Caused         *int     `json:"caused,omitempty"`
}

// BlamedPart is how many anomalies happened when.
type BlamedPart struct {
	Blamed
	Count int `json:"count"`
}
