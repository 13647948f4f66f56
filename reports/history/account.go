package history

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"paperlab/reports/record"
	"paperlab/system/paper"
)

// Account is what one profile's history says, read once: verdicts, record,
// story and charts all take it from here, so that no two of them can count
// differently. Times are in seconds since the profile's run began.
type Account struct {
	// Profile is that of the events, the first one's if they are mixed.
	Profile string
	// Mixed tells that the events are of more than one profile, which nothing
	// can be concluded from.
	Mixed bool
	// End is the time of the last event.
	End float64

	// Phases, Faults and Alerts are in the words of the record that states them.
	Phases []record.Phase
	// Complete tells that the last witness was read: a run without was cut
	// short, and what was on its way then is not lost.
	Complete bool
	// Drained tells that all that was offered was done in time.
	Drained bool
	// Exits are the processes of the service that ended by themselves, in words.
	Exits []string
	// Strikes counts, by defect, those that were announced.
	Strikes map[string]int
	// Fenced are refused commits; 0 if nobody could say.
	Fenced int

	Faults    []record.Fault
	Alerts    []record.Alert
	Takeovers []Event // of type Takeover, in order

	Wishes  []paper.Subscription
	Served  []string // distinct versions, in the order of their first serving
	Serving map[string]Serving
	// OnPapers and OnNotes are where each message stands, Notes the distinct
	// notifications in the order in which the reader found them.
	OnPapers map[string][]Place
	OnNotes  map[Note][]Place
	Notes    []Note
	// Found is when the reader first saw the entry that stands at a place, Seen
	// when any witness last saw a version on its way: arXiv's, an LLM's, or the
	// papers stream's.
	Found map[Place]float64
	Seen  map[string]float64

	Effects []Effect // in order
	Told    map[Note][]Effect
	// Repeats are tells whose key the sink knew; Confirmed has the notifications
	// of which such a repeat was answered.
	Repeats   int
	Confirmed map[Note]bool
	// Latency has a point for each notification's first effect, at its time: the
	// seconds since the first serving of its version. Versions that were never
	// served have none.
	Latency []Point

	Summaries  map[string]bool   // versions that have a row
	DeadReason map[string]string // by message id
	Dead       int
	Calls      []Call         // of LLMs, in the order of their beginning
	Answers    map[string]int // LLM answers by version

	// Backlog is the number of entries not yet done, lag and pending, by stream
	// (papers first) and in all. A point stands for one round of readings and for
	// its end. Where a reading is null or missing it is NaN: null is not 0, and
	// an older reading is not today's.
	Backlog []Stream
	Total   []Point

	// Commands and Memory are what all Redis masters together had carried out and
	// what they held, in bytes; NaN where a reading failed.
	Commands, Memory []Point
	// Machine are the readings of the machine, in order.
	Machine []TimedReading

	rounds rounds
	called map[string]int // index of an open call by its id
}

// Note is the identity of a notification, the same in all profiles.
type Note struct{ Subscription, Version string }

// Describe names a notification for a reader.
func (n Note) Describe() string {
	return fmt.Sprintf("%s for subscription %s", n.Version, n.Subscription)
}

// Effect is one time that somebody was told.
type Effect struct {
	Note
	Subscriber string
	Order      int // counts the run's effects
	T          float64
	// Answered tells whether the service knows that it told.
	Answered bool
}

// Serving is the first time that a version was on a page.
type Serving struct {
	Rank int
	T    float64
	Key  string
	// Paper is nil when the witness left it out: then nothing is known of who
	// should be told.
	Paper *paper.Paper
}

// Call is one call of an LLM stand-in.
type Call struct {
	Provider, Version string
	From              float64
	// To is NaN while it has not ended. OK: it ended with a summary.
	To float64
	OK bool
}

// AccountOf reads one profile's events, which are in order.
func AccountOf(events []Event) *Account {
	a := &Account{
		Serving: map[string]Serving{}, OnPapers: map[string][]Place{}, OnNotes: map[Note][]Place{},
		Found: map[Place]float64{}, Strikes: map[string]int{}, Seen: map[string]float64{},
		Told: map[Note][]Effect{}, Confirmed: map[Note]bool{},
		Summaries: map[string]bool{}, DeadReason: map[string]string{}, Answers: map[string]int{}, called: map[string]int{},
	}
	for _, e := range events {
		a.Profile = cmp.Or(a.Profile, e.Profile)
		a.Mixed = a.Mixed || e.Profile != a.Profile
		a.End = e.T
		a.add(e)
	}
	if n := len(a.Phases); n > 0 && math.IsNaN(a.Phases[n-1].EndS) {
		a.Phases[n-1].EndS = a.End
	}
	a.Backlog, a.Total = a.rounds.series()
	return a
}

func (a *Account) add(e Event) {
	switch e.Op {
	case Subscribe:
		a.Wishes = append(a.Wishes, *e.Wish)
	case Serve:
		a.serve(e)
	case Accept:
		a.accept(e)
	case Tell:
		a.tell(e)
	case Ask:
		a.ask(e)
	case Row:
		if e.Name == "summaries" {
			a.Summaries[e.Message] = true
		}
	case DeadLetter:
		a.Dead++
		a.DeadReason[e.Message] = e.Reason
	case Takeover:
		a.Takeovers = append(a.Takeovers, e)
	case Sample:
		a.rounds.add(e)
	case Usage:
		a.usage(e)
	case Machine:
		a.Machine = append(a.Machine, TimedReading{e.T, *e.Machine})
	case Alert:
		a.alert(e)
	case Fault, Heal, Well:
		a.fault(e)
	default:
		a.lab(e)
	}
}

