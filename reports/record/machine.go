package record

// The guards of the machine: the lab's timers came late; others took the CPU;
// the service waited for one; somebody set the clock; the control phase was uneven.
const (
	GuardTimers = "timers-late"
	GuardTaken  = "cpu-taken"
	GuardQueue  = "run-queue"
	GuardClock  = "wall-clock"
	GuardSpread = "control-spread"
)

// Machine is what the machine did while a profile's load ran: the figures that
// its guards do not state. A nil one could not be read.
type Machine struct {
	// Readings are one a second.
	Readings int `json:"readings"`
	// CPU is where the time of the CPUs went, in the mean.
	CPU *CPUShares `json:"cpu,omitempty"`
	// QueueShare is the share of the time in which the service's threads could
	// have run and waited for a CPU.
	QueueShare *float64 `json:"queue_share,omitempty"`
	// TimersLateMaxS is the most by which one of the lab's timers was late.
	TimersLateMaxS float64 `json:"timers_late_max_s"`
	// NotJudged are the guards that are left out, each with the reason.
	NotJudged []string `json:"not_judged,omitempty"`
}

// CPUShares are shares of the CPUs that the lab may run on: its own with all that
// it runs, other processes', what a hypervisor gave to others, and the rest.
type CPUShares struct {
	Own    float64 `json:"own_share"`
	Others float64 `json:"others_share"`
	Stolen float64 `json:"stolen_share"`
	Idle   float64 `json:"idle_share"`
}
