package git

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/slipway-cd/slipway/app"
)

// Checkout writes a commit's files, without any .git, to a folder that must not be there yet (else app.ErrConflict) and whose parents
// only the server can change. Owner gets the files and alone can look into the folder; nil leaves them to the server's user. On failure
// nothing is left. Submodules, Git LFS and .gitattributes are as with Worktree.
func (g *Git) Checkout(ctx context.Context, r app.Repo, sha app.SHA, dir string, owner *Owner) error {
	if err := checkSHAs(sha); err != nil {
		return err
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("checking out: %w", err)
	}
	op := fmt.Sprintf("checking out %s of %s to %s", sha.Short(), r.FullName(), dir)
	if err := os.Mkdir(dir, rootMode); errors.Is(err, os.ErrExist) {
		return failure(op, app.ErrConflict, err)
	} else if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	if err := g.checkout(ctx, r, sha, dir, owner); err != nil {
		return fmt.Errorf("%s: %w", op, errors.Join(err, os.RemoveAll(dir)))
	}
	return nil
}

func (g *Git) checkout(ctx context.Context, r app.Repo, sha app.SHA, dir string, owner *Owner) error {
	tmp, err := os.MkdirTemp(filepath.Join(g.dir, tmpDir), "checkout-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	indexFile := filepath.Join(tmp, indexFile)
	index := g.readTreeMeanwhile(ctx, r, sha, indexFile)
	tree, err := g.listTree(ctx, r, sha)
	if ierr := index(); err == nil {
		err = ierr
	}
	if err != nil {
		return err
	}
	c := command{tree: dir, args: []string{"checkout-index", "--quiet", "--all"}, env: []string{"GIT_INDEX_FILE=" + indexFile}}
	if _, err := g.read(ctx, r, c); err != nil {
		return err
	}
	root, err := openFolder(dir)
	if err != nil {
		return err
	}
	defer root.close()
	if err := finishAll(root, tree, owner); err != nil {
		return err
	}
	return root.settle(rootMode, owner)
}
