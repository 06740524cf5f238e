package deploy

import (
	"slices"
	"time"

	"github.com/slipway-cd/slipway/app"
)

// Step is what a message does to a lane. It is pure and total: a message that does not fit changes nothing. The letters that come back are
// for the other environments of the service, when they could see a difference.
func Step(l Lane, m app.Message, now time.Time) (Lane, []app.Letter) {
	before := l
	l.Promotions = slices.Clone(l.Promotions)
	step := &step{Lane: &l, now: now}
	step.take(m)
	step.goOn()
	step.refresh()
	step.choose()
	return l, l.tell(before)
}

// step is a lane in the middle of one message, with the time at which it came.
type step struct {
	*Lane
	now time.Time
}

func (l *step) take(m app.Message) {
	switch m := m.(type) {
	case app.Ready:
		l.ready(m)
	case app.Changed:
		l.changed(m)
	case app.Gone:
		l.gone(m.Commit)
	case app.Removed:
		l.removed(m.Commit)
	case app.Approved:
		l.approved(m)
	case app.Unapproved:
		l.unapproved(m)
	case app.Altered:
		l.altered(m)
	case app.Overrode:
		l.overrode(m)
	case app.Said:
		l.obey(m)
	case Lapsed:
		l.unhold(m.Hold)
	default:
		l.answered(m)
	}
}

// answered takes in what the world answers.
func (l *step) answered(m app.Message) {
	switch m := m.(type) {
	case Judged:
		l.judged(m)
	case Began:
		l.began(m)
	case Deployed:
		l.deployed(m)
	case Probed:
		l.probed(m)
	case Restored:
		l.restored(m)
	case Reviewed:
		l.reviewed(m)
	case Asked:
		l.wanted(m)
	}
}

// tell lets the other environments look again when a commit stands differently here. Bad news too: a gate that waits for what will never
// be good must hear of it. The standing itself is read as a fact, for news can arrive out of order.
func (l Lane) tell(before Lane) []app.Letter {
	if !l.turned(before) {
		return nil
	}
	var letters []app.Letter
	for _, e := range l.Environments {
		if e != l.Environment {
			letters = append(letters, app.Letter{To: app.LaneAddress(l.Repo, l.Service, e), Message: app.Changed{Standing: true}})
		}
	}
	return letters
}

// turned says whether any commit stands differently than before. It can only if one of its attempts does, or if the newest that is good is
// another.
func (l Lane) turned(before Lane) bool {
	all, j := l.goodUpTo() != before.goodUpTo(), len(before.Promotions)-1
	for i := len(l.Promotions) - 1; i >= 0; i-- {
		p, same := &l.Promotions[i], false
		if j >= 0 && before.Promotions[j].Attempt == p.Attempt {
			same = before.Promotions[j].State == p.State && before.Promotions[j].Gone == p.Gone
			j--
		}
		if (all || !same) && l.Standing(p.Commit) != before.Standing(p.Commit) {
			return true
		}
	}
	return false
}

// number gives out a number that was never used before.
func (l *step) number() app.Key {
	l.Asked++
	return l.Asked
}

// ask puts a promotion into a state that waits for an answer.
func (l *step) ask(p *Promotion, s State) {
	l.become(p, s)
	p.Key, p.Stale = l.number(), false
}

// become puts a promotion into a state, and remembers since when.
func (l *step) become(p *Promotion, s State) {
	if p.State != s {
		p.State, p.Since = s, l.now
	}
}

// enter puts a promotion into a state that begins afresh, and forgets what mattered only in the one before.
func (l *step) enter(p *Promotion, s State) {
	p.Back, p.Unclear, p.Extended, p.Restored, p.Was, p.Eligible = "", 0, false, false, Absent, false
	p.Then, p.Again, p.Looked, p.Asking, p.BackAsk, p.Reviewers = Absent, 0, 0, false, Ask{}, nil
	l.ask(p, s)
}

// end makes a promotion final.
func (l *step) end(p *Promotion, s State, why string) {
	l.enter(p, s)
	p.Ended, p.Why = l.now, why
}

