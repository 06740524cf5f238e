package deploy

import (
	"slices"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

// checkStep holds what must be true of every change.
func (w world) checkStep(before Lane, had []act, m app.Message, after Lane) {
	for _, p := range after.Promotions {
		w.checkMove(before, m, after, p)
	}
	for _, p := range before.Promotions {
		if attempt(after, p).State == Absent {
			w.Errorf("%s#%d vanishes by %#v: %s", p.Commit.SHA, p.Attempt, m, brief(before))
		}
	}
	has := acts(after)
	begun, ended := less(has, had), less(had, has)
	w.checkActs(before, m, after, begun, ended)
	w.checkPast(before, m, after, begun, ended)
	w.checkTwice(before, m, after)
}

// checkHeard holds that an answer to a question that is out is taken in, and that to look again is to ask again: the old number is not waited
// for any more.
func (w world) checkHeard(before Lane, wants []app.Want, m app.Message, after Lane) {
	for _, want := range wants {
		if concerns(m, want.Task) && slices.ContainsFunc(Wants(after), func(o app.Want) bool { return o.Key == want.Key }) {
			w.Errorf("%#v is not heard: %s", m, brief(before))
		}
	}
}

// concerns says whether a message makes the answer to a question known, or worthless.
func concerns(m app.Message, t app.Task) bool {
	switch t := t.(type) {
	case Gather:
		j, _ := m.(Judged)
		c, again := m.(app.Changed)
		return j.Key == t.Key || again && (c.Commit == "" || c.Commit == t.Commit.SHA)
	case Put:
		d, _ := m.(Deployed)
		return d.Key == t.Key
	case Restore:
		r, _ := m.(Restored)
		return r.Key == t.Key
	case Watch:
		p, _ := m.(Probed)
		return p.Key == t.Key
	case Request:
		r, _ := m.(Reviewed)
		return r.Key == t.Key && r.Review.State != ReviewUnknown && r.Review.State != ReviewWaiting
	}
	return false
}

// checkTwice holds that a repeat never acts twice. To look again is to ask again, what is ready again may bring a new artifact, and what GitHub
// asks again is another question.
func (w world) checkTwice(before Lane, m app.Message, after Lane) {
	switch m.(type) {
	case app.Changed, app.Ready, Asked:
		return
	}
	if twice, _ := w.step(after, m); !same(twice, after) {
		w.Errorf("%#v acts twice on %s\nonce  %s\ntwice %s", m, brief(before), brief(after), brief(twice))
	}
}

// checkTold holds that the other environments hear of every change of standing, good or bad, and of nothing else. What is told is no news.
func (w world) checkTold(before Lane, m app.Message, after Lane, told []app.Letter) {
	turned := false
	for i := 1; i <= commits; i++ {
		turned = turned || before.Standing(commit(i)) != after.Standing(commit(i))
	}
	var want []app.Letter
	if turned {
		want = []app.Letter{{To: app.LaneAddress(0, "", "production"), Message: app.Changed{Standing: true}}}
	}
	if !slices.Equal(told, want) {
		w.Errorf("%#v tells %v of %s\nwhich becomes %s", m, told, brief(before), brief(after))
	}
}

// checkMove holds the table of moves; a new state has a new number; what has ended is left by a person's word alone; and nothing counts as
// done that did not end well.
func (w world) checkMove(before Lane, m app.Message, after Lane, p Promotion) {
	from, was := stateOf(before, p), attempt(before, p)
	if from == p.State {
		return
	}
	c, k := p.Commit.SHA, was.Key
	if !slices.Contains(from.Moves(), p.State) {
		w.Errorf("%q to %q by %#v: %s", from, p.State, m, brief(before))
	}
	if p.Key <= before.Asked && p.State != Held {
		w.Errorf("%q under an old number by %#v: %s", p.State, m, brief(before))
	}
	ended := from != Absent && !open(was) && !slices.ContainsFunc(busyOnes(before), func(b Promotion) bool { return b.Attempt == p.Attempt })
	if s, is := m.(app.Said); ended && was.Back == "" && !(is && s.Verb == app.VerbRollback && s.Commit == c) {
		w.Errorf("final %q is left by %#v: %s", from, m, brief(before))
	}
	if from == Absent && p.State == Gating && !mayCome(before, m, p) {
		w.Errorf("%s comes by %#v: %s", c, m, brief(before))
	}
	w.checkEnding(before, m, after, p, k)
}

func attempt(l Lane, p Promotion) Promotion {
	for _, q := range l.Promotions {
		if q.Commit == p.Commit && q.Attempt == p.Attempt {
			return q
		}
	}
	return Promotion{}
}

// mayCome repeats the rules for a new attempt, in other words than Step's.
func mayCome(l Lane, m app.Message, p Promotion) bool {
	var last Promotion
	for _, q := range l.Promotions {
		if q.Commit == p.Commit {
			last = q
		}
	}
	switch m := m.(type) {
	case app.Ready:
		return last.State == Absent && m.Commit == p.Commit && m.Commit.Place > l.Newest && (!l.Closed || m.Commit.Place > l.ClosedAt)
	case Asked:
		bad := slices.Contains([]State{RolledBack, Failed, Canceled, Denied}, last.State) && m.Commit.Place >= l.Newest && !last.Gone
		opens := last.State == Absent && m.Commit.Place > l.ClosedAt
		return m.Commit == p.Commit && (!l.Closed || opens) && (bad || last.State == Absent && m.Commit.Place > l.Newest)
	case app.Said:
		bad := slices.Contains([]State{RolledBack, Failed, Canceled, Denied}, last.State)
		return m.Verb == app.VerbRetry && m.Key == last.Key && bad && !l.Closed && !last.Gone && p.Commit.Place >= l.Newest
	}
	return false
}

func (w world) checkEnding(before Lane, m app.Message, after Lane, p Promotion, k app.Key) {
	c, well := p.Commit.SHA, false
	switch m := m.(type) {
	case Probed:
		well = m.Commit == c && m.Key == k && m.Outcome == app.Succeeded
		well = well || beside(before, p) && m.Outcome == app.Succeeded
	case Deployed:
		well = m.Commit == c && m.Key == k && m.Status.Outcome == app.Succeeded && (p.State == Verifying || p.Release.Spec.Verify.HTTP == "")
	case Restored:
		well = m.Commit == c && m.Key == k && m.Status.Outcome == app.Succeeded
		well = well || beside(before, p) && m.Status.Outcome == app.Succeeded
	case app.Said:
		well = m.Verb == app.VerbRetry && m.Key == k && p.State == Verifying
	}
	if !well && slices.Contains([]State{Live, RolledBack, Verifying}, p.State) {
		w.Errorf("%s is %q by %#v: %s", c, p.State, m, brief(before))
	}
	if r, is := m.(Reviewed); is && r.Key == k && r.Review.State == ReviewRejected {
		return
	}
	if j, is := m.(Judged); p.State == Denied && !(is && j.Decision.Verdict == policies.Deny) {
		w.Errorf("%s is denied by %#v: %s", c, m, brief(before))
	}
}

// beside says whether an attempt was to be undone beside a request, and is now with what GitHub let go: no program of its own says so.
func beside(before Lane, p Promotion) bool {
	return p.State == RolledBack && attempt(before, p).State == Live && attempt(before, p).Back != ""
}

// act is something done to the environment.
type act struct {
	kind   string
	commit app.SHA
	to     app.SHA
	key    app.Key
}

func acts(l Lane) (all []act) {
	for _, w := range Wants(l) {
		switch t := w.Task.(type) {
		case Put:
			all = append(all, act{"put", t.Commit.SHA, "", t.Key})
		case Watch:
			all = append(all, act{"watch", t.Commit, "", t.Key})
		case Restore:
			all = append(all, act{"restore", t.Commit, t.To.SHA, t.Key})
		}
	}
	return all
}

// less is a without b.
func less(a, b []act) []act {
	return slices.DeleteFunc(slices.Clone(a), func(w act) bool { return slices.Contains(b, w) })
}

// checkActs holds what touches the environment: nothing begins under an old number, no deployment without an allowing answer to the very
// last question, nothing older over newer, no rollback but to what was good, and no program that runs is forgotten.
func (w world) checkActs(before Lane, m app.Message, after Lane, begun, ended []act) {
	for _, a := range begun {
		if a.key <= before.Asked {
			w.Errorf("%+v begins under an old number, by %#v: %s", a, m, brief(before))
		}
		if a.kind == "put" && !mayStart(before, m, a.commit) {
			w.Errorf("%s starts by %#v: %s", a.commit, m, brief(before))
		}
		if a.kind == "restore" && (a.to == "" || a.to != lastGood(after, a.commit)) {
			w.Errorf("%+v is not the way back, by %#v: %s", a, m, brief(before))
		}
		if a.kind == "restore" && after.Hold.Key <= before.Asked && (before.Hold.Key != 0 || undone(after, a.commit).Release.HoldAfter) {
			w.Errorf("%+v holds nothing anew, by %#v: %s", a, m, brief(before))
		}
	}
	for _, a := range ended {
		if !isOutcome(m, a) && !isForsaken(before, m, a) {
			w.Errorf("%+v is forgotten by %#v: %s", a, m, brief(before))
		}
		if p := undone(before, a.commit); a.kind == "put" && p.Back != "" && undone(after, a.commit).State != RollingBack {
			w.Errorf("/rollback of %s is forgotten by %#v: %s", a.commit, m, brief(before))
		}
	}
}

// undone is the attempt of a commit whose hands are on the environment.
func undone(l Lane, c app.SHA) Promotion {
	for _, p := range busyOnes(l) {
		if p.Commit.SHA == c {
			return p
		}
	}
	return Promotion{}
}

// mayStart repeats the rules for a start, in other words than Step's.
func mayStart(l Lane, m app.Message, c app.SHA) bool {
	if d, is := m.(Deployed); is { // once more, because it may be
		p := undone(l, c)
		return p.Release.Spec.Idempotent && d.Key == p.Key && d.Status.Outcome == app.OutcomeUnknown
	}
	if r, is := m.(Reviewed); is { // GitHub's reviewers have let it go, whatever came meanwhile
		p := undoneOrWaiting(l, c)
		return p.State == Reviewing && r.Key == p.Key && r.Review.State == ReviewApproved
	}
	var p Promotion
	newer := false
	for _, q := range l.Promotions {
		if q.Commit.SHA == c && !(q.State.Ended()) {
			p = q
		}
	}
	for _, q := range l.Promotions {
		newer = newer || q.Commit.Place > p.Commit.Place && open(q) && q.Eligible
	}
	j, is := m.(Judged)
	return is && j.Commit == c && j.Key == p.Key && j.Decision.Verdict == policies.Allow && l.Hold.Key == 0 && !l.Closed && !p.Gone &&
		p.Commit.Place >= l.Newest && !(p.State == Gating && newer)
}

// isOutcome says whether the message ends the act: its outcome, and of watching also a way back.
func isOutcome(m app.Message, a act) bool {
	switch m := m.(type) {
	case Deployed:
		return a.kind == "put" && m.Key == a.key
	case Restored:
		return a.kind == "restore" && m.Key == a.key
	case Probed:
		return a.kind == "watch" && m.Key == a.key
	case app.Said:
		return a.kind == "watch" && m.Verb == app.VerbRollback && m.Commit == a.commit
	}
	return false
}

// isForsaken says whether a person gives up a way back that nobody has begun: it waited for somebody to start a workflow.
func isForsaken(before Lane, m app.Message, a act) bool {
	s, is := m.(app.Said)
	p := undone(before, a.commit)
	return is && s.Verb == app.VerbCancel && a.kind == "restore" && p.Release.Spec.GateOnly && p.Release.Spec.BackWorkflow == "" && p.BackAsk == Ask{}
}

// stateOf is the state in before of an attempt that is there afterwards.
func stateOf(before Lane, p Promotion) State { return attempt(before, p).State }
