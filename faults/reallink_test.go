package faults_test

import (
	"strings"
	"testing"
	"time"

	lab "paperlab/compose/process"
	"paperlab/faults"
	"paperlab/reports/history"
)

// TestLinkPartition lets the real fault break the real link to a real Redis.
func TestLinkPartition(t *testing.T) {
	one, two := newRedis(t), newRedis(t)
	l := lab.NewLinks()
	t.Cleanup(func() { _ = l.Close() })
	for _, node := range []string{one, two} {
		if _, err := l.Add(t.Context(), "summarize-1", node); err != nil {
			t.Fatal(err)
		}
	}
	n := faults.Nemesis{Recorder: history.NewRecorder("hardened"), Plan: []faults.Planned{
		{Fault: faults.NewPartition(l.Of("summarize-1"), one, two), For: time.Second},
	}}
	out, err := n.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	o := out[0]
	if o.Err != nil || o.EffectAt == nil || o.HealedAt == nil {
		t.Fatalf("outcome %+v", o)
	}
	for text, want := range map[string]string{o.Before: "PONG", o.During: "no answer", o.After: "PONG"} {
		for _, node := range []string{one, two} {
			if !strings.Contains(text, "summarize-1's link to "+node+": "+want) {
				t.Errorf("receipt %q does not say %s of %s", text, want, node)
			}
		}
	}
}
