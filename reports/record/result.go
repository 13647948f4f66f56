// Package record is what a run or a benchmark states of itself: the facts in
// result.json, from which every report is written. Its files are replaced whole
// or not at all, and one of another schema is named, not guessed at.
package record

import (
	"slices"
	"time"
)

// Schema is the value of Result.Schema that this version writes and reads.
const Schema = "paperlab/result/v2"

// Verdict is the outcome of a scenario.
type Verdict string

// The verdicts. The worst of several wins, in this order: violation,
// inconclusive, infrastructure, aborted, pass.
const (
	Pass           Verdict = "pass"
	Violation      Verdict = "violation"
	Inconclusive   Verdict = "inconclusive"
	Infrastructure Verdict = "infrastructure"
	Aborted        Verdict = "aborted"
)

var exitCodes = map[Verdict]int{Pass: 0, Violation: 1, Inconclusive: 2, Infrastructure: 3, Aborted: 130}

// ExitCode is the process exit status that stands for the verdict; that of a
// broken infrastructure if it is none.
func (v Verdict) ExitCode() int {
	if code, known := exitCodes[v]; known {
		return code
	}
	return exitCodes[Infrastructure]
}

// Worst is the verdict that stands for all; pass if there is none.
func Worst(verdicts []Verdict) Verdict {
	for _, v := range []Verdict{Violation, Inconclusive, Infrastructure, Aborted} {
		if slices.Contains(verdicts, v) {
			return v
		}
	}
	return Pass
}

// Result is result.json: one run of one scenario over one or more profiles.
type Result struct {
	Schema   string `json:"schema"`
	Scenario string `json:"scenario"`
	About    string `json:"about"`
	// Source is the file that the scenario was read from, empty for one of the
	// catalogue.
	Source string `json:"source,omitempty"`
	// Target is what make was told, empty for "scenario".
	Target string `json:"target,omitempty"`
	// Set is the ID of the set that the run belongs to, empty for none.
	Set         string    `json:"set,omitempty"`
	Seed        int64     `json:"seed"`
	Environment string    `json:"environment"`
	Corpus      string    `json:"corpus"`
	StartedAt   time.Time `json:"started_at"`
	FinishedAt  time.Time `json:"finished_at"`
	WallS       float64   `json:"wall_s"`
	// ScrapeS is how often, in seconds, the service was scraped and its alert
	// rules evaluated: time to detect depends on it.
	ScrapeS float64 `json:"scrape_s,omitempty"`
	// Verdict is the hardened run's; those of other profiles are shown, never
	// judged.
	Verdict Verdict `json:"verdict"`
	// Reasons say, one sentence each, why the verdict is not pass.
	Reasons  []string          `json:"reasons,omitempty"`
	Code     Code              `json:"code"`
	Versions map[string]string `json:"versions"`
	Host     Host              `json:"host"`
	// Beside are other runs of the lab that were on this machine at the same time,
	// in words.
	Beside []string `json:"beside,omitempty"`
	// Runs are in the order in which the profiles ran, which is drawn from the
	// seed.
	Runs []Run `json:"runs"`
	// Logs are what the processes of the service and the Redis nodes wrote, also
	// those of a start that failed.
	Logs []Log `json:"logs,omitempty"`
}

// Log is what one process wrote over all its incarnations: bounded, and without
// secrets.
type Log struct {
	Profile string `json:"profile"`
	Process string `json:"process"`
	// File is its path in the run's folder, with slashes.
	File string `json:"file"`
	// WrittenBytes is what the process wrote, KeptBytes what the file has of it.
	WrittenBytes int64 `json:"written_bytes"`
	KeptBytes    int64 `json:"kept_bytes"`
}

