// Command growth measures what the past and the present cost: one event with 10 and with 1,000,000 events stored, and memory and processor
// time with 1,000 lanes waiting. Git, GitHub and programs answer at once, so that all of it is slipway's own.
//
//	go run -C .ci/bench ./growth
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/slipway-cd/slipway/.ci/bench/figure"
	"github.com/slipway-cd/slipway/.ci/bench/instant"
)

func main() {
	if is, err := instant.Child(); is {
		exit(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	exit(run(ctx))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "growth:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// bench is what both parts share.
type bench struct {
	dir           string
	events        *instant.Events
	few, many     int // events stored
	body          int
	rounds, batch int
	rate          float64
	lanes         int
	idle          time.Duration
}

// repos is how many repositories events go to.
const repos = 5

// found is what was measured.
type found struct {
	Machine string `json:"machine"`
	Past    []cost `json:"events_stored,omitempty"`
	Lanes   []held `json:"lanes_waiting,omitempty"`
}

func run(ctx context.Context) (err error) {
	b := &bench{}
	flag.IntVar(&b.few, "few", 10, "how many events are stored in the small database")
	flag.IntVar(&b.many, "many", 1_000_000, "how many in the large one; 0 leaves this part out")
	flag.IntVar(&b.body, "body", 500, "how many bytes the body of a stored event has")
	flag.IntVar(&b.rounds, "rounds", 9, "how many rounds")
	flag.IntVar(&b.batch, "batch", 100, "how many events each database is sent in a round")
	flag.Float64Var(&b.rate, "rate", 20, "how many events a second are sent")
	flag.IntVar(&b.lanes, "lanes", 1000, "how many lanes wait; 0 leaves this part out")
	flag.DurationVar(&b.idle, "idle", 30*time.Second, "how long to look at a server that has nothing to do")
	parent := flag.String("dir", "", "the `folder` to work in, on the disk that is meant; empty is the system's for temporary files")
	asJSON := flag.Bool("json", false, "print one JSON object")
	flag.Parse()
	if b.dir, err = os.MkdirTemp(*parent, "slipway-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	if b.events, err = instant.NewEvents(); err != nil {
		return err
	}
	f := found{Machine: figure.Machine()}
	if b.many > 0 {
		if f.Past, err = b.withPast(ctx); err != nil {
			return err
		}
	}
	if b.lanes > 0 {
		if f.Lanes, err = b.withLanes(ctx); err != nil {
			return err
		}
	}
	return figure.Report{Tables: f.tables(), Value: f}.Write(os.Stdout, *asJSON)
}

// folder makes a folder for one server.
func (b *bench) folder(name string) (string, error) {
	dir := filepath.Join(b.dir, name)
	return dir, os.Mkdir(dir, 0o700)
}

func (f found) tables() []*figure.Table {
	var all []*figure.Table
	if len(f.Past) == 2 {
		t := &figure.Table{
			Title: "One event with a past. " + f.Machine,
			Heads: []string{"events stored", "202 p50 ms", "202 p99 ms", "understood p50 ms", "CPU ms each", "start ms", "memory MB", "database MB"},
		}
		for _, c := range f.Past {
			t.Add(c.Stored, c.P50, c.P99, c.Understood, c.CPU, c.Start, c.Memory, c.Database)
		}
		few, many := f.Past[0], f.Past[1]
		t.Add("times", many.P50/few.P50, many.P99/few.P99, many.Understood/few.Understood, many.CPU/few.CPU, many.Start/few.Start, many.Memory/few.Memory, "")
		t.Note("Medians over rounds. Half pushes, each with its run, its check and its deployment; half comments. CPU counts all that follows.")
		t.Note("Of every tenth stored event there is a run, with three rows and a note, in the same repositories.")
		all = append(all, t)
	}
	if len(f.Lanes) > 0 {
		t := &figure.Table{
			Title: "Lanes that wait for an approval. " + f.Machine,
			Heads: []string{"lanes", "memory MB", "peak MB", "idle CPU ms/min", "CPU ms for each comment"},
		}
		for _, l := range f.Lanes {
			t.Add(l.Lanes, l.Memory, l.Peak, l.IdleCPU, l.Comment)
		}
		all = append(all, t)
	}
	return all
}
