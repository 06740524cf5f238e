package storetest

import (
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/engine"
	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/policies"
)

const repo = app.RepoID(42)

// opened is a run that was opened some time after noon.
func opened(commit app.SHA, d time.Duration) checks.Run {
	return checks.Run{Repo: repo, Commit: commit, State: checks.Open, Asked: 1, Planning: 1, Opened: after(d)}
}

func saveRun(t *testing.T, s Store, r checks.Run, version int64) {
	t.Helper()
	update(t, s, func(tx engine.Tx) error { return tx.SaveRun(r, version) })
}

type loaded[M any] struct {
	Machine M
	Version int64
}

func loadRun(commit app.SHA) func(engine.Tx) (loaded[checks.Run], error) {
	return func(tx engine.Tx) (l loaded[checks.Run], err error) {
		l.Machine, l.Version, err = tx.Run(repo, commit)
		return l, err
	}
}

func testRunVersions(t *testing.T, s Store) {
	a := sha('a')
	same(t, "a run that is not stored", read(t, s, loadRun(a)), loaded[checks.Run]{checks.Run{Repo: repo, Commit: a}, 0})
	r := opened(a, 0)
	for _, never := range []int64{1, 7} {
		fails(t, s, app.ErrConflict, func(tx engine.Tx) error { return tx.SaveRun(r, never) })
	}
	saveRun(t, s, r, 0)
	same(t, "a run that is stored", read(t, s, loadRun(a)), loaded[checks.Run]{r, 1})
	fails(t, s, app.ErrConflict, func(tx engine.Tx) error { return tx.SaveRun(r, 0) })
	red := r
	red.State, red.Planning, red.Planned, red.Ended = checks.Red, 0, true, after(time.Minute)
	red.Causes = []checks.Cause{{Kind: checks.PullRequest, Pull: 3, Base: sha('b'), Fork: true}}
	red.Checks = []checks.Check{{Spec: checks.Spec{Name: "build", Timeout: time.Minute}, State: checks.Failed, Key: 2, Began: noon(),
		Status: app.Status{Outcome: app.Failed, ExitCode: 2, Tail: "no"}}}
	saveRun(t, s, red, 1)
	fails(t, s, app.ErrConflict, func(tx engine.Tx) error { return tx.SaveRun(r, 1) })
	same(t, "a run that is stored twice", read(t, s, loadRun(a)), loaded[checks.Run]{red, 2})
	saveRun(t, s, checks.Run{Repo: repo, Commit: sha('c')}, 0) // what did not fit a run that has not begun
	for _, bad := range []checks.Run{
		{Repo: repo, Commit: sha('d'), State: "lost", Opened: noon()},
		{Repo: repo, Commit: sha('d'), State: checks.Open},
		{Repo: repo, Commit: sha('d'), State: checks.Green, Opened: noon()},
	} {
		if err := s.Update(t.Context(), func(tx engine.Tx) error { return tx.SaveRun(bad, 0) }); err == nil {
			t.Errorf("an impossible run is stored: %+v", bad)
		}
	}
}

func testRuns(t *testing.T, s Store) {
	saveRun(t, s, opened(sha('b'), 2*time.Hour), 0)
	saveRun(t, s, opened(sha('a'), time.Hour), 0)
	ended := opened(sha('c'), 3*time.Hour)
	ended.State, ended.Ended = checks.Green, after(4*time.Hour)
	saveRun(t, s, ended, 0)
	other := opened(sha('d'), 5*time.Hour)
	other.Repo = 7
	saveRun(t, s, other, 0)
	commits := func(runs []checks.Run) (names string) {
		for _, r := range runs {
			names += string(r.Commit[:1])
		}
		return names
	}
	newest := func(limit int) string {
		return commits(read(t, s, func(tx engine.Tx) ([]checks.Run, error) { return tx.Runs(repo, limit) }))
	}
	same(t, "the newest runs", newest(10), "cba")
	same(t, "the newest two runs", newest(2), "cb")
	open := read(t, s, func(tx engine.Tx) ([]checks.Run, error) { return tx.OpenRuns(repo) })
	same(t, "open runs", len(open), 2)
	for _, r := range open {
		same(t, "the state of an open run", r.State, checks.Open)
	}
}

