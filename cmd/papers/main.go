// Command papers is the paper service: one role for each process.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"paperlab/system/role"
)

const about = `The paper service, one role for each process.

A first start, on one machine with a Redis Cluster at 127.0.0.1:7000:

  papers migrate
  papers import people.json
  papers crawl     --redis 127.0.0.1:7000 --filter cat:cs.DC
  papers summarize --redis 127.0.0.1:7000 --ollama http://127.0.0.1:11434
  papers deliver   --redis 127.0.0.1:7000
  papers watch     --redis 127.0.0.1:7000

Every flag can come from the environment: the name stands beside it.`

type commands struct {
	Crawl     role.Crawl     `cmd:"" help:"Harvest arXiv onto the papers stream."`
	Summarize role.Summarize `cmd:"" help:"Have papers summarized and matched to subscriptions."`
	Deliver   role.Deliver   `cmd:"" help:"Tell subscribers by webhook."`
	Watch     role.Watch     `cmd:"" help:"Show the state of the streams as metrics."`
	Migrate   role.Migrate   `cmd:"" help:"Bring the database's schema up to date, or create it."`
	Import    role.Import    `cmd:"" help:"Add subscribers and their subscriptions from a JSON file."`
}

// exitUsage is the status for a command line that makes no sense, EX_USAGE of
// sysexits.h, as the lab has it.
const exitUsage = 64

func main() {
	hostname, err := os.Hostname()
	if err != nil {
		hostname = "papers"
	}
	var cli commands
	parser := kong.Must(&cli, kong.Name("papers"), kong.Description(about),
		kong.Vars{"hostname": hostname}, kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	parsed, err := parser.Parse(os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "papers: %v\npapers --help shows what there is\n", err)
		os.Exit(exitUsage)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The second signal ends the process as if nobody had asked for the first.
	context.AfterFunc(ctx, stop)
	parsed.BindTo(ctx, (*context.Context)(nil))
	if err := parsed.Run(); err != nil && !errors.Is(err, role.ErrStopped) {
		fmt.Fprintf(os.Stderr, "papers: %v\n", err)
		stop()
		os.Exit(1)
	}
}
