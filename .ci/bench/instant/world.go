// Package instant is slipway's own work and nothing else: its intake, engine and store as serve wires them, on a real database, among a
// git, a GitHub and programs that answer at once. What it costs is what slipway costs.
//
// The server runs in a process of its own (Serve), started and asked by Start; Events makes what is sent to it.
package instant

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/config"
	"github.com/slipway-cd/slipway/app/git"
	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
)

// Environment is the one environment of each repository.
const Environment = "production"

// file is every repository's: one check, and one environment that green checks alone release to.
const file = `version: 1
checks:
  test: { run: make test }
environments:
  production:
    policy: deployment
    deploy: { run: make deploy }
`

// firstRepo is the number of the first repository.
const firstRepo = 1000

// RepoID is the number of a repository by its index.
func RepoID(index int) app.RepoID { return app.RepoID(firstRepo + index) }

// SHA names the nth commit of a repository's default branch, counted from 1. It begins with both, so that twelve digits are enough.
func SHA(repo int, n int64) app.SHA { return app.SHA(fmt.Sprintf("%04x%08x%028x", repo, n, n)) }

// nth is what SHA was given.
func nth(c app.SHA) (repo int, n int64) {
	if len(c) != 40 {
		return 0, 0
	}
	r, _ := strconv.ParseInt(string(c[:4]), 16, 64)
	n, _ = strconv.ParseInt(string(c[4:12]), 16, 64)
	return int(r), n
}

// world is the repositories: each a straight line of commits, of which some have been pushed.
type world struct {
	mu     sync.Mutex
	heads  map[app.RepoID]int64
	pushed map[app.SHA]time.Time // when the webhook of each came
	checks delays                // from a push's webhook until its check was started
	calls  atomic.Int64          // to GitHub
}

func newWorld() *world {
	return &world{heads: map[app.RepoID]int64{}, pushed: map[app.SHA]time.Time{}}
}

// push moves a branch, as GitHub does before it sends the event.
func (w *world) push(repo int, n int64, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	id := RepoID(repo)
	w.heads[id] = max(w.heads[id], n)
	w.pushed[SHA(repo, n)] = now
}

func (w *world) head(r app.RepoID) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.heads[r]
}

// delays collects times from many goroutines.
type delays struct {
	mu  sync.Mutex
	all []time.Duration
}

func (d *delays) add(t time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all = append(d.all, t)
}

// take gives what was collected, and begins anew.
func (d *delays) take() []time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := d.all
	d.all = nil
	return all
}

// mirrors are the git of a world.
type mirrors struct{ *world }

func (mirrors) Fetch(context.Context, app.Repo, ...string) error     { return nil }
func (mirrors) Has(context.Context, app.Repo, app.SHA) (bool, error) { return true, nil }
func (mirrors) Keep(context.Context, app.Repo, app.SHA) error        { return nil }
func (mirrors) Maintain(context.Context, app.Repo) error             { return nil }
func (mirrors) Changed(context.Context, app.Repo, app.SHA, app.SHA) ([]string, error) {
	return []string{"main.go"}, nil
}

// Head is the newest commit that was pushed.
func (m mirrors) Head(_ context.Context, r app.Repo, ref string) (app.SHA, error) {
	n := m.head(r.ID)
	if n == 0 {
		return "", &app.Error{Op: "reading " + ref, Kind: app.ErrNotFound}
	}
	return SHA(int(r.ID-firstRepo), n), nil
}

func (mirrors) File(_ context.Context, _ app.Repo, _ app.SHA, path string) ([]byte, error) {
	if path != config.Path {
		return nil, &app.Error{Op: "reading " + path, Kind: app.ErrNotFound}
	}
	return []byte(file), nil
}

// Since is the commits after the newest of those that are known, up to head.
func (mirrors) Since(_ context.Context, _ app.Repo, known []app.SHA, head app.SHA) ([]app.SHA, error) {
	repo, last := nth(head)
	from := int64(0)
	for _, k := range known {
		_, n := nth(k)
		from = max(from, n)
	}
	var all []app.SHA
	for n := from + 1; n <= last; n++ {
		all = append(all, SHA(repo, n))
	}
	return all, nil
}

func (m mirrors) Changes(ctx context.Context, r app.Repo, from, to app.SHA) ([]git.Change, error) {
	commits, err := m.Since(ctx, r, []app.SHA{from}, to)
	var all []git.Change
	for _, c := range commits {
		repo, n := nth(c)
		all = append(all, git.Change{SHA: c, Title: "Change something", Parents: []app.SHA{SHA(repo, n-1)}})
	}
	return all, err
}

func (mirrors) Contains(_ context.Context, _ app.Repo, commit, ancestor app.SHA) (bool, error) {
	_, newer := nth(commit)
	_, older := nth(ancestor)
	return older <= newer, nil
}

func (mirrors) MergeBase(_ context.Context, _ app.Repo, a, b app.SHA) (app.SHA, error) {
	_, na := nth(a)
	if _, nb := nth(b); nb < na {
		return b, nil
	}
	return a, nil
}

// programs run nothing, and succeed at once.
type programs struct{ *world }

// Ensure notes how long it took from the webhook to here.
func (p programs) Ensure(_ context.Context, j checks.Job) (app.Status, error) {
	now := time.Now()
	p.mu.Lock()
	came, ok := p.pushed[j.Commit]
	delete(p.pushed, j.Commit)
	p.mu.Unlock()
	if ok {
		p.checks.add(now.Sub(came))
	}
	return app.Status{Outcome: app.Succeeded, Began: now, Ended: now, Tail: "ok"}, nil
}

func (programs) Cancel(context.Context, string) error { return nil }

func (programs) Logs(context.Context, string, int64) (io.ReadCloser, error) {
	return nil, fs.ErrNotExist
}

// releases put nothing anywhere, and succeed at once.
type releases struct{}

func (releases) Ensure(context.Context, deploy.Deployment) (app.Status, error) {
	now := time.Now()
	return app.Status{Outcome: app.Succeeded, Began: now, Ended: now, Tail: "ok"}, nil
}

func (releases) Logs(context.Context, string, int64) (io.ReadCloser, error) {
	return nil, fs.ErrNotExist
}

// probes find that all is well.
type probes struct{}

func (probes) Sample(context.Context, deploy.Verify) deploy.Sample {
	return deploy.Sample{At: time.Now(), Outcome: app.Succeeded, Detail: "answered 200"}
}

func (mirrors) RangeDiff(context.Context, app.Repo, app.SHA, app.SHA, app.SHA, app.SHA) (git.Moved, error) {
	return git.Moved{}, nil
}

func (mirrors) Tree(context.Context, app.Repo, app.SHA) (string, error) { return "tree", nil }
