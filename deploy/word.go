package deploy

import (
	"cmp"
	"slices"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

// obey does what a person says. That they may was settled before.
func (l *step) obey(m app.Said) {
	switch m.Verb {
	case app.VerbHold:
		l.hold(m)
	case app.VerbUnhold:
		l.unhold(m.Key)
	case app.VerbCancel:
		l.cancel(m)
	case app.VerbRollback:
		l.rollback(m)
	case app.VerbRetry:
		l.retry(m)
	}
}

// hold stops the lane. One that is stopped already stays stopped for the reason it has, so an end never shortens a hold without one.
func (l *step) hold(m app.Said) {
	if l.Hold.Key != 0 {
		return
	}
	l.Hold = Hold{Key: l.number(), By: m.By, Because: m.Because, Since: l.now, Until: m.Until}
	l.interruptRetry()
}

// unhold lifts the hold that was shown when it was said, and no later one.
func (l *step) unhold(k app.Key) {
	if k != 0 && l.Hold.Key == k {
		l.Hold = Hold{}
	}
}

// meant is the attempt that a person meant, or nil: a word about an attempt that is not the current one any more does nothing.
func (l *step) meant(m app.Said) *Promotion {
	if p := l.current(m.Commit); p != nil && p.Attempt == m.Key {
		return p
	}
	return nil
}

// cancel gives up. In attention nothing is undone: it frees the lane for a commit that repairs, a broken probe say.
func (l *step) cancel(m app.Said) {
	p := l.meant(m)
	switch {
	case p == nil:
	case p.State.Waits():
		l.leave(p, "@"+m.By.Login+" gave it up.")
	case p.State == Attention || p.State == Retrying:
		if q := l.undoing(); q != nil {
			q.Back = "" // nor is anything else undone
		}
		l.end(p, Failed, "@"+m.By.Login+" left the environment as it was.")
	case l.AwaitsStart(*p):
		l.end(p, Failed, "@"+m.By.Login+" gave the way back up: nobody had started its workflow.")
	}
}

// rollback undoes what was put there last. Neither gate nor hold nor removal stands in its way, nor a new attempt that waits: that one is
// given up, and it could only bring back what is being undone.
func (l *step) rollback(m app.Said) {
	p := l.started(m.Commit)
	if p == nil || m.Commit != l.Last.SHA || !l.shown(p, m.Key) {
		return
	}
	if _, ok := l.WayBack(m.Commit); !ok {
		return
	}
	why := "@" + m.By.Login + " rolled it back."
	if m.Because != "" {
		why = "@" + m.By.Login + " rolled it back: " + policies.Quote(m.Because) + "."
	}
	switch {
	case p.State == Deploying:
		p.Back = cmp.Or(p.Back, why)
	case p.State == RollingBack:
	case slices.Contains(p.State.Moves(), RollingBack):
		if w := l.waiting(m.Commit); w != nil {
			l.leave(w, "Its commit was rolled back.")
		}
		if l.reviewing() != nil {
			p.Back = cmp.Or(p.Back, why)
			return
		}
		l.goBack(p, why)
	}
}

// shown says whether the attempt that a person saw is the one that would be undone, or a later one whose card is shown in its place.
func (l *Lane) shown(p *Promotion, attempt app.Key) bool {
	return p.Attempt == attempt || l.current(p.Commit.SHA).Attempt == attempt
}

// retry does again what became unclear, or lets in again what has ended, as a new attempt. Both go through the gate like the first time;
// watching and going back need not.
func (l *step) retry(m app.Said) {
	p := l.current(m.Commit)
	switch {
	case p == nil || p.Key != m.Key:
	case p.State == Attention && p.Was == RollingBack:
		l.goBack(p, p.Why)
	case p.State == Attention && p.Was == Verifying:
		l.enter(p, Verifying)
	case l.Closed || p.Gone || p.Commit.Place < l.Newest:
	case p.State == Attention && l.Hold.Key == 0:
		l.enter(p, Retrying)
		p.Was = Deploying
	case l.mayAgain(p):
		l.add(Promotion{Commit: p.Commit, Artifact: p.Artifact})
	}
}

// interruptRetry returns a retry that has not begun to the person who asked for it.
func (l *step) interruptRetry() {
	if p := l.busy(); p != nil && p.State == Retrying {
		l.puzzle(p, Deploying, "The retry was stopped before it began.")
	}
}

// approved takes in a yes for the attempt that was shown; in attention it still counts. One source, or one person, counts once.
func (l *step) approved(m app.Approved) {
	p := l.current(m.Commit)
	if p == nil || p.Attempt != m.Key || !p.State.Waits() && p.State != Attention && p.State != Retrying {
		return
	}
	repeat := func(a app.Approval) bool { return a.Source == m.Source || a.By.ID == m.By.ID && !a.At.Before(m.At) }
	if slices.ContainsFunc(p.Approvals, repeat) {
		return
	}
	before := func(a app.Approval) bool { return a.By.ID == m.By.ID } // it may have expired
	p.Approvals = append(slices.DeleteFunc(slices.Clone(p.Approvals), before), m.Approval)
	l.again(p)
}

// unapproved takes a yes back, until its deployment starts.
func (l *step) unapproved(m app.Unapproved) {
	p := l.current(m.Commit)
	if p == nil || !p.State.Waits() && p.State != Attention && p.State != Retrying {
		return
	}
	theirs := func(a app.Approval) bool {
		return a.By.ID == m.By.ID && (m.Door == "" || a.Door() == m.Door) && (m.Source == "" || a.Source == m.Source)
	}
	against := func(o app.Override) bool { return o.By.ID == m.By.ID && m.Door == "" }
	if !slices.ContainsFunc(p.Approvals, theirs) && !slices.ContainsFunc(p.Overrides, against) {
		return
	}
	p.Approvals = slices.DeleteFunc(slices.Clone(p.Approvals), theirs)
	p.Overrides = slices.DeleteFunc(slices.Clone(p.Overrides), against)
	l.again(p)
}

// overrode takes in a word against the gate, once for each person. What was denied is let in again by it, for nothing else would ask anew.
func (l *step) overrode(m app.Overrode) {
	p := l.current(m.Commit)
	if p == nil || p.Attempt != m.Key {
		return
	}
	if p.State == Denied && l.mayAgain(p) {
		l.add(Promotion{Commit: p.Commit, Artifact: p.Artifact, Overrides: []app.Override{m.Override}})
		return
	}
	if !p.State.Waits() && p.State != Attention && p.State != Retrying {
		return
	}
	repeat := func(o app.Override) bool { return o.Source == m.Source || o.By.ID == m.By.ID && !o.At.Before(m.At) }
	if slices.ContainsFunc(p.Overrides, repeat) {
		return
	}
	before := func(o app.Override) bool { return o.By.ID == m.By.ID }
	p.Overrides = append(slices.DeleteFunc(slices.Clone(p.Overrides), before), m.Override)
	l.again(p)
}

// altered notes that what somebody had written when they approved is not what stands there now. What was said counts; the card tells.
func (l *step) altered(m app.Altered) {
	for i := range l.Promotions {
		p := &l.Promotions[i]
		j := slices.IndexFunc(p.Approvals, func(a app.Approval) bool { return a.Source == m.Source })
		if j < 0 || p.Approvals[j].Edited == m.Edited {
			continue
		}
		p.Approvals = slices.Clone(p.Approvals)
		p.Approvals[j].Edited = m.Edited
		l.again(p)
	}
}
