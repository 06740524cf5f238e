package app

import "time"

// Outcome is how something ended. The zero value is unknown: claimed, no exit code, nobody running; it can never be known. Unreachable
// is not unknown: it is still running.
type Outcome string

// The outcomes.
const (
	OutcomeUnknown Outcome = ""
	Succeeded      Outcome = "succeeded"
	Failed         Outcome = "failed"
	Inconclusive   Outcome = "inconclusive" // of probes: no answer that says yes or no
)

// Status is how a job stands.
type Status struct {
	Running   bool // it has begun and has not ended, or waits for its turn
	Outcome   Outcome
	ExitCode  int       // of a program that ended by itself
	Reason    string    // what happened if it is not the exit code: timed out, killed by signal 9, could not be started
	Began     time.Time // zero while it waits for its turn
	Ended     time.Time
	Tail      string    // the last lines of its output, secrets masked
	Artifact  string    // digest of what it produced, or ""
	Untouched bool      // of what failed: it never began, so nothing has changed
	Run       int64     // GitHub's number of the workflow's run that does it; 0 of programs
	URL       string    // and its page
	Asking    bool      // GitHub asks its reviewers before that goes on
	Sent      time.Time // when it was asked for elsewhere just now, perhaps in vain; known beside an error, too; zero: it was not
}
