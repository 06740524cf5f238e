package deploy

import (
	"encoding/binary"
	"runtime/debug"
	"slices"
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

func allTerms() []terms {
	watched := Spec{Verify: Verify{HTTP: "http://x"}}
	never, twice := watched, Spec{Idempotent: true}
	never.NeverBack = true
	return []terms{
		{"three commits", 3, Release{Spec: watched, HoldAfter: true}},
		{"two commits and every removal", 2, Release{Spec: watched, HoldAfter: true}},
		{"unwatched, idempotent, a rollback goes on", 2, Release{Spec: twice}},
		{"rollback never", 2, Release{Spec: never, HoldAfter: true}},
	}
}

const commits = 3

var (
	now    = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	person = app.Person{ID: 1, Login: "dana"}
)

func sha(i int) app.SHA       { return app.SHA("abc"[i-1 : i]) }
func commit(i int) app.Commit { return app.Commit{SHA: sha(i), Place: app.Place(i)} }

func start() Lane { return Lane{Environment: "production"} }

// walk visits every state that can be reached and says how many there are.
func walk[S any](t *testing.T, first S, name func(S) string, visit func(from S, reach func(S))) {
	t.Helper()
	began := time.Now()
	seen := map[string]bool{name(first): true}
	queue := []S{first}
	for len(queue) > 0 && !t.Failed() {
		from := queue[0]
		queue = queue[1:]
		visit(from, func(s S) {
			if n := name(s); !seen[n] {
				seen[n] = true
				queue = append(queue, s)
			}
		})
	}
	t.Logf("%d states in %v", len(seen), time.Since(began).Round(time.Millisecond))
}

// TestWalk walks one lane through everything that can be said to it, by a world that is free to lie.
func TestWalk(t *testing.T) {
	if raceDetector {
		t.Skip("walks run without the race detector: nothing in them is concurrent")
	}
	for _, terms := range allTerms() {
		t.Run(terms.name, func(t *testing.T) {
			t.Parallel()
			defer debug.SetGCPercent(debug.SetGCPercent(800)) // lanes are short-lived and memory is plenty
			made := walkLane(t, terms)
			for _, s := range States() {
				for _, to := range s.Moves() {
					if !made[[2]State{s, to}] && !onlyElsewhere(terms, s, to) {
						t.Errorf("nothing goes from %q to %q", s, to)
					}
				}
			}
		})
	}
}

// onlyElsewhere names the moves that exist only under other terms.
func onlyElsewhere(of terms, s, to State) bool {
	spec := of.release.Spec
	switch {
	case spec.Verify.HTTP == "":
		return s == Verifying || to == Verifying
	case spec.NeverBack && to == Failed && (s == Deploying || s == Verifying):
		return true
	}
	return s == Deploying && to == Live
}

func walkLane(t *testing.T, of terms) map[[2]State]bool {
	steps, ignored, made := 0, 0, map[[2]State]bool{}
	walk(t, start(), name, func(before Lane, reach func(Lane)) {
		checkState(t, before)
		checkEnd(t, before, of)
		for _, m := range late(before, of) {
			ignored++
			if after, _ := Step(before, m, now); !same(before, after) {
				t.Errorf("%#v is late and changes %v\ninto %v", m, brief(before), brief(after))
			}
		}
		for _, m := range timely(before, of) {
			steps++
			after, _ := Step(before, m, now)
			checkStep(t, before, m, after)
			for _, p := range after.Promotions {
				made[[2]State{stateOf(before, p), p.State}] = true
			}
			reach(canonical(after))
		}
	})
	t.Logf("%d steps, %d late answers", steps, ignored)
	return made
}

// stateOf is the state in before of an attempt that is there afterwards.
func stateOf(before Lane, p Promotion) State {
	for _, q := range before.Promotions {
		if q.Commit == p.Commit && q.Attempt == p.Attempt {
			return q.State
		}
	}
	return Absent
}

// late is the answers to questions that another asked, that were given up, or that were never put.
func late(l Lane, of terms) []app.Message {
	all := []app.Message{app.Said{Verb: app.VerbUnhold, Key: -1}, Lapsed{-1}}
	for i := 1; i <= of.commits; i++ {
		all = append(all, answers(sha(i), -1, of)...)
		all = append(all, app.Said{Verb: app.VerbCancel, Commit: sha(i), Key: -1, By: person},
			app.Said{Verb: app.VerbRollback, Commit: sha(i), Key: -1, By: person}, app.Approved{Commit: sha(i), Key: -1})
		if n := len(l.Promotions); n > 0 {
			if p := l.Promotions[i%n]; p.Commit.SHA != sha(i) {
				all = append(all, answers(sha(i), p.Key, of)...)
			}
		}
	}
	return all
}

// timely is everything else that can be said to a lane at any time. Which commit's file removes it is told apart where there are two.
func timely(l Lane, of terms) []app.Message {
	all := []app.Message{app.Removed{}, app.Changed{}, app.Said{Verb: app.VerbHold, By: person}, app.Said{Verb: app.VerbUnhold, Key: l.Hold.Key}}
	for i := 1; i <= of.commits; i++ {
		all = append(all, app.Ready{Commit: commit(i)}, app.Changed{Commit: sha(i)}, app.Gone{Commit: commit(i)})
		if of.commits < commits {
			all = append(all, app.Removed{Commit: commit(i)})
		}
	}
	for _, p := range l.Promotions {
		c := p.Commit.SHA
		all = append(all, app.Said{Verb: app.VerbCancel, Commit: c, Key: p.Attempt, By: person},
			app.Said{Verb: app.VerbRollback, Commit: c, Key: p.Attempt, By: person})
		all = append(all, answers(c, p.Key, of)...)
	}
	return all
}

// answers is everything the world, or a person in attention, can answer under one key.
func answers(c app.SHA, k app.Key, of terms) []app.Message {
	all := []app.Message{app.Said{Verb: app.VerbRetry, Commit: c, Key: k, By: person}}
	for _, d := range []policies.Decision{{}, hold(), {Verdict: policies.Allow}} {
		all = append(all, Judged{c, k, d, of.release})
	}
	for _, o := range []app.Outcome{app.OutcomeUnknown, app.Succeeded, app.Failed} {
		s := app.Status{Outcome: o}
		all = append(all, Deployed{c, k, s}, Restored{c, k, s})
	}
	for _, o := range []app.Outcome{app.Inconclusive, app.Succeeded, app.Failed} {
		all = append(all, Probed{c, k, o, ""})
	}
	return all
}

// hold is a decision that waits for a time.
func hold() policies.Decision {
	return policies.Decision{Verdict: policies.Hold, Recheck: now.Add(time.Hour)}
}

// canonical gives states the same name that nobody can tell apart from now on. Keys are only ever compared for equality, so a question is
// numbered by who asks it. What ended before it touched anything, and can't come back, has ended; of earlier attempts it only matters
// whether one was bad, and whether it is what a rollback would undo.
func canonical(l Lane) Lane {
	kept := l.Promotions[:0:0]
	for i, p := range l.Promotions {
		if forgotten(l, i) {
			continue
		}
		p.Decision.Reasons, p.Why, p.Tail, p.By, p.Approvals, p.Release.Previous = nil, "", "", app.Commit{}, nil, ""
		p.Arrived, p.Began, p.Deployed, p.Ended = time.Time{}, time.Time{}, time.Time{}, time.Time{}
		if p.State != Held || p.Eligible {
			p.Decision = policies.Decision{}
		}
		if p.State.Ended() && !p.State.Bad() && p.State != Live {
			p.State = Canceled
			if !comesBack(l, p) {
				p.State = Superseded
			}
		}
		if p.State == Failed && (p.Commit != l.Last || newerStart(l, i)) {
			p.State = RolledBack
		}
		p.To = back(p)
		kept = append(kept, p)
	}
	l.Promotions = kept
	renumber(&l)
	return l
}

// back is where a promotion is on its way to; of what has ended it does not matter.
func back(p Promotion) app.SHA {
	if p.State == RollingBack {
		return p.To
	}
	return ""
}

// comesBack says whether a person may let a commit in again, now or when the lane opens again.
func comesBack(l Lane, p Promotion) bool {
	return p.State.Again() && !p.Gone && p.Commit.Place >= l.Newest
}

func newerStart(l Lane, i int) bool {
	for _, q := range l.Promotions[i+1:] {
		if q.Commit == l.Promotions[i].Commit && q.Put != 0 {
			return true
		}
	}
	return false
}

// forgotten says whether an earlier attempt tells nothing that a later one does not.
func forgotten(l Lane, i int) bool {
	p := l.Promotions[i]
	if !p.State.Ended() || p.State == Live {
		return false
	}
	later := l.Promotions[i+1:]
	if !p.State.Bad() {
		return slices.ContainsFunc(later, func(q Promotion) bool { return q.Commit == p.Commit })
	}
	return slices.ContainsFunc(later, func(q Promotion) bool { return q.Commit == p.Commit && q.State.Bad() }) && newerStart(l, i)
}

func renumber(l *Lane) {
	for i := range l.Promotions {
		p := &l.Promotions[i]
		first := slices.IndexFunc(l.Promotions, func(q Promotion) bool { return q.Commit == p.Commit })
		n := app.Key(10*p.Commit.Place) + app.Key(i-first)
		p.Attempt, p.Key = 100+n, 200+n
		if p.Put != 0 {
			p.Put = 1
		}
		if p.Undone != 0 {
			p.Undone = 1
		}
	}
	if l.Hold.Key != 0 {
		l.Hold = Hold{Key: 500}
	}
	if !l.Closed {
		l.ClosedAt = 0 // whatever opened it was seen, and is newer
	}
	l.Asked = 999
}

// name is a short string that differs whenever two canonical states do.
func name(l Lane) string {
	b := make([]byte, 0, 96)
	b = append(b, byte(l.Live.Place), byte(l.Last.Place), byte(l.Newest), byte(l.Seen), byte(l.ClosedAt), flag(l.Closed), byte(l.Hold.Key>>2))
	b = append(b, l.Chosen...)
	b = append(b, '|')
	for _, p := range l.Promotions {
		b = append(b, byte(p.Commit.Place), p.State[0], byte(len(p.State)), byte(len(p.Was)), byte(p.Unclear), byte(p.Decision.Verdict),
			flag(p.Eligible)|flag(p.Back != "")<<1|flag(p.Extended)<<2|flag(p.Restored)<<3|flag(p.Gone)<<4|flag(p.Put != 0)<<5|flag(p.Undone != 0)<<6)
		b = append(b, p.To...)
		b = append(b, '|')
	}
	return string(b)
}

// exact is a string that differs whenever two states do, in what matters and in every number.
func exact(l Lane) string {
	b := append(make([]byte, 0, 160), name(l)...)
	b = binary.AppendVarint(binary.AppendVarint(b, int64(l.Asked)), int64(l.Hold.Key))
	for _, p := range l.Promotions {
		b = binary.AppendVarint(binary.AppendVarint(b, int64(p.Attempt)), int64(p.Key))
		b = append(b, byte(p.Put), byte(p.Undone), byte(len(p.Approvals)))
	}
	return string(b)
}

func flag(b bool) byte {
	if b {
		return 1
	}
	return 0
}
