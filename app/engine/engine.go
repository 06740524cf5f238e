package engine

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/report"
	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
)

// Options are what an engine is made of. All are needed but Log and Observe.
type Options struct {
	Store     Store
	Clock     app.Clock
	GitHub    GitHub
	Git       Git
	Runner    checks.Runner
	Deployer  deploy.Deployer // by commands
	Workflows Workflows       // by workflows
	Prober    deploy.Prober
	Translate func(app.Event) (letters []app.Letter, ignored string, err error)
	Links     report.Links
	Isolation string                                     // one sentence: as whom checks run
	Slug      string                                     // the App's
	Stored    func() int64                               // how many events were ever stored since the start; nil: not known
	Housekeep func(ctx context.Context, used Used) error // drops logs, artifacts and folders that nothing needs any more

	Holder      string                                              // names this process in leases
	CheckSlots  int                                                 // checks that run at once
	DeploySlots int                                                 // deployments that run at once
	Guard       time.Duration                                       // after a card began to offer another commit: for how long approvals are refused
	Allow       func(r app.Repo, first First) (ok bool, why string) // whom this server serves
	Blocked     func(r app.Repo, firstName string, service, environment string) string
	Log         *slog.Logger
	Observe     Observer
	AuditKey    AuditKey // signs receipts; nil: they are chained, and nobody signs them
	AuditEvery  int64    // how many rows apart
}

// Observer counts what the engine does. It is called from many goroutines.
type Observer interface {
	Stepped(name string)
	Worked(task string, failed bool)
	SetAside(name string)
	Overrode() // a release went out against its gate
}

// Engine runs everything. Make it with New, run it once.
type Engine struct {
	Options
	nudged   chan struct{}
	nudges   atomic.Int64
	stumbled bool          // the loop's own: the store did not take something, so look again soon
	began    time.Time     // when this process took the rows over
	pace     pace          // the loop's own
	rushing  atomic.Bool   // the loop looks at the inbox by itself soon
	free     chan struct{} // one token per worker that may start
	workers  sync.WaitGroup
	slots    *slots
	still    *stillness
}

// workers is how many rows are worked on at once. GitHub allows a hundred requests at a time, so this stays well below.
const workers = 24

// batch is how many events or letters are taken in one transaction. GitHub waits for that, so it must not be long.
const batch = 32

// leased is how long a row is held. Nobody else takes it before; in one process nobody else is there, so it only has to be longer than any
// work that does not wait for a program.
const leased = time.Hour

// New makes an engine. It does nothing before Run.
func New(o Options) *Engine {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Observe == nil {
		o.Observe = silent{}
	}
	e := &Engine{Options: o, nudged: make(chan struct{}, 1), free: make(chan struct{}, workers), slots: newSlots(o.CheckSlots, o.DeploySlots), still: newStillness()}
	for range workers {
		e.free <- struct{}{}
	}
	return e
}

// silent is an observer that counts nothing.
type silent struct{}

func (silent) Stepped(string)      {}
func (silent) Worked(string, bool) {}
func (silent) SetAside(string)     {}
func (silent) Overrode()           {}

// Nudge says that there is something to do. It never blocks, and a nudge is never lost.
func (e *Engine) Nudge() {
	e.nudges.Add(1)
	select {
	case e.nudged <- struct{}{}:
	default:
	}
}

// Arrived says that an event was stored.
func (e *Engine) Arrived() {
	if !e.rushing.Load() {
		e.Nudge()
	}
}

// Done is what runners and deployers call when an outcome is known.
func (e *Engine) Done(key string) {
	err := e.Store.Update(context.Background(), func(tx Tx) error {
		row, err := tx.Row(key)
		if err != nil || row.State != RowOpen {
			return ignoreMissing(err)
		}
		return tx.Nudge(key, row.Machine, row.Task, e.Clock.Now())
	})
	if err != nil {
		e.Log.Error("noting that a program has ended", "key", key, "error", err)
	}
	e.Nudge()
}

// Run works until ctx ends, and then waits for what is under way: no worker takes long, for programs go on without one. It returns an
// error only if the store can't be used.
func (e *Engine) Run(ctx context.Context) error {
	defer e.workers.Wait()
	if err := e.begin(ctx); err != nil {
		return err
	}
	for ctx.Err() == nil {
		seen := e.nudges.Load()
		e.turn(ctx)
		e.rest(ctx, seen)
	}
	return nil
}

// turn does all that is due now.
func (e *Engine) turn(ctx context.Context) {
	for ctx.Err() == nil {
		events, letters := e.translate(ctx), e.deliver(ctx)
		e.dispatch(ctx)
		if !events && !letters {
			return
		}
	}
}

// rest waits for a nudge, or for the next time at which something is due.
func (e *Engine) rest(ctx context.Context, seen int64) {
	next, err := e.nextDue(ctx)
	if soon := e.Clock.Now().Add(time.Second); err != nil || e.stumbled && (next.IsZero() || soon.Before(next)) {
		next = soon // a full disk, say: nothing is lost, so try again
	}
	if now := e.Clock.Now(); e.pace.until.After(now) && (next.IsZero() || e.pace.until.Before(next)) {
		next = e.pace.until
	}
	e.stumbled = false
	var fired <-chan time.Time
	if !next.IsZero() {
		var stop func()
		fired, stop = e.Clock.Timer(next)
		defer stop()
	}
	e.still.set(true, seen, next)
	defer e.still.set(false, seen, next)
	select {
	case <-ctx.Done():
	case <-e.nudged:
	case <-fired:
	}
}

func (e *Engine) nextDue(ctx context.Context) (next time.Time, err error) {
	err = e.Store.View(ctx, func(tx Tx) error {
		next, err = tx.NextDue(e.taking(0))
		return err
	})
	e.complain("asking the store when to go on", err)
	return next, err
}

// backoff is how long to wait after so many failures in a row: one second, doubling, ten minutes at most.
func backoff(attempts int) time.Duration {
	return min(time.Second<<min(attempts, 10), 10*time.Minute)
}

// ignoreMissing takes what is not there for no error.
func ignoreMissing(err error) error {
	if app.KindOf(err) == app.ErrNotFound {
		return nil
	}
	return err
}