// greenFor is a run of a push that passed for services.
func greenFor(commit app.SHA, place app.Place, services ...string) checks.Run {
	r := opened(commit, time.Duration(place)*time.Minute)
	r.State, r.Planning, r.Planned, r.Ended = checks.Green, 0, true, after(time.Hour)
	r.Causes = []checks.Cause{{Kind: checks.Push, Place: place}}
	for _, s := range services {
		r.Plan.Services = append(r.Plan.Services, checks.Service{Name: s})
		r.Checks = append(r.Checks, checks.Check{Spec: checks.Spec{Name: "test", Service: s}, State: checks.Passed})
	}
	return r
}

func testLastGreen(t *testing.T, s Store) {
	last := func(service string, below app.Place) string {
		c := read(t, s, func(tx engine.Tx) (app.SHA, error) { return tx.LastGreen(repo, service, below) })
		return string(c[:min(1, len(c))])
	}
	same(t, "at first", last("web", 100), "")
	saveRun(t, s, greenFor(sha('a'), 10, "web", "payments"), 0)
	saveRun(t, s, greenFor(sha('c'), 30, "web"), 0)
	half := greenFor(sha('b'), 20, "web", "payments")
	half.State, half.Checks[1].State = checks.Red, checks.Failed
	saveRun(t, s, half, 0)
	branch := greenFor(sha('d'), 0, "web")
	branch.Causes = []checks.Cause{{Kind: checks.PullRequest, Pull: 3}}
	saveRun(t, s, branch, 0)
	for _, x := range []struct {
		service string
		below   app.Place
		want    string
	}{
		{"web", 100, "c"}, {"web", 31, "c"}, {"web", 30, "b"}, {"web", 20, "a"}, {"web", 10, ""},
		{"payments", 100, "a"}, {"payments", 10, ""}, {"", 100, ""},
	} {
		same(t, "the last green of "+x.service, last(x.service, x.below), x.want)
	}
	red := greenFor(sha('c'), 30, "web")
	red.State, red.Checks[0].State = checks.Red, checks.Failed
	saveRun(t, s, red, 1)
	same(t, "when the newest turned red", last("web", 100), "b")
}

func commit(digit byte, place app.Place) app.Commit { return app.Commit{SHA: sha(digit), Place: place} }

// attempt is a promotion in a state, with all that the state implies.
func attempt(c app.Commit, n app.Key, state deploy.State) deploy.Promotion {
	p := deploy.Promotion{Commit: c, Attempt: n, State: state, Key: n, Arrived: noon()}
	if state.Busy() || state.Bad() || state == deploy.Live {
		p.Put, p.Key, p.Deployed = n+1, n+1, after(time.Minute)
		p.Release = deploy.Release{Artifact: "sha256:x", Spec: deploy.Spec{Run: "make deploy", Timeout: time.Minute}}
	}
	if state == deploy.RollingBack || state == deploy.RolledBack {
		p.Undone, p.Key = n+2, n+2
	}
	if state.Ended() {
		p.Ended = after(time.Hour)
	}
	return p
}

func held(environment string, attempts ...deploy.Promotion) deploy.Lane {
	l := deploy.Lane{Repo: repo, Service: "payments", Environment: environment, Promotions: attempts, Asked: 99}
	if len(attempts) > 0 {
		l.Newest = attempts[0].Commit.Place
	}
	return l
}

func loadLane(at app.Address) func(engine.Tx) (loaded[deploy.Lane], error) {
	return func(tx engine.Tx) (l loaded[deploy.Lane], err error) {
		l.Machine, l.Version, err = tx.Lane(at)
		return l, err
	}
}

func saveLane(t *testing.T, s Store, l deploy.Lane, version int64) {
	t.Helper()
	update(t, s, func(tx engine.Tx) error { return tx.SaveLane(l, version) })
}

