package faults_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"paperlab/compose"
	"paperlab/compose/standin"
	"paperlab/faults"
	"paperlab/reports/history"
)

// receivers starts a sink with two subscribers.
func receivers(t *testing.T) (*faults.Site, *standin.Sink) {
	t.Helper()
	stage := newStage(t)
	one, err := standin.NewSink(standin.SinkConfig{Recorder: history.NewRecorder("hardened")})
	if err != nil {
		t.Fatal(err)
	}
	stage.standin(compose.Sink, one)
	site := stage.site()
	site.Sink, site.Receivers = one, []string{"u1", "u2"}
	return site, one
}

// tell sends notifications to both, as the service does.
func tell(t *testing.T, s *standin.Sink) (stop func()) {
	n := 0
	return every(t, 5*time.Millisecond, func(ctx context.Context) {
		n++
		who := fmt.Sprintf("u%d", n%2+1)
		post(ctx, s.Webhook(who), fmt.Sprintf(`{"id": "n%d", "subscriber": %q, "subscription": "s", "paper": "2101.00001", "version": %d}`, n, who, n))
	})
}

func TestSink(t *testing.T) {
	for mode, evidence := range map[string]string{
		"error":        "a probe of the sink had 500 ",
		"rate-limited": "a probe of the sink had 429 ",
		"unauthorized": "a probe of the sink had 401 ",
		"gone":         "a probe of the sink had 410 ",
		"hang":         "a probe of the sink had no answer in 1",
		"slow":         "a probe of the sink had 200 in ",
		"refuse":       "a probe of the sink ",
		"lose-answers": "a probe of the sink failed",
	} {
		for _, who := range []string{"all", "one"} {
			t.Run(mode+" of "+who, func(t *testing.T) {
				t.Parallel()
				site, sink := receivers(t)
				stop := tell(t, sink)
				b := strike(t, site, read(t, "sink", "mode", mode, "receiver", who))
				stop()
				wantProven(t, b, "a probe of the sink had 200", evidence, "a probe of the sink had 200")
				if strings.HasPrefix(b.toll, "0 ") || strings.HasPrefix(b.Target, "the sink of u") != (who == "one") {
					t.Errorf("%+v", b)
				}
				if who == "one" {
					wantText(t, b.during, "a probe of another receiver had 200")
				}
			})
		}
	}
}

// A share of the answers is lost, and not all of them.
func TestSinkShare(t *testing.T) {
	t.Parallel()
	site, sink := receivers(t)
	stop := tell(t, sink)
	before := sink.Answered()
	b := strike(t, site, read(t, "sink", "mode", "lose-answers", "share", "50%"))
	stop()
	wantProven(t, b, "200", "requests met it so far", "200")
	if b.Happened != "the sink took notifications and withheld its answers" || sink.Struck() == 0 || sink.Answered() == before {
		t.Errorf("%d struck, %d answered: %+v", sink.Struck(), sink.Answered()-before, b)
	}
}

// The receipt's sabotages: a sink that goes on answering, and one that nobody
// calls.
func TestSinkThatIsNotProven(t *testing.T) {
	t.Parallel()
	site, sink := receivers(t)
	f := read(t, "sink", "mode", "lose-answers", "share", "50%")
	wantUnproven(t, strike(t, site, f), "has answered nobody yet")
	stop := tell(t, sink)
	defer stop()
	site.Sink = deafSink{sink}
	wantUnproven(t, strike(t, site, f), "which is not what it should be")
}

type deafSink struct{ *standin.Sink }

func (deafSink) SetManner(standin.Manner) error { return nil }
func (deafSink) Refuse(bool) error              { return nil }