// lab takes what the lab notes of the run itself.
func (a *Account) lab(e Event) {
	switch e.Op {
	case Phase:
		if n := len(a.Phases); n > 0 && math.IsNaN(a.Phases[n-1].EndS) {
			a.Phases[n-1].EndS = e.T
		}
		a.Complete = e.Name == PhaseDone
		if e.Name != PhaseDone && e.Name != PhaseObserve {
			a.Phases = append(a.Phases, record.Phase{Name: e.Name, StartS: e.T, EndS: math.NaN()})
		}
	case Drain:
		a.Drained = e.Type == OK
	case Exit:
		a.Exits = append(a.Exits, e.Reason)
	case Strike:
		a.Strikes[e.Name]++
	case Fenced:
		a.Fenced += int(e.Value)
	}
}

func (a *Account) serve(e Event) {
	s, again := a.Serving[e.Message]
	if !again {
		s = Serving{Rank: len(a.Served), T: e.T, Key: e.Key}
		a.Served = append(a.Served, e.Message)
	}
	if s.Paper == nil {
		s.Paper = e.Paper
	}
	a.Serving[e.Message] = s
	a.Seen[e.Message] = e.T
}

// accept takes an entry that was found. Of one that cannot be read nobody knows
// whose it is.
func (a *Account) accept(e Event) {
	if e.Type != OK {
		return
	}
	at := Place{e.Stream, e.Shard, e.Entry}
	if _, again := a.Found[at]; !again {
		a.Found[at] = e.T
	}
	switch e.Stream {
	case "papers":
		a.OnPapers[e.Message] = append(a.OnPapers[e.Message], at)
		a.Seen[e.Message] = e.T
	case "notifications":
		n := Note{e.Subscription, e.Version}
		if a.OnNotes[n] == nil {
			a.Notes = append(a.Notes, n)
		}
		a.OnNotes[n] = append(a.OnNotes[n], at)
	}
}

// tell takes a webhook. It is an effect if the sink took it, with or without an
// answer, and it is not the repeat of a key: then somebody was told.
func (a *Account) tell(e Event) {
	if e.Type == Fail {
		return
	}
	n := Note{e.Subscription, e.Version}
	if e.Repeat {
		a.Repeats++
		a.Confirmed[n] = a.Confirmed[n] || e.Type == OK
		return
	}
	told := Effect{n, e.Subscriber, len(a.Effects), e.T, e.Type == OK}
	a.Effects = append(a.Effects, told)
	a.Told[n] = append(a.Told[n], told)
	if s, served := a.Serving[n.Version]; served && len(a.Told[n]) == 1 {
		a.Latency = append(a.Latency, Point{e.T, e.T - s.T})
	}
}

func (a *Account) usage(e Event) {
	p := Point{e.T, e.Value}
	if e.Type != OK {
		p.Value = math.NaN()
	}
	switch e.Name {
	case Commands:
		a.Commands = append(a.Commands, p)
	case Memory:
		a.Memory = append(a.Memory, p)
	}
}

func (a *Account) ask(e Event) {
	id := e.Process + " " + e.Call
	a.Seen[e.Version] = e.T
	if e.Type == Invoke {
		a.called[id] = len(a.Calls)
		a.Calls = append(a.Calls, Call{Provider: e.Process, Version: e.Version, From: e.T, To: math.NaN()})
		return
	}
	if e.Type == OK {
		a.Answers[e.Version]++
	}
	if i, open := a.called[id]; open {
		a.Calls[i].To, a.Calls[i].OK = e.T, e.Type == OK
		delete(a.called, id)
	}
}

// alert joins an alert's end with its beginning. The end of one whose beginning
// never arrived told nobody of it.
func (a *Account) alert(e Event) {
	if e.News == nil {
		return
	}
	news := record.Alert{
		Name: e.News.Name, Labels: e.News.Labels, FiringAtS: e.News.At, NotifiedAtS: e.T,
		ScrapedAtS: e.News.Scraped, PendingAtS: e.News.Pending, SentAtS: e.News.Sent,
	}
	if e.News.State == Firing {
		a.Alerts = append(a.Alerts, news)
		return
	}
	for i := range a.Alerts {
		if begun := &a.Alerts[i]; begun.ResolvedAtS == nil && begun.Name == news.Name && maps.Equal(begun.Labels, news.Labels) {
			begun.ResolvedAtS = &e.News.At
			return
		}
	}
}

// fault takes the events of one fault, in the order in which they may come.
func (a *Account) fault(e Event) {
	f := a.known(e)
	switch {
	case e.Type == Fail:
		if f.Error != "" {
			f.Error += "; "
		}
		f.Error += map[Op]string{Heal: "heal: ", Well: "after the heal: "}[e.Op] + e.Evidence
	case e.Op == Fault && e.Type == Invoke:
		f.Receipt.Before = e.Evidence
	case e.Op == Fault:
		// Its effect is as old as the reading that proved it.
		at := e.T - e.Seconds
		f.Receipt.During, f.EffectAtS = e.Evidence, &at
	case e.Op == Heal:
		f.HealedAtS = &e.T
		if e.Evidence != "" {
			f.Receipt.During += "; " + e.Evidence
		}
	case e.Op == Well:
		f.Receipt.After = e.Evidence
	}
}

// known is the fault that an event is about, new with its first event.
func (a *Account) known(e Event) *record.Fault {
	i := slices.IndexFunc(a.Faults, func(f record.Fault) bool { return f.ID == e.Name })
	if i < 0 {
		i = len(a.Faults)
		f := record.Fault{ID: e.Name, InjectedAtS: e.T}
		if facts := e.Facts; facts != nil {
			f.Kind, f.Mode, f.Target, f.Processes, f.Happened = facts.Kind, facts.Mode, facts.Target, facts.Processes, facts.Happened
		}
		a.Faults = append(a.Faults, f)
	}
	return &a.Faults[i]
}