// add makes an attempt, in its place among the others.
func (l *step) add(p Promotion) *Promotion {
	i := slices.IndexFunc(l.Promotions, func(q Promotion) bool { return q.Commit.Place > p.Commit.Place })
	if i < 0 {
		i = len(l.Promotions)
	}
	p.Arrived = l.now
	l.Promotions = slices.Insert(l.Promotions, i, p)
	q := &l.Promotions[i]
	l.ask(q, Gating)
	q.Attempt = q.Key
	return q
}

// ready lets a green commit in, once. Too late is superseded whether or not the newer one did well, so that the order of arrival does not
// matter. What is live would be too low a floor: after a rollback, the older commit that comes late was part of the one that failed. A
// force-push does not lower it: what the branch then holds is new, and so above it, or was there before, and so a rollback.
func (l *step) ready(m app.Ready) {
	if m.Commit.Place >= l.Seen {
		l.Seen, l.Environments = m.Commit.Place, m.Environments
	}
	if l.Closed && m.Commit.Place > l.ClosedAt {
		l.Closed = false
	}
	p := l.newest(m.Commit.SHA)
	switch {
	case p != nil && p.State.Waits():
		p.Artifact = m.Artifact
		l.again(p)
	case p != nil || l.forgot(m.Commit):
	case l.Closed:
		l.end(l.arrive(m), Canceled, "The file does not name this lane any more.")
	case m.Commit.Place <= l.Newest:
		l.late(l.arrive(m))
	default:
		l.arrive(m)
	}
}

// late ends what came too late to be released.
func (l *step) late(p *Promotion) {
	l.end(p, Superseded, "A newer commit has been released here already.")
	p.By = l.NewestStarted()
}

func (l *step) arrive(m app.Ready) *Promotion {
	return l.add(Promotion{Commit: m.Commit, Artifact: m.Artifact})
}

// again asks about a promotion whose answer may be another now.
func (l *step) again(p *Promotion) {
	switch {
	case p.State == Reviewing && p.Then == Absent:
		p.Again = l.number()
	case p.State == Reviewing: // it is asked about anew once its request is back
	case p.State.Waits():
		p.Eligible = false
		l.ask(p, Gating)
	case p.State == Retrying:
		l.ask(p, Retrying)
	}
}

// changed asks again about those whose answer may be another now. What has begun is past asking. What waits behind newer ones for a person's yes
// can't go by how commits stand elsewhere, so it is asked again only once it comes in sight: there may be hundreds.
func (l *step) changed(m app.Changed) {
	for i := range l.Promotions {
		switch p := &l.Promotions[i]; {
		case m.Commit != "" && p.Commit.SHA != m.Commit:
		case m.Standing && p.State == Held && l.Behind(*p) && AsksApproval(*p):
			p.Stale = true
		default:
			l.again(p)
		}
	}
}

// refresh asks again about what has come in sight and was not asked since something changed.
func (l *step) refresh() {
	for i := range l.Promotions {
		if p := &l.Promotions[i]; p.Stale && p.State.Waits() && !l.Behind(*p) {
			l.again(p)
		}
	}
}

// gone takes out of the line what is no longer on the branch. It is remembered even of a commit that has not come yet.
func (l *step) gone(c app.Commit) {
	p := l.newest(c.SHA)
	if p == nil && l.forgot(c) {
		return
	}
	if p == nil {
		p = l.add(Promotion{Commit: c})
	}
	for i := range l.Promotions {
		if l.Promotions[i].Commit.SHA == c.SHA {
			l.Promotions[i].Gone = true
		}
	}
	switch {
	case p.State.Waits():
		l.leave(p, "It is no longer on the default branch.")
	case p.State == Retrying:
		l.interruptRetry()
	}
}

// removed closes the lane: what waits is canceled, what is live is left.
func (l *step) removed(c app.Commit) {
	if c.SHA != "" && c.Place < l.Seen {
		return
	}
	why := "The file does not name this lane any more."
	if c.SHA == "" {
		why = "slipway may not serve this repository any more."
	}
	l.Closed, l.ClosedAt = true, max(l.ClosedAt, l.Seen, c.Place)
	l.interruptRetry()
	for i := range l.Promotions {
		if p := &l.Promotions[i]; p.State.Waits() {
			l.leave(p, why)
		}
	}
}
