package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/artifact"
	"github.com/slipway-cd/slipway/app/git"
	"github.com/slipway-cd/slipway/app/shim"
	"github.com/slipway-cd/slipway/deploy"
)

// What is in a deployment's folder. The folder itself is the server's; the users that steps run as pass through it.
const (
	files    = "files"    // the checkout
	produced = "artifact" // what a check produced, if the release has an artifact
	keyFile  = "key"      // whose it is
	ready    = "ready"    // exists: all of it is there
)

// folder is where a deployment has its files. Its name says nothing to who can't read the database.
func (d *Deployer) folder(key string) string {
	return filepath.Join(d.opts.Dir, checkouts, shim.Hashed(key))
}

// prepare makes a fresh checkout and unpacks the artifact. What an earlier try has finished is as fresh as it was, for its step never began;
// what it left half made is made anew.
func (d *Deployer) prepare(ctx context.Context, x deploy.Deployment) error {
	d.mu.Lock()
	d.fresh[x.Key] = true
	d.mu.Unlock()
	home := d.folder(x.Key)
	if _, err := os.Lstat(filepath.Join(home, ready)); err == nil {
		return nil
	}
	if err := remove(home); err != nil {
		return fmt.Errorf("making room for a deployment: %w", err)
	}
	if err := errors.Join(os.Mkdir(home, 0o711), os.WriteFile(filepath.Join(home, keyFile), []byte(x.Key), 0o600)); err != nil {
		return fmt.Errorf("making room for a deployment: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // whoever fails first is the reason, and the other need not go on
	failed := make(chan error, 2)
	go func() { failed <- d.checkout(ctx, x, home) }()
	go func() { failed <- d.unpack(ctx, x, home) }()
	first := <-failed
	if first != nil {
		cancel()
	}
	if second := <-failed; first == nil {
		first = second
	}
	if first != nil {
		return first
	}
	if err := os.WriteFile(filepath.Join(home, ready), nil, 0o600); err != nil {
		return fmt.Errorf("preparing a deployment: %w", err)
	}
	return nil
}

func (d *Deployer) checkout(ctx context.Context, x deploy.Deployment, home string) error {
	var owner *git.Owner
	if uid, gid, other := d.opts.DeployAs.Owner(); other {
		owner = &git.Owner{UID: uid, GID: gid}
	}
	err := d.opts.Git.Checkout(ctx, x.Repo, x.Commit, filepath.Join(home, files), owner)
	if app.KindOf(err) == app.ErrNotFound {
		return unfit{"commit " + x.Commit.Short() + " is not there any more"}
	}
	if err != nil {
		return fmt.Errorf("checking %s out: %w", x.Commit.Short(), err)
	}
	return nil
}

func (d *Deployer) unpack(ctx context.Context, x deploy.Deployment, home string) error {
	if x.Release.Artifact == "" {
		return nil
	}
	var owner *artifact.Owner
	if uid, gid, other := d.opts.DeployAs.Owner(); other {
		owner = &artifact.Owner{UID: uid, GID: gid}
	}
	err := d.opts.Artifacts.Unpack(ctx, x.Release.Artifact, filepath.Join(home, produced), owner)
	switch {
	case errors.Is(err, artifact.ErrDamaged):
		return unfit{"its artifact was changed on disk and is not what was built. Run its checks again"}
	case app.KindOf(err) == app.ErrNotFound:
		return unfit{"its artifact is not kept any more. Run its checks again"}
	case err != nil:
		return fmt.Errorf("unpacking its artifact: %w", err)
	}
	return nil
}

// remove removes a folder with what a step left in it. Steps leave folders that not even their owner may write to (Go's module cache is one),
// so those are opened up first where that is needed.
func remove(dir string) error {
	err := os.RemoveAll(dir)
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	_ = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, _ error) error {
		if entry != nil && entry.IsDir() {
			_ = os.Chmod(path, 0o700)
		}
		return nil
	})
	return os.RemoveAll(dir)
}
