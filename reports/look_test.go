package reports

import (
	"os"
	"testing"
)

func TestLook(t *testing.T) {
	d := os.Getenv("LOOK")
	if d == "" {
		t.Skip()
	}
	r, e := crash(1)
	if err := Write(d+"/out/consumer-crash/a", r, e, []byte("[]")); err != nil {
		t.Fatal(err)
	}
	r, e = outage(1)
	if err := Write(d+"/out/llm-outage/a", r, e, nil); err != nil {
		t.Fatal(err)
	}
}
