package deploy

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

// canonical gives states the same name that nobody can tell apart from now on: TestCanonical holds that they answer everything alike.
// Keys are only ever compared for equality, so a question is numbered by who asks it.
func canonical(l Lane) Lane {
	kept := make([]Promotion, 0, len(l.Promotions))
	for i := range l.Promotions {
		if !forgotten(l, i) {
			kept = append(kept, plain(l, &l.Promotions[i]))
		}
	}
	l.Promotions = kept
	if l.Closed {
		l.Seen = 0 // it is at most ClosedAt, and whatever opens the lane is seen
	} else {
		l.ClosedAt = 0 // whatever opened it was seen, and is newer
	}
	renumber(&l)
	return l
}

// forgotten says whether an attempt tells nothing that another of its commit does not. One that started ends well or badly by itself, and
// while it is busy nothing newer is good: so it says more than any before it. One that ended untouched matters only in that its commit may
// come back: so any later one says as much, and so does one before it that was started.
func forgotten(l Lane, i int) bool {
	p := &l.Promotions[i]
	if !p.State.Ended() || p.State == Live {
		return false
	}
	for j := range l.Promotions {
		if q := &l.Promotions[j]; q.Commit == p.Commit && (j > i && (q.Put != 0 || p.Put == 0) || j < i && q.Put != 0 && p.Put == 0) {
			return true
		}
	}
	return false
}

// plain is an attempt without what no message asks after: texts, times, numbers of logs, earlier tries, and what can't matter any more.
func plain(l Lane, p *Promotion) Promotion {
	q := Promotion{Commit: p.Commit, State: p.State, Eligible: p.Eligible, Release: p.Release, Back: p.Back, Unclear: p.Unclear,
		Extended: p.Extended, Restored: p.Restored, Was: p.Was, Gone: p.Gone, Put: min(p.Put, 1),
		Then: p.Then, Again: min(p.Again, 1)}
	q.Release.Previous = ""
	if len(p.Questions) > 0 && p.State.Waits() { // another question is another name
		q.Questions = []Ask{githubAsks(int(p.Commit.Place), 0)}
	}
	if p.State == RollingBack {
		q.To = p.To
		if p.BackAsk != (Ask{}) {
			q.BackAsk = githubAsks(9, 0)
		}
	}
	if p.State == Held && !p.Eligible {
		q.Decision = policies.Decision{Verdict: p.Decision.Verdict, Recheck: p.Decision.Recheck}
	}
	if p.Back != "" {
		q.Back, q.Unclear = "@dana rolled it back.", 0 // it goes back whatever the outcome
	}
	switch comesBack := p.State.Again() && !p.Gone && p.Commit.Place >= l.Newest; {
	case p.State == Failed && p.Commit != l.Last && p.Back == "":
		q.State = RolledBack // nothing undoes it any more
	case p.State.Ended() && p.Put == 0 && comesBack:
		q.State = Canceled // it may come back, now or when the lane opens again
	case p.State.Ended() && p.Put == 0:
		q.State = Superseded
	}
	if p.Put != 0 && p.Commit.Place < l.Newest {
		q.Gone = false // it can't come back, and stands for itself
	}
	return q
}

func renumber(l *Lane) {
	for i := range l.Promotions {
		p := &l.Promotions[i]
		first := slices.IndexFunc(l.Promotions, func(q Promotion) bool { return q.Commit == p.Commit })
		n := app.Key(10*p.Commit.Place) + app.Key(i-first)
		p.Attempt, p.Key = 100+n, 200+n
		if p.Again != 0 {
			p.Again = 300 + n
		}
	}
	if l.Hold.Key != 0 {
		l.Hold = Hold{Key: 500}
	}
	l.Asked = 999
}

