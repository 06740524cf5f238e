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
		if err := g.stage(ctx, s, r, placed, swept.stale); err != nil {
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

// stage lets git write files under names of its own into one flat folder, for to make folders is slow, and learns the names.
func (g *Git) stage(ctx context.Context, s *slot, r app.Repo, p *placer, paths []string) error {
	stage := filepath.Join(s.own, stageDir)
	left, err := os.ReadDir(stage)
	if err != nil {
		return err
	}
	for _, entry := range left { // of a move that failed
		if err := os.RemoveAll(filepath.Join(stage, entry.Name())); err != nil {
			return err
		}
	}
	out, err := g.read(ctx, r, command{
		tree:  stage,
		args:  []string{"checkout-index", "--quiet", "--temp", "-z", "--stdin"},
		env:   []string{"GIT_INDEX_FILE=" + filepath.Join(s.own, indexFile)},
		stdin: strings.NewReader(strings.Join(paths, "\x00") + "\x00"),
	})
	if err != nil {
		return err
	}
	p.staged = make(map[string]string, len(paths))
	for _, line := range fields(out) {
		name, path, _ := strings.Cut(line, "\t")
		p.staged[path] = name
	}
	return nil
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
