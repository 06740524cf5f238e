package git

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/slipway-cd/slipway/app"
)

// move makes a worktree exactly a commit. The caller has its turn. Whatever it fails at, the manifest stays true: it tells what was
// written, and a file that is another by now does not match it.
func (g *Git) move(ctx context.Context, s *slot, r app.Repo, sha app.SHA) error {
	if err := g.openSlot(s); err != nil {
		return fmt.Errorf("preparing its folders: %w", err)
	}
	tree, index := s.tree, func() error { return nil }
	if s.sha != sha {
		s.sha, s.tree = "", nil
		index = g.readTreeMeanwhile(ctx, r, sha, filepath.Join(s.own, indexFile))
		var err error
		if tree, err = g.listTree(ctx, r, sha); err != nil {
			_ = index() // fails alike
			return err
		}
	}
	sweeper, err := s.sweep(tree, g.owner)
	g.emptyTrash(s)
	if ierr := index(); err == nil {
		err = ierr
	}
	if err != nil {
		return err
	}
	if err := g.write(ctx, s, r, tree, sweeper); err != nil {
		return err
	}
	s.sha, s.tree = sha, tree
	return nil
}

// sweep cleans the worktree and finds what has to be written.
func (s *slot) sweep(tree *node, owner *Owner) (*sweeper, error) {
	root, err := openFolder(s.dir)
	if err != nil {
		return nil, err
	}
	defer root.close()
	bin, err := openFolder(filepath.Join(s.own, trashDir))
	if err != nil {
		return nil, err
	}
	defer bin.close()
	if err := root.settle(rootMode, owner); err != nil {
		return nil, err
	}
	sweeper := &sweeper{trash: &trash{folder: bin}, owner: owner, known: s.known, kept: manifest{}}
	if !s.known.sameAttributes(tree) {
		sweeper.known = nil
	}
	if err := sweeper.sweep(root, "", tree); err != nil {
		return nil, fmt.Errorf("cleaning: %w", err)
	}
	return sweeper, nil
}

// write lets git write what is stale into the staging folder, and moves it from there.
func (g *Git) write(ctx context.Context, s *slot, r app.Repo, tree *node, swept *sweeper) error {
	placed := &placer{owner: g.owner, written: swept.kept}
	if len(swept.stale) > 0 {
		if err := g.stage(ctx, s, r, swept.stale); err != nil {
			return fmt.Errorf("writing files: %w", err)
		}
		if err := s.place(placed, tree); err != nil {
			return err
		}
	}
	if len(swept.stale) == 0 && len(swept.kept) == len(s.known) {
		return nil
	}
	s.known = placed.written
	err := s.known.save(filepath.Join(s.own, manifestFile), g.boot)
	if !settled(placed.newest) {
		s.known = manifest{} // nothing is believed that could have been changed unnoticed
		return os.Remove(filepath.Join(s.own, manifestFile))
	}
	return err
}

func (g *Git) stage(ctx context.Context, s *slot, r app.Repo, paths []string) error {
	stage := filepath.Join(s.own, stageDir)
	if err := os.RemoveAll(stage); err != nil {
		return err
	}
	if err := os.Mkdir(stage, 0o700); err != nil {
		return err
	}
	return g.checkoutIndex(ctx, r, filepath.Join(s.own, indexFile), stage, paths)
}

func (s *slot) place(p *placer, tree *node) error {
	from, err := openFolder(filepath.Join(s.own, stageDir))
	if err != nil {
		return err
	}
	defer from.close()
	to, err := openFolder(s.dir)
	if err != nil {
		return err
	}
	defer to.close()
	return p.place(from, to, "", tree)
}

// emptyTrash removes what was swept, in the background.
func (g *Git) emptyTrash(s *slot) {
	g.background(func(ctx context.Context) {
		// What can't be removed stays for the next time, and Prune reports it.
		_ = s.emptyTrash(ctx)
	})
}

func (s *slot) emptyTrash(ctx context.Context) error {
	s.emptying.Lock()
	defer s.emptying.Unlock()
	bin, err := openFolder(filepath.Join(s.own, trashDir))
	if err != nil {
		return err
	}
	defer bin.close()
	return (&trash{folder: bin}).empty(ctx)
}

// readTreeMeanwhile starts readTree and returns how to wait for it.
func (g *Git) readTreeMeanwhile(ctx context.Context, r app.Repo, sha app.SHA, index string) func() error {
	result := make(chan error, 1)
	go func() { result <- g.readTree(ctx, r, sha, index) }()
	return func() error { return <-result }
}

// readTree makes an index of a commit. Git refuses paths there that could do harm on disk.
func (g *Git) readTree(ctx context.Context, r app.Repo, sha app.SHA, index string) error {
	for _, left := range []string{index, index + ".lock"} { // of a git that was killed; the index is this caller's alone
		if err := os.RemoveAll(left); err != nil {
			return err
		}
	}
	_, err := g.read(ctx, r, command{args: []string{"read-tree", string(sha)}, env: []string{"GIT_INDEX_FILE=" + index}})
	if err != nil {
		return fmt.Errorf("reading the commit into an index: %w", g.missing(ctx, r, err, sha))
	}
	return nil
}

// checkoutIndex writes files of an index to a folder that only the server can enter; nil paths are all.
func (g *Git) checkoutIndex(ctx context.Context, r app.Repo, index, dir string, paths []string) error {
	c := command{tree: dir, args: []string{"checkout-index", "--quiet", "--force", "--all"}, env: []string{"GIT_INDEX_FILE=" + index}}
	if paths != nil {
		c.args = []string{"checkout-index", "--quiet", "--force", "-z", "--stdin"}
		c.stdin = strings.NewReader(strings.Join(paths, "\x00") + "\x00")
	}
	_, err := g.read(ctx, r, c)
	return err
}
