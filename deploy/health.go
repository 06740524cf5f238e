package deploy

import (
	"fmt"
	"time"

	"github.com/slipway-cd/slipway/app"
)

// Watching is what the probes of a release have seen so far. It is kept between samples, so that a restart loses nothing. The zero value has
// seen nothing.
type Watching struct {
	Began    time.Time     // the first sample
	Last     time.Time     // the newest sample
	LastGood bool          // it was good
	Good     time.Duration // time that is known to have been good: between two good samples that follow each other closely
	Answered bool          // it has answered well at least once
	Failures int           // in a row
	Samples  int
	Detail   string // what the newest sample saw
}

// Take adds a sample. It says undecided while the watch goes on, else the outcome with a sentence. Time without probes, as when the server
// was down, and time without an answer is not bake time: what nobody saw was not good. Brief ends with the first good answer.
func (w Watching) Take(v Verify, s Sample, brief bool) (next Watching, outcome app.Outcome, undecided bool, why string) {
	if w.Began.IsZero() {
		w.Began = s.At
	}
	gap := s.At.Sub(w.Last)
	good := s.Outcome == app.Succeeded
	if good && w.LastGood && gap <= 2*v.Every {
		w.Good += gap
	}
	w.Last, w.LastGood, w.Detail = s.At, good, s.Detail
	w.Samples++
	switch s.Outcome {
	case app.Succeeded:
		w.Answered, w.Failures = true, 0
	case app.Failed:
		w.Failures++
	}
	outcome, undecided, why = w.judge(v, brief)
	return w, outcome, undecided, why
}

// judge says what the samples amount to.
func (w Watching) judge(v Verify, brief bool) (outcome app.Outcome, undecided bool, why string) {
	starting := !w.Answered && w.Last.Sub(w.Began) < v.StartsWithin
	switch {
	case brief && w.LastGood:
		return app.Succeeded, false, "It answers well: " + w.Detail + "."
	case w.Failures >= v.Failures && !starting:
		return app.Failed, false, fmt.Sprintf("%d failures in a row, the last one: %s.", w.Failures, w.Detail)
	case w.LastGood && w.Good >= v.Bake:
		return app.Succeeded, false, fmt.Sprintf("It answered well for %s.", v.Bake)
	case w.Last.Sub(w.Began) > v.StartsWithin+2*v.Bake:
		return app.Inconclusive, false, fmt.Sprintf("It answered well for only %s in %s, the last time: %s.", w.Good.Round(time.Second),
			w.Last.Sub(w.Began).Round(time.Second), w.Detail)
	}
	return "", true, ""
}
