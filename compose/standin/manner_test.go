package standin

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"paperlab/system/servicetest"
)

// mannered is a stand-in with manners, started, and its probe.
type mannered struct {
	name  string
	probe func(context.Context) (Seen, error)
	// ask is a request of the service's.
	ask func() answer
	set interface {
		SetManner(Manner) error
		Manner() Manner
		Struck() int64
		Refuse(bool) error
		URL() string
		Stop()
	}
	// trace counts what is recorded.
	trace func() int
}

func withManners(t *testing.T) []mannered {
	l, asked := newLLM(t, LLMConfig{Key: "secret"})
	s, told := newSink(t, SinkConfig{})
	c := ArxivConfig{Recorder: recorder(), Corpus: builtin(t, 3), Interval: time.Minute}
	a, _ := newArxiv(t, c)
	g, err := NewGateway(GatewayConfig{Recorder: recorder(), Upstream: &Upstream{}, Limit: 1})
	start(t, g, err)
	return []mannered{
		{"arxiv", a.Probe, func() answer { return query(t, a, "search_query", everything) }, a, func() int { return len(c.Recorder.Events()) }},
		{"gateway", g.Probe, nil, g, func() int { return 0 }},
		{"llm", l.Probe, func() answer { return ask(t.Context(), l, "Authorization", "Bearer secret") }, l, func() int { return len(asked.Events()) }},
		{"sink", func(ctx context.Context) (Seen, error) { return s.Probe(ctx, "ada") },
			func() answer { return tell(t, s, "n1", "k1") }, s, func() int { return len(told.Events()) }},
	}
}

// TestProbesTellAllMannersApart: by what Seen says, of every stand-in, and
// without a trace.
func TestProbesTellAllMannersApart(t *testing.T) {
	reset := func(err error) bool { return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF) }
	late := func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }
	none := func(err error) bool { return err == nil }
	unreadable := func(err error) bool { return errors.Is(err, ErrUnreadable) }
	refused := func(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }
	for _, s := range withManners(t) {
		t.Run(s.name, func(t *testing.T) {
			check := func(name string, wait time.Duration, want Seen, is func(error) bool) {
				t.Helper()
				ctx, cancel := context.WithTimeout(t.Context(), wait)
				defer cancel()
				got, err := s.probe(ctx)
				if got.Status != want.Status || got.RetryAfter != want.RetryAfter || !strings.Contains(got.Head, want.Head) || !is(err) {
					t.Errorf("%q: seen %+v, %v", name, got, err)
				}
			}
			half := limited // a probe is struck whatever the share
			half.Share = 0.001
			const soon, later = 50 * time.Millisecond, 10 * time.Second
			for _, c := range []struct {
				manner Manner
				wait   time.Duration
				want   Seen
				is     func(error) bool
			}{
				{ordinary, later, Seen{Status: 200}, none},
				{failing, later, Seen{503, "", "server busy"}, none},
				{half, later, Seen{429, "2", "rate_limit_exceeded"}, none},
				{truncated, later, Seen{Status: 200}, unreadable},
				{stalled, soon, Seen{Status: 200}, late},
				{silent, soon, Seen{}, late},
				{slow, soon, Seen{}, late},
				{cut, later, Seen{}, reset},
			} {
				setManner(t, s.set, c.manner)
				check(c.manner.Name, c.wait, c.want, c.is)
			}
			if s.name != "sink" {
				setManner(t, s.set, garbage)
				check("garbage", later, Seen{200, "", "It works"}, unreadable)
			} else {
				setManner(t, s.set, lost)
				check("lost", later, Seen{}, reset)
			}
			setManner(t, s.set, ordinary)
			if err := s.set.Refuse(true); err != nil {
				t.Fatal(err)
			}
			check("refused", later, Seen{}, refused)
			if err := s.set.Refuse(false); err != nil {
				t.Fatal(err)
			}
			check("open again", later, Seen{Status: 200}, none)
			if s.trace() != 0 || s.set.Struck() != 0 {
				t.Errorf("%d events, %d struck: probes must leave no trace", s.trace(), s.set.Struck())
			}
		})
	}
}

