package deploy

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

// Wanderer leads a lane along one random way, with any number of commits: where a walk is small and whole, this goes far.
type Wanderer struct {
	*rand.Rand
	At      time.Time
	Commits int // seen so far
}

// NewWanderer goes a way of its own for each seed.
func NewWanderer(seed uint64) *Wanderer {
	return &Wanderer{Rand: rand.New(rand.NewPCG(seed, 0)), At: now}
}

// Start is a lane to which nothing has happened.
func (w *Wanderer) Start() Lane {
	return Lane{Repo: 42, Environment: "staging", Environments: environments}
}

// Commit is one of those that were seen.
func (w *Wanderer) Commit(i int) app.Commit {
	return app.Commit{SHA: app.SHA(fmt.Sprintf("%040x", i)), Place: app.Place(i)}
}

// Message is the next thing that happens to a lane: mostly what should, now and then what should not. Now and then it is about a commit of
// long ago.
func (w *Wanderer) Message(l Lane) app.Message {
	w.At = w.At.Add(time.Duration(1+w.IntN(100)) * time.Second)
	n := w.IntN(100)
	if n < 12 || len(l.Promotions) == 0 {
		w.Commits++
		return app.Ready{Commit: w.Commit(w.Commits), Artifact: fmt.Sprint("sha256:", w.Commits), Environments: environments}
	}
	p := l.Promotions[len(l.Promotions)-1-w.IntN(min(4, len(l.Promotions)))]
	if last, ok := l.Promotion(l.Last.SHA); ok && w.IntN(3) == 0 {
		p = last
	}
	switch {
	case n < 62:
		if m := (world{terms: terms{release: w.release()}}).bestAnswer(l); m != nil {
			return m
		}
		return app.Changed{}
	case n < 80:
		return w.one(append(answers(p.Commit.SHA, p.Key, terms{release: w.release()}), w.asks(p)...))
	case n < 90:
		return w.one([]app.Message{word(app.VerbCancel, p), word(app.VerbRollback, p), w.approves(p), app.Unapproved{Commit: p.Commit.SHA, By: person},
			app.Unapproved{Commit: p.Commit.SHA, By: person, Door: app.DoorReview}, app.Altered{Source: fmt.Sprint("comment/", w.IntN(5)), Edited: app.Edited{By: person, At: w.At}},
			app.Overrode{Commit: p.Commit.SHA, Key: p.Attempt, Override: app.Override{By: person, At: w.At, Source: fmt.Sprint("comment/", w.IntN(5)), Alone: w.IntN(2) == 0}},
			app.Changed{Commit: p.Commit.SHA}})
	case n < 92:
		return app.Said{Verb: app.VerbHold, By: person, Because: "a fair", Until: w.At.Add(time.Hour)}
	case n < 93:
		return w.one([]app.Message{app.Removed{}, app.Removed{Commit: p.Commit}, app.Gone{Commit: p.Commit}})
	}
	old := w.Commit(1 + w.IntN(w.Commits))
	return w.one([]app.Message{app.Ready{Commit: old, Artifact: "sha256:again", Environments: environments}, app.Gone{Commit: old},
		app.Removed{Commit: old}, app.Changed{Commit: old.SHA}, app.Said{Verb: app.VerbRollback, Commit: old.SHA, Key: p.Attempt}, Lapsed{l.Hold.Key}})
}

func (w *Wanderer) one(of []app.Message) app.Message { return of[w.IntN(len(of))] }

func (w *Wanderer) release() Release {
	r := Release{Artifact: fmt.Sprint("sha256:", w.Commits), HoldAfter: w.IntN(4) == 0}
	r.Spec = Spec{Idempotent: w.IntN(2) == 0, NeverBack: w.IntN(8) == 0, GitHubEnvironment: "staging"}
	if w.IntN(3) > 0 {
		r.Spec.Verify.HTTP = "http://x"
	}
	return r
}

// asks is answers of the gate in words.
func (w *Wanderer) asks(p Promotion) []app.Message {
	var all []app.Message
	for _, s := range []string{"One yes is missing", "Two are missing"} {
		r := policies.Reason{Rule: policies.RuleApproval, Verdict: policies.Hold, Sentence: s, Asks: true}
		all = append(all, Judged{p.Commit.SHA, p.Key, policies.Decision{Verdict: policies.Hold, Reasons: []policies.Reason{r}}, Release{}, 0, ""})
	}
	return append(all, Began{Commit: p.Commit.SHA, Key: p.Key})
}

func (w *Wanderer) approves(p Promotion) app.Message {
	by := app.Person{ID: int64(1 + w.IntN(3)), Login: "p"}
	return app.Approved{Commit: p.Commit.SHA, Key: p.Attempt, Approval: app.Approval{By: by, At: w.At, Source: fmt.Sprint("comment/", w.IntN(5))}}
}
