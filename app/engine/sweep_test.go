package engine_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/engine"
	gh "github.com/slipway-cd/slipway/app/github"
	"github.com/slipway-cd/slipway/checks"
)

// What is done from time to time, without anybody's asking.

// forgetful is a GitHub that could not deliver some webhooks.
type forgetful struct {
	*github
	failed []gh.Delivery
	asked  []int64
}

func (g *forgetful) FailedDeliveries(context.Context, time.Time) ([]gh.Delivery, error) {
	return g.failed, nil
}

func (g *forgetful) Redeliver(_ context.Context, id int64) error {
	g.asked = append(g.asked, id) // by the sweep alone, which is one row
	return nil
}

func (g *forgetful) Installations(context.Context) ([]gh.Installation, error) {
	return []gh.Installation{{ID: 1}}, nil
}

func (g *forgetful) Repositories(context.Context, int64) ([]app.Repo, error) {
	return []app.Repo{repo()}, nil
}

func (g *forgetful) Repository(context.Context, app.Repo) (app.Repo, error) { return repo(), nil }

func (g *forgetful) OpenPulls(context.Context, app.Repo) ([]gh.Pull, error) { return nil, nil }

// TestSweep: only what is not stored is asked for again, once for all its tries; ids are remembered for 90 days, and then no longer.
func TestSweep(t *testing.T) {
	r := newRig(t, twoChecks, func(app.Event) ([]app.Letter, string, error) { return nil, "it is only stored", nil })
	g := &forgetful{github: r.github, failed: []gh.Delivery{{ID: 4, GUID: "lost"}, {ID: 3, GUID: "stored"}, {ID: 2, GUID: "lost"}}}
	if _, err := r.store.Accept(t.Context(), app.Event{Delivery: "stored", Name: "push", Body: []byte("{}"), Received: noon}); err != nil {
		t.Fatal(err)
	}
	r.quiet()
	r.again(oneFile{text: twoChecks}, g)
	r.quiet()
	if !slices.Equal(g.asked, []int64{4}) {
		t.Errorf("asked for %v again, want the newest try of what was lost", g.asked)
	}
	known := func() (is bool) {
		r.update(func(tx engine.Tx) (err error) {
			is, err = tx.Delivered("stored")
			return err
		})
		return is
	}
	for _, after := range []struct {
		age   time.Duration
		known bool
	}{{89 * 24 * time.Hour, true}, {91 * 24 * time.Hour, false}} {
		r.clock.Advance(noon.Add(after.age).Sub(r.clock.Now()))
		r.quiet()
		if known() != after.known {
			t.Errorf("after %v it is remembered: %v", after.age, !after.known)
		}
	}
	if len(r.kept) == 0 {
		t.Error("no night's housekeeping was done")
	}
}

// again stops the engine and starts another one on the same store, as a restart does, with nothing that runs known to it.
func (r *rig) again(g engine.Git, hub engine.GitHub) {
	r.t.Helper()
	r.stop()
	r.runner = &runner{running: map[string]bool{}, ended: map[string]app.Status{}, began: make(chan string, 100)}
	r.start(engine.Options{
		Store: r.store, Clock: r.clock, GitHub: hub, Git: g, Runner: r.runner, Translate: r.translate, Links: links{},
		Holder: r.t.Name() + " again", CheckSlots: 2, DeploySlots: 1, Stored: r.store.Stored, Housekeep: func(_ context.Context, used engine.Used) error {
			r.kept = append(r.kept, used)
			return nil
		},
	})
}

// TestAdopted: programs that ran when the server ended hold their slots after the next start, so that no more run at once than there are.
func TestAdopted(t *testing.T) {
	r := newRig(t, twoChecks, nil)
	r.send(opened(commit))
	<-r.runner.began
	<-r.runner.began
	r.clock.Advance(time.Second) // so that what waits has waited for longer than what is adopted
	r.again(oneFile{text: twoChecks}, &forgetful{github: r.github})
	for range 3 {
		var key string
		select {
		case key = <-r.runner.began:
		case <-time.After(10 * time.Second):
			t.Fatal("no more programs begin")
		}
		r.runner.end(key)
		r.engine.Done(key)
	}
	r.quiet()
	if run := r.run(commit); run.State != checks.Green || r.runner.most > 2 {
		t.Errorf("the run is %q, and %d programs ran at once", run.State, r.runner.most)
	}
}

// busy is a GitHub in which a repository comes while its list is being read.
type busy struct {
	*forgetful
	meanwhile func()
}

func (g busy) Repositories(context.Context, int64) ([]app.Repo, error) {
	g.meanwhile()
	return nil, nil
}

// TestListedMeanwhile: what GitHub does not list is not served any more, but for what came while the list was being read.
func TestListedMeanwhile(t *testing.T) {
	r := newRig(t, twoChecks, nil)
	r.quiet()
	other := repo()
	other.ID, other.Name = 8, "other"
	r.again(oneFile{text: twoChecks}, busy{&forgetful{github: r.github}, func() {
		if err := r.store.Update(context.Background(), func(tx engine.Tx) error { return tx.SaveRepo(other, true) }); err != nil {
			t.Error(err)
		}
	}})
	r.quiet()
	r.update(func(tx engine.Tx) error {
		if served, err := tx.Repos(); err != nil || len(served) != 1 || served[0].ID != 8 {
			t.Errorf("served are %+v, %v", served, err)
		}
		return nil
	})
}
