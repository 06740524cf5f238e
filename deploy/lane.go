// Package deploy takes a commit to an environment and back. A Lane is one service in one environment: what is live there, what was last
// good, what is on its way, what waits, and who holds it. The hard states lie between commits, so the lane is what changes atomically.
//
// Step and Wants are pure. One counter numbers every question that a lane puts to the world; an answer under any other number is late and
// changes nothing.
package deploy

import (
	"slices"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

// Tries is how often a deployment that may be run again is started when its outcome can't be known.
const Tries = 3

// Promotion is one attempt at one commit's way through the lane.
type Promotion struct {
	Commit    app.Commit
	Attempt   app.Key // its first number: which attempt it is
	State     State
	Key       app.Key           // the question that it waits on, or waited on last; once ended, the number of its end
	Stale     bool              // while it waits behind others: something has changed since the last answer
	Eligible  bool              // while it waits: the last answer was allow
	Decision  policies.Decision // the last answer
	Approvals []app.Approval    // for this attempt alone
	Overrides []app.Override    // what people have said against its gate, likewise
	Against   Against           // how it was let go against its gate; zero: it was not
	Artifact  string            // what its run produced, until a release is pinned
	Release   Release           // pinned when it was started
	Back      string            // while deploying, or beside a request: why to go back once the outcome is known, for two programs never run at once
	Unclear   int               // deployments in a row whose outcome could not be known
	Extended  bool              // the bake has been extended, which happens once
	Restored  bool              // while rolling back: the program has ended well, and what is back is being looked at
	To        app.SHA           // while rolling back and after: the release that comes back
	Was       State             // in attention and retrying: what became unclear
	Then      State             // while its request is taken back: gating or canceled
	Looked    app.Key           // while GitHub is asked: the number of the gate's last answer since
	Again     app.Key           // while GitHub is asked: the number under which the gate is asked again, for a fact may have changed
	Run       int64             // GitHub's number of the workflow's run that deploys it
	RunURL    string            // and its page
	BackURL   string            // the page of the run that rolls it back
	Reviewers []string          // while GitHub is asked: whom
	Asking    bool              // while a workflow deploys it or goes back: GitHub asks its reviewers before that goes on
	Questions []Ask             // what GitHub has asked about it and still may, the first one counts; only where slipway is the gate alone
	LetGo     Ask               // the one of them that was let go: its deployment
	BackAsk   Ask               // while rolling back: what GitHub asks about the release that comes back
	Gone      bool              // no longer on the default branch
	Why       string            // why it is where it is, in a sentence
	Tail      string            // the last lines of the program that failed
	By        app.Commit        // superseded: by whom
	Put       app.Key           // the number of its deployment, for its log and GitHub's
	Undone    app.Key           // the number of its rollback, likewise
	Tried     []Try             // its programs that did not end well and were started again under another number
	Calls     int               // how often a person was needed: each call is a check run of its own
	Since     time.Time         // when it came into its state
	Arrived   time.Time
	Began     time.Time // its program left the line
	Deployed  time.Time
	Ended     time.Time
}

// Against is how a promotion was let go against its gate, as it was at the time.
type Against struct {
	Sentence string // who did, and what was skipped
	Alone    bool   // one person alone
}

// Try is a program that was started again: its deployment on GitHub is over, and says why.
type Try struct {
	Key    app.Key
	Commit app.SHA // what it was putting there: the promotion's own, or the release that was to come back
	Why    string  // how it ended, in a sentence
}

// Lane is one service in one environment. Promotions holds the attempts that still matter, oldest first: all that have not ended, all
// that may be let in again, and what was good. The zero times mean never.
type Lane struct {
	Repo         app.RepoID
	Service      string
	Environment  string
	Environments []string // the service's, as its newest file names them: whom to tell
	Promotions   []Promotion
	Live         app.Commit // what is known to be there; zero: nothing, or nobody can say
	Last         app.Commit // who was put there last, well or badly: whom a rollback undoes
	Newest       app.Place  // the newest that was ever started here: nothing at or below it starts by itself
	Seen         app.Place  // the newest that was ever ready here
	Forgotten    app.Place  // at or below it, what is not remembered may have been here, and can't start any more
	Chosen       app.SHA    // the newest that may go: being asked once more, for what can be withdrawn may have been
	Asked        app.Key    // the last question's number
	Hold         Hold       // what stops the lane
	Overridden   int        `json:",omitzero"` // how many releases went out against the gate
	Closed       bool       // not in the file any more, or the App is gone
	ClosedAt     app.Place
}

// Address is the lane's address.
func (l Lane) Address() app.Address { return app.LaneAddress(l.Repo, l.Service, l.Environment) }

// Name is how people read the lane.
func (l Lane) Name() string { return app.LaneName(l.Service, l.Environment) }

// Undecided says that the gate has not answered for the first time yet, or that its allow is being asked for once more.
func (p Promotion) Undecided() bool {
	return p.State == Gating && (p.Eligible || len(p.Decision.Reasons) == 0)
}

// Busy is the promotion whose hands are, or may be, on the environment, if there is one.
func (l Lane) Busy() (Promotion, bool) {
	if p := l.busy(); p != nil {
		return *p, true
	}
	return Promotion{}, false
}

// Promotion is the attempt of a commit that matters now, if there is one: the one whose hands are on the environment, else the one
// that waits, else the one that ended last.
func (l Lane) Promotion(c app.SHA) (Promotion, bool) {
	if p := l.current(c); p != nil {
		return *p, true
	}
	return Promotion{}, false
}

// NewestStarted is the newest commit that was ever started here; the zero commit if none was.
func (l Lane) NewestStarted() app.Commit {
	for _, p := range slices.Backward(l.Promotions) {
		if p.Put != 0 {
			return p.Commit
		}
	}
	return app.Commit{}
}

// Started is the newest attempt of a commit that was ever started, if there is one: the one that a rollback undoes.
func (l Lane) Started(c app.SHA) (Promotion, bool) {
	if p := l.started(c); p != nil {
		return *p, true
	}
	return Promotion{}, false
}

// WayBack is the release that a rollback of c would bring back: the newest that was good for its whole bake and has not been rolled back
// since, other than c. As nothing older is started over something newer, the newest place is the newest release.
func (l Lane) WayBack(c app.SHA) (Promotion, bool) {
	for _, p := range slices.Backward(l.Promotions) {
		if p.State == Live && p.Commit.SHA != c && p.Back == "" {
			return p, true
		}
	}
	return Promotion{}, false
}

func (l *Lane) busy() *Promotion {
	i := slices.IndexFunc(l.Promotions, func(p Promotion) bool { return p.State.Busy() })
	return l.at(i)
}

func (l *Lane) at(i int) *Promotion {
	if i < 0 {
		return nil
	}
	return &l.Promotions[i]
}

// newest is the newest attempt of a commit, or nil.
func (l *Lane) newest(c app.SHA) *Promotion {
	for i := len(l.Promotions) - 1; i >= 0; i-- {
		if l.Promotions[i].Commit.SHA == c {
			return &l.Promotions[i]
		}
	}
	return nil
}

// waiting is the attempt of a commit that waits, or nil; there is never more than one.
func (l *Lane) waiting(c app.SHA) *Promotion {
	if p := l.newest(c); p != nil && p.State.Waits() {
		return p
	}
	return nil
}

// started is the newest attempt of a commit that was ever started, or nil.
func (l *Lane) started(c app.SHA) *Promotion {
	for i := len(l.Promotions) - 1; i >= 0; i-- {
		if p := &l.Promotions[i]; p.Commit.SHA == c && p.Put != 0 {
			return p
		}
	}
	return nil
}

// current is the attempt of a commit that matters now, or nil. An older attempt that is being undone, or was, comes before a newer one that
// was given up for it: of those that have ended it is the one whose end came last.
func (l *Lane) current(c app.SHA) *Promotion {
	if b := l.busy(); b != nil && b.Commit.SHA == c {
		return b
	}
	var found *Promotion
	for i := range l.Promotions {
		if p := &l.Promotions[i]; p.Commit.SHA == c && (found == nil || p.Key > found.Key) {
			found = p
		}
	}
	return found
}

// answering is the promotion that waits on this very question in one of these states, or nil.
func (l *Lane) answering(c app.SHA, k app.Key, states ...State) *Promotion {
	if p := l.current(c); p != nil && p.Key == k && slices.Contains(states, p.State) {
		return p
	}
	return nil
}

// Standing is what a later environment may know of a commit here. It looks at all attempts: proven is good itself or contained in what is
// good; lost was bad here by itself, which a fix that contains it does not heal, for the fix may stay behind; open may become either.
func (l Lane) Standing(c app.Commit) policies.Standing {
	bad, going, gone := false, false, false
	for i := range l.Promotions {
		p := &l.Promotions[i]
		if p.Commit.SHA != c.SHA {
			continue
		}
		if p.State == Live {
			return policies.StandingProven
		}
		bad, going, gone = bad || p.State.Bad(), going || !p.State.Ended(), gone || p.Gone
	}
	switch {
	case bad && !going:
		return policies.StandingLost
	case !bad && !gone && 0 < c.Place && c.Place < l.goodUpTo(): // a place of zero is not on the branch, so nothing contains it
		return policies.StandingProven
	}
	return policies.StandingOpen
}

// GoodSince is since when what is good here contains a commit: another that contains it goes on where the one before left off.
func (l Lane) GoodSince(c app.Commit) (since time.Time, ok bool) {
	for i := range l.Promotions {
		p := &l.Promotions[i]
		contains := p.Commit.SHA == c.SHA || 0 < c.Place && c.Place < p.Commit.Place
		if p.State == Live && contains && (!ok || p.Ended.Before(since)) {
			since, ok = p.Ended, true
		}
	}
	return since, ok
}

// Waits says whether any promotion waits here.
func (l Lane) Waits() bool {
	return slices.ContainsFunc(l.Promotions, func(p Promotion) bool { return p.State.Waits() })
}

// goodUpTo is the place of the newest that is good here.
func (l Lane) goodUpTo() app.Place {
	for i := len(l.Promotions) - 1; i >= 0; i-- {
		if l.Promotions[i].State == Live {
			return l.Promotions[i].Commit.Place
		}
	}
	return 0
}
