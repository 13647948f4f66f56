package record

// Measure is a figure of a profile's run that sets compare over many seeds: the
// less of it the better. Throughput at saturation is none: it is measured once for
// a machine, and twenty runs that keep it are not twenty readings.
type Measure struct {
	// ID is the field's name in the record, Name what people call it, Unit as it
	// is written beside a value; empty for a count.
	ID, Name, Unit string
	// Grain is the least difference that a reading can show, in Unit: two readings
	// that are nearer to each other are equal.
	Grain float64
	// of is the reading, nil if it was never reached; measured is false if nobody
	// could have reached it, or nobody looked.
	of func(Run) (value *float64, measured bool)
}

// Measures are all, in the order in which they are shown.
var Measures = []Measure{
	{ID: "time_to_detect_s", Name: "time to detect", Unit: "s", of: func(r Run) (*float64, bool) { return r.TimeToDetectS, r.EffectAt() != nil }},
	{ID: "lag_recovery_s", Name: "backlog back", Unit: "s", Grain: 0.5, of: fromEffect(func(r Run) *float64 { return r.LagRecoveryS })},
	{ID: "time_to_recover_s", Name: "steady state again", Unit: "s", Grain: 1, of: fromEffect(func(r Run) *float64 { return r.TimeToRecoverS })},
	{ID: "lag_recovery_after_heal_s", Name: "backlog back after the last heal", Unit: "s", Grain: 0.5, of: fromHeal(func(r Run) *float64 { return r.LagRecoveryAfterHealS })},
	{ID: "time_to_recover_after_heal_s", Name: "steady state again after the last heal", Unit: "s", Grain: 1, of: fromHeal(func(r Run) *float64 { return r.TimeToRecoverAfterHealS })},
	{ID: "lost", Name: "messages lost", of: counted("no-loss", func(c Counts) int { return c.Lost })},
	{ID: "lost_caused", Name: "lost because of the faults", of: caused("no-loss")},
	{ID: "duplicate_effects", Name: "told twice", of: counted("no-duplicate-effect", func(c Counts) int { return c.DuplicateEffects })},
	{ID: "duplicate_effects_caused", Name: "told twice because of the faults", of: caused("no-duplicate-effect")},
	{ID: "order_violations", Name: "told out of order", of: counted("key-order", func(c Counts) int { return c.OrderViolations })},
	{ID: "order_violations_caused", Name: "told out of order because of the faults", of: caused("key-order")},
	{ID: "latency_p50_s", Name: "p50 latency before the fault", Unit: "s", Grain: 0.02, of: priced(func(p Price) *float64 { return p.LatencyP50S })},
	{ID: "latency_p95_s", Name: "p95 latency before the fault", Unit: "s", Grain: 0.02, of: priced(func(p Price) *float64 { return p.LatencyP95S })},
	{ID: "latency_p99_s", Name: "p99 latency before the fault", Unit: "s", Grain: 0.02, of: priced(func(p Price) *float64 { return p.LatencyP99S })},
	{ID: "commands_per_message", Name: "Redis commands a message", Grain: 1, of: priced(func(p Price) *float64 { return p.CommandsPerMessage })},
	{ID: "memory_bytes_per_message", Name: "Redis memory a message", Unit: "bytes", Grain: 64, of: priced(func(p Price) *float64 { return p.MemoryBytesPerMessage })},
}

// priced is a part of the price; nil was not measured.
func priced(of func(Price) *float64) func(Run) (*float64, bool) {
	return func(r Run) (*float64, bool) { return of(r.Price), of(r.Price) != nil }
}

// fromEffect is a time until the bounds of steady state hold again: there is none
// without a fault that took effect, or without the bounds.
func fromEffect(of func(Run) *float64) func(Run) (*float64, bool) {
	return func(r Run) (*float64, bool) { return of(r), r.EffectAt() != nil && r.Bounded() }
}

func fromHeal(of func(Run) *float64) func(Run) (*float64, bool) {
	return func(r Run) (*float64, bool) { return of(r), LastHeal(r.Faults) != nil && r.Bounded() }
}

// counted is how often an invariant was broken: known if it was judged, and the
// counter saw what the checker did.
func counted(invariant string, of func(Counts) int) func(Run) (*float64, bool) {
	return func(r Run) (*float64, bool) {
		n := float64(of(r.Counts))
		return &n, r.AnswerOf(invariant) == Valid || r.AnswerOf(invariant) == Invalid && n > 0
	}
}

// caused is by how much the anomalies from the first fault on exceed what the same
// service does without one.
func caused(invariant string) func(Run) (*float64, bool) {
	return func(r Run) (*float64, bool) {
		blame, n := r.BlameOf(invariant), 0.0
		switch {
		case r.EffectAt() == nil:
			return nil, false
		case blame != nil && blame.Caused != nil:
			n = float64(*blame.Caused)
			return &n, true
		}
		return &n, blame == nil && r.AnswerOf(invariant) == Valid
	}
}

// MeasureOf is the measure of that id; nil if there is none.
func MeasureOf(id string) *Measure {
	for i := range Measures {
		if Measures[i].ID == id {
			return &Measures[i]
		}
	}
	return nil
}
