// Package command puts releases where they run by the deploy step of their own commit: in a fresh checkout, under the shim, with the secrets of
// the environment. What the step leaves running lives on: it may be the service.
//
// A deployment is known by its key and is started at most once. The shim's claim says so while it remembers the key; how the others ended
// is in a file, so that neither a deployment that was refused nor one whose log was dropped is ever started again.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/artifact"
	"github.com/slipway-cd/slipway/app/git"
	"github.com/slipway-cd/slipway/app/shim"
	"github.com/slipway-cd/slipway/deploy"
)

// Git makes fresh checkouts, without a repository in them.
type Git interface {
	// Checkout writes a commit's files to a folder that is not there yet. app.ErrNotFound says that the commit is not there.
	Checkout(ctx context.Context, r app.Repo, c app.SHA, dir string, owner *git.Owner) error
}

// Artifacts holds what checks produced.
type Artifacts interface {
	// Unpack writes an artifact to a folder that is not there yet. app.ErrNotFound says that it is not kept any more, with
	// artifact.ErrDamaged behind it that it is not what was built.
	Unpack(ctx context.Context, digest, dir string, owner *artifact.Owner) error
}

// Options are what a Deployer needs.
type Options struct {
	Dir       string // where checkouts are made; users that deployments run as must be able to pass through what is above it
	Git       Git
	Shim      *shim.Host     // whose keys are all this Deployer's, and which tells when an outcome is known
	DeployAs  shim.Isolation // the zero value starts nothing
	Artifacts Artifacts
	Secrets   string // the operator's folder of secrets, or ""; see SecretsFolder
}

// Deployer runs deploy steps. It is safe for concurrent use, and is a deploy.Deployer.
//
// A step is run by `sh -e -c`: of several lines the first that fails ends it. It gets PATH, CI=true, a HOME and a TMPDIR of its own, the
// environment's secrets, and
//
//	SLIPWAY_REPOSITORY, SLIPWAY_COMMIT, SLIPWAY_SERVICE, SLIPWAY_ENVIRONMENT
//	SLIPWAY_PREVIOUS_COMMIT   what is there before it; empty if nobody can say
//	SLIPWAY_ARTIFACT          the folder with what the check produced, unpacked for this deployment alone; empty if nothing was
//	SLIPWAY_ARTIFACT_DIGEST   its digest; empty likewise
//	SLIPWAY_RUN_URL           a page about it
//	SLIPWAY_FENCE             a number that grows with every deployment of the lane: an older one can be told by it
type Deployer struct {
	opts    Options
	records shim.Ends

	mu    sync.Mutex
	busy  map[string]chan struct{} // keys that are worked on; closed when that is over
	fresh map[string]bool          // keys started since the last Prune, whose caller may not have heard of them
}

var _ deploy.Deployer = (*Deployer)(nil)

// The folders in the Deployer's own.
const (
	checkouts = "checkouts"
	ended     = "ended"
)

// New prepares a Deployer.
func New(o Options) (*Deployer, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("making the folder of deployments: %w", err)
	}
	for path, mode := range map[string]os.FileMode{dir: 0o711, filepath.Join(dir, checkouts): 0o711, filepath.Join(dir, ended): 0o700} {
		if err := errors.Join(os.MkdirAll(path, mode), os.Chmod(path, mode)); err != nil {
			return nil, fmt.Errorf("making the folder of deployments: %w", err)
		}
	}
	if o.Dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, fmt.Errorf("making the folder of deployments: %w", err)
	}
	return &Deployer{opts: o, records: shim.Ends(filepath.Join(o.Dir, ended)), busy: map[string]chan struct{}{}, fresh: map[string]bool{}}, nil
}

