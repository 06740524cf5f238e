package git

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"

	"github.com/slipway-cd/slipway/app"
)

// slot is a worktree that lasts, and the server's own things about it.
type slot struct {
	dir  string // what steps see
	own  string // index, manifest, staging folder and trash
	turn chan struct{}

	// The rest is guarded by turn.
	opened bool
	known  manifest
	sha    app.SHA // the commit of tree and index; "" is none
	tree   *node

	emptying sync.Mutex // by one at a time
}

type slotKey struct {
	repo app.RepoID
	name string
}

// Worktree moves the worktree of that name to exactly this commit and holds it until release, which may be called more than once.
// Whoever asks for a worktree that is held waits.
//
// What an earlier user left is removed, ignored files, nested repositories and whatever stands for .git included; what was changed in
// any way is written anew; what is still as it was written stays, with its times. Files belong to Options.Owner, and nobody else can
// look into the folder. There is no .git in it. Submodules are empty folders, and files of Git LFS its pointers. Line endings and
// encodings follow .gitattributes.
//
// A check may outlive the server: then Adopt the worktree before anybody asks for it.
func (g *Git) Worktree(ctx context.Context, r app.Repo, sha app.SHA, name string) (dir string, release func(), err error) {
	if err := checkSHAs(sha); err != nil {
		return "", nil, err
	}
	s, err := g.slot(r.ID, name)
	if err != nil {
		return "", nil, err
	}
	select {
	case <-s.turn:
	case <-ctx.Done():
		return "", nil, context.Cause(ctx)
	}
	if err := g.move(ctx, s, r, sha); err != nil {
		s.turn <- struct{}{}
		return "", nil, fmt.Errorf("moving worktree %s of %s to %s: %w", name, r.FullName(), sha.Short(), err)
	}
	return s.dir, g.releaser(s), nil
}

// Adopt holds a worktree as it is: that of a check which still runs after a restart. It fails with app.ErrConflict when it is held.
func (g *Git) Adopt(r app.Repo, name string) (dir string, release func(), err error) {
	s, err := g.slot(r.ID, name)
	if err != nil {
		return "", nil, err
	}
	select {
	case <-s.turn:
		return s.dir, g.releaser(s), nil
	default:
		return "", nil, failure("adopting worktree "+name, app.ErrConflict, errors.New("it is held"))
	}
}

func (g *Git) releaser(s *slot) func() {
	return sync.OnceFunc(func() {
		now := g.clock.Now()
		// Only Prune reads it, and takes what has no time for old.
		_ = os.Chtimes(s.own, now, now)
		s.turn <- struct{}{}
	})
}

func (g *Git) slot(repo app.RepoID, name string) (*slot, error) {
	if !regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`).MatchString(name) {
		return nil, invalid("naming a worktree", "%q is not lower-case letters, digits, - and _", name)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	key := slotKey{repo, name}
	s := g.slots[key]
	if s == nil {
		id := strconv.FormatInt(int64(repo), 10)
		s = &slot{dir: filepath.Join(g.dir, worktreesDir, id, name), own: filepath.Join(g.dir, slotsDir, id, name), turn: make(chan struct{}, 1)}
		s.turn <- struct{}{}
		g.slots[key] = s
	}
	return s, nil
}

// The server's own things of a worktree.
const (
	indexFile    = "index"
	manifestFile = "manifest"
	stageDir     = "stage"
	trashDir     = "trash"
)

func (g *Git) openSlot(s *slot) error {
	if s.opened {
		return nil
	}
	if err := makeDir(filepath.Dir(s.dir), 0o711); err != nil {
		return err
	}
	if err := os.Mkdir(s.dir, rootMode); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	for _, dir := range []string{s.own, filepath.Join(s.own, stageDir), filepath.Join(s.own, trashDir)} {
		if err := makeDir(dir, 0o700); err != nil {
			return err
		}
	}
	s.known = loadManifest(filepath.Join(s.own, manifestFile), g.boot)
	s.opened = true
	return nil
}
