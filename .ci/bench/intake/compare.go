package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/slipway-cd/slipway/.ci/bench/figure"
	"github.com/slipway-cd/slipway/.ci/bench/hook"
	"github.com/slipway-cd/slipway/.ci/bench/product"
	"github.com/slipway-cd/slipway/.ci/bench/program"
)

// comparison is slipway beside the reference at one number of connections.
type comparison struct {
	Events      string  `json:"events"`
	Connections int     `json:"connections"`
	Reference   figures `json:"reference"`
	Slipway     figures `json:"slipway"`
	RateRatio   float64 `json:"paired_rate_ratio"` // more is better
	P99Ratio    float64 `json:"paired_p99_ratio"`  // less is better
}

// figures are one server's, over all rounds: medians of the rounds' own.
type figures struct {
	Rate    float64 `json:"per_second"`
	P50     float64 `json:"p50_ms"`
	P99     float64 `json:"p99_ms"`
	CPU     float64 `json:"cpu_us_per_delivery"` // with what it does after the answer
	Backlog float64 `json:"backlog_ms"`          // after the load, until it had nothing to do
	Sent    int64   `json:"deliveries"`
}

// memory is what one server held, in MB.
type memory struct {
	Server string  `json:"server"`
	Idle   float64 `json:"idle_mb"`
	Loaded float64 `json:"loaded_mb"` // after the last load
	Peak   float64 `json:"peak_mb"`
}

// rounds is what one server did in each round.
type rounds struct {
	rate, p50, p99, cpu, backlog []float64
	sent                         int64
}

// quiet is how long a server must have used no processor time to count as having nothing to do: longer than slipway puts off reading while
// events rush in.
const quiet = 500 * time.Millisecond

// compare puts both servers under load, in turn, many times.
func (b *bench) compare(ctx context.Context) (_ []comparison, _ []memory, err error) {
	reference, err := b.reference("reference")
	if err != nil {
		return nil, nil, err
	}
	defer reference.Kill()
	slipway, err := b.slipway("slipway")
	if err != nil {
		return nil, nil, err
	}
	defer slipway.Kill()
	servers := []*product.Server{reference, slipway}
	held := make([]memory, len(servers))
	for i, s := range servers {
		if held[i], err = b.warmUp(ctx, s); err != nil {
			return nil, nil, err
		}
	}
	var all []comparison
	for _, k := range b.kinds {
		for _, n := range b.connections {
			c, err := b.compareAt(ctx, k, n, servers)
			if err != nil {
				return nil, nil, err
			}
			all = append(all, c)
		}
	}
	for i, s := range servers {
		now, peak := program.Memory(s.PID())
		held[i].Loaded, held[i].Peak = figure.Megabytes(now), figure.Megabytes(peak)
	}
	return all, held, nil
}

// warmUp waits for a server, sees what it holds before it has done anything, and then lets it do something.
func (b *bench) warmUp(ctx context.Context, s *product.Server) (memory, error) {
	if err := s.Ready(ctx); err != nil {
		return memory{}, err
	}
	if _, err := program.Settle(ctx, s.PID(), 2*time.Second); err != nil {
		return memory{}, err
	}
	idle, _ := program.Memory(s.PID())
	_, err := b.loadOn(ctx, s, hook.Load{Source: b.kinds[len(b.kinds)-1].source, Connections: 16, For: b.warm})
	return memory{Server: s.Name, Idle: figure.Megabytes(idle)}, err
}

// loadOn sends deliveries, and then waits until the server has nothing to do, so that nothing of one burst is paid for by the next.
func (b *bench) loadOn(ctx context.Context, s *product.Server, load hook.Load) (figures, error) {
	before := program.CPU(s.PID())
	load.Address, load.Path = s.Address, "/webhook"
	result, err := load.Run(ctx)
	if err != nil {
		return figures{}, err
	}
	if err := result.Unexpected(); err != nil {
		return figures{}, fmt.Errorf("the %s: %w", s.Name, err)
	}
	backlog, err := program.Settle(ctx, s.PID(), quiet)
	if err != nil {
		return figures{}, err
	}
	cpu := program.CPU(s.PID()) - before
	summary := result.Latencies.Summary()
	return figures{
		Rate: result.Rate(), P50: summary.P50, P99: summary.P99, Backlog: figure.Milliseconds(backlog), Sent: result.Accepted,
		CPU: float64(cpu.Microseconds()) / float64(max(result.Accepted, 1)),
	}, nil
}

// compareAt compares at one number of connections. Who begins changes from round to round.
func (b *bench) compareAt(ctx context.Context, k kind, connections int, servers []*product.Server) (comparison, error) {
	done := make([]rounds, len(servers))
	for round := range b.rounds {
		for turn := range servers {
			i := (round + turn) % len(servers)
			f, err := b.loadOn(ctx, servers[i], hook.Load{Source: k.source, Connections: connections, For: b.burst})
			if err != nil {
				return comparison{}, err
			}
			done[i].add(f)
		}
		fmt.Fprintf(os.Stderr, "\r%s, %d connections: round %d of %d ", k.name, connections, round+1, b.rounds)
	}
	fmt.Fprintln(os.Stderr)
	return comparison{
		Events: k.name, Connections: connections, Reference: done[0].figures(), Slipway: done[1].figures(),
		RateRatio: figure.PairedRatio(done[1].rate, done[0].rate), P99Ratio: figure.PairedRatio(done[1].p99, done[0].p99),
	}, nil
}

func (r *rounds) add(f figures) {
	r.rate, r.p50, r.p99 = append(r.rate, f.Rate), append(r.p50, f.P50), append(r.p99, f.P99)
	r.cpu, r.backlog = append(r.cpu, f.CPU), append(r.backlog, f.Backlog)
	r.sent += f.Sent
}

func (r *rounds) figures() figures {
	return figures{
		Rate: figure.Median(r.rate), P50: figure.Median(r.p50), P99: figure.Median(r.p99), CPU: figure.Median(r.cpu),
		Backlog: figure.Median(r.backlog), Sent: r.sent,
	}
}
