package engine_test

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/apptest"
	"github.com/slipway-cd/slipway/app/engine"
	"github.com/slipway-cd/slipway/app/git"
	gh "github.com/slipway-cd/slipway/app/github"
	"github.com/slipway-cd/slipway/app/store"
	"github.com/slipway-cd/slipway/checks"
)

// The engine with its real store, and a world that can be told how to behave. What passes through the front door is tested by the scenarios of
// cmd/slipway; here is what can't be seen from there.

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

const commit = app.SHA("9b1e2c7d40aa9b1e2c7d40aa9b1e2c7d40aa9b1e")

func repo() app.Repo {
	return app.Repo{ID: 7, Owner: "acme", Name: "shop", DefaultBranch: "main", Installation: 1}
}

// oneFile is a Git whose every commit holds this file and nothing else. Calls that a test does not expect end it.
type oneFile struct {
	engine.Git
	text string
}

func (g oneFile) Has(context.Context, app.Repo, app.SHA) (bool, error) { return true, nil }
func (g oneFile) File(context.Context, app.Repo, app.SHA, string) ([]byte, error) {
	return []byte(g.text), nil
}
func (g oneFile) Changes(context.Context, app.Repo, app.SHA, app.SHA) ([]git.Change, error) {
	return nil, nil
}
func (g oneFile) MergeBase(context.Context, app.Repo, app.SHA, app.SHA) (app.SHA, error) {
	return "", nil
}

// github is a GitHub that takes everything, and counts.
type github struct {
	engine.GitHub
	mu     sync.Mutex
	shown  []app.CheckRun
	refuse func(app.CheckRun) error
}

func (g *github) EnsureCheckRun(_ context.Context, _ app.Repo, want app.CheckRun, known int64, _ bool) (int64, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.refuse != nil {
		if err := g.refuse(want); err != nil {
			return 0, err
		}
	}
	g.shown = append(g.shown, want)
	return int64(len(g.shown)), nil
}

func (g *github) Collaborators(context.Context, app.Repo) ([]gh.Role, error) {
	return nil, errors.New("not now")
}

func (g *github) PullsOfCommit(context.Context, app.Repo, app.SHA) ([]gh.Pull, error) {
	return nil, nil
}

func (g *github) EnsureComment(context.Context, app.Repo, app.Comment, int64, bool) (int64, error) {
	return 1, nil
}

// runner is a Runner that runs nothing: a test says how attempts end.
type runner struct {
	mu      sync.Mutex
	running map[string]bool
	most    int
	ended   map[string]app.Status
	began   chan string
}

func (r *runner) Ensure(_ context.Context, j checks.Job) (app.Status, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s, ok := r.ended[j.Key]; ok {
		delete(r.running, j.Key)
		return s, nil
	}
	if !r.running[j.Key] {
		r.running[j.Key] = true
		r.most = max(r.most, len(r.running))
		r.began <- j.Key
	}
	return app.Status{Running: true}, nil
}

func (r *runner) Cancel(context.Context, string) error { return nil }
func (r *runner) Logs(context.Context, string, int64) (io.ReadCloser, error) {
	return nil, errors.New("no logs")
}

func (r *runner) end(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended[key] = app.Status{Outcome: app.Succeeded}
}

type links struct{}

func (links) Log(string) string              { return "" }
func (links) Run(app.RepoID, app.SHA) string { return "" }
func (links) Lane(app.Address) string        { return "" }

// rig is an engine that runs.
type rig struct {
	t      *testing.T
	clock  *apptest.Clock
	store  *store.DB
	github *github
	runner *runner
	engine *engine.Engine

	translate func(app.Event) ([]app.Letter, string, error)
	stop      func() // ends the engine, if it runs
	kept      []engine.Used
}

func newRig(t *testing.T, file string, translate func(app.Event) ([]app.Letter, string, error)) *rig {
	t.Helper()
	return newRigOn(t, oneFile{text: file}, translate)
}

func newRigOn(t *testing.T, g engine.Git, translate func(app.Event) ([]app.Letter, string, error)) *rig {
	t.Helper()
	r := &rig{t: t, clock: apptest.NewClock(noon), github: &github{}, translate: translate}
	r.runner = &runner{running: map[string]bool{}, ended: map[string]app.Status{}, began: make(chan string, 100)}
	var err error
	if r.store, err = store.Open(t.Context(), store.Options{Path: filepath.Join(t.TempDir(), "db"), Clock: r.clock}); err != nil {
		t.Fatal(err)
	}
	r.stop = func() {}
	t.Cleanup(func() {
		r.stop()
		if err := r.store.Close(); err != nil {
			t.Error(err)
		}
	})
	r.update(func(tx engine.Tx) error { return tx.SaveRepo(repo(), true) })
	r.start(engine.Options{
		Store: r.store, Clock: r.clock, GitHub: r.github, Git: g, Runner: r.runner, Translate: translate, Links: links{},
		Holder: t.Name(), CheckSlots: 2, DeploySlots: 1, Stored: r.store.Stored,
	})
	return r
}

// start lets an engine run until r.stop.
func (r *rig) start(options engine.Options) {
	r.engine = engine.New(options)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.engine.Run(ctx) }()
	r.stop = sync.OnceFunc(func() {
		stop()
		if err := <-done; err != nil {
			r.t.Error(err)
		}
	})
}

// quiet waits until nothing more is to be done before time goes on.
func (r *rig) quiet() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 10*time.Second)
	defer cancel()
	if err := r.engine.Quiet(ctx); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) update(do func(engine.Tx) error) {
	r.t.Helper()
	if err := r.store.Update(context.Background(), do); err != nil {
		r.t.Fatal(err)
	}
}

// send stores letters and waits until nothing more is to be done before time goes on.
func (r *rig) send(letters ...app.Letter) {
	r.t.Helper()
	r.update(func(tx engine.Tx) error { return tx.Post(letters, r.clock.Now()) })
	r.engine.Nudge()
}

func opened(c app.SHA) app.Letter {
	return app.Letter{To: app.RunAddress(7, c), Message: checks.Opened{Cause: checks.Cause{Kind: checks.PullRequest, Pull: 1}}}
}

func (r *rig) run(c app.SHA) (run checks.Run) {
	r.t.Helper()
	err := r.store.View(context.Background(), func(tx engine.Tx) (err error) {
		run, _, err = tx.Run(7, c)
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return run
}

const twoChecks = `version: 1
checks:
  one: { run: one }
  two: { run: two }
  three: { run: three }
`
