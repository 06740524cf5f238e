package actions

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/apptest"
	"github.com/slipway-cd/slipway/app/github"
	"github.com/slipway-cd/slipway/deploy"
)

var (
	noon   = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	commit = app.SHA(strings.Repeat("a1", 20))
	newer  = app.SHA(strings.Repeat("b2", 20))
	eli    = app.Person{ID: 5, Login: "eli"}
)

// hub is a GitHub with at most one run, and a git in which newer contains commit.
type hub struct {
	run        github.Run
	pending    []github.Pending
	reviews    []github.Review
	listed     bool // the run can be found
	old        bool // dispatches are answered without the run's number
	lost       bool // dispatches are done, and not answered
	err        error
	apart      bool // what runs does not contain the commit
	gitFails   bool
	unknown    bool // what runs has to be fetched first
	fetched    bool
	dispatched []github.Dispatch
	canceled   int
	states     []string
	said       []string // to GitHub, which asks
	deaf       error    // what it answers then
	began      bool     // a job of the run got as far as a machine
}

func (h *hub) DeploymentStates(context.Context, app.Repo, int64) ([]string, error) {
	return h.states, nil
}

func (h *hub) AnswerProtection(_ context.Context, _ app.Repo, run int64, environment string, a github.ProtectionAnswer) error {
	h.said = append(h.said, fmt.Sprintf("%d %s %s", run, environment, a.State))
	return h.deaf
}

func (h *hub) RunBegan(context.Context, app.Repo, int64) (bool, error) { return h.began, nil }

func (h *hub) Dispatch(_ context.Context, _ app.Repo, d github.Dispatch) (int64, error) {
	if h.err != nil {
		return 0, h.err
	}
	h.dispatched = append(h.dispatched, d)
	if h.run.ID = 7; h.lost {
		return 0, &app.Error{Op: "dispatching", Kind: app.ErrUnreachable}
	}
	if h.old {
		return 0, nil
	}
	return 7, nil
}

func (h *hub) FindRun(_ context.Context, _ app.Repo, workflow, nonce string, _ time.Time) (github.Run, bool, error) {
	if workflow != "deploy.yml" || len(h.dispatched) > 0 && h.dispatched[0].Inputs["slipway"] != nonce {
		return github.Run{}, false, fmt.Errorf("looking for %s in %s", nonce, workflow)
	}
	return h.run, h.listed, nil
}

func (h *hub) Run(_ context.Context, _ app.Repo, id int64) (github.Run, error) {
	if id != h.run.ID {
		return github.Run{}, &app.Error{Op: "reading a run", Kind: app.ErrNotFound}
	}
	return h.run, nil
}

func (h *hub) CancelRun(context.Context, app.Repo, int64) error { h.canceled++; return nil }

func (h *hub) Pending(context.Context, app.Repo, int64) ([]github.Pending, error) {
	return h.pending, nil
}

func (h *hub) Reviews(context.Context, app.Repo, int64) ([]github.Review, error) {
	return h.reviews, nil
}

func (h *hub) Fetch(context.Context, app.Repo, ...string) error {
	h.fetched = true
	return nil
}

func (h *hub) Contains(context.Context, app.Repo, app.SHA, app.SHA) (bool, error) {
	if h.gitFails {
		return false, errors.New("the disk is full")
	}
	if h.unknown && !h.fetched {
		return false, &app.Error{Op: "comparing", Kind: app.ErrNotFound}
	}
	return !h.apart, nil
}

func workflows(h *hub) (*Workflows, *apptest.Clock) {
	clock := apptest.NewClock(noon)
	return &Workflows{GitHub: h, Git: h, Clock: clock}, clock
}

func deployment() deploy.Deployment {
	return deploy.Deployment{
		Key: "lane/42//production#put/3", Repo: app.Repo{DefaultBranch: "main"}, Commit: commit, Environment: "production", Since: noon,
		Release: deploy.Release{Spec: deploy.Spec{Workflow: "deploy.yml", Inputs: `{"to":"eu"}`, GitHubEnvironment: "Production"}},
	}
}

