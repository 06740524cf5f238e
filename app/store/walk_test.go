package store

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/engine"
	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/policies"
)

// The machines walk at random through what can be said to them, and every state on the way is stored. What the database demands of a state
// must never be more than what the machines keep.

func sha(n int) app.SHA { return app.SHA(fmt.Sprintf("%040x", n+1)) }

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// walkLane steps a lane at random, forgetting as the engine does, and saves it each time, all in one transaction, for that is quicker.
func walkLane(t *testing.T, db *DB, seed uint64, steps int) (l deploy.Lane) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 0))
	l = deploy.Lane{Repo: 42, Service: "payments", Environment: fmt.Sprint("production-", seed)}
	err := db.Update(t.Context(), func(tx engine.Tx) error {
		version := int64(0)
		for n := range steps {
			l, _ = deploy.Step(l, laneMessage(r, l, n/20), noon.Add(time.Duration(n)*time.Second))
			for _, save := range []deploy.Lane{l, deploy.Forget(l)} {
				if err := tx.SaveLane(save, version); err != nil {
					return fmt.Errorf("step %d of walk %d: %w\n%+v", n, seed, err, save)
				}
				version++
				l = save
			}
			if n%8 != 0 {
				continue
			}
			got, now, err := tx.Lane(l.Address())
			if err != nil {
				return err
			}
			if d := cmp.Diff(l, got, cmpopts.EquateEmpty()); d != "" || now != version {
				t.Errorf("a lane comes back otherwise, at version %d for %d:\n%s", now, version, d)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// laneMessage is anything that can be said to a lane, mostly what it waits for.
func laneMessage(r *rand.Rand, l deploy.Lane, newest int) app.Message {
	c := max(0, newest-r.IntN(4))
	commit := app.Commit{SHA: sha(c), Place: app.Place(c + 1)}
	if len(l.Promotions) == 0 || r.IntN(5) == 0 {
		return app.Ready{Commit: commit, Artifact: "sha256:x", Environments: []string{"staging"}}
	}
	p := pick(r, l.Promotions)
	if open := slices.DeleteFunc(slices.Clone(l.Promotions), func(p deploy.Promotion) bool { return p.State.Ended() }); len(open) > 0 && r.IntN(5) > 0 {
		p = pick(r, open)
	}
	by := app.Person{ID: 1, Login: "dana"}
	outcome := pick(r, []app.Outcome{app.Succeeded, app.Succeeded, app.Failed, app.OutcomeUnknown, app.Inconclusive})
	status := app.Status{Outcome: outcome, Tail: "the last line"}
	release := deploy.Release{HoldAfter: r.IntN(4) == 0, Review: r.IntN(3) == 0, Spec: deploy.Spec{Idempotent: r.IntN(2) == 0, NeverBack: r.IntN(5) == 0}}
	if r.IntN(2) == 0 {
		release.Spec.Verify.HTTP = "http://x"
	}
	verdict := pick(r, []policies.Verdict{policies.Allow, policies.Allow, policies.Allow, policies.Hold, policies.Deny})
	said := func(v app.Verb, k app.Key) app.Message {
		return app.Said{Verb: v, Commit: p.Commit.SHA, Key: k, By: by}
	}
	answer := map[deploy.State]app.Message{
		deploy.Gating:      deploy.Judged{Commit: p.Commit.SHA, Key: p.Key, Decision: policies.Decision{Verdict: verdict}, Release: release},
		deploy.Deploying:   deploy.Deployed{Commit: p.Commit.SHA, Key: p.Key, Status: status},
		deploy.Verifying:   deploy.Probed{Commit: p.Commit.SHA, Key: p.Key, Outcome: outcome, Why: "so it is"},
		deploy.RollingBack: deploy.Restored{Commit: p.Commit.SHA, Key: p.Key, Status: status},
		deploy.Attention:   said(app.VerbRetry, p.Key),
		deploy.Reviewing: deploy.Reviewed{Commit: p.Commit.SHA, Key: p.Key, Review: deploy.Review{Run: 7, By: by, State: pick(r, []deploy.ReviewState{
			deploy.ReviewWaiting, deploy.ReviewApproved, deploy.ReviewRejected, deploy.ReviewEnded, deploy.ReviewMissing, deploy.ReviewWithdrawn})}},
	}
	answer[deploy.Retrying] = answer[deploy.Gating]
	if p.Restored {
		answer[deploy.RollingBack] = deploy.Probed{Commit: p.Commit.SHA, Key: p.Key, Outcome: outcome, Why: "so it is"}
	}
	word := []app.Message{
		deploy.Began{Commit: p.Commit.SHA, Key: p.Key},
		app.Changed{}, app.Gone{Commit: commit}, said(app.VerbCancel, p.Attempt), said(app.VerbRollback, p.Attempt), said(app.VerbRetry, p.Key),
		app.Said{Verb: app.VerbUnhold, Key: l.Hold.Key, By: by}, app.Said{Verb: app.VerbUnhold, Key: l.Hold.Key, By: by},
		app.Said{Verb: app.VerbHold, By: by, Until: noon.Add(time.Hour)},
		app.Approved{Commit: p.Commit.SHA, Key: p.Attempt, Approval: app.Approval{By: by, At: noon, Source: fmt.Sprint("comment/", r.IntN(9))}},
	}
	if m := answer[p.State]; m != nil && r.IntN(4) > 0 {
		return m
	}
	return pick(r, word)
}

func TestEveryLaneCanBeStored(t *testing.T) {
	db := openAt(t, path(t))
	for seed := range uint64(20) {
		walkLane(t, db, seed+10, 200)
	}
	states := map[string]bool{}
	rows, err := db.writer.Query("SELECT DISTINCT state FROM promotions")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		states[s] = true
	}
	for _, s := range []deploy.State{deploy.Live, deploy.RolledBack, deploy.Failed, deploy.Denied, deploy.Canceled, deploy.Superseded} {
		if !states[string(s)] {
			t.Errorf("no walk ends in %s", s)
		}
	}
}

// runMessage is anything that can be said to a run.
func runMessage(r *rand.Rand, run checks.Run) app.Message {
	cause := pick(r, []checks.Cause{{Kind: checks.Push, Place: 3}, {Kind: checks.PullRequest, Pull: 1}, {Kind: checks.MergeGroup}})
	names := []string{"build", "test", "web/unit"}
	plan := checks.Plan{Services: []checks.Service{{Name: "web", Environments: []string{"production"}}}}
	for _, n := range names[:r.IntN(4)] {
		plan.Checks = append(plan.Checks, checks.Spec{Name: n, Timeout: time.Minute, Run: "true"})
	}
	finished := checks.Finished{Check: pick(r, names), Key: run.Asked}
	if len(run.Checks) > 0 {
		c := pick(r, run.Checks)
		finished.Check, finished.Key = c.ID(), c.Key
	}
	finished.Status.Outcome = pick(r, []app.Outcome{app.Succeeded, app.Succeeded, app.Failed, app.OutcomeUnknown})
	return pick(r, []app.Message{
		checks.Opened{Cause: cause}, checks.Opened{Cause: cause, Missed: r.IntN(3) == 0}, checks.Withdrawn{Cause: cause},
		checks.Planned{Key: run.Planning, Plan: plan}, checks.Planned{Key: run.Planning, Plan: plan},
		checks.Began{Check: finished.Check, Key: finished.Key}, finished, finished, finished,
		app.Said{Verb: app.VerbRetry}, app.Said{Verb: app.VerbCancel}, checks.Noticed{},
	})
}

func TestEveryRunCanBeStored(t *testing.T) {
	db := openAt(t, path(t))
	seen := map[checks.State]bool{}
	err := db.Update(t.Context(), func(tx engine.Tx) error {
		for seed := range 100 {
			r := rand.New(rand.NewPCG(uint64(seed), 1))
			run := checks.Run{Repo: 42, Commit: sha(seed)}
			for n := range 40 {
				run, _ = checks.Step(run, runMessage(r, run), noon.Add(time.Duration(n)*time.Second))
				seen[run.State] = true
				if err := tx.SaveRun(run, int64(n)); err != nil {
					return fmt.Errorf("step %d of walk %d: %w\n%+v", n, seed, err, run)
				}
				got, _, err := tx.Run(run.Repo, run.Commit)
				if err != nil {
					return err
				}
				if d := cmp.Diff(run, got, cmpopts.EquateEmpty()); d != "" {
					t.Fatalf("a run comes back otherwise:\n%s", d)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []checks.State{checks.Absent, checks.Open, checks.Green, checks.Red, checks.Canceled, checks.PassedOver} {
		if !seen[s] {
			t.Errorf("no walk comes through %q", s)
		}
	}
}
