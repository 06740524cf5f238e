package main

import (
	"fmt"

	"github.com/slipway-cd/slipway/.ci/bench/figure"
)

// What is to be reached.
const (
	mostIdle   = 25.0  // MB
	mostLoaded = 50.0  // MB
	mostStart  = 100.0 // ms
)

func (f found) tables() []*figure.Table {
	var all []*figure.Table
	for _, c := range f.Loads {
		if len(all) == 0 || all[len(all)-1].Title != f.title(c) {
			all = append(all, f.intake(c))
		}
		c.add(all[len(all)-1])
	}
	if len(f.Memory) > 0 {
		all = append(all, f.memory())
	}
	if f.Starts != nil {
		all = append(all, f.starts())
	}
	if len(f.Kills) > 0 {
		all = append(all, f.kills())
	}
	return all
}

func (f found) title(c comparison) string {
	return fmt.Sprintf("Intake of events that are %s, beside a bare reference. %s", c.Events, f.Machine)
}

func (f found) intake(c comparison) *figure.Table {
	t := &figure.Table{
		Title: f.title(c),
		Heads: []string{"connections", "server", "per second", "p50 ms", "p99 ms", "CPU µs each", "backlog ms", "rate ratio", "p99 ratio", ""},
	}
	t.Note("Medians over rounds; ratios are medians of the rounds' own. CPU counts what is done after the answer, which takes the backlog's time.")
	t.Note("To reach at 16 and 64: rate at least 0.95 with p99 at most 1.2, or rate at least 1.0 with p99 at most 1.4.")
	return t
}

func (c comparison) add(t *figure.Table) {
	r, s := c.Reference, c.Slipway
	t.Add(c.Connections, "reference", r.Rate, r.P50, r.P99, r.CPU, r.Backlog, "", "", "")
	t.Add("", "slipway", s.Rate, s.P50, s.P99, s.CPU, s.Backlog, fmt.Sprintf("%.2f", c.RateRatio), fmt.Sprintf("%.2f", c.P99Ratio), c.verdict())
}

// verdict is how a comparison stands to what is to be reached; nothing is asked of one connection.
func (c comparison) verdict() string {
	switch {
	case c.Connections < 16:
		return ""
	case c.RateRatio >= 0.95 && c.P99Ratio <= 1.2, c.RateRatio >= 1 && c.P99Ratio <= 1.4:
		return "ok"
	}
	return "MISSED"
}

func (f found) memory() *figure.Table {
	t := &figure.Table{Title: "Memory in MB (VmRSS, VmHWM)", Heads: []string{"server", "idle", "after load", "peak", fmt.Sprintf("at most %.0f, %.0f", mostIdle, mostLoaded)}}
	for _, m := range f.Memory {
		verdict := ""
		if m.Server == "slipway" {
			verdict = figure.Verdict(m.Idle, mostIdle) + ", " + figure.Verdict(m.Peak, mostLoaded)
		}
		t.Add(m.Server, m.Idle, m.Loaded, m.Peak, verdict)
	}
	return t
}

func (f found) starts() *figure.Table {
	t := &figure.Table{Title: "Cold start until the first delivery is accepted, in ms", Heads: []string{"", "starts", "p50", "max", fmt.Sprintf("at most %.0f", mostStart)}}
	for _, s := range []struct {
		name string
		figure.Summary
	}{{"on an empty folder", f.Starts.New}, {"on what was there", f.Starts.Again}} {
		t.Add(s.name, s.Count, s.P50, s.Max, figure.Verdict(s.P50, mostStart))
	}
	return t
}

func (f found) kills() *figure.Table {
	t := &figure.Table{Title: "SIGKILL under load at 64 connections", Heads: []string{"server", "kills", "acknowledged", "of these lost", "stored, not acknowledged", ""}}
	for _, k := range f.Kills {
		t.Add(k.Server, k.Kills, k.Acked, k.Lost, k.Beyond, figure.Verdict(float64(k.Lost), 0))
	}
	return t
}
