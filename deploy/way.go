package deploy

import (
	"slices"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

// choose picks the newest that may go and asks about it once more; only that answer starts anything. An older allowance is enough to be
// chosen, never to go: it may have waited out somebody else's bake.
func (l *step) choose() {
	best := l.best()
	if r := l.reviewing(); r != nil {
		if best != r.Commit.SHA {
			l.withdraw(r, Gating, "")
		}
		return
	}
	if best == l.Chosen {
		return
	}
	if old := l.waiting(l.Chosen); old != nil && old.State == Gating && old.Eligible {
		l.become(old, Held)
	}
	l.Chosen = best
	if p := l.waiting(best); p != nil {
		l.ask(p, Gating)
	}
}

func (l *step) best() app.SHA {
	if l.busy() != nil || l.Hold.Key != 0 || l.undoing() != nil {
		return ""
	}
	for _, p := range slices.Backward(l.Promotions) {
		if p.State.Waits() && p.Eligible {
			return p.Commit.SHA
		}
	}
	return ""
}

func (l *step) judged(m Judged) {
	if p := l.reviewing(); p != nil && p.Commit.SHA == m.Commit && p.Again == m.Key {
		l.judgedAgain(p, m)
		return
	}
	p := l.answering(m.Commit, m.Key, Gating, Retrying)
	if p == nil {
		return
	}
	retrying, allow := p.State == Retrying, m.Decision.Verdict == policies.Allow
	p.Decision = m.Decision
	if m.Moot != 0 {
		p.forget(m.Moot)
	}
	switch {
	case allow && p.unasked(m.Release) && !retrying:
		l.become(p, Held)
	case allow && m.Commit == l.Chosen && m.Release.Review && !retrying: // of a retry GitHub asks by itself, while the lane is busy
		l.request(p, m.Release)
	case allow && (retrying || m.Commit == l.Chosen):
		l.start(p, m.Release)
	case retrying:
		l.puzzle(p, Deploying, "The gate does not allow the retry: "+blocking(m.Decision))
	case m.Decision.Verdict == policies.Deny:
		l.end(p, Denied, blocking(m.Decision))
	default:
		l.become(p, Held)
		p.Eligible = allow
	}
	if m.Moot != 0 && p.State.Waits() && len(p.Questions) > 0 { // another may be asked for
		l.again(p)
	}
}

// judgedAgain takes a request back if the gate does not allow it any more.
func (l *step) judgedAgain(p *Promotion, m Judged) {
	p.Again, p.Looked, p.Decision = 0, m.Key, m.Decision
	if m.Decision.Verdict != policies.Allow {
		l.withdraw(p, Gating, "")
	}
}

// blocking is the first sentence that says why a decision is no allow.
func blocking(d policies.Decision) string {
	for _, r := range d.Reasons {
		if r.Verdict == d.Verdict {
			return r.Sentence
		}
	}
	return "No rule allows it."
}

// start puts a promotion on its way. What is older goes out with it.
func (l *step) start(p *Promotion, r Release) {
	r.Previous = l.Live.SHA
	if p.Put != 0 {
		p.tried(p.Put, p.Commit.SHA, p.Why)
	}
	if p.State != Reviewing { // what GitHub was asked about is what runs
		p.Run, p.RunURL = 0, ""
	}
	l.enter(p, Deploying)
	l.against(p)
	p.Release, p.Put, p.Began, p.Why, p.Tail, p.LetGo = r, p.Key, time.Time{}, "", "", r.asked(*p)
	l.Last, l.Newest, l.Chosen = p.Commit, max(l.Newest, p.Commit.Place), ""
	for i := range l.Promotions {
		if q := &l.Promotions[i]; q.State.Waits() && q.Commit.Place < p.Commit.Place {
			l.end(q, Superseded, "Its changes went out with a newer commit.")
			q.By = p.Commit
		}
	}
}

// against keeps how a promotion goes against its gate: once it has, it stays so, whatever lets a later try go.
func (l *step) against(p *Promotion) {
	r, against := p.Decision.Overridden()
	if !against || p.Against.Sentence != "" {
		return
	}
	l.Overridden++
	alone := slices.ContainsFunc(p.Overrides, func(o app.Override) bool { return o.Alone })
	p.Against = Against{Sentence: r.Sentence, Alone: alone}
}

func (l *step) began(m Began) {
	if p := l.answering(m.Commit, m.Key, Deploying, RollingBack); p != nil {
		if p.Began.Before(p.Since) || p.Began.IsZero() {
			p.Began = l.now
		}
		p.Asking = m.Asking
		switch {
		case m.Run == 0:
		case p.State == RollingBack:
			p.BackURL = m.URL
		default:
			p.Run, p.RunURL = m.Run, m.URL
		}
	}
}

func (l *step) deployed(m Deployed) {
	p := l.answering(m.Commit, m.Key, Deploying)
	if p == nil || m.Status.Running {
		return
	}
	l.touched(m.Status)
	if m.Status.Outcome == app.Succeeded {
		l.Live, p.Deployed = p.Commit, l.now
	}
	unclear := m.Status.Outcome == app.OutcomeUnknown
	switch {
	case m.Status.Untouched && p.Back == "":
		l.end(p, Failed, "Its "+p.Release.Spec.Step()+" "+ending(m.Status)+". Nothing has changed.")
	case p.Back != "":
		l.goBack(p, p.Back)
	case m.Status.Outcome == app.Succeeded:
		l.watch(p)
	case unclear && p.Release.Spec.Idempotent && p.Unclear+1 < Tries:
		p.Unclear++
		p.tried(p.Put, p.Commit.SHA, unclearPut)
		l.ask(p, Deploying)
		p.Put, p.Began, p.Run, p.RunURL = p.Key, time.Time{}, 0, ""
	case unclear:
		l.puzzle(p, Deploying, unclearPut)
	default:
		p.Tail = m.Status.Tail
		l.bad(p, Deploying, "Its "+p.Release.Spec.Step()+" "+ending(m.Status)+".")
	}
}

// touched forgets what is live, for a program has had its hands on it.
func (l *step) touched(s app.Status) {
	if !s.Untouched {
		l.Live = app.Commit{}
	}
}

// unclearPut is why a deployment is tried again, or left to a person.
const unclearPut = "Nobody knows how its deploy step ended."

// tried notes a program that is started again.
func (p *Promotion) tried(k app.Key, putting app.SHA, why string) {
	p.Tried = append(slices.Clip(p.Tried), Try{k, putting, why})
}

// ending says in words how a program ended badly.
func ending(s app.Status) string {
	if s.Reason != "" {
		return s.Reason
	}
	return "failed"
}

// watch follows a program that ended well. Without a verification the release is good now.
func (l *step) watch(p *Promotion) {
	if p.Release.Spec.Verify.HTTP == "" {
		l.end(p, Live, p.Release.Spec.ended()+" Nobody looked further: the file has no verify.")
		return
	}
	l.enter(p, Verifying)
}

func (l *step) probed(m Probed) {
	p := l.answering(m.Commit, m.Key, Verifying, RollingBack)
	if p == nil || p.State == RollingBack && !p.Restored {
		return
	}
	returning := p.State == RollingBack
	switch {
	case m.Outcome == app.Succeeded && returning:
		l.returned(p)
	case m.Outcome == app.Succeeded:
		l.end(p, Live, m.Why)
	case m.Outcome == app.Failed && returning:
		l.puzzle(p, RollingBack, "The release that came back is sick: "+m.Why)
	case m.Outcome == app.Failed:
		l.bad(p, Verifying, m.Why)
	case p.Extended:
		l.puzzle(p, p.State, "Watching it twice said neither good nor bad: "+m.Why)
	default:
		p.Extended = true
		l.ask(p, p.State)
	}
}

// bad undoes a release that went wrong, or leaves it to a person where the file says never to go back by itself.
func (l *step) bad(p *Promotion, was State, why string) {
	if to, ok := l.WayBack(p.Commit.SHA); p.Release.Spec.NeverBack || ok && to.backSpec(*p).byHand() {
		l.puzzle(p, was, why)
		return
	}
	l.goBack(p, why)
}

// goBack restores the last good release, if there is one, and holds the lane: newer commits contain what was bad. A hold that was there
// already is another one from now on, so that its end does not lift this.
func (l *step) goBack(p *Promotion, why string) {
	to, ok := l.WayBack(p.Commit.SHA)
	if !ok {
		l.end(p, Failed, why)
		return
	}
	if p.Undone != 0 {
		p.tried(p.Undone, p.To, p.Why)
	}
	l.enter(p, RollingBack)
	p.Why, p.To, p.Undone, p.Ended = why, to.Commit.SHA, p.Key, time.Time{}
	if p.Release.HoldAfter || l.Hold.Key != 0 {
		l.Hold = Hold{Key: l.number(), Because: why, Since: l.now, Undoes: p.Commit.SHA}
	}
}

func (l *step) restored(m Restored) {
	p := l.answering(m.Commit, m.Key, RollingBack)
	if p == nil || p.Restored || m.Status.Running {
		return
	}
	if m.Status.Outcome != app.Succeeded {
		l.touched(m.Status)
		p.Tail = m.Status.Tail
		why := "The way back " + ending(m.Status) + "."
		if m.Status.Outcome == app.OutcomeUnknown {
			why = "Nobody knows how the way back ended."
		}
		l.puzzle(p, RollingBack, why)
		return
	}
	to := l.released(p.To)
	l.Live = to.Commit
	if to.Release.Spec.Verify.HTTP == "" {
		l.returned(p)
		return
	}
	p.Restored = true
	l.ask(p, RollingBack)
}

// released is the good release of that commit. It is still there: nothing but its own rollback takes it away, and one runs already.
func (l *step) released(c app.SHA) Promotion {
	for _, p := range slices.Backward(l.Promotions) {
		if p.Commit.SHA == c && p.State == Live {
			return p
		}
	}
	return Promotion{}
}

func (l *step) returned(p *Promotion) {
	l.Last = l.released(p.To).Commit
	l.end(p, RolledBack, p.Why)
	l.undoneToo(p)
}

// puzzle leaves a promotion to a person: a question like any other, with a number.
func (l *step) puzzle(p *Promotion, was State, why string) {
	l.enter(p, Attention)
	p.Was, p.Why = was, why
	p.Calls++
}