// Run is one profile's part. Times are on its own clock: seconds since it
// began. A nil time was never reached.
type Run struct {
	Profile string  `json:"profile"`
	Load    Load    `json:"load"`
	Counts  Counts  `json:"counts"`
	Phases  []Phase `json:"phases"`
	Faults  []Fault `json:"faults"`
	Alerts  []Alert `json:"alerts"`
	// DetectedBy is the alert that TimeToDetectS speaks of, nil without one.
	// FalseAlarms are the alerts that arrived before anything was injected; where
	// nothing was, all.
	DetectedBy    *Alert   `json:"detected_by,omitempty"`
	FalseAlarms   []Alert  `json:"false_alarms,omitempty"`
	TimeToDetectS *float64 `json:"time_to_detect_s"`
	// Detection is that time, taken apart.
	Detection *Detection `json:"detection,omitempty"`
	// TimeToRecoverS runs from the first fault's proven effect until steady
	// state holds again, LagRecoveryS until the backlog alone does. 0 means that
	// it was never left.
	TimeToRecoverS *float64 `json:"time_to_recover_s"`
	LagRecoveryS   *float64 `json:"lag_recovery_s"`
	// LagRecoveryAfterHealS and TimeToRecoverAfterHealS are the same from the last
	// heal on; nil too if a fault was never healed.
	LagRecoveryAfterHealS   *float64 `json:"lag_recovery_after_heal_s"`
	TimeToRecoverAfterHealS *float64 `json:"time_to_recover_after_heal_s"`
	// Guards are what must be so for the run to show anything. One that is not
	// makes it inconclusive.
	Guards []Guard `json:"guards"`
	// Machine is what the machine did meanwhile; its guards are among Guards.
	Machine    Machine     `json:"machine"`
	Steady     Steady      `json:"steady_state"`
	Price      Price       `json:"price"`
	Invariants []Invariant `json:"invariants"`
	// Anomalies are those of all invariants in the order of their time, Blame sums
	// them up by invariant, in the order of the catalogue, where there are any.
	Anomalies  []Anomaly   `json:"anomalies,omitempty"`
	Blame      []Blame     `json:"blame,omitempty"`
	Objectives []Objective `json:"objectives"`
	// Undrained tells that work was still on its way when the time for it was
	// up, Exits which processes of the service ended by themselves, in words.
	Undrained bool     `json:"undrained,omitempty"`
	Exits     []string `json:"exits,omitempty"`
	Memory    []Memory `json:"memory"`
	// Struck counts, by defect, the times that one that was planted announced
	// itself; of those that came close together, one.
	Struck     map[string]int `json:"struck,omitempty"`
	ClusterUpS float64        `json:"cluster_up_s"`
	WallS      float64        `json:"wall_s"`
}

// Load is what a profile was offered, and of what it was a share. The realised
// figures (hottest, fan-out, size) are those of the papers that were served.
type Load struct {
	RatePerS float64 `json:"rate_per_s"`
	// OfCapacity is the rate as a share of CapacityPerS, which is what the profile
	// CapacityOf can do: the least of hardened and those that the scenario compares
	// it with, so that the rate is the same whichever of them run. 0 and empty if
	// the scenario sets the rate itself. What each profile can do is its price's
	// SaturationPerS.
	OfCapacity   float64 `json:"of_capacity,omitempty"`
	CapacityOf   string  `json:"capacity_of,omitempty"`
	CapacityPerS float64 `json:"capacity_per_s,omitempty"`
	Subscribers  int     `json:"subscribers"`
	// HottestShare is the share of all notifications that the subscriber with the
	// most was to get, FanOut notifications a paper, PaperBytes a paper's mean
	// length as JSON.
	HottestShare float64 `json:"hottest_share"`
	FanOut       float64 `json:"fan_out"`
	PaperBytes   int     `json:"paper_bytes"`
}

// Counts are what the checkers counted in the history.
type Counts struct {
	// Offered are the distinct versions that arXiv's stand-in served,
	// Acknowledged those found on the papers stream.
	Offered      int `json:"offered"`
	Acknowledged int `json:"acknowledged"`
	// Delivered are distinct notifications with an effect.
	Delivered int `json:"delivered"`
	// Lost are the violations of no-loss.
	Lost int `json:"lost"`
	// Recovered are notifications whose first effect the service could not know
	// of, because the answer was withheld, and which it then repeated until it
	// had an answer.
	Recovered int `json:"recovered"`
	// Unexpected are effects that the oracle does not expect.
	Unexpected int `json:"unexpected"`
	// DuplicateDeliveries are all webhooks beyond the first of a notification:
	// repeats that the sink knew by their key, and DuplicateEffects.
	DuplicateDeliveries int `json:"duplicate_deliveries"`
	DuplicateEffects    int `json:"duplicate_effects"`
	// OrderViolations are effects that came before one that should precede
	// them.
	OrderViolations int `json:"order_violations"`
	// Fenced are commits refused under an old epoch.
	Fenced      int `json:"fenced"`
	DeadLetters int `json:"dead_letters"`
	// LLMCalls are calls begun. LLMCallsRepeated are answers for a version that
	// had an answer before.
	LLMCalls         int `json:"llm_calls"`
	LLMCallsRepeated int `json:"llm_calls_repeated"`
}

// Phase is a part of a run: steady, fault, recover, drain.
type Phase struct {
	Name   string  `json:"name"`
	StartS float64 `json:"start_s"`
	EndS   float64 `json:"end_s"`
}

// Fault is one planned fault, with the evidence that it took effect. Without
// evidence before it, it was never injected, and InjectedAtS is when it was given
// up.
type Fault struct {
	ID   string `json:"id"`
	Kind string `json:"kind"`
	// Mode is which of a kind's manners it has; Processes are those of the
	// service that it strikes, Happened the words for it once its effect is
	// proven.
	Mode        string   `json:"mode,omitempty"`
	Target      string   `json:"target"`
	Processes   []string `json:"processes,omitempty"`
	Happened    string   `json:"happened,omitempty"`
	InjectedAtS float64  `json:"injected_at_s"`
	EffectAtS   *float64 `json:"effect_at_s"`
	HealedAtS   *float64 `json:"healed_at_s"`
	Receipt     Receipt  `json:"receipt"`
	// Error says what went wrong, empty if nothing did.
	Error string `json:"error,omitempty"`
}

