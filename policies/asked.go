package policies

import (
	"time"

	"github.com/slipway-cd/slipway/app"
)

// Asked is what somebody asked for in one comment or with one button, and all that has to be known to answer.
type Asked struct {
	Source   string           // comment/<id>, or button/<delivery>: makes an approval unique
	Text     string           // SHA-256 of what was written, in hex; "" of a button
	Event    string           // the webhook delivery by which it came
	On       app.SHA          // the commit that the words stand on; "" in a conversation and of a button
	By       app.Person       // bots are ignored
	Role     app.Fact[string] // role_name, read for this question
	Lines    []Line           // from Parse; of a button: one, from ParseButton, with lane and full commit filled in
	Check    string           // of a button on a check's own check run: its id, which /retry then means
	Written  time.Time        // GitHub's created_at; zero counts as late. Of a button that came by webhook at once: Received
	Received time.Time        // by slipway's clock
	Guard    time.Duration    // an approval that was written within it after the card began to offer another commit is refused, SLIPWAY_GUARD

	Repo       app.RepoID
	Personal   bool                  // a user's own repository
	Pull       PullView              // the zero value: none, so a button's commands name their commit
	Lanes      []LaneView            // all of the repository's, as people should read them
	Given      []GivenAhead          // what was approved of Pull before its merge, and has not come into a lane
	Runs       []RunView             // of the pull request's head and of the commit that it became, and of the commits that commands name
	Candidates app.Fact[[]Candidate] // the repository's collaborators; not known costs only words
}

// PullView is the pull request that a comment stands on.
type PullView struct {
	Number    int
	Title     string
	Open      bool
	Head      app.SHA
	Heads     []app.SHA // what was pushed to it, as far as slipway saw it
	Commit    app.SHA   // the commit of the default branch that it became when it was merged; "" is not merged, or not seen yet
	MergedAt  time.Time // by GitHub's clock; zero is not merged
	Elsewhere bool      // it goes into a branch from which nothing is deployed
	Unread    bool      // it is open, and what it changes is being found out
}

// GivenAhead is an approval that was given before the merge.
type GivenAhead struct {
	Service     string
	Environment string
	Commit      app.SHA // the head that it was for
	By          app.Person
}

// LaneView is a lane as far as commands and /status need it.
type LaneView struct {
	Service     string
	Environment string
	Hold        *HoldView  // nil if nothing stops the lane
	Live        app.SHA    // "" is nothing, or nobody can say
	WayBack     app.SHA    // what a rollback of what was put there last would bring back; "" is nothing
	Newest      app.Commit // the newest that was ever started here; zero is none
	Unclear     bool       // something is there, but nobody can say what
	Closed      bool       // it is not in the file any more
	Offers      []Offer    // what the card on Asked.Pull offered in this lane, oldest first; the last is what it offers now. Of an open one: its heads
	Overrides   int        // how many releases went against the gate here
	Promotions  []PromotionView
}

// door is how the words came.
func (a Asked) door() app.Door { return app.Approval{Source: a.Source}.Door() }

// Offer is a commit that a card asked people to approve.
type Offer struct {
	Commit app.SHA
	From   time.Time // when the card began to offer it
}

// HoldView is what stops a lane.
type HoldView struct {
	Key     app.Key
	By      app.Person // the zero value: slipway itself, after a rollback
	Because string     // a person's words; of slipway's own hold a sentence of the lane
	Undoes  app.SHA    // of slipway's own: the commit whose rollback it followed
	Since   time.Time
	Until   time.Time // zero is until somebody lifts it
}

// PromotionState is how people should read where a promotion is.
type PromotionState string

// The states of promotions, as commands see them. The zero value is none that a command could change.
const (
	Ahead       PromotionState = "not merged yet" // what an open pull request would bring; no lane has it
	Waiting     PromotionState = "waiting"        // nothing has been touched yet
	Deploying   PromotionState = "deploying"
	Verifying   PromotionState = "verifying"
	RollingBack PromotionState = "rolling back"
	Attention   PromotionState = "attention" // a person must say what to do; also while a retry of it is being judged
	EndedLive   PromotionState = "live"
	RolledBack  PromotionState = "rolled back"
	Failed      PromotionState = "failed"
	Denied      PromotionState = "denied"
	Canceled    PromotionState = "canceled"
	Superseded  PromotionState = "superseded"
)

// PromotionView is the newest attempt of a commit in a lane.
type PromotionView struct {
	Commit       app.Commit
	State        PromotionState
	Attempt      app.Key        // what /approve, /cancel and /rollback mean
	Question     app.Key        // what /retry answers
	Arrived      time.Time      // when the attempt did
	Started      time.Time      // when its deployment did; zero is not yet, or not known
	Since        time.Time      // when it came into its state; zero is not known
	Retryable    bool           // /retry would change something
	Cancelable   bool           // /cancel would change something
	Rollbackable bool           // /rollback would change something; of one promotion a lane at most
	SupersededBy app.SHA        // which newer commit took it along
	Pull         int            // the pull request whose comment has its card; 0 if none has
	HoldsAfter   bool           // its rollback holds the lane, as the files of its release say
	Back         app.SHA        // the release that it goes back to, or went back to; "" is none
	Was          PromotionState // in need of a person: what it was before
	Gone         bool           // a force-push took it off the default branch, whether or not it came back
	Review       bool           // GitHub asks its reviewers about it
	Decision     Decision       // the last one, for /status
	Facts        Facts          // of what the words mean, and waits or needs attention: as for Judge; what MayApprove does not read may be left out. Of all else the gate alone
}

// RunView is the run of a commit.
type RunView struct {
	Commit     app.SHA
	State      string // a word for people: running, green, red, canceled, passed over
	Broken     bool   // it is red because its file can't be used; no check of it failed
	Green      bool
	Retryable  bool // it has ended; of a green one only a single check is retried, by its button
	Cancelable bool // it has not
}

// Answer is what is said back: one comment, one reaction, or neither.
type Answer struct {
	Body        string // Markdown, at most 60,000 bytes; "" is no comment
	Reaction    string // +1 done, -1 refused, confused not understood, eyes seen; "" is none
	OncePerPull bool   // one comment of this kind for each person and pull request is enough; the reaction is always given
}
