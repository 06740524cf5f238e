package deploy

import (
	"slices"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

// past is what an onlooker remembers who hears every message and sees every act begin and end. What a lane remembers must be the same.
type past struct {
	live, last      app.SHA
	newest, seen    app.Place
	held, closed    bool
	closedAt        app.Place
	good, bad, gone [commits + 1]bool
}

// remembered reads the fields of a lane alone, for its helpers may be wrong.
func remembered(l Lane) past {
	p := past{live: l.Live.SHA, last: l.Last.SHA, newest: l.Newest, seen: l.Seen, held: l.Hold.Key != 0, closed: l.Closed, closedAt: l.ClosedAt}
	for _, q := range l.Promotions {
		i := q.Commit.Place
		p.good[i] = p.good[i] || q.State == Live
		p.bad[i] = p.bad[i] || q.State == RolledBack || q.State == Failed
		p.gone[i] = p.gone[i] || q.Gone
	}
	return p
}

// checkPast holds that a lane remembers what happened, and judges a commit for later environments by that: one that was bad is not made
// good by another, nor by a new attempt that never started.
func (w world) checkPast(before Lane, m app.Message, after Lane, begun, ended []act) {
	p, now := remembered(before).then(before, m, begun, ended), remembered(after)
	for i := 1; i <= commits; i++ {
		p.bad[i] = p.bad[i] || now.bad[i] // that it ended badly was checked by its move
		going := slices.ContainsFunc(after.Promotions, func(q Promotion) bool { return q.Commit.SHA == sha(i) && !q.State.Ended() })
		want := policies.StandingOpen
		switch {
		case p.good[i]:
			want = policies.StandingProven
		case p.bad[i] && !going:
			want = policies.StandingLost
		case !p.bad[i] && !p.gone[i] && slices.Contains(p.good[i:], true):
			want = policies.StandingProven
		}
		if got := after.Standing(commit(i)); got != want {
			w.Errorf("%d stands as %v and not %v by %#v: %s\nafter %s", i, got, want, m, brief(before), brief(after))
		}
	}
	if now != p {
		w.Errorf("%#v makes of %s\n%s, which remembers\n%+v, not\n%+v", m, brief(before), brief(after), now, p)
	}
}

// then is what the onlooker remembers afterwards.
func (p past) then(before Lane, m app.Message, begun, ended []act) past {
	switch m := m.(type) {
	case app.Gone:
		p.gone[m.Commit.Place] = true
	case app.Removed: // an older file says nothing of a newer one
		if m.Commit.SHA == "" || m.Commit.Place >= p.seen {
			p.closed, p.closedAt = true, max(p.closedAt, p.seen, m.Commit.Place)
		}
	case app.Ready:
		p.seen = max(p.seen, m.Commit.Place)
		p.closed = p.closed && m.Commit.Place <= p.closedAt
	case Asked:
		came := slices.ContainsFunc(before.Promotions, func(q Promotion) bool { return q.Commit == m.Commit })
		if p.closed && !came && m.Commit.Place > p.closedAt {
			p.closed, p.seen = false, max(p.seen, m.Commit.Place)
		}
	case Lapsed:
		p.held = p.held && m.Hold != before.Hold.Key
	case Reviewed:
		if q := undoneOrWaiting(before, m.Commit); q.State == Reviewing && q.Key == m.Key && m.Review.State == ReviewMissing {
			p.live, p.last, p.newest = "", q.Commit.SHA, max(p.newest, q.Commit.Place)
		}
	case app.Said:
		p.held = m.Verb == app.VerbHold || p.held && !(m.Verb == app.VerbUnhold && m.Key == before.Hold.Key)
	}
	for _, a := range ended {
		i := undone(before, a.commit).Commit.Place
		switch m := m.(type) {
		case Probed:
			if before := undone(before, a.commit); before.State == Verifying {
				p.good[i] = m.Outcome == app.Succeeded
			} else if m.Outcome == app.Succeeded {
				p.last = before.To
			}
		case Deployed:
			if !m.Status.Untouched {
				p.live = ""
			}
			if m.Status.Outcome == app.Succeeded {
				p.live = a.commit
				p.good[i] = undone(before, a.commit).Release.Spec.Verify.HTTP == "" && len(begun) == 0
			}
		case Restored:
			if !m.Status.Untouched {
				p.live = ""
			}
			if m.Status.Outcome == app.Succeeded {
				p.live = a.to
				if len(begun) == 0 {
					p.last = a.to
				}
			}
		}
	}
	for _, q := range before.Promotions {
		if rolled := rolledBack(before, m); q.State == Live && q.Back != "" && rolled && len(begun) == 0 {
			p.good[q.Commit.Place] = false // it goes with what GitHub let go meanwhile
		}
	}
	for _, a := range begun {
		switch a.kind {
		case "put":
			q := undoneOrWaiting(before, a.commit)
			p.last, p.newest = a.commit, max(p.newest, q.Commit.Place)
		case "restore":
			q := lastStarted(before, a.commit)
			if q.State == Absent { // a workflow that nobody was asked about
				q = undoneOrWaiting(before, a.commit)
			}
			p.held, p.good[q.Commit.Place] = p.held || q.Release.HoldAfter, false
			p.bad[q.Commit.Place] = p.bad[q.Commit.Place] && badBeside(before, q)
		}
	}
	return p
}

// rolledBack says whether a message ends a way back well, if nothing is looked at afterwards.
func rolledBack(before Lane, m app.Message) bool {
	for _, b := range busyOnes(before) {
		switch m := m.(type) {
		case Probed:
			return b.State == RollingBack && b.Restored && m.Key == b.Key && m.Commit == b.Commit.SHA && m.Outcome == app.Succeeded
		case Restored:
			return b.State == RollingBack && !b.Restored && m.Key == b.Key && m.Commit == b.Commit.SHA && m.Status.Outcome == app.Succeeded
		}
	}
	return false
}

// badBeside says whether another attempt than q of its commit ended badly.
func badBeside(l Lane, q Promotion) bool {
	return slices.ContainsFunc(l.Promotions, func(o Promotion) bool {
		return o.Commit == q.Commit && o.Attempt != q.Attempt && (o.State == RolledBack || o.State == Failed)
	})
}

func undoneOrWaiting(l Lane, c app.SHA) (p Promotion) {
	for _, q := range l.Promotions {
		if q.Commit.SHA == c && !q.State.Ended() {
			p = q
		}
	}
	return p
}

func lastStarted(l Lane, c app.SHA) (p Promotion) {
	for _, q := range l.Promotions {
		if q.Commit.SHA == c && q.Put != 0 {
			p = q
		}
	}
	return p
}