// TestEnsure follows one deployment through every way in which GitHub may answer.
func TestEnsure(t *testing.T) {
	running, done := github.Run{Status: "in_progress", Head: newer, URL: "https://x"}, github.Run{Status: completed, Conclusion: "success"}
	failed := github.Run{Status: completed, Conclusion: "timed_out"}
	for name, c := range map[string]struct {
		hub        hub
		change     func(d *deploy.Deployment)
		after      time.Duration
		want       app.Status
		dispatched int
		canceled   int
	}{
		"first":               {hub: hub{run: running}, want: app.Status{Running: true, Run: 7, URL: "https://x", Sent: noon}, dispatched: 1},
		"moved on":            {hub: hub{run: running, unknown: true}, want: app.Status{Running: true, Run: 7, URL: "https://x", Sent: noon}, dispatched: 1},
		"known":               {hub: hub{run: done}, change: known, want: app.Status{Outcome: app.Succeeded, Run: 7}},
		"bad":                 {hub: hub{run: failed, began: true}, change: known, want: app.Status{Outcome: app.Failed, Reason: "ended as timed_out", Run: 7}},
		"nothing of it began": {hub: hub{run: failed}, change: known, want: app.Status{Outcome: app.Failed, Reason: "ended as timed_out", Untouched: true, Run: 7}},
		"asked for": {hub: hub{run: github.Run{Status: "waiting", Head: commit}, pending: []github.Pending{{Environment: "production", Reviewers: []string{"eli"}}}}, change: known,
			want: app.Status{Running: true, Asking: true, Run: 7}},
		"waiting for a timer": {hub: hub{run: github.Run{Status: "waiting", Head: commit}, pending: []github.Pending{{Environment: "production"}}}, change: known,
			want: app.Status{Running: true, Run: 7}},
		"rejected": {hub: hub{run: github.Run{Status: completed, Conclusion: "failure", Head: commit}, reviews: []github.Review{{Environments: []string{"production"}, State: "rejected", By: eli}}},
			change: known, want: app.Status{Outcome: app.Failed, Reason: "was rejected by @eli in GitHub's review", Untouched: true, Run: 7}},
		"old":                           {hub: hub{old: true}, want: app.Status{Running: true, Sent: noon}, dispatched: 1},
		"old later":                     {hub: hub{run: running, listed: true}, change: begun, want: app.Status{Running: true, URL: "https://x"}},
		"not listed yet":                {hub: hub{}, change: begun, after: lost - 1, want: app.Status{Running: true}},
		"never listed":                  {hub: hub{}, change: begun, after: lost, want: app.Status{}},
		"answer lost, found":            {hub: hub{run: running, listed: true}, change: tried, want: app.Status{Running: true, URL: "https://x"}},
		"answer lost, not done":         {hub: hub{run: running}, change: tried, after: unlisted, want: app.Status{Running: true, Run: 7, URL: "https://x", Sent: noon.Add(unlisted)}, dispatched: 1},
		"never listed, dispatched late": {hub: hub{}, change: late, after: time.Hour + lost - 1, want: app.Status{Running: true}},
		"refused": {hub: hub{err: &app.Error{Op: "dispatching", Kind: app.ErrInvalid, Err: errors.New("no such input")}},
			want: app.Status{Outcome: app.Failed, Untouched: true, Reason: "could not be dispatched: GitHub does not take it: dispatching: no such input"}},
		"another's workflow": {hub: hub{run: running, apart: true}, canceled: 1, dispatched: 1, want: app.Status{Running: true, Run: 7, URL: "https://x", Sent: noon}},
		"another's workflow, stopped": {hub: hub{run: github.Run{Status: completed, Conclusion: "cancelled", Head: newer}, apart: true}, change: known,
			want: app.Status{Outcome: app.Failed, Untouched: true, Run: 7, Reason: "was stopped: GitHub ran that of `b2b2b2b2b2b2`, which does not contain the commit"}},
		"another's workflow, on the way back": {hub: hub{run: running, apart: true}, dispatched: 1,
			change: func(d *deploy.Deployment) { d.Rollback = true }, want: app.Status{Running: true, Run: 7, URL: "https://x", Sent: noon}},
	} {
		t.Run(name, func(t *testing.T) {
			h, d := c.hub, deployment()
			w, clock := workflows(&h)
			if c.change != nil {
				c.change(&d)
			}
			if d.Run != 0 {
				h.run.ID = d.Run
			}
			clock.Advance(c.after)
			got, err := w.Ensure(t.Context(), d)
			if d := cmp.Diff(c.want, got); err != nil || d != "" || len(h.dispatched) != c.dispatched || h.canceled != c.canceled {
				t.Errorf("%d dispatched, %d canceled, %v\n%s", len(h.dispatched), h.canceled, err, d)
			}
		})
	}
}

