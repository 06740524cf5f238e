package deploy

import (
	"reflect"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

// The walk visits, breadth first, every state that a lane of three commits can reach by any message of the alphabet in any order, late and
// repeated ones among them. Judgements are classes, a bake is one answer, and the terms of a release are the same throughout one walk.

// terms is what a file may say of a release that changes what a lane does.
type terms struct {
	name    string
	commits int
	release Release
}

const commits = 3

func allTerms(commits int) []terms {
	watched := Spec{Verify: Verify{HTTP: "http://x"}}
	never, twice := watched, Spec{Idempotent: true}
	never.NeverBack = true
	workflow := watched
	workflow.Workflow = "deploy.yml"
	byHand := Spec{GateOnly: true}
	gateOnly := watched
	gateOnly.GateOnly, gateOnly.BackWorkflow = true, "back.yml"
	return []terms{
		{"watched", commits, Release{Spec: watched, HoldAfter: true}},
		{"unwatched, idempotent, a rollback goes on", commits, Release{Spec: twice}},
		{"rollback never", commits, Release{Spec: never, HoldAfter: true}},
		{"reviewed", commits, Release{Spec: workflow, HoldAfter: true, Review: true}},
		{"the gate alone, a workflow goes back", min(commits, 2), Release{Spec: gateOnly, HoldAfter: true}},
		{"the gate alone, a person goes back", commits, Release{Spec: byHand}},
	}
}

var (
	now          = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	person       = app.Person{ID: 1, Login: "dana"}
	environments = []string{"staging", "production"}
)

func sha(i int) app.SHA       { return app.SHA("abcdef"[i-1 : i]) }
func commit(i int) app.Commit { return app.Commit{SHA: sha(i), Place: app.Place(i)} }

func start() Lane { return Lane{Environment: "staging", Environments: environments} }

// TestMain lets garbage lie longer: walks make much of it, and keep little.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	m.Run()
}

// reporter is told what is wrong: a test, or whoever looks for planted bugs.
type reporter interface {
	Errorf(format string, args ...any)
	Failed() bool
}

// walk visits every state that can be reached, until something is wrong, and says how many there were.
func walk[S any](r reporter, first S, name func(S) string, visit func(from S, reach func(S))) int {
	seen := map[string]bool{name(first): true}
	queue := []S{first}
	for i := 0; i < len(queue) && !r.Failed(); i++ {
		from := queue[i]
		queue[i] = *new(S) // states are large
		visit(from, func(s S) {
			if n := name(s); !seen[n] {
				seen[n] = true
				queue = append(queue, s)
			}
		})
	}
	return len(seen)
}

// world is one lane, by a Step that may have a bug planted, under the terms of its releases.
type world struct {
	reporter
	terms
	step func(Lane, app.Message) (Lane, []app.Letter)
}

func honest(l Lane, m app.Message) (Lane, []app.Letter) { return Step(l, m, now) }

// TestWalk walks one lane through everything that can be said to it, by a world that is free to lie.
func TestWalk(t *testing.T) {
	if raceDetector {
		t.Skip("walks run without the race detector: nothing in them is concurrent")
	}
	for _, terms := range allTerms(commits) {
		t.Run(terms.name, func(t *testing.T) {
			t.Parallel()
			w := world{t, terms, honest}
			began, count, made := time.Now(), counts{}, moves{}
			states := w.walk(&count, made)
			t.Logf("%d states, %d steps, %d late answers in %v", states, count.steps, count.late, time.Since(began).Round(time.Millisecond))
			for _, s := range States() {
				for _, to := range s.Moves() {
					if !made[move{s, to}] && !onlyElsewhere(terms, s, to) {
						t.Errorf("nothing goes from %q to %q", s, to)
					}
				}
			}
		})
	}
}

type (
	counts struct{ steps, late int }
	move   struct{ from, to State }
	moves  map[move]bool
)

// onlyElsewhere names the moves that exist only under other terms.
func onlyElsewhere(of terms, s, to State) bool {
	spec, reviewed := of.release.Spec, s == Reviewing || to == Reviewing || s == Live && to == RolledBack
	switch {
	case s == RollingBack && to == Failed:
		return !spec.GateOnly || spec.BackWorkflow != ""
	case !of.release.Review && reviewed, of.release.Review && s == Gating && to == Deploying:
		return true
	case spec.Verify.HTTP == "":
		return s == Verifying || to == Verifying
	case spec.NeverBack && to == Failed && (s == Deploying || s == Verifying):
		return true
	}
	return s == Deploying && to == Live
}

func (w world) walk(count *counts, made moves) int {
	return walk(w, start(), name, func(before Lane, reach func(Lane)) {
		w.checkState(before)
		w.checkEnd(before)
		wants, had := Wants(before), acts(before)
		for _, m := range late(before, w.terms) {
			count.late++
			w.checkLate(before, m)
		}
		for _, m := range timely(before, w.terms) {
			count.steps++
			after, told := w.step(before, m)
			w.checkHeard(before, wants, m, after)
			if same(before, after) {
				w.checkPast(before, m, after, nil, nil)
				continue
			}
			w.checkStep(before, had, m, after)
			w.checkTold(before, m, after, told)
			for _, p := range after.Promotions {
				made[move{stateOf(before, p), p.State}] = true
			}
			reach(canonical(after))
		}
	})
}

