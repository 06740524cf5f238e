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
	Looked   time.Duration // time that was watched: between two samples that follow each other closely
	Good     time.Duration // the part of it that is known to have been good: between two good samples
	Answered bool          // it has answered well at least once
	Failures int           // in a row
	Samples  int
	Detail   string // what the newest sample saw
}

// Take adds a sample. It says undecided while the watch goes on, else the outcome with a sentence. Time without probes, as when the server
// was down, and time without an answer is not bake time: what nobody saw was not good. Nor does it bring the end of the watch nearer. Brief
// ends with the first good answer.
func (w Watching) Take(v Verify, s Sample, brief bool) (next Watching, outcome app.Outcome, undecided bool, why string) {
	if w.Samples == 0 {
		w.Began, w.Last = s.At, s.At
	}
	gap := max(s.At.Sub(w.Last), 0)
	good := s.Outcome == app.Succeeded
	w.Looked += min(gap, v.close())
	if good && w.LastGood && gap <= v.close() {
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

// close is how far apart two samples may be and still tell of the time between them: one may be missing, and a busy server may be late.
func (v Verify) close() time.Duration { return max(2*v.Every, time.Second) }

// judge says what the samples amount to.
func (w Watching) judge(v Verify, brief bool) (outcome app.Outcome, undecided bool, why string) {
	starting := !w.Answered && w.Last.Sub(w.Began) < v.StartsWithin
	switch {
	case brief && w.LastGood:
		return app.Succeeded, false, "It answers well: " + w.Detail + "."
	case w.Failures >= max(v.Failures, 1) && !starting:
		return app.Failed, false, w.failed()
	case w.LastGood && w.Good >= v.Bake:
		return app.Succeeded, false, fmt.Sprintf("It answered well for %s.", app.Span(v.Bake))
	case w.Looked > v.StartsWithin+2*v.Bake:
		return app.Inconclusive, false, fmt.Sprintf("In %s it answered well for %s only, the last time: %s.", app.Span(w.Looked.Round(time.Second)),
			app.Span(w.Good.Round(time.Second)), w.Detail)
	}
	return "", true, ""
}

// failed is the sentence for failures in a row.
func (w Watching) failed() string {
	if w.Failures == 1 {
		return "A probe failed: " + w.Detail + "."
	}
	return fmt.Sprintf("%d probes in a row failed, the last one: %s.", w.Failures, w.Detail)
}
