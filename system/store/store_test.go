package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"paperlab/system/paper"
	"paperlab/system/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// location is a path with characters that a URL would misread.
func location(t *testing.T) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "papers ?#%41 &.db")
}

func open(t *testing.T, dsn string) *store.Store {
	t.Helper()
	ctx := context.Background()
	if err := store.Migrate(ctx, dsn); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestOpenAsksForMigrationAndChangesNothing(t *testing.T) {
	dsn := location(t)
	_, err := store.Open(context.Background(), dsn)
	if !errors.Is(err, store.ErrSchema) || !strings.Contains(err.Error(), "papers migrate") {
		t.Fatalf("got %v, want ErrSchema with the remedy", err)
	}
	file := strings.TrimPrefix(dsn, "sqlite:")
	if _, err := os.Stat(file); err == nil {
		t.Fatal("opening created a file")
	}
	open(t, dsn)
	if _, err := os.Stat(file); err != nil {
		t.Fatalf("the file is not where it was asked to be: %v", err)
	}
}

func TestOpenRefusesOtherDatabases(t *testing.T) {
	for _, dsn := range []string{"", "sqlite:", "papers.db", "postgres://x"} {
		if _, err := store.Open(context.Background(), dsn); err == nil {
			t.Errorf("%q was accepted", dsn)
		}
	}
}

func TestManyMigrateAtOnce(t *testing.T) {
	dsn := location(t)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			if err := store.Migrate(context.Background(), dsn); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	open(t, dsn)
}

func example(n int) (paper.Paper, paper.Summary) {
	p := paper.Paper{
		ID: fmt.Sprintf("2101.%05d", n), Version: 1, Title: "T", Authors: []string{"Ada Lovelace"},
		Categories: []string{"cs.DC"}, Published: time.Unix(1e9, 0), Updated: time.Unix(1e9, 0),
	}
	return p, paper.Summary{PaperID: p.ID, Version: 1, Prompt: "v1", Provider: "ollama", Model: "m", Text: "short", CreatedAt: time.Unix(2e9, 5000)}
}

func TestSummaryIsFoundWhicheverModelWroteIt(t *testing.T) {
	s, ctx := open(t, location(t)), context.Background()
	p, sum := example(1)
	if _, found, err := s.Summary(ctx, p.ID, 1, "v1"); found || err != nil {
		t.Fatalf("found %v, %v before it was written", found, err)
	}
	if err := s.SaveSummary(ctx, p, sum); err != nil {
		t.Fatal(err)
	}
	later := sum
	later.Model, later.Provider, later.Text, later.CreatedAt = "a", "openai", "other", sum.CreatedAt.Add(time.Second)
	if err := s.SaveSummary(ctx, p, later); err != nil {
		t.Fatal(err)
	}
	got, found, err := s.Summary(ctx, p.ID, 1, "v1")
	if err != nil || !found || got.Text != "short" || got.Model != "m" || !got.CreatedAt.Equal(sum.CreatedAt) {
		t.Fatalf("got %+v, %v, %v, want the first summary", got, found, err)
	}
	if _, found, _ := s.Summary(ctx, p.ID, 2, "v1"); found {
		t.Error("another version has this summary")
	}
	if _, found, _ := s.Summary(ctx, p.ID, 1, "v2"); found {
		t.Error("another prompt has this summary")
	}
}

func TestSummaryWrittenTwiceStaysTheFirst(t *testing.T) {
	s, ctx := open(t, location(t)), context.Background()
	p, sum := example(1)
	again := sum
	again.Text = "second"
	for _, v := range []paper.Summary{sum, again} {
		if err := s.SaveSummary(ctx, p, v); err != nil {
			t.Fatal(err)
		}
	}
	if got, _, _ := s.Summary(ctx, p.ID, 1, "v1"); got.Text != "short" {
		t.Fatalf("got %q, want the first", got.Text)
	}
}

func TestDeliveriesAndCursors(t *testing.T) {
	s, ctx := open(t, location(t)), context.Background()
	n := paper.Notification{ID: "2101.00001v1/s1", Subscriber: "u1", Subscription: "s1", Paper: "2101.00001", Version: 1}
	if done, err := s.Delivered(ctx, n.ID); done || err != nil {
		t.Fatal(done, err)
	}
	for range 2 {
		if err := s.RecordDelivery(ctx, n, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if done, err := s.Delivered(ctx, n.ID); !done || err != nil {
		t.Fatal(done, err)
	}
	for _, want := range []string{"", "a", "b"} {
		if want != "" {
			if err := s.SetCursor(ctx, "arxiv", want); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := s.Cursor(ctx, "arxiv"); got != want || err != nil {
			t.Fatalf("cursor %q, %v, want %q", got, err, want)
		}
	}
}

func TestImportIsAllOrNone(t *testing.T) {
	s, ctx := open(t, location(t)), context.Background()
	people := []paper.Subscriber{{ID: "u1", Webhook: "http://127.0.0.1:1/a"}}
	wish := paper.Subscription{ID: "s1", Subscriber: "u1", Kind: paper.Category, Term: "cs.DC"}
	stray := paper.Subscription{ID: "s2", Subscriber: "nobody", Kind: paper.Category, Term: "cs.DC"}
	if err := s.Import(ctx, people, []paper.Subscription{wish, stray}); err == nil {
		t.Fatal("a subscription of nobody was accepted")
	}
	if wishes, err := s.Wishes(ctx); err != nil || len(wishes) != 0 {
		t.Fatalf("half an import is left: %v, %v", wishes, err)
	}
	for range 2 {
		if err := s.Import(ctx, people, []paper.Subscription{wish}); err != nil {
			t.Fatal(err)
		}
	}
	wishes, err := s.Wishes(ctx)
	if err != nil || len(wishes) != 1 || wishes[0].Subscription != wish || wishes[0].Webhook != people[0].Webhook {
		t.Fatalf("got %v, %v", wishes, err)
	}
}

// Each Store has its own connections, as another process would.
func TestManyWritersShareOneFile(t *testing.T) {
	dsn := location(t)
	const stores, each = 4, 40
	first := open(t, dsn)
	var wg sync.WaitGroup
	for i := range stores {
		s := open(t, dsn)
		for half := range 2 {
			wg.Go(func() { writeSome(t, s, i*each+half*each/2, each/2) })
		}
	}
	wg.Wait()
	for n := range stores * each {
		p, _ := example(n)
		if _, found, err := first.Summary(context.Background(), p.ID, 1, "v1"); !found || err != nil {
			t.Fatalf("summary %d: found %v, %v", n, found, err)
		}
	}
}

func writeSome(t *testing.T, s *store.Store, from, count int) {
	for n := from; n < from+count; n++ {
		p, sum := example(n)
		if err := s.SaveSummary(context.Background(), p, sum); err != nil {
			t.Error(err)
			return
		}
		if _, _, err := s.Summary(context.Background(), p.ID, 1, "v1"); err != nil {
			t.Error(err)
			return
		}
	}
}