// Receipt is evidence, taken before, during and after, that a fault took
// effect. An empty field means that the evidence could not be had.
type Receipt struct {
	Before string `json:"before"`
	During string `json:"during"`
	After  string `json:"after"`
}

// Complete tells whether all three pieces of evidence are there.
func (r Receipt) Complete() bool { return r.Before != "" && r.During != "" && r.After != "" }

// Alert is one alert as it arrived at the lab's Slack sink.
type Alert struct {
	Name string `json:"name"`
	// Labels are those of the alert, without its name.
	Labels map[string]string `json:"labels"`
	// FiringAtS is when the rule's condition had held long enough, NotifiedAtS
	// when the message arrived.
	FiringAtS   float64  `json:"firing_at_s"`
	NotifiedAtS float64  `json:"notified_at_s"`
	ResolvedAtS *float64 `json:"resolved_at_s"`
	// The other stages, as in Detection.
	ScrapedAtS *float64 `json:"scraped_at_s,omitempty"`
	PendingAtS *float64 `json:"pending_at_s,omitempty"`
	SentAtS    *float64 `json:"sent_at_s,omitempty"`
}

// Guard is a condition without which a run shows nothing, with the figure that
// it was judged by.
type Guard struct {
	ID string `json:"id"`
	OK bool   `json:"ok"`
	// Value is nil if it is not known, and the guard then not OK.
	Value *float64 `json:"value"`
	Bound float64  `json:"bound"`
	Unit  string   `json:"unit"`
	// Detail says in one clause what was measured, what came out and what must be.
	Detail string `json:"detail"`
}

// Steady is what the control phase shows, and the bounds that come from it; all
// 0 if it shows nothing.
type Steady struct {
	// BacklogP99 is in entries, lag and pending of all streams.
	BacklogP99    float64 `json:"backlog_p99"`
	BacklogBound  float64 `json:"backlog_bound"`
	LatencyP95S   float64 `json:"latency_p95_s"`
	LatencyBoundS float64 `json:"latency_bound_s"`
	// Held tells whether the bounds held before the fault, Regained after it.
	Held     bool `json:"held"`
	Regained bool `json:"regained"`
}

// Price is what a profile's work costs while nothing is broken: before the first
// fault. A message is a version of a paper whose work was done. Nil was not
// measured.
type Price struct {
	// LatencyP50S and its kin are quantiles from arXiv's page to the subscriber.
	LatencyP50S *float64 `json:"latency_p50_s"`
	LatencyP95S *float64 `json:"latency_p95_s"`
	LatencyP99S *float64 `json:"latency_p99_s"`
	// SaturationPerS is how many papers a second the profile carries at most on
	// this machine.
	SaturationPerS *float64 `json:"saturation_per_s"`
	// CommandsPerMessage are those that Redis' masters carried out, within scripts
	// as well.
	CommandsPerMessage *float64 `json:"commands_per_message"`
	// MemoryBytesPerMessage is what a message leaves behind on Redis' masters:
	// entries of both streams, remembered ids, the consumer groups' and the
	// profile's own bookkeeping, without the replicas' copies. It is measured
	// before a stream reaches the length, or its entries the age, at which some
	// profile trims it.
	MemoryBytesPerMessage *float64 `json:"memory_bytes_per_message"`
}

// Answer is what a checker says of an invariant.
type Answer string

// The answers. Unknown never passes.
const (
	Valid   Answer = "valid"
	Invalid Answer = "invalid"
	Unknown Answer = "unknown"
)

// Invariant is what one checker found.
type Invariant struct {
	// ID is stable across versions.
	ID     string `json:"id"`
	Answer Answer `json:"verdict"`
	// Detail says in one sentence what was judged and what was found.
	Detail string `json:"detail"`
	// Examples are up to five anomalies in words, the earliest first.
	Examples []string `json:"examples,omitempty"`
}

// Objective is a bound from the scenario file, at most, and what was measured.
type Objective struct {
	ID string `json:"id"`
	// Clock is what a time is counted from: ClockEffect or ClockLastHeal; empty
	// for what is no time.
	Clock string `json:"clock,omitempty"`
	// Unit is that of Bound and Value: "s", "alerts".
	Unit  string  `json:"unit"`
	Bound float64 `json:"bound"`
	// Value is nil if it was never reached; then OK is false.
	Value *float64 `json:"value"`
	OK    bool     `json:"ok"`
}

// The clocks of objectives: the first fault's proven effect, and the last heal.
const (
	ClockEffect   = "effect"
	ClockLastHeal = "last-heal"
)

// Memory is the peak resident memory of a process under test, or of the lab.
type Memory struct {
	Process   string `json:"process"`
	PeakBytes int64  `json:"peak_bytes"`
}