// checkLate holds that what nobody asked changes nothing, to the last field; that is looked at in small lanes, for it takes long.
func (w world) checkLate(before Lane, m app.Message) {
	after, told := w.step(before, m)
	if len(told) > 0 || !same(before, after) || w.commits < commits && !reflect.DeepEqual(before, after) {
		w.Errorf("%#v is late and changes %v\ninto %v, telling %v", m, brief(before), brief(after), told)
	}
}

// late is the answers to questions that another asked, that were given up, or that were never put.
func late(l Lane, of terms) []app.Message {
	all := []app.Message{app.Said{Verb: app.VerbUnhold, Key: -1}, Lapsed{-1}}
	for i := 1; i <= of.commits; i++ {
		all = append(all, answers(sha(i), -1, of)...)
		all = append(all, app.Said{Verb: app.VerbCancel, Commit: sha(i), Key: -1, By: person},
			app.Said{Verb: app.VerbRollback, Commit: sha(i), Key: -1, By: person}, approval(sha(i), -1))
		if n := len(l.Promotions); n > 0 {
			if p := l.Promotions[i%n]; p.Commit.SHA != sha(i) {
				all = append(all, answers(sha(i), p.Key, of)...)
			}
		}
	}
	return all
}

// timely is everything else that can be said to a lane at any time.
func timely(l Lane, of terms) []app.Message {
	all := []app.Message{app.Removed{}, app.Changed{}, app.Changed{Standing: true}, Lapsed{l.Hold.Key}, app.Said{Verb: app.VerbHold, By: person},
		app.Said{Verb: app.VerbUnhold, Key: l.Hold.Key}}
	for i := 1; i <= of.commits; i++ {
		all = append(all, app.Ready{Commit: commit(i), Environments: environments}, app.Changed{Commit: sha(i)}, app.Gone{Commit: commit(i)},
			app.Removed{Commit: commit(i)})
		if of.release.Spec.GateOnly {
			all = append(all, Asked{commit(i), githubAsks(i, 0)}, Asked{commit(i), githubAsks(i, 1)})
		}
	}
	for _, p := range l.Promotions {
		c := p.Commit.SHA
		all = append(all, app.Said{Verb: app.VerbCancel, Commit: c, Key: p.Attempt, By: person},
			app.Said{Verb: app.VerbRollback, Commit: c, Key: p.Attempt, By: person}, approval(c, p.Attempt))
		all = append(all, answers(c, p.Key, of)...)
		if p.Again != 0 {
			all = append(all, answers(c, p.Again, of)[2:5]...) // judgements
		}
	}
	return all
}

// answers is everything the world, or a person in attention, can answer under one key.
func answers(c app.SHA, k app.Key, of terms) []app.Message {
	all := []app.Message{app.Said{Verb: app.VerbRetry, Commit: c, Key: k, By: person}, Began{Commit: c, Key: k}}
	for _, d := range []policies.Decision{{}, hold(), {Verdict: policies.Allow}} {
		all = append(all, Judged{c, k, d, of.release, 0, ""})
	}
	if of.release.Spec.GateOnly {
		all = append(all, Judged{c, k, hold(), of.release, githubAsks(strings.Index("abc", string(c))+1, 0).Deployment, ""})
	}
	for _, o := range []app.Outcome{app.OutcomeUnknown, app.Succeeded, app.Failed} {
		s := app.Status{Outcome: o}
		all = append(all, Deployed{c, k, s}, Restored{c, k, s})
	}
	if never := (app.Status{Outcome: app.Failed, Untouched: true}); of.release.Review {
		all = append(all, Deployed{c, k, never}, Restored{c, k, never})
	}
	if of.release.Review {
		for _, s := range []ReviewState{ReviewUnknown, ReviewWaiting, ReviewApproved, ReviewRejected, ReviewEnded, ReviewMissing, ReviewWithdrawn} {
			all = append(all, Reviewed{c, k, Review{State: s, Run: 7, By: person}})
		}
	}
	for _, o := range []app.Outcome{app.Inconclusive, app.Succeeded, app.Failed} {
		all = append(all, Probed{c, k, o, ""})
	}
	return all
}

// githubAsks is what GitHub asks about a commit, for the first time or again.
func githubAsks(i, again int) Ask { return Ask{Run: int64(i), Deployment: int64(10*again + i)} }

func approval(c app.SHA, attempt app.Key) app.Message {
	return app.Approved{Commit: c, Key: attempt, Approval: app.Approval{By: person, Source: "comment/1"}}
}

// hold is a decision that waits for a time.
func hold() policies.Decision {
	return policies.Decision{Verdict: policies.Hold, Recheck: now.Add(time.Hour)}
}
