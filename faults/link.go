package faults

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"paperlab/compose"
	"paperlab/reports/history"
)

var _ = register(Kind{
	Name:    "link",
	About:   "what passes between one process and Redis, an LLM, arXiv or the receivers comes late, slowly, or only for so many bytes of each connection",
	Undo:    "none: the links run inside the lab and die with it",
	Fields:  []string{"role", "pick", "to", "latency", "jitter", "bandwidth", "cut_after"},
	Example: "{role: summarize, pick: one, to: redis, latency: 200ms, jitter: 50ms}",
	Read:    readLink,
})

// allOfRedis is how a scenario names the links to all Redis nodes.
const allOfRedis = "redis"

type link struct {
	process
	to  string
	how compose.Shape
}

func readLink(f Fields, plan compose.Plan) Fault {
	l := link{process: readProcess(f, plan), to: f.Choice("to", allOfRedis, compose.Arxiv, compose.Ollama, compose.OpenAI, compose.Sink)}
	if targets := append(compose.Targets(l.role), allOfRedis); !slices.Contains(targets, l.to) {
		f.Fail("to", "a process of role %s talks to %s and not to %s", l.role, strings.Join(targets, ", "), l.to)
	}
	if f.Has("latency") {
		l.how.Latency = f.Duration("latency", time.Millisecond, time.Minute)
	}
	if f.Has("jitter") {
		l.how.Jitter = f.Duration("jitter", time.Millisecond, max(l.how.Latency, time.Millisecond))
	}
	if f.Has("bandwidth") {
		l.how.Bandwidth = int64(f.Number("bandwidth", "kB/s", "64kB/s", 1e6) * 1000)
	}
	if f.Has("cut_after") {
		l.how.CutAfter = int64(f.Integer("cut_after", 1, 1<<30))
	}
	if l.how == (compose.Shape{}) {
		f.Fail("to", "a link needs latency, bandwidth or cut_after (in bytes), or more of them")
	}
	return l
}

// Mode names what the link does, in the order of the fields.
func (l link) Mode() string {
	var does []string
	for what, is := range map[string]bool{
		"latency": l.how.Latency > 0, "bandwidth": l.how.Bandwidth > 0, "cut-after": l.how.CutAfter > 0,
	} {
		if is {
			does = append(does, what)
		}
	}
	slices.Sort(does)
	return strings.Join(does, "+")
}

// Holds: who uses the link must live, and what it leads to must answer.
func (l link) Holds() []Hold {
	held := []Hold{l.link(l.to, Breaks), l.hold(Shares)}
	switch l.to {
	case allOfRedis:
		return append(held, allNodes()...)
	case compose.Ollama, compose.OpenAI:
		return append(held, provider(l.to, Shares))
	default:
		return append(held, Whole(l.to, Shares))
	}
}

func (l link) Aim(s *Site) (Act, error) {
	shaper, err := compose.Power[compose.LinkShaper](s.Stack)
	if err != nil {
		return nil, err
	}
	members, err := s.choose(l.process)
	if err != nil {
		return nil, err
	}
	targets := []string{l.to}
	if l.to == allOfRedis {
		targets = nil
		for _, n := range s.Stack.Nodes() {
			targets = append(targets, n.Name)
		}
	}
	return severally(l.facts(namesOf(members), targets), members, func(m compose.Member) part {
		l.how.Seed = s.Rand.Uint64()
		return &shaping{link: l, shaper: shaper, member: m.Name(), targets: targets}
	}), nil
}

type shaping struct {
	link
	shaper  compose.LinkShaper
	member  string
	targets []string
}

func (l link) facts(members, targets []string) history.FaultFacts {
	var does []string
	if l.how.Latency > 0 {
		does = append(does, fmt.Sprintf("had %v of latency, give or take %v", l.how.Latency, l.how.Jitter))
	}
	if l.how.Bandwidth > 0 {
		does = append(does, fmt.Sprintf("carried %d bytes a second", l.how.Bandwidth))
	}
	if l.how.CutAfter > 0 {
		does = append(does, fmt.Sprintf("ended each connection after %d bytes", l.how.CutAfter))
	}
	whose := members[0] + "'s link"
	if len(members) > 1 {
		whose = "the links of " + and(members)
	}
	return history.FaultFacts{
		Target: strings.Join(members, ", ") + " to " + strings.Join(targets, ", "), Processes: members,
		Happened: fmt.Sprintf("%s to %s %s", whose, l.to, strings.Join(does, " and ")),
	}
}

