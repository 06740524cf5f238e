// Package process runs checks as programs on this machine: in a worktree at the exact commit, under the shim, so that they outlive the server.
package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"sync"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/artifact"
	"github.com/slipway-cd/slipway/app/shim"
	"github.com/slipway-cd/slipway/checks"
)

// Git hands out worktrees. One that is held stays held until it is released.
type Git interface {
	Worktree(ctx context.Context, r app.Repo, c app.SHA, name string) (dir string, release func(), err error)
	Adopt(r app.Repo, name string) (dir string, release func(), err error)
}

// Options are what a Runner needs.
type Options struct {
	Dir       string // where it remembers which worktree belongs to whom; readable by the server alone
	Git       Git
	Shim      *shim.Host
	RunAs     shim.Isolation
	CheckEnv  map[string]string // what the operator gives to checks, beside the fixed environment
	Artifacts *artifact.Store
}

// Runner runs checks. It is safe for concurrent use, and is a checks.Runner.
type Runner struct {
	Options
	mu    sync.Mutex
	held  map[string]*place // by key
	taken map[string]bool   // worktrees, by repository and name
}

var _ checks.Runner = (*Runner)(nil)

// place is the worktree of an attempt.
type place struct {
	record
	dir     string
	release func()
}

// New prepares a Runner. Worktrees of attempts that were under way when the server last ended are held from now on, so that nobody cleans
// them under a program that still runs.
func New(o Options) (*Runner, error) {
	r := &Runner{Options: o, held: map[string]*place{}, taken: map[string]bool{}}
	records, err := readRecords(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("reading which checks are under way: %w", err)
	}
	for _, rec := range records {
		if rec.Ended {
			continue
		}
		dir, release, err := o.Git.Adopt(rec.Repo, rec.Worktree)
		if err != nil {
			return nil, fmt.Errorf("holding the worktree of %s: %w", rec.Key, err)
		}
		r.held[rec.Key] = &place{rec, dir, release}
		r.taken[slot(rec.Repo, rec.Worktree)] = true
	}
	return r, nil
}

// Ensure starts an attempt, or reports how it stands.
func (r *Runner) Ensure(ctx context.Context, j checks.Job) (app.Status, error) {
	if rec, err := readRecord(r.Dir, j.Key); err != nil || rec.Ended {
		return rec.Status, err
	}
	s, err := r.Shim.Status(ctx, j.Key)
	if err != nil {
		return app.Status{}, err
	}
	switch s.State {
	case shim.Absent:
		return r.start(ctx, j)
	case shim.Running:
		return app.Status{Running: true, Began: s.Started}, nil
	}
	return r.collect(ctx, j, s)
}

// start brings a worktree to the commit and starts the program in it.
func (r *Runner) start(ctx context.Context, j checks.Job) (app.Status, error) {
	p, err := r.place(ctx, j)
	if err != nil {
		return app.Status{}, fmt.Errorf("preparing the files of %s: %w", j.Commit.Short(), err)
	}
	env, err := r.environment(j)
	if err != nil {
		return app.Status{}, err
	}
	s, err := r.Shim.Ensure(ctx, shim.Spec{
		Key: j.Key, Command: []string{"/bin/sh", "-e", "-c", j.Check.Run}, Dir: p.dir, Env: env, Isolation: r.RunAs, Timeout: j.Check.Timeout,
	})
	if err != nil {
		return app.Status{}, fmt.Errorf("starting the program: %w", err)
	}
	if s.State == shim.Running || s.State == shim.Absent {
		return app.Status{Running: true, Began: s.Started}, nil
	}
	return r.collect(ctx, j, s)
}

// environment is what a check gets: fixed, and nothing of the server's own.
func (r *Runner) environment(j checks.Job) ([]string, error) {
	given := maps.Clone(r.CheckEnv)
	if given == nil {
		given = map[string]string{}
	}
	given["SLIPWAY_REPOSITORY"] = j.Repo.FullName()
	given["SLIPWAY_COMMIT"] = string(j.Commit)
	given["SLIPWAY_SERVICE"] = j.Check.Service
	given["SLIPWAY_RUN_URL"] = j.RunURL
	return shim.Environment(given)
}

// collect takes in how an attempt ended, with what it produced, and lets its worktree go. It is written down before it is told, for the
// worktree is somebody else's from then on.
func (r *Runner) collect(ctx context.Context, j checks.Job, s shim.Status) (app.Status, error) {
	status := r.Shim.Tell(j.Key, s, j.Check.Timeout)
	r.mu.Lock()
	p := r.held[j.Key]
	r.mu.Unlock()
	if status.Outcome == app.Succeeded && j.Check.Produces != "" {
		if err := r.keep(ctx, j, p, &status); err != nil {
			return app.Status{}, err
		}
	}
	rec := record{Key: j.Key, Repo: j.Repo, Ended: true, Status: status}
	if p != nil {
		rec.Worktree = p.Worktree
	}
	if err := writeRecord(r.Dir, rec); err != nil {
		return app.Status{}, err
	}
	r.leave(j.Key)
	return status, nil
}

// keep stores what an attempt produced. What should be there and is not makes the check fail.
func (r *Runner) keep(ctx context.Context, j checks.Job, p *place, status *app.Status) error {
	fail := func(reason string) error {
		status.Outcome, status.Reason = app.Failed, reason
		return nil
	}
	if p == nil {
		return fail("produced files that are gone: its worktree was removed")
	}
	digest, err := r.Artifacts.Put(ctx, p.dir, filepath.Clean(j.Check.Produces))
	switch {
	case err == nil:
		status.Artifact = digest
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, artifact.ErrEmpty):
		return fail("exited with code 0, but left " + j.Check.Produces + " empty (produces:)")
	case app.KindOf(err) == app.ErrNotFound:
		return fail("exited with code 0, but made no folder " + j.Check.Produces + " (produces:)")
	}
	return fail("produced what can't be kept: " + err.Error())
}

// Cancel stops an attempt.
func (r *Runner) Cancel(ctx context.Context, key string) error {
	if err := r.Shim.Cancel(ctx, key); err != nil {
		return fmt.Errorf("canceling %s: %w", key, err)
	}
	s, err := r.Shim.Wait(ctx, key)
	if err != nil {
		return fmt.Errorf("waiting for %s to end: %w", key, err)
	}
	rec, err := readRecord(r.Dir, key)
	if err != nil || rec.Key == "" {
		r.leave(key)
		return err
	}
	rec.Ended, rec.Status = true, r.Shim.Tell(key, s, time.Duration(0))
	if err := writeRecord(r.Dir, rec); err != nil {
		return err
	}
	r.leave(key)
	return nil
}

// Logs follows what an attempt writes.
func (r *Runner) Logs(ctx context.Context, key string, offset int64) (io.ReadCloser, error) {
	return r.Shim.Follow(ctx, key, offset)
}
