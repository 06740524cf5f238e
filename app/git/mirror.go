package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/slipway-cd/slipway/app"
)

// ErrNoCommit is behind app.ErrNotFound when the mirror lacks a commit that was asked about: it may have to be fetched first. Without
// it app.ErrNotFound means that the commit is there and what was asked for is not in it.
var ErrNoCommit = errors.New("the mirror does not have this commit")

// mirror is a bare repository on disk, a cache of GitHub's.
type mirror struct {
	dir    string
	turn   chan struct{} // holds a token while nobody writes: git's own locks fail instead of waiting
	opened bool          // guarded by turn: stale locks are gone
	shared calls
	memo   memo
	packs  chan struct{} // likewise, for merging packs
}

func (g *Git) mirror(id app.RepoID) *mirror {
	g.mu.Lock()
	defer g.mu.Unlock()
	m := g.mirrors[id]
	if m == nil {
		dir := filepath.Join(g.dir, mirrorsDir, strconv.FormatInt(int64(id), 10)+".git")
		m = &mirror{dir: dir, turn: make(chan struct{}, 1), packs: make(chan struct{}, 1)}
		m.turn <- struct{}{}
		m.packs <- struct{}{}
		g.mirrors[id] = m
	}
	return m
}

// lock waits for the mirror's turn.
func (m *mirror) lock(ctx context.Context) error {
	select {
	case <-m.turn:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (m *mirror) unlock() { m.turn <- struct{}{} }

func (m *mirror) exists() bool {
	_, err := os.Stat(m.dir)
	return err == nil
}

// open makes the mirror at its first use, and frees it of what a killed git left. The caller has its turn.
func (g *Git) open(ctx context.Context, m *mirror) error {
	if m.opened {
		return nil
	}
	if !m.exists() {
		if err := g.create(ctx, m.dir); err != nil {
			return fmt.Errorf("making the mirror: %w", err)
		}
	}
	if err := removeStale(m.dir); err != nil {
		return fmt.Errorf("removing stale locks of the mirror: %w", err)
	}
	m.opened = true
	return nil
}

// create makes the mirror elsewhere first, so that a kill never leaves half of one.
func (g *Git) create(ctx context.Context, dir string) error {
	tmp, err := os.MkdirTemp(filepath.Join(g.dir, tmpDir), "mirror-")
	if err != nil {
		return err
	}
	if _, err := g.run(ctx, command{args: []string{"init", "--quiet", "--bare", "--template=", "--", tmp}}); err != nil {
		return errors.Join(err, os.RemoveAll(tmp))
	}
	return os.Rename(tmp, dir)
}

// removeStale removes the lock files and half-written packs of a git that was killed. This process alone has the folder, and what
// takes locks ends with the server that started it.
func removeStale(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if len(name) == 2 && filepath.Base(filepath.Dir(path)) == "objects" {
				return fs.SkipDir // loose objects: many, and harmless
			}
			return nil
		}
		if strings.HasSuffix(name, ".lock") || strings.HasPrefix(name, "tmp_") || name == "gc.pid" {
			return os.Remove(path)
		}
		return nil
	})
}

// read calls git on a mirror that need not be there: then it has no commit either.
func (g *Git) read(ctx context.Context, r app.Repo, c command) ([]byte, error) {
	m := g.mirror(r.ID)
	if !m.exists() {
		return nil, failure("reading the mirror of "+r.FullName(), app.ErrNotFound, ErrNoCommit)
	}
	c.gitDir = m.dir
	return g.run(ctx, c)
}

// keepRefs is where commits are kept that were ever live. No refspec reaches it.
const keepRefs = "refs/slipway/keep/"

// Keep makes sure that a commit is never collected, whatever becomes of the branches: what was live may be returned to.
// Keeping it again does nothing.
func (g *Git) Keep(ctx context.Context, r app.Repo, sha app.SHA) error {
	if err := checkSHAs(sha); err != nil {
		return err
	}
	m := g.mirror(r.ID)
	if err := m.lock(ctx); err != nil {
		return err
	}
	defer m.unlock()
	if err := g.open(ctx, m); err != nil {
		return err
	}
	has, err := g.Has(ctx, r, sha)
	if err != nil {
		return err
	}
	if !has {
		return failure("keeping "+sha.Short(), app.ErrNotFound, ErrNoCommit)
	}
	if _, err := g.run(ctx, command{gitDir: m.dir, args: []string{"update-ref", "--no-deref", keepRefs + string(sha), string(sha)}}); err != nil {
		return fmt.Errorf("keeping %s: %w", sha.Short(), err)
	}
	return nil
}

// Forget removes a repository's mirror, with the commits that were kept, and its worktrees that nobody holds.
func (g *Git) Forget(ctx context.Context, r app.Repo) error {
	m := g.mirror(r.ID)
	if err := m.lock(ctx); err != nil {
		return err
	}
	defer m.unlock()
	m.opened = false
	defer m.memo.forget()
	if err := os.RemoveAll(m.dir); err != nil {
		return fmt.Errorf("removing the mirror of %s: %w", r.FullName(), err)
	}
	return g.pruneWhere(ctx, func(k slotKey, _ time.Time) bool { return k.repo == r.ID })
}

// unreachableAge is how long a commit that no ref reaches is kept: the head of a branch that was forced elsewhere while a check of it
// waits.
const unreachableAge = "2.weeks.ago"

// Maintain collects what is unreachable for two weeks, merges packs and writes what makes ancestry quick. It takes seconds to minutes
// of one core, disturbs nobody, and is for the night.
func (g *Git) Maintain(ctx context.Context, r app.Repo) error {
	m := g.mirror(r.ID)
	select {
	case <-m.packs:
		defer func() { m.packs <- struct{}{} }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if err := g.openUnderLock(ctx, m); err != nil {
		return err
	}
	defer m.memo.forget()
	c := command{gitDir: m.dir, config: []string{"gc.packRefs=true"}, args: []string{"gc", "--quiet", "--cruft", "--prune=" + unreachableAge}}
	if _, err := g.run(ctx, c); err != nil {
		return fmt.Errorf("maintaining the mirror of %s: %w", r.FullName(), err)
	}
	return nil
}

func (g *Git) openUnderLock(ctx context.Context, m *mirror) error {
	if err := m.lock(ctx); err != nil {
		return err
	}
	defer m.unlock()
	return g.open(ctx, m)
}

// manyPacks is how many packs a mirror may have before they are merged: each makes every call of git a little slower.
const (
	manyPacks    = 50
	filesPerPack = 2 // at least: the pack and its index
)

// mergePacks merges small packs in the background once there are many. It drops nothing.
func (g *Git) mergePacks(m *mirror) {
	files, err := os.ReadDir(filepath.Join(m.dir, "objects", "pack"))
	if err != nil || len(files) < filesPerPack*manyPacks {
		return
	}
	select {
	case <-m.packs:
	default:
		return // somebody does
	}
	g.background(func(ctx context.Context) {
		defer func() { m.packs <- struct{}{} }()
		// A failure changes nothing but speed, and Maintain reports it.
		_, _ = g.run(ctx, command{gitDir: m.dir, args: []string{"repack", "-d", "--quiet", "--geometric=2"}})
	})
}
