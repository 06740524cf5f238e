// Package process runs checks as programs on this machine: in a worktree at the exact commit, under the shim, so that they outlive the server.
//
// An attempt is known by its key. What outlives the server about it are two files: one from before its program starts, which says whose
// worktree it has, and one with how it ended, written before anybody is told. In between the shim knows how it stands. So after a restart a
// program that runs keeps its worktree, and what one that has ended meanwhile produced is collected from it.
package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/shim"
	"github.com/slipway-cd/slipway/checks"
)

// Git hands out worktrees. One that is held stays held until it is released, which may be done more than once.
type Git interface {
	// Worktree moves a worktree to exactly a commit and holds it. app.ErrNotFound says that the commit is not there.
	Worktree(ctx context.Context, r app.Repo, c app.SHA, name string) (dir string, release func(), err error)
	// Adopt holds a worktree as it is.
	Adopt(r app.Repo, name string) (dir string, release func(), err error)
}

// Artifacts keeps what checks produce.
type Artifacts interface {
	// Put keeps a folder inside of root. app.ErrNotFound says that it is not there, artifact.ErrEmpty that it holds nothing, and
	// app.ErrInvalid in words why it can't be kept.
	Put(ctx context.Context, root, name string) (digest string, err error)
}

// Options are what a Runner needs.
type Options struct {
	Dir       string            // where it writes down what outlives the server; made for the server alone
	Git       Git               // whose worktrees belong to the user that RunAs names
	Shim      *shim.Host        // whose keys are all this Runner's, and which tells when an outcome is known
	RunAs     shim.Isolation    // the zero value starts nothing
	CheckEnv  map[string]string // what the operator gives to checks, beside the fixed environment
	Artifacts Artifacts
}

// Runner runs checks. It is safe for concurrent use, and is a checks.Runner.
//
// A check's command is run by `sh -e -c`: of several lines the first that fails ends it, as people expect of CI. It gets PATH, CI=true, a
// HOME and a TMPDIR of its own, SLIPWAY_REPOSITORY, SLIPWAY_COMMIT, SLIPWAY_SERVICE, SLIPWAY_RUN_URL and CheckEnv, and nothing of the
// server's own environment. What it leaves running is killed when it ends.
type Runner struct {
	opts    Options
	records records
	boot    string // of the machine: what was not written to disk before a restart is gone

	mu   sync.Mutex
	busy map[string]chan struct{} // keys that are worked on; closed when that is over
	pool pool
	held map[string]*place // by key
}

var _ checks.Runner = (*Runner)(nil)

// New prepares a Runner. Worktrees of attempts that were under way when the server last ended are held from now on, so that nobody cleans
// them under a program that still runs: make it before anybody asks for a worktree.
func New(o Options) (*Runner, error) {
	r := &Runner{opts: o, boot: bootID(), busy: map[string]chan struct{}{}, pool: newPool(), held: map[string]*place{}}
	var err error
	if r.records, err = openRecords(o.Dir); err != nil {
		return nil, fmt.Errorf("preparing for checks: %w", err)
	}
	under, err := r.records.underWay()
	if err != nil {
		return nil, fmt.Errorf("reading which checks are under way: %w", err)
	}
	for _, a := range under {
		if err := r.adopt(a); err != nil {
			return nil, fmt.Errorf("holding the worktree of %s: %w", a.Job.Key, err)
		}
	}
	return r, nil
}

// Ensure starts an attempt, or reports how it stands. Of a commit that is not there any more it reports a failure.
func (r *Runner) Ensure(ctx context.Context, j checks.Job) (app.Status, error) {
	unlock, err := r.lock(ctx, j.Key)
	if err != nil {
		return app.Status{}, err
	}
	defer unlock()
	if end, ok, err := r.records.done.Read(j.Key); ok || err != nil {
		return end, err
	}
	s, err := r.opts.Shim.Status(ctx, j.Key)
	if err != nil {
		return app.Status{}, fmt.Errorf("looking for %s: %w", j.Key, err)
	}
	if s.State == shim.Absent {
		return r.start(ctx, j)
	}
	return r.report(ctx, j, s)
}

