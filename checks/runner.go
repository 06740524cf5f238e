package checks

import (
	"context"
	"io"

	"github.com/slipway-cd/slipway/app"
)

// Job is one attempt of a check.
type Job struct {
	Key    string // names the attempt for ever: it is started at most once
	Repo   app.Repo
	Commit app.SHA
	Check  Spec
	RunURL string // the run's page, for the step to print
}

// Runner runs checks. It is safe for concurrent use, and is built with a function that it calls with the key of an attempt whose outcome
// has become known.
type Runner interface {
	// Ensure starts the job if its key is unknown, and reports how it stands; called again, also after a restart, it finds what it
	// started. It returns soon, and never waits for the program. An error says that nothing is known to have started and that trying again
	// is right; what can never be known is a status with app.OutcomeUnknown.
	Ensure(ctx context.Context, j Job) (app.Status, error)
	// Cancel stops an attempt that is not wanted any more, with all that it started. An attempt that was never started never will be.
	Cancel(ctx context.Context, key string) error
	// Logs reads what the attempt has written, from a byte offset on, and goes on with what it writes until its outcome is known.
	Logs(ctx context.Context, key string, offset int64) (io.ReadCloser, error)
}
