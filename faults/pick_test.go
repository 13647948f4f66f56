package faults_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"paperlab/faults"
)

// aimed are the processes of each fault of a plan, for one seed.
func aimed(t *testing.T, stage *stage, seed uint64, plan ...faults.Planned) (all []string) {
	t.Helper()
	site := stage.site()
	site.Rand = rand.New(rand.NewPCG(seed, 1))
	armed, err := faults.Arm(plan, site)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range armed {
		all = append(all, strings.Join(a.Act.Facts().Processes, " "))
	}
	return all
}

// Equal seeds choose equally, in whatever order the members come; "one" of a role
// is the same one in all of a scenario's faults, "other" is never it, and both are
// "2".
func TestPicksAreDrawnOnceForAScenario(t *testing.T) {
	stage := newStage(t)
	for range 3 {
		stage.member("summarize")
	}
	pick := func(kind, word string) faults.Planned { return read(t, kind, "role", "summarize", "pick", word) }
	plan := []faults.Planned{
		pick("kill", "other"), pick("kill", "one"), pick("freeze", "one"), pick("kill", "2"),
		pick("freeze", "3"), pick("freeze", "all"), pick("kill", "summarize-2"), pick("freeze", "other"),
	}
	ones := map[string]bool{}
	for seed := range uint64(20) {
		got := aimed(t, stage, seed, plan...)
		slices.Reverse(stage.workers)
		if again := aimed(t, stage, seed, plan...); !slices.Equal(got, again) {
			t.Errorf("seed %d: %v, then %v", seed, got, again)
		}
		one, other := got[1], got[0]
		both := []string{one, other}
		slices.Sort(both)
		every := "summarize-1 summarize-2 summarize-3"
		if want := []string{other, one, one, strings.Join(both, " "), every, every, "summarize-2", other}; !slices.Equal(got, want) || one == other {
			t.Errorf("seed %d: %v, want %v", seed, got, want)
		}
		ones[one] = true
	}
	if len(ones) != 3 {
		t.Errorf("20 seeds draw only %v", ones)
	}
}

// Redis nodes are picked by the same words, and the node that a partition cuts
// off is the "one" of the masters.
func TestPicksOfNodes(t *testing.T) {
	stage := newStage(t)
	stage.member("summarize")
	stage.node()
	stage.node()
	for seed := range uint64(10) {
		site := stage.site()
		site.Rand = rand.New(rand.NewPCG(seed, 1))
		armed, err := faults.Arm([]faults.Planned{
			read(t, "redis-kill", "node", "master"), read(t, "redis-freeze", "node", "master", "pick", "other"),
			read(t, "redis-kill", "node", "master", "pick", "2"), read(t, "redis-kill", "node", "master", "pick", "redis-2"),
			read(t, "partition", "role", "summarize", "pick", "summarize-1", "from", "redis-one"),
		}, site)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, a := range armed {
			got = append(got, a.Act.Facts().Target)
		}
		one, other := got[0], got[1]
		if want := []string{one, other, "redis-1, redis-2", "redis-2", "summarize-1 to " + one}; one == other || !slices.Equal(got, want) {
			t.Errorf("seed %d: %v, want %v", seed, got, want)
		}
		if words := armed[2].Act.Facts().Happened; words != "the Redis nodes redis-1 and redis-2 were killed" {
			t.Errorf("in words: %s", words)
		}
	}
}

// A place that has fewer than the file says has no target.
func TestPickOfWhatIsNotThere(t *testing.T) {
	stage := newStage(t)
	stage.member("summarize")
	for _, word := range []string{"other", "all", "2", "summarize-3"} {
		_, err := faults.Arm([]faults.Planned{read(t, "freeze", "role", "summarize", "pick", word)}, stage.site())
		if want := "pick is " + word + ", and of role summarize there are 1: summarize-1"; !errors.Is(err, faults.ErrNoTarget) || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%s: %v, want %s", word, err, want)
		}
	}
}
