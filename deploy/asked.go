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

// Moot says that a run has ended: what it asked, nobody asks any more.
type Moot struct{ Run int64 }

// Name of Moot.
func (Moot) Name() string { return "lane.moot" }

// Ask is what GitHub asks about a promotion now; the zero value if nothing.
func (p Promotion) Ask() Ask {
	if len(p.Questions) == 0 {
		return Ask{}
	}
	return p.Questions[len(p.Questions)-1]
}

// unasked says that a release can't go, for nobody has started the workflow that would deploy it.
func (p Promotion) unasked(r Release) bool { return r.Spec.GateOnly && len(p.Questions) == 0 }

// most is how many questions about one attempt are remembered: older ones were answered long ago.
const most = 10

// wanted takes in that GitHub asks about a commit. Of one that comes back it is the way back; one that waits may go now; one that has ended is
// let in again, for whoever starts a workflow again says /retry in another way. What can't go is remembered too, to be refused. Each question
// comes once: a repeat would be another.
func (l *step) wanted(m Asked) {
	if p := l.busy(); p != nil && p.State == RollingBack && p.To == m.Commit.SHA {
		if !p.Restored {
			p.BackAsk = m.Ask
		}
		return
	}
	p := l.current(m.Commit.SHA)
	switch {
	case p == nil:
		l.uncalled(m.Commit)
	case l.mayAgain(p):
		l.add(Promotion{Commit: p.Commit, Artifact: p.Artifact})
	}
	if p = l.newest(m.Commit.SHA); slices.Contains(p.Questions, m.Ask) {
		return
	}
	p.Questions = append(slices.Clone(p.Questions[max(len(p.Questions)-most+1, 0):]), m.Ask)
	if p.State.Waits() {
		l.again(p)
	}
}

// uncalled lets a commit in of which no run has said that it is green: that is judged like all else.
func (l *step) uncalled(c app.Commit) {
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

// moot forgets the question of a run that has ended.
func (l *step) moot(m Moot) {
	for i := range l.Promotions {
		p := &l.Promotions[i]
		if !p.State.Waits() || !slices.ContainsFunc(p.Questions, func(a Ask) bool { return a.Run == m.Run }) {
			continue
		}
		p.Questions = slices.DeleteFunc(slices.Clone(p.Questions), func(a Ask) bool { return a.Run == m.Run })
		l.again(p)
	}
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

// Awaits says whether a run of a workflow waits for the gate here.
func (l Lane) Awaits(run int64) bool {
	return slices.ContainsFunc(l.Promotions, func(p Promotion) bool {
		return p.State.Waits() && slices.ContainsFunc(p.Questions, func(a Ask) bool { return a.Run == run })
	})
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