// Ensure starts a deployment, or reports how it stands. One that can't be started however often that is tried has failed, with the reason in
// words. One key is never run twice.
func (d *Deployer) Ensure(ctx context.Context, x deploy.Deployment) (app.Status, error) {
	unlock, err := d.lock(ctx, x.Key)
	if err != nil {
		return app.Status{}, err
	}
	defer unlock()
	if s, ok, err := d.records.Read(x.Key); ok || err != nil {
		return s, err
	}
	s, err := d.opts.Shim.Status(ctx, x.Key)
	if err != nil {
		return app.Status{}, fmt.Errorf("looking for %s: %w", x.Key, err)
	}
	if s.State == shim.Absent {
		s, err = d.start(ctx, x)
	}
	if u := (unfit{}); errors.As(err, &u) {
		return d.refuse(x.Key, u)
	}
	if err != nil {
		return app.Status{}, err
	}
	return d.opts.Shim.Tell(x.Key, s, app.Span(x.Release.Spec.Timeout)), nil
}

// unfit is why a deployment can't be started however often it is tried.
type unfit struct{ reason string }

func (u unfit) Error() string { return u.reason }

// refuse ends a deployment that was not started, for ever: what was told once is not started later.
func (d *Deployer) refuse(key string, u unfit) (app.Status, error) {
	s := app.Status{Outcome: app.Failed, Reason: "could not be started: " + u.reason}
	return s, errors.Join(d.records.Write(key, s), remove(d.folder(key)))
}

func (d *Deployer) start(ctx context.Context, x deploy.Deployment) (shim.Status, error) {
	if strings.TrimSpace(x.Release.Spec.Run) == "" {
		return shim.Status{}, unfit{"it has no command"} // which would do nothing, and do it well
	}
	secrets, err := d.secrets(x)
	if err != nil {
		return shim.Status{}, err
	}
	env, err := shim.Environment(d.environment(x, secrets))
	if err != nil {
		return shim.Status{}, unfit{err.Error()}
	}
	if err := d.prepare(ctx, x); err != nil {
		return shim.Status{}, err
	}
	var values []string
	for _, v := range secrets {
		values = append(values, v)
	}
	// Not even the end of the server leaves it open whether the shim has the key: it says so at once.
	s, err := d.opts.Shim.Ensure(context.WithoutCancel(ctx), shim.Spec{
		Key: x.Key, Command: []string{"/bin/sh", "-e", "-c", x.Release.Spec.Run}, Dir: filepath.Join(d.folder(x.Key), files), Env: env, Secrets: values,
		Isolation: d.opts.DeployAs, Timeout: x.Release.Spec.Timeout, LeaveRunning: true,
	})
	if err != nil {
		return s, fmt.Errorf("starting the deploy step: %w", err)
	}
	return s, nil
}

// environment is what a deploy step gets. Secrets can't replace what slipway says.
func (d *Deployer) environment(x deploy.Deployment, secrets map[string]string) map[string]string {
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
		env["SLIPWAY_ARTIFACT"] = filepath.Join(d.folder(x.Key), produced)
	}
	env["SLIPWAY_ARTIFACT_DIGEST"] = x.Release.Artifact
	env["SLIPWAY_RUN_URL"] = x.RunURL
	env["SLIPWAY_FENCE"] = strconv.FormatInt(int64(x.Fence), 10)
	return env
}

// Logs follows what a deployment writes.
func (d *Deployer) Logs(ctx context.Context, key string, offset int64) (io.ReadCloser, error) {
	return d.opts.Shim.Follow(ctx, key, offset)
}

// lock lets one caller at a time work on a key.
func (d *Deployer) lock(ctx context.Context, key string) (unlock func(), err error) {
	for {
		d.mu.Lock()
		over, busy := d.busy[key]
		if !busy {
			over = make(chan struct{})
			d.busy[key] = over
			d.mu.Unlock()
			return func() {
				d.mu.Lock()
				delete(d.busy, key)
				d.mu.Unlock()
				close(over)
			}, nil
		}
		d.mu.Unlock()
		select {
		case <-over:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
