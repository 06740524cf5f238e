package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/slipway-cd/slipway/.ci/bench/figure"
	"github.com/slipway-cd/slipway/.ci/bench/hook"
	"github.com/slipway-cd/slipway/.ci/bench/instant"
	"github.com/slipway-cd/slipway/.ci/bench/program"
)

// held is what a server costs in which so many lanes wait.
type held struct {
	Lanes   int     `json:"lanes"`
	Memory  float64 `json:"memory_mb"` // after a while without anything to do
	Peak    float64 `json:"peak_mb"`   // while they came
	IdleCPU float64 `json:"idle_cpu_ms_per_minute"`
	Comment float64 `json:"cpu_ms_per_comment"` // one in four asks for /status
}

// withLanes looks at a server with a few lanes, and at one with many.
func (b *bench) withLanes(ctx context.Context) ([]held, error) {
	var all []held
	for _, lanes := range []int{min(10, b.lanes), b.lanes} {
		h, err := b.waiting(ctx, lanes)
		if err != nil {
			return nil, err
		}
		all = append(all, h)
	}
	return all, nil
}

// waiting makes lanes that wait for their first approval, each by a push to a repository of its own.
func (b *bench) waiting(ctx context.Context, lanes int) (h held, err error) {
	dir, err := b.folder(fmt.Sprintf("lanes-%d", lanes))
	if err != nil {
		return h, err
	}
	s, err := instant.Start(ctx, dir)
	if err != nil {
		return h, err
	}
	defer s.Kill()
	fmt.Fprintf(os.Stderr, "%d lanes …\n", lanes)
	if err := s.Found(ctx, b.events, lanes); err != nil {
		return h, err
	}
	before := program.CPU(s.PID())
	select {
	case <-time.After(b.idle):
	case <-ctx.Done():
		return h, ctx.Err()
	}
	spent := program.CPU(s.PID()) - before
	now, peak := program.Memory(s.PID())
	h = held{Lanes: lanes, Memory: figure.Megabytes(now), Peak: figure.Megabytes(peak), IdleCPU: figure.Milliseconds(spent) / b.idle.Minutes()}
	h.Comment, err = b.comments(ctx, s, lanes)
	return h, err
}

// comments is what one comment costs, in ms of processor time.
func (b *bench) comments(ctx context.Context, s *instant.Server, lanes int) (float64, error) {
	before := program.CPU(s.PID())
	var talk []hook.Message
	for n := range 2 * b.batch {
		text := "This is what I was looking for. Thank you!"
		if n%4 == 3 {
			text = "/status"
		}
		talk = append(talk, b.events.Comment(n%lanes, 1, text))
	}
	if err := s.Send(ctx, talk); err != nil {
		return 0, err
	}
	if _, err := s.Still(ctx, true, time.Minute); err != nil {
		return 0, err
	}
	return figure.Milliseconds(program.CPU(s.PID())-before) / float64(len(talk)), nil
}
