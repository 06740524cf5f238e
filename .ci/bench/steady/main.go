// Command steady is the honest figure beside the intake's: pushes and comments of repositories that are served, a hundred a second, each
// taken in, understood, stepped and stored, with everything that follows from them (runs, checks, gates, deployments, views), while git,
// GitHub and programs answer at once. It tells how long webhooks waited for their answer, and how soon all work was done after the last.
//
//	go run -C .ci/bench ./steady
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/slipway-cd/slipway/.ci/bench/figure"
	"github.com/slipway-cd/slipway/.ci/bench/hook"
	"github.com/slipway-cd/slipway/.ci/bench/instant"
	"github.com/slipway-cd/slipway/.ci/bench/program"
)

// What is to be reached.
const (
	mostAnswer = 50.0 // ms, p99
	mostDrain  = 10.0 // s
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
		fmt.Fprintln(os.Stderr, "steady:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// found is what was measured.
type found struct {
	Machine  string         `json:"machine"`
	Rate     float64        `json:"per_second"`
	Repos    int            `json:"repositories"`
	Sent     int64          `json:"deliveries"`
	Answer   figure.Summary `json:"answer"`          // from when a delivery was to be sent until its 202
	Drained  float64        `json:"drained_seconds"` // after the last answer, until nothing was due
	Shown    float64        `json:"shown_seconds"`   // and until nothing was left that is shown a moment later
	Delays   instant.Delays `json:"delays"`
	State    instant.State  `json:"state"` // what was done, set-up included
	CPU      float64        `json:"cpu_ms_per_delivery"`
	CPUs     float64        `json:"cpus"` // busy while deliveries came
	Peak     float64        `json:"peak_mb"`
	Database float64        `json:"database_mb"`
}

func run(ctx context.Context) (err error) {
	rate := flag.Float64("rate", 100, "deliveries a second, half pushes and half comments")
	duration := flag.Duration("for", time.Minute, "how long")
	repos := flag.Int("repos", 20, "how many repositories")
	connections := flag.Int("connections", 16, "how many connections")
	parent := flag.String("dir", "", "the `folder` to work in, on the disk that is meant; empty is the system's for temporary files")
	profile := flag.String("profile", "", "write a processor profile of the loaded server to this `file`")
	asJSON := flag.Bool("json", false, "print one JSON object")
	flag.Parse()
	dir, err := os.MkdirTemp(*parent, "slipway-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	events, err := instant.NewEvents()
	if err != nil {
		return err
	}
	server, err := instant.Start(ctx, dir)
	if err != nil {
		return err
	}
	defer server.Kill()
	fmt.Fprintln(os.Stderr, "first releases …")
	if err := errors.Join(server.Found(ctx, events, *repos), server.Release(ctx, events, *repos)); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "under load …")
	f := found{Machine: figure.Machine(), Rate: *rate, Repos: *repos}
	load := hook.Load{
		Address: server.Address, Path: "/webhook", Connections: *connections, For: *duration, Rate: *rate, Source: mix(events, int64(*repos)),
	}
	profiled := make(chan error, 1)
	go func() {
		if *profile == "" {
			profiled <- nil
			return
		}
		profiled <- server.Profile(ctx, *duration, *profile)
	}()
	if err := errors.Join(f.measure(ctx, server, load), <-profiled); err != nil {
		return err
	}
	return figure.Report{Tables: f.tables(), Value: f}.Write(os.Stdout, *asJSON)
}

// mix is a push, then a comment, repository after repository. Every fourth comment is a command; most talk is not.
func mix(events *instant.Events, repos int64) hook.Source {
	return func(n int64) hook.Message {
		pair := n / 2
		repo, commit := int(pair%repos), 2+pair/repos
		switch {
		case n%2 == 0:
			return events.Push(repo, commit)
		case pair%4 == 3:
			return events.Comment(repo, commit-1, "/status")
		}
		return events.Comment(repo, commit-1, "This is what I was looking for. Thank you!")
	}
}

func (f *found) measure(ctx context.Context, server *instant.Server, load hook.Load) error {
	if _, err := server.Delays(ctx); err != nil { // those of the first releases are left out
		return err
	}
	before, began := program.CPU(server.PID()), time.Now()
	result, err := load.Run(ctx)
	if err := errors.Join(err, result.Unexpected()); err != nil {
		return err
	}
	f.CPUs = (program.CPU(server.PID()) - before).Seconds() / time.Since(began).Seconds()
	drained, err := server.Still(ctx, false, 5*time.Minute)
	if err != nil {
		return err
	}
	rest, err := server.Still(ctx, true, 5*time.Minute)
	if err != nil {
		return err
	}
	f.Sent, f.Answer, f.Drained, f.Shown = result.Accepted, result.Latencies.Summary(), drained.Seconds(), (drained + rest).Seconds()
	f.CPU = figure.Milliseconds(program.CPU(server.PID())-before) / float64(max(f.Sent, 1))
	_, peak := program.Memory(server.PID())
	f.Peak = figure.Megabytes(peak)
	if f.State, err = server.State(ctx); err != nil {
		return err
	}
	if f.Delays, err = server.Delays(ctx); err != nil {
		return err
	}
	info, err := os.Stat(server.Database)
	if err != nil {
		return err
	}
	f.Database = figure.Megabytes(info.Size())
	if f.State.Refused > 0 || f.State.Aside > 0 || f.State.Ignored > 0 {
		return fmt.Errorf("not everything was taken in: %+v", f.State)
	}
	return server.AllLive(ctx, f.Repos)
}

func (f found) tables() []*figure.Table {
	t := &figure.Table{
		Title: fmt.Sprintf("Steady load: %.0f/s of pushes and comments in %d repositories, %d in all. %s", f.Rate, f.Repos, f.Sent, f.Machine),
		Heads: []string{"", "p50", "p99", "max", "at most", ""},
	}
	t.Add("webhook until its 202, ms", f.Answer.P50, f.Answer.P99, f.Answer.Max, fmt.Sprintf("p99 %.0f", mostAnswer), figure.Verdict(f.Answer.P99, mostAnswer))
	t.Add("until it is understood, ms", f.Delays.Understood.P50, f.Delays.Understood.P99, f.Delays.Understood.Max, "", "")
	t.Add("push until its check starts, ms", f.Delays.Checked.P50, f.Delays.Checked.P99, f.Delays.Checked.Max, "", "")
	t.Add("all done after the last, s", "", "", f.Drained, fmt.Sprintf("%.0f", mostDrain), figure.Verdict(f.Drained, mostDrain))
	t.Add("all shown after the last, s", "", "", f.Shown, "", "")
	t.Note("CPU: %.1f ms for each delivery with all that follows, %.2f CPUs busy. Memory: %.1f MB at most. Database: %.1f MB.", f.CPU, f.CPUs, f.Peak, f.Database)
	t.Note("With the first releases: %d messages stepped, %d rows worked on (%d in vain), %d calls to GitHub, %d transactions of %.1f ms.",
		f.State.Stepped, f.State.Worked, f.State.Failed, f.State.Calls, f.State.Updates, f.State.Update)
	t.Note("In the end the newest commit of each repository is live.")
	return []*figure.Table{t}
}