func (s *shaping) Before(ctx context.Context) (string, error) { return s.each(ctx, s.quick) }
func (s *shaping) Inject(ctx context.Context) error           { return s.shape(ctx, s.how) }
func (s *shaping) During(ctx context.Context) (string, error) { return s.each(ctx, s.worse) }
func (s *shaping) Heal(ctx context.Context) error             { return s.shape(ctx, compose.Shape{}) }
func (s *shaping) After(ctx context.Context) (string, error)  { return s.each(ctx, s.quick) }

// shape reaches every link: a heal must not stop at the first.
func (s *shaping) shape(ctx context.Context, how compose.Shape) (err error) {
	for _, target := range s.targets {
		err = errors.Join(err, s.shaper.Shape(ctx, s.member, target, how))
	}
	return err
}

func (s *shaping) each(ctx context.Context, look func(context.Context, string) (string, error)) (string, error) {
	var texts []string
	for _, target := range s.targets {
		addr, err := s.shaper.Via(s.member, target)
		text := ""
		if err == nil {
			text, err = look(ctx, addr)
		}
		if err != nil {
			return "", fmt.Errorf("%s's link to %s: %w", s.member, target, err)
		}
		texts = append(texts, fmt.Sprintf("%s's link to %s: %s", s.member, target, text))
	}
	return strings.Join(texts, "; "), nil
}

// padding is how many bytes a request has where bandwidth is to be seen.
const padding = 4000

// request is a question that every target answers at once and nobody counts: an
// inline PING for Redis, and for a stand-in a page that it does not have.
func (s *shaping) request() string {
	if s.to == allOfRedis {
		return "PING " + strings.Repeat("a", padding) + "\r\n"
	}
	return "GET /" + strings.Repeat("a", padding) + " HTTP/1.1\r\nHost: paperlab\r\n\r\n"
}

// least is the shortest time that a request and the beginning of its answer can
// take while the link is worse.
func (s *shaping) least() time.Duration {
	least := 2 * (s.how.Latency - s.how.Jitter)
	if s.how.Bandwidth > 0 {
		least += time.Duration(0.9 * padding / float64(s.how.Bandwidth) * float64(time.Second))
	}
	return least
}

// quick is the evidence that a link is well: answers come, more than would be cut
// off, and sooner than the worse link could bring them.
func (s *shaping) quick(ctx context.Context, addr string) (string, error) {
	took, got, err := s.ask(ctx, addr)
	switch {
	case err != nil:
		return "", err
	case s.least() > 0 && took >= s.least():
		return "", fmt.Errorf("an answer began after %s: that is as slow as the fault would make it", short(took))
	}
	return fmt.Sprintf("an answer began after %s, and %d bytes came", short(took), got), nil
}

// worse is the evidence of the effect.
func (s *shaping) worse(ctx context.Context, addr string) (string, error) {
	took, got, err := s.ask(ctx, addr)
	switch {
	case s.how.CutAfter > 0 && (err == nil || got != s.how.CutAfter):
		return "", fmt.Errorf("%d bytes came (%v), and the connection was to end after %d", got, err, s.how.CutAfter)
	case s.how.CutAfter == 0 && err != nil:
		return "", err
	case took < s.least():
		return "", fmt.Errorf("an answer began after %s: the fault would take %s at least", short(took), short(s.least()))
	}
	text := fmt.Sprintf("an answer began after %s", short(took))
	if s.how.CutAfter > 0 {
		text += fmt.Sprintf(", and the connection ended after %d bytes", got)
	}
	return text, nil
}

// ask tells how long the beginning of an answer takes, and how many bytes came
// before the connection ended, which is an error, or more came than are to pass.
// Requests follow each other without waiting, so that latency is paid once.
func (s *shaping) ask(ctx context.Context, addr string) (took time.Duration, got int64, err error) {
	patience := probeTimeout + s.least()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return 0, 0, err
	}
	var asking sync.WaitGroup
	defer asking.Wait()
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	began := time.Now()
	asking.Go(func() {
		for err := error(nil); err == nil; {
			if _, err = io.WriteString(conn, s.request()); s.how.CutAfter == 0 {
				return
			}
		}
	})
	answers := make([]byte, 32<<10)
	for got <= s.how.CutAfter {
		n, err := conn.Read(answers)
		if got == 0 {
			took = time.Since(began)
		}
		if got += int64(n); err != nil {
			return took, got, fmt.Errorf("no answer after %d bytes: %w", got, err)
		}
	}
	return took, got, nil
}
