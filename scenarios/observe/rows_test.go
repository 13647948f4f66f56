package observe_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"paperlab/reports/history"
	"paperlab/scenarios/observe"
	"paperlab/system/paper"
	"paperlab/system/store"
)

func rows(t *testing.T, file string) (found []string) {
	t.Helper()
	rec := history.NewRecorder("hardened")
	if err := observe.Rows(t.Context(), "sqlite:"+file, rec); err != nil {
		t.Fatal(err)
	}
	for _, e := range rec.Events() {
		if e.Op != history.Row || e.Process != "store" || e.Type != history.OK {
			t.Errorf("got %+v", e)
		}
		found = append(found, e.Name+" "+e.Message)
	}
	slices.Sort(found)
	return found
}

// The rows are read while the service has the file open, as it has when it is
// killed.
func TestRowsOfTheServicesStoreAreRead(t *testing.T) {
	ctx, file := context.Background(), filepath.Join(t.TempDir(), "papers.db")
	if err := store.Migrate(ctx, "sqlite:"+file); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(ctx, "sqlite:"+file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if found := rows(t, file); len(found) != 0 {
		t.Errorf("rows of an empty store: %v", found)
	}
	p := paper.Paper{ID: "2101.00001", Version: 2}
	for _, model := range []string{"a", "b"} { // one summary each, one version
		sum := paper.Summary{PaperID: p.ID, Version: p.Version, Prompt: "v1", Model: model, CreatedAt: time.Now()}
		if err := s.SaveSummary(ctx, p, sum); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 2 {
		n := paper.Notification{ID: fmt.Sprint("2101.00001v2/s", i), Subscriber: "u", Subscription: fmt.Sprint("s", i), Paper: p.ID, Version: 2}
		if err := s.RecordDelivery(ctx, n, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"deliveries 2101.00001v2/s0", "deliveries 2101.00001v2/s1", "summaries 2101.00001v2"}
	if found := rows(t, file); !slices.Equal(found, want) {
		t.Errorf("got %v, want %v", found, want)
	}
}

func TestRowsOfAFileThatIsNoStoreAreAnError(t *testing.T) {
	file := filepath.Join(t.TempDir(), "none.db")
	if err := observe.Rows(t.Context(), "sqlite:"+file, history.NewRecorder("hardened")); err == nil {
		t.Error("no error")
	}
	if matches, _ := filepath.Glob(file + "*"); len(matches) != 0 {
		t.Errorf("reading made %v", matches)
	}
}