func testLaneVersions(t *testing.T, s Store) {
	at := lane("production")
	empty := deploy.Lane{Repo: repo, Service: "payments", Environment: "production"}
	same(t, "a lane that is not stored", read(t, s, loadLane(at)), loaded[deploy.Lane]{empty, 0})
	l := held("production", attempt(commit('a', 1), 1, deploy.Gating))
	fails(t, s, app.ErrConflict, func(tx engine.Tx) error { return tx.SaveLane(l, 3) })
	saveLane(t, s, l, 0)
	fails(t, s, app.ErrConflict, func(tx engine.Tx) error { return tx.SaveLane(l, 0) })
	changed := held("production", attempt(commit('a', 1), 1, deploy.Held))
	fails(t, s, app.ErrConflict, func(tx engine.Tx) error { return tx.SaveLane(changed, 2) })
	same(t, "after conflicts", read(t, s, loadLane(at)), loaded[deploy.Lane]{l, 1})
	update(t, s, func(tx engine.Tx) error {
		if err := tx.SaveLane(changed, 1); err != nil {
			return err
		}
		got, version, err := tx.Lane(at)
		same(t, "what its own update sees", loaded[deploy.Lane]{got, version}, loaded[deploy.Lane]{changed, 2})
		if err != nil {
			return err
		}
		return tx.SaveLane(l, 2)
	})
	same(t, "after all that", read(t, s, loadLane(at)), loaded[deploy.Lane]{l, 3})
}

func testLanes(t *testing.T, s Store) {
	full := held("production", attempt(commit('a', 1), 1, deploy.Live), attempt(commit('b', 2), 10, deploy.RolledBack),
		attempt(commit('b', 2), 20, deploy.Verifying), attempt(commit('c', 3), 5, deploy.Held), attempt(commit('d', 4), 30, deploy.Gating))
	p := &full.Promotions[3]
	p.Eligible, p.Artifact, p.Decision = true, "sha256:y", policies.Decision{Verdict: policies.Allow, Recheck: noon(),
		Reasons: []policies.Reason{{Rule: policies.RuleChecks, Verdict: policies.Allow, Sentence: "Checks passed"}}}
	p.Approvals = []app.Approval{{By: app.Person{ID: 1, Login: "dana"}, Role: "admin", At: noon(), Source: "comment/1"}}
	full.Environments, full.Live, full.Chosen = []string{"staging", "production"}, commit('a', 1), sha('c')
	full.Hold = deploy.Hold{Key: 7, Because: "freeze", Since: noon(), Until: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}
	saveLane(t, s, full, 0)
	same(t, "a lane that holds everything", read(t, s, loadLane(lane("production"))).Machine, full)
	for _, l := range []deploy.Lane{
		{Repo: repo, Service: "web", Environment: "a"}, {Repo: repo, Service: "payments", Environment: "eu/west"},
		{Repo: 7, Service: "", Environment: "production"},
	} {
		saveLane(t, s, l, 0)
	}
	names := func(of app.RepoID) (found []string) {
		for _, l := range read(t, s, func(tx engine.Tx) ([]deploy.Lane, error) { return tx.Lanes(of) }) {
			found = append(found, l.Address().String())
		}
		return found
	}
	ours := []string{"lane/42/payments/eu%2Fwest", "lane/42/payments/production", "lane/42/web/a"}
	same(t, "a repository's lanes", names(repo), ours)
	same(t, "all lanes", names(0), append([]string{"lane/7//production"}, ours...))
	same(t, "lanes of a repository without any", names(8), nil)
	same(t, "one of all lanes", read(t, s, func(tx engine.Tx) ([]deploy.Lane, error) { return tx.Lanes(repo) })[1], full)
}

func testLaneForgets(t *testing.T, s Store) {
	a, b, c := attempt(commit('a', 1), 1, deploy.Superseded), attempt(commit('b', 2), 2, deploy.Live), attempt(commit('c', 3), 5, deploy.Held)
	saveLane(t, s, held("production", a, b, c), 0)
	saveLane(t, s, held("production", b, c), 1)
	same(t, "a lane that forgot its oldest", read(t, s, loadLane(lane("production"))).Machine.Promotions, []deploy.Promotion{b, c})
	early := attempt(commit('d', 0), 9, deploy.Gating)
	saveLane(t, s, held("production", early, b, c), 2)
	same(t, "a lane in its own order", read(t, s, loadLane(lane("production"))).Machine.Promotions, []deploy.Promotion{early, b, c})
	if err := s.Update(t.Context(), func(tx engine.Tx) error { return tx.SaveLane(held("production", early, b), 3) }); err == nil {
		t.Error("a lane may forget an attempt that has not ended")
	}
	saveLane(t, s, held("production", a, early, b, c), 3)
	same(t, "a lane that remembered", read(t, s, loadLane(lane("production"))).Machine.Promotions, []deploy.Promotion{a, early, b, c})
}

