package series

import (
	"math"
	"reflect"
	"testing"

	"go.uber.org/goleak"

	"paperlab/reports/chart"
	"paperlab/reports/history"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sampled is a reading of a shard.
func sampled(t float64, stream string, shard int, name string, value float64) history.Event {
	return history.Event{T: t, Type: history.OK, Op: history.Sample, Stream: stream, Shard: shard, Name: name, Value: value}
}

// null is a reading to which Redis answered null.
func null(e history.Event) history.Event {
	e.Type, e.Value = history.Info, 0
	return e
}

// equal compares points, NaN being equal to itself.
func equal(a, b []chart.Point) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].T != b[i].T || a[i].V != b[i].V && !(math.IsNaN(a[i].V) && math.IsNaN(b[i].V)) {
			return false
		}
	}
	return true
}

func TestBacklog(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		events []history.Event
		want   []chart.Point
	}{
		"lag and pending of all shards": {[]history.Event{
			sampled(1, "papers", 0, "lag", 3), sampled(1.1, "papers", 0, "pending", 4), sampled(1.2, "papers", 1, "lag", 5), sampled(1.3, "papers", 1, "pending", 6),
			sampled(2, "papers", 0, "lag", 0), sampled(2, "papers", 0, "pending", 0), sampled(2, "papers", 1, "lag", 0), sampled(2, "papers", 1, "pending", 0),
		}, []chart.Point{{T: 1, V: 18}, {T: 2, V: 0}}},
		"null is not zero": {[]history.Event{
			sampled(1, "papers", 0, "lag", 3), sampled(1, "papers", 0, "pending", 4),
			null(sampled(2, "papers", 0, "lag", 0)), sampled(2, "papers", 0, "pending", 4),
			sampled(3, "papers", 0, "lag", 1), null(sampled(3, "papers", 0, "pending", 0)),
		}, []chart.Point{{T: 1, V: 7}, {T: 2, V: nan}, {T: 3, V: nan}}},
		"a reading that is missing is not zero": {[]history.Event{
			sampled(1, "papers", 0, "lag", 3), sampled(1, "papers", 0, "pending", 4),
			sampled(2, "papers", 0, "lag", 3),
			sampled(3, "papers", 0, "lag", 3), sampled(3, "papers", 0, "pending", 4),
		}, []chart.Point{{T: 1, V: 7}, {T: 2, V: nan}, {T: 3, V: 7}}},
		"a shard that was never read in a round": {[]history.Event{
			sampled(1, "papers", 0, "lag", 1), sampled(1, "papers", 1, "lag", 1),
			sampled(2, "papers", 0, "lag", 1),
		}, []chart.Point{{T: 1, V: 2}, {T: 2, V: nan}}},
		"the length is not backlog": {[]history.Event{
			sampled(1, "papers", 0, "lag", 3), sampled(1, "papers", 0, "length", 900),
		}, []chart.Point{{T: 1, V: 3}}},
		"a break in the readings breaks the line": {[]history.Event{
			sampled(1, "papers", 0, "lag", 1), sampled(1.5, "papers", 0, "lag", 1), sampled(2, "papers", 0, "lag", 1), sampled(9, "papers", 0, "lag", 1),
		}, []chart.Point{{T: 1, V: 1}, {T: 1.5, V: 1}, {T: 2, V: 1}, {T: 2.5, V: nan}, {T: 9, V: 1}}},
	} {
		t.Run(name, func(t *testing.T) {
			got := Backlog(c.events)
			if len(got) != 1 || got[0].Name != "papers" || !equal(got[0].Points, c.want) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestBacklogOfStreams(t *testing.T) {
	got := Backlog([]history.Event{
		sampled(1, "zebra", 0, "lag", 1), sampled(1, "notifications", 0, "lag", 2), sampled(1, "alpha", 0, "lag", 3), sampled(1, "papers", 0, "lag", 4),
		{T: 1, Op: history.Sample, Name: "lag", Value: 7}, {T: 1, Op: history.Phase, Name: "lag"},
	})
	var names []string
	for _, s := range got {
		names = append(names, s.Name)
	}
	if want := []string{"papers", "notifications", "alpha", "zebra"}; !reflect.DeepEqual(names, want) {
		t.Errorf("streams are %q, want %q", names, want)
	}
	if got := Backlog(nil); got != nil {
		t.Errorf("the backlog of nothing is %+v", got)
	}
}

func TestInterval(t *testing.T) {
	at := func(times ...float64) (p []chart.Point) {
		for _, t := range times {
			p = append(p, chart.Point{T: t})
		}
		return p
	}
	for _, c := range []struct {
		points []chart.Point
		want   float64
	}{{nil, 0}, {at(3), 0}, {at(1, 1.5), 0.5}, {at(1, 1.5, 2, 2.5, 60), 0.5}} {
		if got := Interval(c.points); got != c.want {
			t.Errorf("interval of %v is %v, want %v", c.points, got, c.want)
		}
	}
}

func TestTakeovers(t *testing.T) {
	got := Takeovers([]history.Event{
		{T: 1, Op: history.Takeover, Stream: "papers", Shard: 3, Owner: "a"},
		{T: 2, Op: history.Takeover, Stream: "papers", Shard: 3, Owner: "b", Previous: "a"},
		{T: 3, Op: history.Heal, Detail: "a"},
	})
	if want := []Takeover{{T: 2, Stream: "papers", Shard: 3, From: "a", To: "b"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v: a first acquisition takes nothing over", got, want)
	}
}

func TestPhases(t *testing.T) {
	begin := func(at float64, name string) history.Event {
		return history.Event{T: at, Op: history.Phase, Name: name}
	}
	steady, fault := chart.Band{From: 0, To: 10, Label: "steady"}, chart.Band{From: 10, To: 25, Label: "fault"}
	if got, want := Phases([]history.Event{begin(0, "steady"), begin(10, "fault"), begin(25, "done")}), []chart.Band{steady, fault}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	// Aborted: no "done" was reached, so the last phase ends with the last event.
	if got, want := Phases([]history.Event{begin(0, "steady"), begin(10, "fault"), {T: 25, Op: history.Tell}}), []chart.Band{steady, fault}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := Phases(nil); got != nil {
		t.Errorf("phases of nothing are %+v", got)
	}
}
