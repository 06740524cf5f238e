package deploy

import (
	"fmt"
	"slices"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

// The rules, in other words than the code's: they read fields and wants, and use none of the lane's helpers.

// brief is a lane as a failing test shows it.
func brief(l Lane) string {
	s := fmt.Sprintf("live %s last %s newest %d seen %d chosen %q asked %d hold %d closed %v@%d:", l.Live.SHA, l.Last.SHA, l.Newest, l.Seen,
		l.Chosen, l.Asked, l.Hold.Key, l.Closed, l.ClosedAt)
	for _, p := range l.Promotions {
		s += fmt.Sprintf(" [%s#%d %s key %d eligible %v back %q was %q then %q again %d to %q restored %v put %d gone %v]", p.Commit.SHA, p.Attempt,
			p.State, p.Key, p.Eligible, p.Back, p.Was, p.Then, p.Again, p.To, p.Restored, p.Put, p.Gone)
	}
	return s
}

func busyOnes(l Lane) (busy []Promotion) {
	for _, p := range l.Promotions {
		switch p.State {
		case Deploying, Verifying, RollingBack, Attention, Retrying:
			busy = append(busy, p)
		}
	}
	return busy
}

func open(p Promotion) bool { return p.State == Gating || p.State == Held || p.State == Reviewing }

// checkState holds what must be true of every lane at rest.
func (w world) checkState(l Lane) {
	busy := busyOnes(l)
	if len(busy) > 1 || len(busy) == 1 && busy[0].Commit != l.Last {
		w.Errorf("hands on the environment that are not one pair, or not the last's: %s", brief(l))
	}
	asked := slices.DeleteFunc(slices.Clone(l.Promotions), func(p Promotion) bool { return p.State != Reviewing })
	if len(asked)+len(busy) > 1 && len(asked) > 0 {
		w.Errorf("GitHub may let go what would not be alone: %s", brief(l))
	}
	for _, c := range []int{1, 2, 3} {
		waiting := 0
		for _, p := range l.Promotions {
			if p.Commit.SHA == sha(c) && (open(p) || slices.ContainsFunc(busy, func(b Promotion) bool { return b.Attempt == p.Attempt })) {
				waiting++
			}
		}
		if waiting > 1 {
			w.Errorf("two attempts of %d at once: %s", c, brief(l))
		}
	}
	w.checkStuck(l)
	w.checkWayBack(l)
	w.checkVerbs(l)
}

// checkStuck holds that what has not ended has a want, or names whom or what it waits for: the lane's hold, the one ahead, a person.
func (w world) checkStuck(l Lane) {
	for _, p := range l.Promotions {
		if p.State == Attention || p.State != Held && !open(p) && !slices.ContainsFunc(busyOnes(l), func(b Promotion) bool { return b.Attempt == p.Attempt }) {
			continue
		}
		asks := slices.ContainsFunc(Wants(l), func(w app.Want) bool { return about(w.Task) == p.Commit.SHA })
		waitsForLane := p.State == Held && p.Eligible && (l.Hold.Key != 0 || len(busyOnes(l)) > 0 || l.Chosen != "" && l.Chosen != p.Commit.SHA)
		waitsForStart := w.release.Spec.GateOnly && p.State == Held && len(p.Questions) == 0
		if !asks && !waitsForLane && !waitsForStart {
			w.Errorf("%s is stuck: %s", p.Commit.SHA, brief(l))
		}
	}
}

// about is the commit that a want that makes things move is about.
func about(t app.Task) app.SHA {
	switch t := t.(type) {
	case Gather:
		return t.Commit.SHA
	case Put:
		return t.Commit.SHA
	case Watch:
		return t.Commit
	case Restore:
		return t.Commit
	case Wake:
		return t.Commit
	case Request:
		return t.Commit.SHA
	}
	return ""
}

// lastGood is the newest good release but for one.
func lastGood(l Lane, but app.SHA) (good app.SHA) {
	for _, p := range l.Promotions {
		if p.State == Live && p.Commit.SHA != but && p.Back == "" {
			good = p.Commit.SHA
		}
	}
	return good
}

// checkWayBack holds that what was put there last can be undone whenever something else was good, and that nothing else can.
func (w world) checkWayBack(l Lane) {
	for _, p := range l.Promotions {
		c := p.Commit.SHA
		after, _ := w.step(l, word(app.VerbRollback, p))
		if p.Commit != l.Last || lastGood(l, c) == "" {
			if !same(l, after) {
				w.Errorf("/rollback of %s#%d makes %s\nof %s", c, p.Attempt, brief(after), brief(l))
			}
			continue
		}
		if meantLast(l, p) && !slices.ContainsFunc(after.Promotions, func(q Promotion) bool {
			return q.Commit == p.Commit && (q.State == RollingBack || q.Back != "")
		}) {
			w.Errorf("/rollback of %s#%d does nothing: %s", c, p.Attempt, brief(l))
		}
	}
}

// meantLast says whether an attempt is the one that was started last of its commit, or the one that people are shown instead.
func meantLast(l Lane, p Promotion) bool {
	last := lastStarted(l, p.Commit.SHA)
	return last.Attempt == p.Attempt || current(l, p)
}

// current says whether people are shown this attempt of its commit: the one whose hands are on the environment, else the last.
func current(l Lane, p Promotion) bool {
	for _, b := range busyOnes(l) {
		if b.Commit == p.Commit {
			return b.Attempt == p.Attempt
		}
	}
	last := Promotion{}
	for _, q := range l.Promotions {
		if q.Commit == p.Commit {
			last = q
		}
	}
	return last.Attempt == p.Attempt
}

// checkVerbs holds that a verb that is offered changes the state, that all that works on what people are shown is offered, and that there
// is always a way out of attention.
func (w world) checkVerbs(l Lane) {
	for _, p := range l.Promotions {
		offered := l.Offers(p)
		for _, verb := range []app.Verb{app.VerbCancel, app.VerbRetry, app.VerbRollback} {
			after, _ := w.step(l, word(verb, p))
			works, is := !same(l, after), slices.Contains(offered, verb)
			if is && !works {
				w.Errorf("/%s of %s#%d is offered and does nothing: %s", verb, p.Commit.SHA, p.Attempt, brief(l))
			}
			if works && !is && current(l, p) {
				w.Errorf("/%s of %s#%d works and is not offered: %s", verb, p.Commit.SHA, p.Attempt, brief(l))
			}
		}
		if p.State == Attention && !slices.Contains(offered, app.VerbCancel) {
			w.Errorf("no way out of attention: %s", brief(l))
		}
	}
}

func word(verb app.Verb, p Promotion) app.Said {
	m := app.Said{Verb: verb, Commit: p.Commit.SHA, Key: p.Attempt, By: person}
	if verb == app.VerbRetry {
		m.Key = p.Key
	}
	return m
}

// checkEnd holds that a quiet end can be reached from everywhere, and that the newest that waits gets there.
func (w world) checkEnd(l Lane) {
	end, won := w.repair(l), app.SHA("")
	for _, p := range end.Promotions {
		if !p.State.Ended() {
			w.Errorf("%s never ends: %s\nfrom %s", p.Commit.SHA, brief(end), brief(l))
		}
	}
	for _, p := range l.Promotions {
		if open(p) && p.Then != Canceled {
			won = p.Commit.SHA
		}
	}
	if won != "" && end.Live.SHA != won {
		w.Errorf("%s should have won: %s\nfrom %s", won, brief(end), brief(l))
	}
}

// repair is a world in which everything goes right from here on. It remembers nothing: what it does next it reads off the wants, as an
// engine does that was killed after every single message. When nothing is to be done, people say what they can.
func (w world) repair(l Lane) Lane {
	for range 40 * commits {
		m := w.bestAnswer(l)
		if m == nil {
			break
		}
		l, _ = w.step(l, m)
	}
	return l
}

func (w world) bestAnswer(l Lane) app.Message {
	var later app.Message
	for _, want := range Wants(l) {
		switch t := want.Task.(type) {
		case Gather:
			return Judged{t.Commit.SHA, t.Key, policies.Decision{Verdict: policies.Allow}, w.release, 0, ""}
		case Put:
			return Deployed{t.Commit.SHA, t.Key, app.Status{Outcome: app.Succeeded}}
		case Watch:
			return Probed{t.Commit, t.Key, app.Succeeded, ""}
		case Restore:
			return Restored{t.Commit, t.Key, app.Status{Outcome: app.Succeeded}}
		case Request:
			state := ReviewApproved
			if t.Withdraw {
				state = ReviewWithdrawn
			}
			return Reviewed{t.Commit.SHA, t.Key, Review{State: state, Run: 7, By: person}}
		case Wake:
			later = app.Changed{Commit: t.Commit}
		}
	}
	if said := bestWord(l); said != nil {
		return said
	}
	if asked := w.newestStart(l); asked != nil {
		return asked
	}
	return later
}

// newestStart is that somebody starts the workflow of the newest that waits for it.
func (w world) newestStart(l Lane) app.Message {
	for _, p := range slices.Backward(l.Promotions) {
		if w.release.Spec.GateOnly && open(p) && len(p.Questions) == 0 {
			return Asked{p.Commit, githubAsks(int(p.Commit.Place), 0)}
		}
	}
	return nil
}

func bestWord(l Lane) app.Message {
	for _, p := range l.Promotions {
		if p.State != Attention {
			continue
		}
		if o := l.Offers(p); slices.Contains(o, app.VerbRetry) {
			return word(app.VerbRetry, p)
		}
	}
	if l.Hold.Key != 0 {
		return app.Said{Verb: app.VerbUnhold, Key: l.Hold.Key}
	}
	for _, p := range l.Promotions {
		if p.State == Attention {
			return word(app.VerbCancel, p)
		}
	}
	return nil
}