// report says how an attempt stands that was started.
func (r *Runner) report(ctx context.Context, j checks.Job, s shim.Status) (app.Status, error) {
	if s.State == shim.Absent || s.State == shim.Running {
		return app.Status{Running: true, Began: s.Started}, nil
	}
	return r.collect(ctx, j, s)
}

// start brings a worktree to the commit and starts the program in it.
func (r *Runner) start(ctx context.Context, j checks.Job) (app.Status, error) {
	env, err := r.environment(j)
	if err == nil && strings.TrimSpace(j.Check.Run) == "" {
		err = errors.New("it has no command") // which would do nothing, and do it well
	}
	if err != nil {
		return r.conclude(j, app.Status{Outcome: app.Failed, Reason: "could not be started: " + err.Error()})
	}
	p, err := r.place(ctx, j)
	if app.KindOf(err) == app.ErrNotFound {
		return r.conclude(j, app.Status{Outcome: app.Failed, Reason: "could not be started: commit " + j.Commit.Short() + " is not there any more"})
	}
	if err != nil {
		return app.Status{}, fmt.Errorf("preparing the files of %s: %w", j.Commit.Short(), err)
	}
	// Not even the end of the server leaves it open whether the shim has the key: it says so at once.
	s, err := r.opts.Shim.Ensure(context.WithoutCancel(ctx), shim.Spec{
		Key: j.Key, Command: []string{"/bin/sh", "-e", "-c", j.Check.Run}, Dir: p.dir, Env: env, Isolation: r.opts.RunAs, Timeout: j.Check.Timeout,
	})
	if err != nil {
		return app.Status{}, fmt.Errorf("starting the program: %w", err)
	}
	return r.report(ctx, j, s)
}

// environment is what a check gets: fixed, and nothing of the server's own.
func (r *Runner) environment(j checks.Job) ([]string, error) {
	given := map[string]string{}
	for name, value := range r.opts.CheckEnv {
		given[name] = value
	}
	given["SLIPWAY_REPOSITORY"] = j.Repo.FullName()
	given["SLIPWAY_COMMIT"] = string(j.Commit)
	given["SLIPWAY_SERVICE"] = j.Check.Service
	given["SLIPWAY_RUN_URL"] = j.RunURL
	return shim.Environment(given)
}

// Cancel stops an attempt with all that it started, and returns when it has ended. One that was never started never will be.
func (r *Runner) Cancel(ctx context.Context, key string) error {
	unlock, err := r.lock(ctx, key)
	if err != nil {
		return err
	}
	defer unlock()
	if _, ok, err := r.records.done.Read(key); ok || err != nil {
		return err
	}
	if err := r.opts.Shim.Cancel(ctx, key); err != nil {
		return fmt.Errorf("canceling %s: %w", key, err)
	}
	s, err := r.opts.Shim.Wait(ctx, key)
	if err != nil {
		return fmt.Errorf("waiting for %s to end: %w", key, err)
	}
	_, err = r.collect(ctx, r.jobOf(key), s)
	return err
}

// jobOf is what an attempt was started with; only its key if it never was.
func (r *Runner) jobOf(key string) checks.Job {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := r.held[key]; p != nil {
		return p.Job
	}
	return checks.Job{Key: key}
}

// Logs follows what an attempt writes.
func (r *Runner) Logs(ctx context.Context, key string, offset int64) (io.ReadCloser, error) {
	return r.opts.Shim.Follow(ctx, key, offset)
}

// lock lets one caller at a time work on a key.
func (r *Runner) lock(ctx context.Context, key string) (unlock func(), err error) {
	for {
		r.mu.Lock()
		over, busy := r.busy[key]
		if !busy {
			over = make(chan struct{})
			r.busy[key] = over
			r.mu.Unlock()
			return func() {
				r.mu.Lock()
				delete(r.busy, key)
				r.mu.Unlock()
				close(over)
			}, nil
		}
		r.mu.Unlock()
		select {
		case <-over:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
