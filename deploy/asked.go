package deploy

import (
	"slices"

	"github.com/slipway-cd/slipway/app"
)

// Where a team deploys by workflows of its own, slipway is the gate alone: GitHub asks it before a workflow's job may use the environment (a
// custom deployment protection rule). That question opens the commit's promotion, or completes it, for nothing can go before somebody has
// started the workflow; the answer is the deployment. What goes back is a workflow that the file names, or one that a person starts again.

// Ask is what GitHub asks about a commit: whether a run of a workflow may deploy it. The zero value is nothing.
type Ask struct {
	Run         int64  // GitHub's number of the workflow's run
	Deployment  int64  // and of the deployment that it has made for the environment
	Environment string // GitHub's name of it
}

// Asked says that GitHub asks.
type Asked struct {
	Commit app.Commit
	Ask    Ask
}

// Name of Asked.
func (Asked) Name() string { return "lane.asked" }

// Ask is what GitHub asks about a promotion now; the zero value if nothing. The first question stays until its run has ended: no later one may
// take the place of what somebody has approved.
func (p Promotion) Ask() Ask {
	if len(p.Questions) == 0 {
		return Ask{}
	}
	return p.Questions[0]
}

// unasked says that a release can't go, for nobody has started the workflow that would deploy it.
func (p Promotion) unasked(r Release) bool { return r.Spec.GateOnly && len(p.Questions) == 0 }

// maxQuestions is how many questions about one attempt are remembered.
const maxQuestions = 10

// asked is the question that a release answers by being started.
func (r Release) asked(p Promotion) Ask {
	if !r.Spec.GateOnly {
		return Ask{}
	}
	return p.Ask()
}

// wanted takes in that GitHub asks about a commit. Of one that comes back, and for which a person has to start a workflow, it is the way back; one
// that waits may go now; one that has ended is let in again, for whoever starts a workflow again says /retry in another way. What can't go is
// remembered too, to be refused. Each question comes once.
func (l *step) wanted(m Asked) {
	if p := l.busy(); p != nil && p.To == m.Commit.SHA && l.AwaitsStart(*p) {
		p.BackAsk = m.Ask
		return
	}
	p := l.current(m.Commit.SHA)
	switch {
	case p == nil:
		l.uncalled(m.Commit)
	case l.mayAgain(p):
		l.add(Promotion{Commit: p.Commit, Artifact: p.Artifact})
	}
	p = l.newest(m.Commit.SHA)
	if slices.Contains(p.Questions, m.Ask) {
		return
	}
	before := p.Ask()
	p.hear(m.Ask)
	if p.State.Waits() && p.Ask() != before {
		l.again(p)
	}
}

// hear adds a question. One of the same run takes the place of those before, for the run was started again and asks anew.
func (p *Promotion) hear(a Ask) {
	same := func(q Ask) bool { return q.Run == a.Run }
	i := slices.IndexFunc(p.Questions, same)
	all := slices.DeleteFunc(slices.Clone(p.Questions), same)
	if i < 0 {
		i = len(all)
	}
	all = slices.Insert(all, i, a)
	p.Questions = all[:min(len(all), maxQuestions)]
}

// forget drops a question whose run has ended: nobody asks it any more.
func (p *Promotion) forget(deployment int64) {
	p.Questions = slices.DeleteFunc(slices.Clone(p.Questions), func(a Ask) bool { return a.Deployment == deployment })
}

// uncalled lets a commit in of which no run has said that it is green: that is judged like all else.
func (l *step) uncalled(c app.Commit) {
	if l.Closed && c.Place > l.ClosedAt { // whoever handed the question over has just read the file
		l.Closed, l.Seen = false, max(l.Seen, c.Place)
	}
	p := l.arrive(app.Ready{Commit: c})
	switch {
	case l.Closed:
		l.end(p, Canceled, "The file does not name this lane any more.")
	case c.Place <= l.Newest || l.forgot(c):
		l.late(p)
	}
}

// mayAgain says whether what has ended may be let in again.
func (l *step) mayAgain(p *Promotion) bool {
	return p.State.Again() && p.Back == "" && !l.Closed && !p.Gone && p.Commit.Place >= l.Newest
}

// Question is the attempt at a commit of which GitHub asks, by the number of the deployment that waits.
func (l Lane) Question(c app.SHA, deployment int64) (Promotion, Ask, bool) {
	for _, p := range slices.Backward(l.Promotions) {
		if i := slices.IndexFunc(p.Questions, func(a Ask) bool { return a.Deployment == deployment }); i >= 0 && p.Commit.SHA == c {
			return p, p.Questions[i], true
		}
	}
	return Promotion{}, Ask{}, false
}

// Awaits says whether a run of a workflow waits for the gate here, and for which commit.
func (l Lane) Awaits(run int64) (app.SHA, bool) {
	i := slices.IndexFunc(l.Promotions, func(p Promotion) bool { return p.State.Waits() && p.Ask().Run == run && run != 0 })
	if i < 0 {
		return "", false
	}
	return l.Promotions[i].Commit.SHA, true
}

// byHand says that nothing goes back unless a person starts it.
func (s Spec) byHand() bool { return s.GateOnly && s.BackWorkflow == "" }

// backSpec is how a release comes back: as its own file says, with the workflow of the one that is undone where it names none.
func (p Promotion) backSpec(undone Promotion) Spec {
	s := p.Release.Spec
	if s.GateOnly && s.BackWorkflow == "" {
		s.BackWorkflow = undone.Release.Spec.BackWorkflow
	}
	return s
}

// AwaitsStart says that a promotion goes back as soon as a person starts the workflow of what comes back.
func (l Lane) AwaitsStart(p Promotion) bool {
	if p.State != RollingBack || p.Restored || p.BackAsk != (Ask{}) {
		return false
	}
	to := (&step{Lane: &l}).released(p.To)
	return to.backSpec(p).byHand()
}