func known(d *deploy.Deployment) { d.Run, d.Running = 7, true }
func begun(d *deploy.Deployment) { d.Running = true }
func tried(d *deploy.Deployment) { d.Sent = noon }
func late(d *deploy.Deployment)  { d.Running, d.Sent = true, noon.Add(time.Hour) }

// TestUnreachable says that nothing is known, so that it is tried again; the next try looks first.
func TestUnreachable(t *testing.T) {
	h := &hub{lost: true}
	w, _ := workflows(h)
	d := deployment()
	s, err := w.Ensure(t.Context(), d)
	if app.KindOf(err) != app.ErrUnreachable || s.Sent != noon {
		t.Fatal(s, err)
	}
	d.Sent, h.lost, h.run.Status = s.Sent, false, "queued"
	if s, err := w.Ensure(t.Context(), d); app.KindOf(err) != app.ErrNotYet || !s.Sent.IsZero() || app.RetryAt(err) != noon.Add(again) {
		t.Fatalf("%+v, %v", s, err)
	}
	h.listed = true
	if s, err := w.Ensure(t.Context(), d); err != nil || s.Run != 7 || len(h.dispatched) != 1 {
		t.Errorf("%+v, %v after %d dispatches", s, err, len(h.dispatched))
	}
	if _, err := w.Logs(t.Context(), d.Key, 0); !errors.Is(err, fs.ErrNotExist) {
		t.Error("there is a log:", err)
	}
}

// TestInputs holds what a workflow is handed: the commit, a word of its own, and what the file says.
func TestInputs(t *testing.T) {
	h := &hub{}
	w, _ := workflows(h)
	if _, err := w.Ensure(t.Context(), deployment()); err != nil {
		t.Fatal(err)
	}
	want := github.Dispatch{Workflow: "deploy.yml", Ref: "main", Inputs: map[string]string{"sha": string(commit), "slipway": nonce(deployment().Key), "to": "eu"}}
	if d := cmp.Diff([]github.Dispatch{want}, h.dispatched); d != "" {
		t.Error(d)
	}
	if nonce("a") == nonce("b") || len(nonce("a")) != 16 {
		t.Error("the words are no names")
	}
}

// TestUnreadable: a run that can't be read for a moment has not failed, and nothing is dispatched in its place.
func TestUnreadable(t *testing.T) {
	h := &hub{}
	w, _ := workflows(h)
	d := deployment()
	known(&d)
	if s, err := w.Ensure(t.Context(), d); app.KindOf(err) != app.ErrNotFound || len(h.dispatched) > 0 {
		t.Errorf("%+v, %v", s, err)
	}
	if r, err := w.Request(t.Context(), d); app.KindOf(err) != app.ErrNotFound || r.State != deploy.ReviewUnknown || len(h.dispatched) > 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestUnfinished: an error on the way loses nothing of what was learned.
func TestUnfinished(t *testing.T) {
	h := &hub{run: github.Run{Status: "in_progress", Head: newer}, gitFails: true}
	w, _ := workflows(h)
	s, err := w.Ensure(t.Context(), deployment())
	if err == nil || s.Run != 7 || s.Sent != noon {
		t.Errorf("%+v, %v", s, err)
	}
	h.run.ID, h.dispatched = 0, nil
	r, err := w.Request(t.Context(), deployment())
	if err == nil || r.Run != 7 || r.Sent != noon {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestReason keeps its text whole where it has to be cut.
func TestReason(t *testing.T) {
	if got := reason(errors.New(strings.Repeat("x", 299) + "ü")); got != strings.Repeat("x", 299) {
		t.Errorf("%q", got)
	}
}
