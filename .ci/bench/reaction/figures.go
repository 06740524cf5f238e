package main

import (
	"fmt"

	"github.com/slipway-cd/slipway/.ci/bench/figure"
)

// stretch is the time from one mark to another, less another stretch that is not slipway's.
type stretch struct {
	name             string
	from, to         string
	lessFrom, lessTo string
	most, aim        float64 // ms, p50; 0 is nothing
	sample           figure.Sample
}

// found is what was measured.
type found struct {
	files     int
	stretches []*stretch
}

func newFound(files int) *found {
	return &found{files, []*stretch{
		{name: "webhook answered → check run visible", from: markAnswered, to: markShown, most: 150, aim: 50},
		{name: "webhook answered → its command started", from: markAnswered, to: markCheck, most: 300, aim: 100},
		{name: "last check green → deployment started", from: markGreen, to: markBegin, most: 150, aim: 50},
		{name: "last check green → deployment on GitHub", from: markGreen, to: markDeployed},
		{name: "bad probe → previous version answers", from: markBad, to: "back " + markPut, lessFrom: "back " + markBegin, lessTo: "back " + markPut, most: 200, aim: 100},
	}}
}

// take adds one run.
func (f *found) take(m *marks, sha string) error {
	for _, s := range f.stretches {
		took, ok := m.between(s.from, s.to, sha)
		if s.lessFrom != "" {
			less, known := m.between(s.lessFrom, s.lessTo, sha)
			took, ok = took-less, ok && known
		}
		if !ok {
			return fmt.Errorf("%s: a mark is missing", s.name)
		}
		s.sample.Add(took)
	}
	return nil
}

func (f *found) report() figure.Report {
	t := &figure.Table{
		Title: fmt.Sprintf("Reaction, in ms; a repository of %d files with a warm mirror. %s", f.files, figure.Machine()),
		Heads: []string{"", "runs", "p50", "p99", "max", "p50 at most", "aim", ""},
	}
	values := []map[string]any{}
	for _, s := range f.stretches {
		sum := s.sample.Summary()
		verdict, most, aim := "", "", ""
		if s.most > 0 {
			verdict, most, aim = figure.Verdict(sum.P50, s.most), fmt.Sprintf("%.0f", s.most), fmt.Sprintf("%.0f", s.aim)
			if sum.P50 <= s.aim {
				verdict = "aim reached"
			}
		}
		t.Add(s.name, sum.Count, sum.P50, sum.P99, sum.Max, most, aim, verdict)
		values = append(values, map[string]any{"name": s.name, "latency": sum, "p50_at_most_ms": s.most, "aim_ms": s.aim})
	}
	t.Note("A check's command counts as green when it is about to end. The way back counts without what the deploy command itself took.")
	return figure.Report{Tables: []*figure.Table{t}, Value: map[string]any{"machine": figure.Machine(), "files": f.files, "reaction": values}}
}