// TestMannersOfNoSense are refused by name and change nothing.
func TestMannersOfNoSense(t *testing.T) {
	for _, s := range withManners(t) {
		setManner(t, s.set, slow)
		bad := map[string]Manner{
			"Manner.Name":   {Status: 500},
			"Manner.Share":  {Name: "x", Share: 1.1},
			"Manner.Delay":  {Name: "x", Delay: time.Hour},
			"Manner.Status": {Name: "x", Status: 42},
			"Manner.Ends":   {Name: "x", Ends: Reset + 1},
			"lets none out": {Name: "x", Status: 500, Ends: Silent},
			"want a Status": {Name: "x", RetryAfter: "1"},
		}
		if s.name == "sink" {
			bad["Manner.Status"] = Manner{Name: "x", Status: 200}
			bad["Take wants"] = Manner{Name: "x", Take: true}
		} else {
			bad["for the sink"] = Manner{Name: "x", Only: "ada"}
		}
		for want, m := range bad {
			if err := s.set.SetManner(m); err == nil || !strings.Contains(err.Error(), want) || s.set.Manner() != slow {
				t.Errorf("%s: %+v: %v, the manner is %+v", s.name, m, err, s.set.Manner())
			}
		}
	}
}

// TestRefuse: connections are cut and refused, nobody else gets the port, and
// the stand-in comes back on it.
func TestRefuse(t *testing.T) {
	for _, s := range withManners(t) {
		if s.ask == nil {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			url := s.set.URL()
			setManner(t, s.set, slow)
			inHand := background(t, 1, func(int) answer { return s.ask() })
			servicetest.Eventually(t, "a request waits", func() bool { return s.set.Struck() == 1 })
			for range 2 {
				if err := s.set.Refuse(true); err != nil {
					t.Fatal(err)
				}
			}
			inHand()[0].wantReset(t)
			if a := s.ask(); !errors.Is(a.err, syscall.ECONNREFUSED) {
				t.Errorf("answer %d, %v: want it refused", a.status, a.err)
			}
			setManner(t, s.set, ordinary)
			for range 2 {
				if err := s.set.Refuse(false); err != nil {
					t.Fatal(err)
				}
			}
			if a := s.ask(); a.err != nil || s.set.URL() != url {
				t.Errorf("answer %v at %s, before at %s", a.err, s.set.URL(), url)
			}
			if err := s.set.Refuse(true); err != nil {
				t.Fatal(err)
			}
			s.set.Stop() // while it refuses
			s.set.Stop()
			if err := s.set.Refuse(false); err == nil {
				t.Error("opened after Stop")
			}
		})
	}
}

// TestHoldKeepsAnAddress: it cannot be listened on by who does not ask for that
// very port, and is refused to who connects.
func TestHoldKeepsAnAddress(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := listener.Addr()
	_ = listener.Close()
	held := hold(at.String())
	// A connection from this port is what takes it away by chance.
	dialer := net.Dialer{LocalAddr: at}
	if conn, err := dialer.Dial("tcp", "127.0.0.1:1"); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("connected from a held port: %v, %v", conn, err)
	}
	again, err := net.Listen("tcp", at.String())
	if err != nil {
		t.Fatal(err)
	}
	_ = again.Close()
	if err := held.Close(); err != nil {
		t.Errorf("the address was not held: %v", err)
	}
}

// TestHostIsListenedOn: and the URL speaks of it.
func TestHostIsListenedOn(t *testing.T) {
	s, err := NewSink(SinkConfig{Recorder: recorder(), Host: "127.0.0.2"})
	start(t, s, err)
	if !strings.HasPrefix(s.URL(), "http://127.0.0.2:") {
		t.Errorf("URL %s", s.URL())
	}
	request(t.Context(), http.MethodPost, s.Webhook("ada"), notification("n1", "ada")).want(t, 200)
	bad, err := NewSink(SinkConfig{Recorder: recorder(), Host: "192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := bad.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "192.0.2.1") {
		t.Errorf("a foreign host: %v", err)
	}
	bad.Stop()
}