// name is a short string that differs whenever two canonical states do.
func name(l Lane) string {
	b := make([]byte, 0, 96)
	b = append(b, byte(l.Live.Place), byte(l.Last.Place), byte(l.Newest), byte(l.Seen), byte(l.ClosedAt), flag(l.Closed), flag(l.Hold.Key != 0))
	b = append(b, l.Chosen...)
	b = append(b, '|')
	for i := range l.Promotions {
		p := &l.Promotions[i]
		b = append(b, byte(p.Commit.Place), initial(p.State), byte(len(p.State)), initial(p.Was), byte(p.Unclear), byte(p.Decision.Verdict),
			flag(p.Eligible)|flag(p.Back != "")<<1|flag(p.Extended)<<2|flag(p.Restored)<<3|flag(p.Gone)<<4|flag(p.Put != 0)<<5|flag(p.Again != 0)<<6,
			initial(p.Then), flag(len(p.Questions) > 0)|flag(p.BackAsk.Run+p.BackAsk.Deployment != 0)<<1)
		b = append(b, p.To...)
		b = append(b, '|')
	}
	return string(b)
}

// initial and length tell all states apart.
func initial(s State) byte {
	if s == Absent {
		return ' '
	}
	return s[0]
}

func flag(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// exact is name with every number.
func exact(l Lane) string {
	b := binary.AppendVarint(binary.AppendVarint([]byte(name(l)), int64(l.Asked)), int64(l.Hold.Key))
	for i := range l.Promotions {
		b = binary.AppendVarint(binary.AppendVarint(b, int64(l.Promotions[i].Attempt)), int64(l.Promotions[i].Key))
		b = binary.AppendVarint(b, int64(l.Promotions[i].Again))
	}
	return string(b)
}

// same says whether two states are alike in all that matters, and in every number.
func same(a, b Lane) bool {
	if a.Live != b.Live || a.Last != b.Last || a.Newest != b.Newest || a.Seen != b.Seen || a.Forgotten != b.Forgotten || a.Chosen != b.Chosen || a.Asked != b.Asked ||
		a.Hold != b.Hold || a.Closed != b.Closed || a.ClosedAt != b.ClosedAt || len(a.Promotions) != len(b.Promotions) {
		return false
	}
	for i := range a.Promotions {
		if !samePromotion(&a.Promotions[i], &b.Promotions[i]) {
			return false
		}
	}
	return true
}

func samePromotion(p, q *Promotion) bool {
	return p.Commit == q.Commit && p.Attempt == q.Attempt && p.State == q.State && p.Key == q.Key && p.Eligible == q.Eligible &&
		p.Decision.Verdict == q.Decision.Verdict && p.Decision.Recheck.Equal(q.Decision.Recheck) && len(p.Approvals) == len(q.Approvals) &&
		p.Artifact == q.Artifact && p.Back == q.Back && p.Unclear == q.Unclear && p.Extended == q.Extended && p.Restored == q.Restored &&
		p.To == q.To && p.Was == q.Was && p.Gone == q.Gone && p.Put == q.Put && p.Undone == q.Undone && p.Calls == q.Calls && p.Release == q.Release &&
		p.Then == q.Then && p.Again == q.Again && p.Run == q.Run && len(p.Reviewers) == len(q.Reviewers) &&
		slices.Equal(p.Questions, q.Questions) && p.BackAsk == q.BackAsk
}

// TestCanonical holds that a walk may go on from the canonical state: whatever is said next, it and the state that it stands for answer
// alike, and show alike. So, by induction, nothing that a walk leaves out could have come out otherwise. Of three commits it looks at some.
func TestCanonical(t *testing.T) {
	if raceDetector {
		t.Skip("walks run without the race detector: nothing in them is concurrent")
	}
	for _, terms := range append(allTerms(2), allTerms(commits)[0]) {
		t.Run(fmt.Sprint(terms.name, " ", terms.commits), func(t *testing.T) {
			t.Parallel()
			w := world{t, terms, honest}
			visited, checked := 0, map[string]bool{}
			walk(t, start(), name, func(before Lane, reach func(Lane)) {
				visited++
				for _, m := range timely(before, terms) {
					after, _ := Step(before, m, now)
					if n := exact(after); (terms.commits < commits || visited%25 == 0) && !checked[n] {
						checked[n] = true
						w.checkAlike(after)
					}
					reach(canonical(after))
				}
			})
			t.Logf("%d canonical states, %d that they stand for", visited, len(checked))
		})
	}
}

// checkAlike says to a state and to the canonical one what corresponds.
func (w world) checkAlike(l Lane) {
	c := canonical(l)
	for _, m := range timely(l, w.terms) {
		a, toldA := w.step(l, m)
		b, toldB := w.step(c, translated(m, l, c))
		if name(canonical(a)) != name(canonical(b)) || len(toldA) != len(toldB) {
			w.Errorf("%#v\nmakes %s\n   of %s\n  and %s\n   of %s", m, brief(a), brief(l), brief(b), brief(c))
		}
	}
	if x, y := outside(l), outside(c); x != y {
		w.Errorf("%s\nshows %s\n %s\nshows %s", brief(l), x, brief(c), y)
	}
}

// outside is all that can be seen of a lane: how its commits stand, what is done and asked, and what people are offered.
func outside(l Lane) (s string) {
	for i := 1; i <= commits; i++ {
		s += fmt.Sprint(l.Standing(commit(i)), " ")
		if p, ok := l.Promotion(sha(i)); ok {
			s += fmt.Sprint(l.Offers(p))
		}
		if p, ok := l.WayBack(sha(i)); ok {
			s += " back to " + string(p.Commit.SHA)
		}
	}
	for _, w := range Wants(l) {
		if c := about(w.Task); c != "" {
			s += " " + w.Task.Task() + " " + string(c)
		}
	}
	return s
}

// translated is the message with the numbers of the canonical state: those of the attempts that play the same parts. A number that
// nothing goes by any more becomes one that nobody has.
func translated(m app.Message, l, c Lane) app.Message {
	switch m := m.(type) {
	case app.Said:
		m.Key = saidTo(m, l, c)
		return m
	case Lapsed:
		return Lapsed{c.Hold.Key}
	case app.Approved:
		m.Key = saidTo(app.Said{Verb: app.VerbApprove, Commit: m.Commit, Key: m.Key}, l, c)
		return m
	case Began:
		m.Key = asked(m.Commit, m.Key, l, c)
		return m
	case Judged:
		m.Key = asked(m.Commit, m.Key, l, c)
		return m
	case Deployed:
		m.Key = asked(m.Commit, m.Key, l, c)
		return m
	case Restored:
		m.Key = asked(m.Commit, m.Key, l, c)
		return m
	case Probed:
		m.Key = asked(m.Commit, m.Key, l, c)
		return m
	case Reviewed:
		m.Key = asked(m.Commit, m.Key, l, c)
		return m
	}
	return m
}

func saidTo(m app.Said, l, c Lane) app.Key {
	switch m.Verb {
	case app.VerbUnhold:
		return c.Hold.Key
	case app.VerbRetry:
		return asked(m.Commit, m.Key, l, c)
	}
	parts := []func(*Lane, app.SHA) *Promotion{(*Lane).current}
	if m.Verb == app.VerbRollback {
		parts = []func(*Lane, app.SHA) *Promotion{(*Lane).started, (*Lane).current}
	}
	for _, part := range parts {
		if p := part(&l, m.Commit); p != nil && p.Attempt == m.Key {
			return part(&c, m.Commit).Attempt
		}
	}
	return -1
}

func asked(of app.SHA, k app.Key, l, c Lane) app.Key {
	p := l.current(of)
	switch {
	case p != nil && p.Key == k:
		return c.current(of).Key
	case p != nil && p.Again != 0 && p.Again == k:
		return c.current(of).Again
	}
	return -1
}
