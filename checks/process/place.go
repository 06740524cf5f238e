package process

import (
	"context"
	"errors"
	"fmt"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/checks"
)

// slot names a worktree of a repository.
type slot struct {
	repo app.RepoID
	name string
}

// pool deals out worktrees, so that several checks of a repository run at once. There are as many as ever ran together. A check tends to get
// the one that it had: most of its files are there already.
type pool struct {
	taken map[slot]bool
	last  map[warm]string // the worktree that a check had
}

type warm struct {
	repo  app.RepoID
	check string
}

func newPool() pool { return pool{taken: map[slot]bool{}, last: map[warm]string{}} }

// take picks a worktree that nobody has.
func (p pool) take(repo app.RepoID, check string) string {
	w := warm{repo, check}
	name, had := p.last[w]
	for i := 1; !had || p.taken[slot{repo, name}]; i++ {
		name, had = fmt.Sprintf("slot-%d", i), true
	}
	p.taken[slot{repo, name}], p.last[w] = true, name
	return name
}

// place is the worktree of an attempt.
type place struct {
	attempt
	dir     string
	release func()
}

// adopt holds the worktree of an attempt that is under way. If another one has it, the machine went down before it was on disk that this
// one had left it: it has none any more.
func (r *Runner) adopt(a attempt) error {
	dir, release, err := r.opts.Git.Adopt(a.Job.Repo, a.Worktree)
	if app.KindOf(err) == app.ErrConflict {
		return nil
	}
	if err != nil {
		return err
	}
	r.pool.taken[slot{a.Job.Repo.ID, a.Worktree}] = true
	r.held[a.Job.Key] = &place{a, dir, release}
	return nil
}

// place gives an attempt a worktree at its commit. It is written down first, so that the worktree is held again after a restart.
func (r *Runner) place(ctx context.Context, j checks.Job) (*place, error) {
	p := r.reserve(j)
	if err := r.records.begin(p.attempt); err != nil {
		return nil, errors.Join(err, r.leave(j.Key))
	}
	p.release() // of what was prepared before the server was killed, or by a try that failed: it is prepared anew
	dir, release, err := r.opts.Git.Worktree(ctx, j.Repo, j.Commit, p.Worktree)
	if err != nil {
		return nil, errors.Join(err, r.leave(j.Key))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	p.dir, p.release = dir, release
	return p, nil
}

// reserve is the place of an attempt, which may have had it before.
func (r *Runner) reserve(j checks.Job) *place {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.held[j.Key]
	if p == nil {
		p = &place{attempt: attempt{Worktree: r.pool.take(j.Repo.ID, j.Check.ID())}, release: func() {}}
		r.held[j.Key] = p
	}
	p.Job, p.Boot = j, r.boot
	return p
}

// leave lets an attempt's worktree go.
func (r *Runner) leave(key string) error {
	err := r.records.leave(key)
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.held[key]
	if p == nil {
		return err
	}
	delete(r.held, key)
	delete(r.pool.taken, slot{p.Job.Repo.ID, p.Worktree})
	p.release()
	return err
}

// placeOf is the worktree that an attempt holds; nil if it holds none.
func (r *Runner) placeOf(key string) *place {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.held[key]
}
