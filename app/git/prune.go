package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/slipway-cd/slipway/app"
)

// Prune removes the worktrees that nobody holds and that were last released before a time, or, the oldest first, until all together have at
// most so many bytes; and what could not be removed earlier.
func (g *Git) Prune(ctx context.Context, before time.Time, most int64) error {
	keys, err := g.slotsOnDisk()
	if err != nil {
		return fmt.Errorf("listing worktrees: %w", err)
	}
	type tree struct {
		slotKey
		used  time.Time
		bytes int64
	}
	var trees []tree
	total := int64(0)
	for _, key := range keys {
		s, err := g.slot(key.repo, key.name)
		if err != nil {
			return err
		}
		if info, err := os.Stat(s.own); err == nil {
			t := tree{key, info.ModTime(), weight(s.dir) + weight(s.own)}
			trees, total = append(trees, t), total+t.bytes
		}
	}
	slices.SortFunc(trees, func(a, b tree) int { return a.used.Compare(b.used) })
	doomed := map[slotKey]bool{}
	for _, t := range trees {
		if t.used.Before(before) || total > most {
			doomed[t.slotKey], total = true, total-t.bytes
		}
	}
	return g.pruneWhere(ctx, func(key slotKey, _ time.Time) bool { return doomed[key] })
}

// weight is how many bytes the files below a folder have, as far as they can be seen.
func weight(dir string) (bytes int64) {
	_ = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil {
			return nil // gone meanwhile, or a step has shut it: it weighs nothing that we know
		}
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			bytes += info.Size()
		}
		return nil
	})
	return bytes
}

func (g *Git) pruneWhere(ctx context.Context, old func(slotKey, time.Time) bool) error {
	keys, err := g.slotsOnDisk()
	if err != nil {
		return fmt.Errorf("listing worktrees: %w", err)
	}
	var failed []error
	for _, key := range keys {
		if err := g.pruneSlot(ctx, key, old); err != nil {
			failed = append(failed, fmt.Errorf("removing worktree %s of repository %d: %w", key.name, key.repo, err))
		}
	}
	return errors.Join(failed...)
}

func (g *Git) slotsOnDisk() ([]slotKey, error) {
	repos, err := os.ReadDir(filepath.Join(g.dir, slotsDir))
	if err != nil {
		return nil, err
	}
	var keys []slotKey
	for _, repo := range repos {
		id, err := strconv.ParseInt(repo.Name(), 10, 64)
		if err != nil {
			continue // not ours
		}
		slots, err := os.ReadDir(filepath.Join(g.dir, slotsDir, repo.Name()))
		if err != nil {
			return nil, err
		}
		for _, slot := range slots {
			keys = append(keys, slotKey{app.RepoID(id), slot.Name()})
		}
	}
	return keys, nil
}

func (g *Git) pruneSlot(ctx context.Context, key slotKey, old func(slotKey, time.Time) bool) error {
	s, err := g.slot(key.repo, key.name)
	if err != nil {
		return err
	}
	select {
	case <-s.turn:
		defer func() { s.turn <- struct{}{} }()
	default:
		return nil // held
	}
	info, err := os.Stat(s.own)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !old(key, info.ModTime()) {
		if _, err := os.Stat(filepath.Join(s.own, trashDir)); err != nil {
			return nil
		}
		return s.emptyTrash(ctx)
	}
	s.opened, s.known, s.sha, s.tree = false, nil, "", nil
	if err := g.removeFolder(ctx, s.dir); err != nil {
		return err
	}
	s.emptying.Lock()
	defer s.emptying.Unlock()
	return g.removeFolder(ctx, s.own)
}

// removeFolder removes a folder that a step could write. It is gone from its place at once, and half removed never seen.
func (g *Git) removeFolder(ctx context.Context, dir string) error {
	tmp, err := os.MkdirTemp(filepath.Join(g.dir, tmpDir), "prune-")
	if err != nil {
		return err
	}
	parent, err := openFolder(filepath.Dir(dir))
	if err != nil {
		return err
	}
	defer parent.close()
	bin, err := openFolder(tmp)
	if err != nil {
		return err
	}
	defer bin.close()
	t := &trash{folder: bin}
	if err := t.take(parent, filepath.Base(dir), true); err != nil {
		return err
	}
	if err := t.empty(ctx); err != nil {
		return err
	}
	return os.Remove(tmp)
}
