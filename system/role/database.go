package role

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"

	"paperlab/system/paper"
	"paperlab/system/store"
)

// Migrate brings the database's schema up to date.
type Migrate struct {
	Database string `help:"The database." placeholder:"sqlite:PATH" default:"sqlite:papers.db" env:"PAPERS_DATABASE"`
}

// Run migrates.
func (m *Migrate) Run(ctx context.Context) error { return store.Migrate(ctx, m.Database) }

// Import adds people and what they want to be told of.
type Import struct {
	Database string `help:"The database." placeholder:"sqlite:PATH" default:"sqlite:papers.db" env:"PAPERS_DATABASE"`
	File     string `arg:"" help:"A JSON file, or - for standard input: {\"subscribers\": [{\"id\", \"webhook\"}], \"subscriptions\": [{\"id\", \"subscriber\", \"kind\": \"keyword|category|author\", \"term\"}]}."`
}

// People is the file that Import reads.
type People struct {
	Subscribers   []paper.Subscriber   `json:"subscribers"`
	Subscriptions []paper.Subscription `json:"subscriptions"`
}

// largestImport bounds the file, in bytes.
const largestImport = 64 << 20

// Run imports all or nothing.
func (i *Import) Run(ctx context.Context) error {
	people, err := i.read(ctx)
	if err != nil {
		return fmt.Errorf("import %s: %w", i.File, err)
	}
	s, err := store.Open(ctx, i.Database)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	if err := s.Import(ctx, people.Subscribers, people.Subscriptions); err != nil {
		return err
	}
	fmt.Printf("%d subscribers and %d subscriptions imported\n", len(people.Subscribers), len(people.Subscriptions))
	return nil
}

func (i *Import) read(ctx context.Context) (People, error) {
	file := os.Stdin
	if i.File != "-" {
		var err error
		if file, err = os.Open(i.File); err != nil {
			return People{}, err
		}
		defer file.Close()
	}
	raw, err := readAll(ctx, io.LimitReader(file, largestImport+1))
	if err != nil {
		return People{}, err
	}
	if len(raw) > largestImport {
		return People{}, fmt.Errorf("it is larger than %d bytes: split it", largestImport)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	var people People
	if err := decoder.Decode(&people); err != nil {
		return People{}, fmt.Errorf("it is not a list of people as JSON: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return People{}, fmt.Errorf("it goes on after the list of people, from byte %d: one file is one list", decoder.InputOffset())
	}
	return people, people.check()
}

// readAll gives up when the context ends: standard input may never end. What
// reads on then ends with the process.
func readAll(ctx context.Context, from io.Reader) (raw []byte, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		raw, err = io.ReadAll(from)
	}()
	select {
	case <-done:
		return raw, err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// isWeb tells whether an address is one that can be posted to.
func isWeb(address string) bool {
	at, err := url.Parse(address)
	return err == nil && at.Host != "" && (at.Scheme == "http" || at.Scheme == "https")
}

// check refuses what the database would take and nobody could match or reach.
func (p People) check() error {
	for n, s := range p.Subscribers {
		if s.ID == "" || s.Webhook == "" {
			return fmt.Errorf("subscriber %d: id is %q and webhook %q; both must be set", n+1, s.ID, s.Webhook)
		}
		if !isWeb(s.Webhook) {
			return fmt.Errorf("subscriber %d: webhook is %q; it must be an http or https URL", n+1, s.Webhook)
		}
	}
	for n, s := range p.Subscriptions {
		known := s.Kind == paper.Keyword || s.Kind == paper.Category || s.Kind == paper.Author
		if s.ID == "" || s.Subscriber == "" || s.Term == "" || !known {
			return fmt.Errorf("subscription %d: id is %q, subscriber %q, kind %q, term %q; all must be set, and kind keyword, category or author",
				n+1, s.ID, s.Subscriber, s.Kind, s.Term)
		}
	}
	return nil
}
