package process

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/artifact"
	"github.com/slipway-cd/slipway/app/shim"
	"github.com/slipway-cd/slipway/checks"
)

// collect takes in how an attempt ended, with what it produced, and lets its worktree go.
func (r *Runner) collect(ctx context.Context, j checks.Job, s shim.Status) (app.Status, error) {
	status := r.opts.Shim.Tell(j.Key, s, app.Span(j.Check.Timeout))
	if status.Outcome == app.Succeeded && j.Check.Produces != "" {
		if err := r.keep(ctx, j, &status); err != nil {
			return app.Status{}, err
		}
	}
	return r.conclude(j, status)
}

// conclude ends an attempt for ever.
func (r *Runner) conclude(j checks.Job, s app.Status) (app.Status, error) {
	if err := r.records.conclude(j.Key, s); err != nil {
		return app.Status{}, err
	}
	return s, r.leave(j.Key)
}

// keep stores what an attempt produced. What should be there and is not makes the check fail. Any error is the server's own trouble and
// worth another try: the worktree stays held meanwhile.
func (r *Runner) keep(ctx context.Context, j checks.Job, status *app.Status) error {
	p := r.placeOf(j.Key)
	switch {
	case p == nil:
		status.Outcome, status.Reason = app.OutcomeUnknown, "exited with code 0, but its files were gone before what it produced could be kept"
		return nil
	case p.Boot != r.boot: // a power cut keeps names and loses content
		status.Outcome, status.Reason = app.OutcomeUnknown, "exited with code 0, but the machine restarted before what it produced could be kept"
		return nil
	}
	digest, err := r.opts.Artifacts.Put(ctx, p.dir, filepath.Clean(j.Check.Produces))
	fail := func(why string) error {
		status.Outcome, status.Reason = app.Failed, "exited with code 0, but "+why
		return nil
	}
	switch {
	case err == nil:
		status.Artifact = digest
		return nil
	case errors.Is(err, artifact.ErrEmpty):
		return fail("left " + j.Check.Produces + " empty (produces:)")
	case app.KindOf(err) == app.ErrNotFound:
		return fail("made no folder " + j.Check.Produces + " (produces:)")
	case app.KindOf(err) == app.ErrInvalid:
		return fail("what it produced can't be kept: " + err.Error())
	}
	return err
}
