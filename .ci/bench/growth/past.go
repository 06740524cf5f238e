package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/slipway-cd/slipway/.ci/bench/figure"
	"github.com/slipway-cd/slipway/.ci/bench/hook"
	"github.com/slipway-cd/slipway/.ci/bench/instant"
	"github.com/slipway-cd/slipway/.ci/bench/program"
)

// cost is what one event costs with so many stored before it.
type cost struct {
	Stored     int     `json:"stored"`
	P50        float64 `json:"answer_p50_ms"`
	P99        float64 `json:"answer_p99_ms"`
	Understood float64 `json:"understood_p50_ms"` // from when it was received
	CPU        float64 `json:"cpu_ms_per_event"`
	Start      float64 `json:"start_ms"` // of the server, until it answers
	Memory     float64 `json:"memory_mb"`
	Database   float64 `json:"database_mb"`
}

// side is one of the two databases with its server.
type side struct {
	*instant.Server
	cost
	sent                      int64
	p50, p99, understood, cpu []float64
}

// withPast sends the same events to a server with a short past and to one with a long one, in turn.
func (b *bench) withPast(ctx context.Context) ([]cost, error) {
	var sides []*side
	for _, stored := range []int{b.few, b.many} {
		s, err := b.side(ctx, stored)
		if s != nil {
			defer s.Kill()
		}
		if err != nil {
			return nil, err
		}
		sides = append(sides, s)
	}
	for round := range b.rounds {
		for turn := range sides {
			if err := b.round(ctx, sides[(round+turn)%len(sides)]); err != nil {
				return nil, err
			}
		}
		fmt.Fprintf(os.Stderr, "\rround %d of %d ", round+1, b.rounds)
	}
	fmt.Fprintln(os.Stderr)
	var all []cost
	for _, s := range sides {
		if err := s.AllLive(ctx, repos); err != nil {
			return nil, err
		}
		now, _ := program.Memory(s.PID())
		s.P50, s.P99, s.Understood, s.CPU = figure.Median(s.p50), figure.Median(s.p99), figure.Median(s.understood), figure.Median(s.cpu)
		s.Memory = figure.Megabytes(now)
		all = append(all, s.cost)
	}
	return all, nil
}

// side makes a database with a past and starts a server on it, whose repositories then have their first releases.
func (b *bench) side(ctx context.Context, stored int) (*side, error) {
	dir, err := b.folder(fmt.Sprintf("past-%d", stored))
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "slipway.db")
	p := past{events: stored, body: b.body, repos: repos, at: time.Now().Add(-24 * time.Hour)}
	if err := p.fill(ctx, path); err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	server, err := instant.Start(ctx, dir)
	if err != nil {
		return nil, err
	}
	s := &side{Server: server, cost: cost{Stored: stored, Start: figure.Milliseconds(time.Since(began)), Database: figure.Megabytes(info.Size())}}
	return s, errors.Join(server.Found(ctx, b.events, repos), server.Release(ctx, b.events, repos))
}

// round sends one batch and waits until all that follows is done.
func (b *bench) round(ctx context.Context, s *side) error {
	if _, err := s.Delays(ctx); err != nil {
		return err
	}
	before, first := program.CPU(s.PID()), s.sent
	load := hook.Load{
		Address: s.Address, Path: "/webhook", Connections: 4, Count: int64(b.batch), Rate: b.rate,
		Source: func(n int64) hook.Message { return b.event(first + n) },
	}
	result, err := load.Run(ctx)
	if err := errors.Join(err, result.Unexpected()); err != nil {
		return err
	}
	s.sent += int64(b.batch)
	if _, err := s.Still(ctx, true, time.Minute); err != nil {
		return err
	}
	cpu := program.CPU(s.PID()) - before
	delays, err := s.Delays(ctx)
	if err != nil {
		return err
	}
	summary := result.Latencies.Summary()
	s.p50, s.p99 = append(s.p50, summary.P50), append(s.p99, summary.P99)
	s.understood = append(s.understood, delays.Understood.P50)
	s.cpu = append(s.cpu, figure.Milliseconds(cpu)/float64(b.batch))
	return nil
}

// event is a push, then a comment, repository after repository.
func (b *bench) event(n int64) hook.Message {
	pair := n / 2
	repo, commit := int(pair%repos), 2+pair/repos
	if n%2 == 0 {
		return b.events.Push(repo, commit)
	}
	return b.events.Comment(repo, commit-1, "This is what I was looking for. Thank you!")
}