// testImpossible tells the store lanes that no step makes. Two lanes of one repository have nothing to do with each other.
func testImpossible(t *testing.T, s Store) {
	a, b := commit('a', 1), commit('b', 2)
	saveLane(t, s, held("staging", attempt(a, 1, deploy.Deploying)), 0)
	changed := func(p deploy.Promotion, change func(*deploy.Promotion)) deploy.Promotion { change(&p); return p }
	for what, l := range map[string][]deploy.Promotion{
		"two are busy":                      {attempt(a, 1, deploy.Deploying), attempt(b, 9, deploy.Attention)},
		"one commit waits twice":            {attempt(a, 1, deploy.Held), attempt(a, 9, deploy.Gating)},
		"two have one number":               {attempt(a, 1, deploy.Held), attempt(b, 1, deploy.Superseded)},
		"a state that does not exist":       {attempt(a, 1, "lost")},
		"no state":                          {attempt(a, 1, deploy.Absent)},
		"deploying without a deployment":    {changed(attempt(a, 1, deploy.Deploying), func(p *deploy.Promotion) { p.Put = 0 })},
		"waiting with a deployment":         {changed(attempt(a, 1, deploy.Held), func(p *deploy.Promotion) { p.Put = 2 })},
		"live and never deployed":           {changed(attempt(a, 1, deploy.Live), func(p *deploy.Promotion) { p.Deployed = time.Time{} })},
		"ended without an end":              {changed(attempt(a, 1, deploy.Failed), func(p *deploy.Promotion) { p.Ended = time.Time{} })},
		"busy and ended":                    {changed(attempt(a, 1, deploy.Attention), func(p *deploy.Promotion) { p.Ended = noon() })},
		"rolled back without a rollback":    {changed(attempt(a, 1, deploy.RolledBack), func(p *deploy.Promotion) { p.Undone = 0 })},
		"an attempt without a number":       {changed(attempt(a, 1, deploy.Held), func(p *deploy.Promotion) { p.Attempt = 0 })},
		"a question older than the attempt": {changed(attempt(a, 5, deploy.Held), func(p *deploy.Promotion) { p.Key = 4 })},
	} {
		if err := s.Update(t.Context(), func(tx engine.Tx) error { return tx.SaveLane(held("production", l...), 0) }); err == nil {
			t.Errorf("stored: %s", what)
		}
	}
	saveLane(t, s, held("production", attempt(a, 1, deploy.Verifying), attempt(b, 9, deploy.Held)), 0)
	other := []deploy.Promotion{attempt(b, 1, deploy.Verifying), attempt(b, 9, deploy.Held)}
	if err := s.Update(t.Context(), func(tx engine.Tx) error { return tx.SaveLane(held("production", other...), 1) }); err == nil {
		t.Error("an attempt becomes another commit's")
	}
	saveLane(t, s, held("production", attempt(a, 1, deploy.Live), attempt(b, 9, deploy.Deploying)), 1) // the place changes hands at once
	again := attempt(b, 20, deploy.Gating)
	saveLane(t, s, held("production", again, attempt(a, 1, deploy.Live), attempt(b, 9, deploy.Failed)), 2)
	third := attempt(b, 30, deploy.Gating)
	saveLane(t, s, held("production", third, attempt(b, 20, deploy.Deploying), attempt(a, 1, deploy.Live), attempt(b, 9, deploy.Failed)), 3)
	saveLane(t, s, held("production", attempt(b, 30, deploy.Deploying), attempt(b, 20, deploy.Failed), attempt(a, 1, deploy.Live)), 4)
}
