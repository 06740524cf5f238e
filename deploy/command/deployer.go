// Package command puts releases where they run by the deploy step of their own commit: in a fresh checkout, under the shim, with the secrets of
// the environment. What the step leaves running lives on: it may be the service.
package command

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/artifact"
	"github.com/slipway-cd/slipway/app/git"
	"github.com/slipway-cd/slipway/app/shim"
	"github.com/slipway-cd/slipway/deploy"
)

// Git makes fresh checkouts, without a repository in them.
type Git interface {
	Checkout(ctx context.Context, r app.Repo, c app.SHA, dir string, owner *git.Owner) error
}

// Options are what a Deployer needs.
type Options struct {
	Dir       string // where checkouts are made; the users that deployments run as pass through it
	Git       Git
	Shim      *shim.Host
	DeployAs  shim.Isolation
	Artifacts *artifact.Store
	Secrets   string // the operator's folder of secrets, or ""
}

// Deployer runs deploy steps. It is safe for concurrent use, and is a deploy.Deployer.
type Deployer struct{ Options }

var _ deploy.Deployer = (*Deployer)(nil)

// New prepares a Deployer.
func New(o Options) (*Deployer, error) {
	if err := os.MkdirAll(o.Dir, 0o711); err != nil {
		return nil, fmt.Errorf("making the folder of deployments: %w", err)
	}
	return &Deployer{o}, nil
}

// Ensure starts a deployment, or reports how it stands. One key is never run twice.
func (d *Deployer) Ensure(ctx context.Context, x deploy.Deployment) (app.Status, error) {
	s, err := d.Shim.Status(ctx, x.Key)
	if err != nil {
		return app.Status{}, err
	}
	if s.State == shim.Absent {
		if s, err = d.start(ctx, x); err != nil {
			return failed(err)
		}
	}
	return d.Shim.Tell(x.Key, s, x.Release.Spec.Timeout), nil
}

// unfit is why a deployment can't be started however often it is tried.
type unfit struct{ reason string }

func (u unfit) Error() string { return u.reason }

// failed is what an error means: some are how the deployment ended, the others are tried again.
func failed(err error) (app.Status, error) {
	if u := (unfit{}); errors.As(err, &u) {
		return app.Status{Outcome: app.Failed, Reason: "could not be started: " + u.reason}, nil
	}
	return app.Status{}, err
}

func (d *Deployer) start(ctx context.Context, x deploy.Deployment) (shim.Status, error) {
	secrets, err := d.secrets(x)
	if err != nil {
		return shim.Status{}, err
	}
	home := d.folder(x.Key)
	if err := d.prepare(ctx, x, home); err != nil {
		return shim.Status{}, err
	}
	env, err := shim.Environment(d.environment(x, home, secrets))
	if err != nil {
		return shim.Status{}, unfit{err.Error()}
	}
	var values []string
	for _, v := range secrets {
		values = append(values, v)
	}
	s, err := d.Shim.Ensure(ctx, shim.Spec{
		Key: x.Key, Command: []string{"/bin/sh", "-e", "-c", x.Release.Spec.Run}, Dir: filepath.Join(home, files), Env: env, Secrets: values,
		Isolation: d.DeployAs, Timeout: x.Release.Spec.Timeout, LeaveRunning: true,
	})
	if err != nil {
		return s, fmt.Errorf("starting the deploy step: %w", err)
	}
	return s, nil
}

// The folders of a deployment.
const (
	files    = "files"
	produced = "artifact"
)

// folder is where a deployment has its files.
func (d *Deployer) folder(key string) string {
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(d.Dir, hex.EncodeToString(sum[:16]))
}

// prepare makes a fresh checkout and unpacks the artifact. What an earlier try left half made is made anew: its step never began.
func (d *Deployer) prepare(ctx context.Context, x deploy.Deployment, home string) error {
	if err := os.RemoveAll(home); err != nil {
		return fmt.Errorf("making room for a deployment: %w", err)
	}
	if err := os.MkdirAll(home, 0o711); err != nil {
		return fmt.Errorf("making room for a deployment: %w", err)
	}
	var owner *git.Owner
	var theirs *artifact.Owner
	if uid, gid, other := d.DeployAs.Owner(); other {
		owner, theirs = &git.Owner{UID: uid, GID: gid}, &artifact.Owner{UID: uid, GID: gid}
	}
	if err := d.Git.Checkout(ctx, x.Repo, x.Commit, filepath.Join(home, files), owner); err != nil {
		return fmt.Errorf("checking %s out: %w", x.Commit.Short(), err)
	}
	if x.Release.Artifact == "" {
		return nil
	}
	err := d.Artifacts.Unpack(ctx, x.Release.Artifact, filepath.Join(home, produced), theirs)
	if app.KindOf(err) == app.ErrNotFound {
		return unfit{"its artifact is not kept any more. Run its checks again with /retry"}
	}
	return err
}

// environment is what a deploy step gets. Secrets can't replace what slipway says.
func (d *Deployer) environment(x deploy.Deployment, home string, secrets map[string]string) map[string]string {
	env := map[string]string{}
	for name, value := range secrets {
		env[name] = value
	}
	env["SLIPWAY_REPOSITORY"] = x.Repo.FullName()
	env["SLIPWAY_COMMIT"] = string(x.Commit)
	env["SLIPWAY_SERVICE"] = x.Service
	env["SLIPWAY_ENVIRONMENT"] = x.Environment
	env["SLIPWAY_PREVIOUS_COMMIT"] = string(x.Previous)
	env["SLIPWAY_ARTIFACT"] = ""
	if x.Release.Artifact != "" {
		env["SLIPWAY_ARTIFACT"] = filepath.Join(home, produced)
	}
	env["SLIPWAY_ARTIFACT_DIGEST"] = x.Release.Artifact
	env["SLIPWAY_RUN_URL"] = x.RunURL
	env["SLIPWAY_FENCE"] = strconv.FormatInt(int64(x.Fence), 10)
	return env
}

// Logs follows what a deployment writes.
func (d *Deployer) Logs(ctx context.Context, key string, offset int64) (io.ReadCloser, error) {
	return d.Shim.Follow(ctx, key, offset)
}

// Prune removes the files of deployments that have ended and that nothing needs any more. What a step left running may still use its own.
func (d *Deployer) Prune(ctx context.Context, keep func(key string) bool) error {
	keys, err := d.Shim.Keys()
	if err != nil {
		return err
	}
	var errs []error
	for _, key := range keys {
		s, err := d.Shim.Status(ctx, key)
		if err == nil && (s.State == shim.Ended || s.State == shim.Unknown) && !keep(key) {
			errs = append(errs, os.RemoveAll(d.folder(key)))
		}
	}
	return errors.Join(errs...)
}
