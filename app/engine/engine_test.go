package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/config"
	"github.com/slipway-cd/slipway/app/engine"
	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
)

// TestSlots: no more checks run at once than there are slots, and each gets one in the end.
func TestSlots(t *testing.T) {
	r := newRig(t, twoChecks, nil)
	r.send(opened(commit))
	for range 3 {
		key := <-r.runner.began
		r.runner.end(key)
		r.engine.Done(key)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := r.engine.Quiet(ctx); err != nil {
		t.Fatal(err)
	}
	if run := r.run(commit); run.State != checks.Green || r.runner.most > 2 {
		t.Errorf("the run is %q, and %d checks ran at once", run.State, r.runner.most)
	}
}

// TestBadLetter: a letter that can't be taken in is tried again, holds back its own machine alone, and is set aside in the end, visible.
func TestBadLetter(t *testing.T) {
	r := newRig(t, twoChecks, nil)
	bad := app.Letter{To: app.RepositoryAddress(7), Message: app.Changed{}} // a repository knows no such message
	behind := app.Letter{To: app.RepositoryAddress(7), Message: app.Reported{Repo: repo(), Commit: commit}}
	r.send(bad, behind, opened(commit))
	<-r.runner.began // another machine goes on
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var aside []engine.Mail
	for len(aside) == 0 && ctx.Err() == nil {
		set := r.clock.Set()
		if next, any := r.clock.Next(); any && next.Before(noon.Add(2*time.Hour)) {
			r.clock.Advance(next.Sub(r.clock.Now()))
		} else {
			select {
			case <-set:
			case <-ctx.Done():
			}
		}
		err := r.store.View(ctx, func(tx engine.Tx) (err error) {
			aside, err = tx.Aside(10)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(aside) != 1 || aside[0].Message.Name() != "changed" || aside[0].Reason == "" {
		t.Fatalf("set aside: %+v", aside)
	}
}

// TestPanickingEvent: an event that makes its reader panic has failed, with the reason; the next one is read.
func TestPanickingEvent(t *testing.T) {
	r := newRig(t, twoChecks, func(e app.Event) ([]app.Letter, string, error) {
		if e.Delivery == "bad" {
			panic("boom")
		}
		return []app.Letter{opened(commit)}, "", nil
	})
	for _, d := range []string{"bad", "good"} {
		if _, err := r.store.Accept(t.Context(), app.Event{Delivery: d, Name: "push", Body: []byte("{}"), Received: noon}); err != nil {
			t.Fatal(err)
		}
	}
	r.engine.Nudge()
	<-r.runner.began
	if again, err := r.store.Accept(t.Context(), app.Event{Delivery: "bad", Name: "push", Body: []byte("{}"), Received: noon}); err != nil || !again {
		t.Error("a failed event that comes again is not queued again:", err)
	}
}

// TestRush: while events rush in, some are read and the others wait; none waits for longer than the rush.
func TestRush(t *testing.T) {
	var read atomic.Int64
	r := newRig(t, twoChecks, func(app.Event) ([]app.Letter, string, error) {
		read.Add(1)
		return nil, "it is only counted", nil
	})
	r.quiet()
	accepted := 0
	rush := func() {
		for range 200 {
			accepted++
			if _, err := r.store.Accept(t.Context(), app.Event{Delivery: fmt.Sprint(accepted), Name: "push", Body: []byte("{}"), Received: noon}); err != nil {
				t.Fatal(err)
			}
		}
		r.engine.Arrived()
		r.quiet()
	}
	rush()
	first := read.Load()
	r.clock.Advance(250 * time.Millisecond)
	r.quiet()
	second := read.Load()
	if first == 0 || first > 100 || second != 200 {
		t.Errorf("of a rush %d were read at once, %d when it was over", first, second)
	}
	rush()
	before := read.Load()
	rush()
	if before == 400 || read.Load() != before {
		t.Errorf("%d were read, and %d while more rushed in", before, read.Load())
	}
	for range 3 {
		r.clock.Advance(time.Second)
		r.quiet()
	}
	if read.Load() != 600 {
		t.Errorf("%d of 600 were read in the end", read.Load())
	}
}

// unreachable is a Git that can't be read, for a reason that must not be shown as it is.
type unreachable struct{ engine.Git }

func (unreachable) Has(context.Context, app.Repo, app.SHA) (bool, error) { return false, nil }
func (unreachable) Tree(context.Context, app.Repo, app.SHA) (string, error) {
	return "", errors.New("running git: fatal")
}
func (unreachable) Fetch(context.Context, app.Repo, ...string) error {
	return errors.New("running git: fatal: <b>@everyone</b>, see [this](https://evil.example)")
}

// TestUnreadFact: why a fact can't be read is said in our words alone, for it stands in texts that GitHub renders.
func TestUnreadFact(t *testing.T) {
	r := newRigOn(t, unreachable{}, nil)
	lane := app.LaneAddress(7, "", "production")
	r.send(app.Letter{To: lane, Message: app.Ready{Commit: app.Commit{SHA: commit, Place: 1}, Environments: []string{"production"}}})
	r.quiet()
	var l deploy.Lane
	r.update(func(tx engine.Tx) (err error) {
		l, _, err = tx.Lane(lane)
		return err
	})
	p, ok := l.Promotion(commit)
	if !ok || p.State != deploy.Held || len(p.Decision.Reasons) == 0 {
		t.Fatalf("the promotion is %+v", p)
	}
	for _, reason := range p.Decision.Reasons {
		if strings.ContainsAny(reason.Sentence, "<[") || strings.Contains(reason.Sentence, "everyone") {
			t.Errorf("it is said that %s", reason.Sentence)
		}
	}
}

// TestRefusedView: what GitHub refuses is not tried again at once, and stops nothing else.
func TestRefusedView(t *testing.T) {
	r := newRig(t, "version: 1\nchecks: { one: { run: one } }\n", nil)
	tried := 0
	r.github.refuse = func(v app.CheckRun) error {
		if v.Name == "slipway" && v.Status == "in_progress" {
			tried++
			return &app.Error{Op: "creating a check run", Kind: app.ErrInvalid}
		}
		return nil
	}
	r.send(opened(commit))
	key := <-r.runner.began
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	r.runner.end(key)
	r.engine.Done(key)
	if err := r.engine.Quiet(ctx); err != nil {
		t.Fatal(err)
	}
	r.clock.Advance(2 * time.Second) // the calm between two writes of a view
	if err := r.engine.Quiet(ctx); err != nil {
		t.Fatal(err)
	}
	r.github.mu.Lock()
	defer r.github.mu.Unlock()
	last := slices.IndexFunc(r.github.shown, func(v app.CheckRun) bool { return v.Name == "slipway" && v.Conclusion == "success" })
	if tried > 1 || last < 0 {
		t.Errorf("tried %d times; shown %+v", tried, r.github.shown)
	}
}

// TestFewWrites: a pull request's push with one check costs at most five writes of check runs.
func TestFewWrites(t *testing.T) {
	r := newRig(t, "version: 1\nchecks: { one: { run: one } }\n", nil)
	r.send(opened(commit))
	key := <-r.runner.began
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	r.runner.end(key)
	r.engine.Done(key)
	for range 3 {
		if err := r.engine.Quiet(ctx); err != nil {
			t.Fatal(err)
		}
		r.clock.Advance(2 * time.Second)
	}
	r.github.mu.Lock()
	defer r.github.mu.Unlock()
	var writes []string
	for _, v := range r.github.shown {
		writes = append(writes, v.Name+" "+v.Status+" "+v.Conclusion)
	}
	if len(writes) < 3 || len(writes) > 5 { // three if the check ends before it is first shown
		t.Errorf("%d writes: %s", len(writes), strings.Join(writes, ", "))
	}
}

// TestTakenOver: a view that a dead process may have written is looked for before it is written, and not at once, for GitHub's lists lag; waiting
// for anything else does not make it forgotten.
func TestTakenOver(t *testing.T) {
	r := newRig(t, "version: 1\nchecks: { one: { run: one } }\n", nil)
	r.github.refuse = func(app.CheckRun) error { return errors.New("the line is dead") }
	r.send(opened(commit))
	key := <-r.runner.began
	r.runner.end(key)
	r.engine.Done(key)
	r.quiet()
	view := app.ViewKey{Kind: app.ViewAggregate, Repo: 7, Commit: commit}.String()
	row := func() (row engine.Row) {
		r.update(func(tx engine.Tx) (err error) {
			row, err = tx.Row(view)
			return err
		})
		return row
	}
	if !row().Tried {
		t.Fatal("a write that failed counts as never tried")
	}
	shown := func() int { r.github.mu.Lock(); defer r.github.mu.Unlock(); return len(r.github.shown) }
	r.github.mu.Lock()
	r.github.refuse = nil
	r.github.mu.Unlock()
	r.clock.Advance(1500 * time.Millisecond)
	r.quiet()
	if n := shown(); n > 0 || !row().Tried {
		t.Errorf("%d views were written at once; the row is %+v", n, row())
	}
	r.clock.Advance(time.Second)
	r.quiet()
	if n := shown(); n == 0 || row().Tried {
		t.Errorf("%d views were written in the end; the row is %+v", n, row())
	}
}

// fleeting is a Git whose commit is gone from GitHub, and from the mirror, as soon as its file has been read.
type fleeting struct {
	oneFile
	gone *atomic.Bool
}

func (g fleeting) Has(context.Context, app.Repo, app.SHA) (bool, error) { return !g.gone.Load(), nil }
func (g fleeting) Fetch(context.Context, app.Repo, ...string) error {
	return &app.Error{Op: "fetching", Kind: app.ErrNotFound}
}
func (g fleeting) File(ctx context.Context, r app.Repo, c app.SHA, path string) ([]byte, error) {
	g.gone.Store(true)
	return g.oneFile.File(ctx, r, c, path)
}

// TestCommitIsGone: a commit that GitHub does not have any more is the runner's to fail; it is not fetched for ever.
func TestCommitIsGone(t *testing.T) {
	r := newRigOn(t, fleeting{oneFile{text: "version: 1\nchecks: { one: { run: one } }\n"}, new(atomic.Bool)}, nil)
	r.send(opened(commit))
	select {
	case <-r.runner.began:
	case <-time.After(10 * time.Second):
		t.Fatal("the runner was never asked")
	}
}

// TestFileIsRead holds the fake file to the real parser, so that a test that runs nothing is seen.
func TestFileIsRead(t *testing.T) {
	if _, problems := config.Parse("f", []byte(twoChecks)); len(problems) > 0 {
		t.Fatal(problems)
	}
}

// TestDescribedInBrief: an installation's event, which says little of a repository, takes nothing away of what is known.
func TestDescribedInBrief(t *testing.T) {
	r := newRig(t, twoChecks, nil)
	brief := repo()
	brief.DefaultBranch = ""
	r.send(app.Letter{To: app.RepositoryAddress(7), Message: app.Served{Repo: brief, Installation: 1}})
	r.quiet()
	r.update(func(tx engine.Tx) error {
		if got, err := tx.Repo(7); err != nil || got != repo() {
			t.Errorf("what is known is %+v, %v", got, err)
		}
		return nil
	})
}

// bare is a Git whose repository holds nothing yet.
type bare struct{ engine.Git }

func (bare) Fetch(context.Context, app.Repo, ...string) error {
	return &app.Error{Op: "finding the branch", Kind: app.ErrNotFound}
}

// TestEmptyRepository: a repository without a branch is not asked for one again and again.
func TestEmptyRepository(t *testing.T) {
	r := newRigOn(t, bare{}, nil)
	r.update(func(tx engine.Tx) error {
		return tx.Nudge("repository/7#sync/", app.RepositoryAddress(7), "sync", noon)
	})
	r.engine.Nudge()
	r.quiet()
	r.update(func(tx engine.Tx) error {
		if row, err := tx.Row("repository/7#sync/"); err != nil || !row.Due.IsZero() || row.Attempts > 0 {
			t.Errorf("the row is %+v, %v", row, err)
		}
		return nil
	})
}
