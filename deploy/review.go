package deploy

import (
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

// Where GitHub's own review of an environment is part of the gate, what deploys is a workflow that names the environment: it is asked for once
// every other rule allows, and GitHub stops it until one of its reviewers has answered. Nothing is touched while it waits, so a newer commit,
// a hold or a fact that has changed takes the request back. GitHub may let it go at that very moment, so until it is known that it did not,
// nothing else is asked for or started in the lane.

// Review is how a request stands at GitHub.
type Review struct {
	State     ReviewState
	Run       int64      // GitHub's number of the workflow's run; 0 while it is not known
	URL       string     // its page
	Reviewers []string   // who may answer: logins, or org/team
	By        app.Person // who answered
	Comment   string     // in their words
	Why       string     // how it ended where nobody answered, as part of a sentence
	Sent      time.Time  // when it was dispatched just now, perhaps in vain; known beside an error, too; zero: it was not
}

// ReviewState is what has become of a request. The zero value says nothing.
type ReviewState string

// The states of a request.
const (
	ReviewUnknown   ReviewState = ""
	ReviewWaiting   ReviewState = "waiting"   // GitHub asks its reviewers
	ReviewApproved  ReviewState = "approved"  // the workflow goes on
	ReviewRejected  ReviewState = "rejected"  // it never will
	ReviewEnded     ReviewState = "ended"     // the workflow ended before anybody answered
	ReviewMissing   ReviewState = "missing"   // the workflow has ended, GitHub asked nobody, and it may have deployed
	ReviewWithdrawn ReviewState = "withdrawn" // it was taken back, and nothing has begun
)

// Reviewed is how a request stands. Answers Request.
type Reviewed struct {
	Commit app.SHA
	Key    app.Key
	Review Review
}

// Name of Reviewed.
func (Reviewed) Name() string { return "lane.reviewed" }

// Request asks for a workflow that GitHub stops until it is reviewed, or, once it is not wanted any more, for its end: it is one row, so that
// no two do it at once. Answered by Reviewed.
type Request struct {
	Key      app.Key
	Commit   app.Commit
	Release  Release
	Withdraw bool
}

// Task of Request.
func (Request) Task() string { return "request" }

// reviewing is the promotion that GitHub's reviewers are asked about, or whose request is being taken back, or nil.
func (l *Lane) reviewing() *Promotion {
	for i := range l.Promotions {
		if l.Promotions[i].State == Reviewing {
			return &l.Promotions[i]
		}
	}
	return nil
}

// Reviewing is the promotion that GitHub's reviewers are asked about, if there is one.
func (l Lane) Reviewing() (Promotion, bool) {
	if p := l.reviewing(); p != nil {
		return *p, true
	}
	return Promotion{}, false
}

// request asks GitHub's reviewers.
func (l *step) request(p *Promotion, r Release) {
	r.Previous = l.Live.SHA
	l.enter(p, Reviewing)
	p.Release, p.Run, p.RunURL, p.Reviewers, p.Eligible = r, 0, "", nil, true
}

// withdraw takes a request back, after which the promotion is asked about anew or canceled: what is canceled stays so.
func (l *step) withdraw(p *Promotion, then State, why string) {
	p.Eligible, p.Again = false, 0
	if p.Then != Canceled {
		p.Then = then
	}
	if then == Canceled && p.Why == "" {
		p.Why = why
	}
}

// leave ends a promotion that waits, at once or as soon as its request is back.
func (l *step) leave(p *Promotion, why string) {
	if p.State == Reviewing {
		l.withdraw(p, Canceled, why)
		return
	}
	l.end(p, Canceled, why)
}

// reviewed takes in how a request stands.
func (l *step) reviewed(m Reviewed) {
	p := l.answering(m.Commit, m.Key, Reviewing)
	if p == nil {
		return
	}
	if m.Review.Run != 0 {
		p.Run, p.RunURL = m.Review.Run, m.Review.URL
	}
	switch m.Review.State {
	case ReviewWaiting:
		p.Reviewers = m.Review.Reviewers
	case ReviewApproved:
		l.letGo(p, m.Review)
	case ReviewRejected:
		l.end(p, Denied, rejection(m.Review))
	case ReviewMissing:
		l.unguarded(p, m.Review.Why)
	case ReviewEnded, ReviewWithdrawn:
		l.takenBack(p, m.Review)
	}
}

// letGo starts what GitHub's reviewers have let go, also if it was being taken back: it has begun. Whoever rolled back meanwhile is obeyed as
// soon as its outcome is known.
func (l *step) letGo(p *Promotion, r Review) {
	back := ""
	if q := l.undoing(); q != nil {
		back = q.Back
	}
	pin := app.Pin{Commit: p.Commit.SHA, Head: p.Release.Head, Live: p.Release.Live, Artifact: p.Release.Artifact}
	yes := app.Approval{By: r.By, Role: reviewerRole, At: l.now, Source: ReviewSource, Pin: pin}
	p.Approvals = append(p.Approvals[:len(p.Approvals):len(p.Approvals)], yes)
	l.start(p, p.Release)
	p.Back = back
}

// ReviewSource is the source of an approval that was given in GitHub's review.
const ReviewSource = "review"

// reviewerRole is what stands in place of a role where GitHub's review has approved.
const reviewerRole = "GitHub review"

func rejection(r Review) string {
	s := "@" + r.By.Login + " rejected it in GitHub's review"
	if r.Comment != "" {
		s += ": " + policies.Quote(r.Comment)
	}
	return s + "."
}

// unguarded fails a promotion whose workflow was not stopped: nobody can say what it did.
func (l *step) unguarded(p *Promotion, why string) {
	undoing := l.undoing()
	l.start(p, p.Release)
	l.Live = app.Commit{}
	if undoing != nil {
		l.goBack(p, undoing.Back)
		return
	}
	l.end(p, Failed, "No reviewer of GitHub's has let its workflow go, which "+why+". What it did nobody can say.")
}

// takenBack is a request that has ended with nothing begun.
func (l *step) takenBack(p *Promotion, r Review) {
	switch {
	case p.Then == Gating:
		l.enter(p, Gating)
	case p.Then == Canceled:
		l.end(p, Canceled, p.Why)
	default:
		l.end(p, Canceled, "Nobody reviewed its workflow: "+r.Why+".")
	}
}

// undoing is what a person has rolled back while GitHub's reviewers were asked, or nil: two programs never run at once.
func (l *Lane) undoing() *Promotion {
	for i := range l.Promotions {
		if p := &l.Promotions[i]; p.Back != "" && p.State != Deploying {
			return p
		}
	}
	return nil
}

// goOn goes back where that had to wait for a request, once nothing is in the way.
func (l *step) goOn() {
	p := l.undoing()
	if p == nil || l.busy() != nil || l.reviewing() != nil {
		return
	}
	why := p.Back
	p.Back = ""
	if _, ok := l.WayBack(p.Commit.SHA); ok {
		l.goBack(p, why)
	}
}

// undoneToo ends what was to be undone beside a request, where what GitHub let go meanwhile has been undone: it was part of that.
func (l *step) undoneToo(by *Promotion) {
	p := l.undoing()
	if p == nil || p.Attempt == by.Attempt {
		return
	}
	why := p.Back
	p.Back = ""
	if p.State == Live {
		p.To, p.Undone = by.To, by.Undone
		l.end(p, RolledBack, why)
	}
}
