package deploy

import (
	"context"
	"io"
	"time"

	"github.com/slipway-cd/slipway/app"
)

// Deployment is one program that puts a release somewhere: a promotion's, or a rollback's.
type Deployment struct {
	Key         string // names it for ever: it is started at most once
	Repo        app.Repo
	Commit      app.SHA // whose files and steps go out
	Service     string
	Environment string
	Release     Release
	Previous    app.SHA // what is there before it, "" if nobody can say
	RunURL      string  // the lane's page, for the step to print
	Fence       app.Key // grows with every deployment of the lane: an older one can be told by it
	Rollback    bool
	Ask         Ask       // what GitHub asks, where slipway is the gate alone
	Run         int64     // of the workflow that does it, where it is known already
	Running     bool      // it has been started, as far as whoever asks knows
	Asked       bool      // GitHub has been seen to ask its reviewers about it
	Since       time.Time // when it was first wanted
	Sent        time.Time // when it was last asked for elsewhere, or may have been; zero: never
}

// Deployer puts releases there. It is safe for concurrent use, and is built with a function that it calls with the key of a deployment whose
// outcome has become known.
type Deployer interface {
	// Ensure starts the deployment if its key is unknown, and reports how it stands; called again, also after a restart, it finds what it
	// started. It returns soon, and never waits for the program. An error says that nothing is known to have started and that trying again
	// is right; what can never be known is a status with app.OutcomeUnknown.
	Ensure(ctx context.Context, d Deployment) (app.Status, error)
	// Logs reads what the deployment has written, from a byte offset on, and goes on with what it writes until its outcome is known.
	Logs(ctx context.Context, key string, offset int64) (io.ReadCloser, error)
}

// Prober looks at what is there, once.
type Prober interface {
	Sample(ctx context.Context, v Verify) Sample
}

// Sample is what one probe saw. Failed means that something said no; what gives no answer that says yes or no is inconclusive.
type Sample struct {
	At      time.Time
	Outcome app.Outcome
	Detail  string // answered 500, connection refused
}
