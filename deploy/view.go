package deploy

import (
	"reflect"
	"slices"

	"github.com/slipway-cd/slipway/app"
)

// Redraw is what GitHub shows of the lane that a step from before to after may have changed: of each attempt whose card reads otherwise its
// check run and the comment that carries its commit, and its deployments where their status is another. What has ended tells no more of the
// lane than what a person can still say about it and whether it holds the lane: else each release would write to all before it.
func Redraw(before, after Lane) []app.ViewKey {
	var keys []app.ViewKey
	add := func(k app.ViewKey) {
		if !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	wide := shared(before) != shared(after)
	for _, p := range after.Promotions {
		q := attempted(before, p.Attempt)
		differs, behind := !reflect.DeepEqual(q, p), after.Behind(p)
		if behind && before.Behind(q) {
			continue // what is shown of it is the same
		}
		if differs || behind != before.Behind(q) || wide && surroundings(before, q) != surroundings(after, p) {
			add(app.ViewKey{Kind: app.ViewPromotion, Repo: after.Repo, Commit: p.Commit.SHA, Service: after.Service, Environment: after.Environment})
			add(app.ViewKey{Kind: app.ViewCommit, Repo: after.Repo, Commit: p.Commit.SHA})
		}
		if status(q) != status(p) {
			deployments(after, q, p, add)
		}
		if differs || wide && !p.State.Ended() {
			for _, a := range p.Questions {
				add(app.ViewKey{Kind: app.ViewQuestion, Repo: after.Repo, Commit: p.Commit.SHA, Service: after.Service, Environment: after.Environment,
					Key: app.Key(a.Deployment)})
			}
		}
	}
	return keys
}

// everywhere is what the cards of a lane show of it, or depend on. What else they depend on changes with whose hands are on the environment.
type everywhere struct {
	live              app.SHA
	hold              Hold
	closed            bool
	busy, asked, good app.Key
}

func shared(l Lane) everywhere {
	busy, _ := l.Busy()
	asked, _ := l.Reviewing()
	good, _ := l.WayBack("")
	return everywhere{l.Live.SHA, l.Hold, l.Closed, busy.Attempt, asked.Attempt, good.Attempt}
}

// surrounding is what one card shows of its lane.
type surrounding struct {
	offers           [3]app.Verb // there are no more
	hold             Hold
	live, busy, back app.SHA
	asked            app.SHA // about whom GitHub asks its reviewers
}

func surroundings(l Lane, p Promotion) surrounding {
	var s surrounding
	copy(s.offers[:], l.Offers(p))
	if !p.State.Ended() || l.Hold.Undoes == p.Commit.SHA {
		s.hold = l.Hold
	}
	if p.State.Ended() {
		return s
	}
	busy, _ := l.Busy()
	back, _ := l.WayBack(p.Commit.SHA)
	asked, _ := l.Reviewing()
	s.live, s.busy, s.back, s.asked = l.Live.SHA, busy.Commit.SHA, back.Commit.SHA, asked.Commit.SHA
	return s
}

// attempted is an attempt as it was; the zero value if it was not there.
func attempted(l Lane, k app.Key) Promotion {
	if i := slices.IndexFunc(l.Promotions, func(p Promotion) bool { return p.Attempt == k }); i >= 0 {
		return l.Promotions[i]
	}
	return Promotion{}
}

// progress is what the deployments of an attempt show: its own, and that of the release which comes back in its place.
type progress struct {
	state       State
	began       bool
	put, undone app.Key
	tried       int
}

func status(p Promotion) progress {
	return progress{p.State, p.State == Deploying && !p.Began.IsZero(), p.Put, p.Undone, len(p.Tried)}
}

func deployments(l Lane, before, p Promotion, add func(app.ViewKey)) {
	deployment := func(k app.Key, of app.SHA) {
		if k != 0 {
			add(app.ViewKey{Kind: app.ViewDeployment, Repo: l.Repo, Commit: of, Service: l.Service, Environment: l.Environment, Key: k})
		}
	}
	for _, t := range p.Tried[len(before.Tried):] {
		deployment(t.Key, t.Commit)
	}
	deployment(p.Put, p.Commit.SHA)
	deployment(p.Undone, p.To)
}
