package app

import (
	"fmt"
	"strings"
	"time"
)

// Message is something that happened. Messages are stored before they are stepped, so each is plain data that JSON keeps whole.
type Message interface {
	// Name is the kind under which the message is stored. It never changes once released.
	Name() string
}

// Letter is a message and the machine it is for.
type Letter struct {
	To      Address
	Message Message
}

// What machines say to a lane. None but Ready carries news: news can arrive out of order, so a lane that is told to look again reads the
// facts afresh.
type (
	// Ready says that a commit's checks are green for the lane's service.
	Ready struct {
		Commit       Commit
		Artifact     string   // digest of what the service's checks produced, or ""
		Environments []string // the service's environments, in its file's order: whom the lane tells of a change of standing
	}
	// Changed says: look again, the answer for this commit may be another now. The zero commit means all that wait.
	Changed struct {
		Commit   SHA
		Standing bool `json:",omitzero"` // only how commits stand in another environment has changed
	}
	// Gone says that a commit is no longer on the default branch.
	Gone struct{ Commit Commit }
	// Removed says that the service or the environment is not in the file of this commit any more, or, without a commit, that the App
	// may not serve the repository any more. A Ready from a newer commit opens the lane again.
	Removed struct{ Commit Commit }
)

// What people say to a lane or a run, once it is settled that they may.
type (
	// Said is a person's word, bound to what they were shown when they wrote it.
	Said struct {
		Verb    Verb
		Commit  SHA       // whom it is about; empty for hold and unhold
		Key     Key       // /retry: the question or the end that was shown; /cancel and /rollback: the attempt; /unhold: the hold
		Check   string    // of a run's /retry: this check alone; "" is all that did not pass
		By      Person    // who said it
		Until   time.Time // of /hold: when it ends by itself; zero is never
		Because string    // why, in the person's words
		Proof   Proof     `json:",omitzero"`
	}
	// Approved is a person's yes for one commit in one lane.
	Approved struct {
		Commit SHA
		Key    Key // the number of the attempt that was shown
		Approval
	}
	// Unapproved takes one's own yes back.
	Unapproved struct {
		Commit SHA
		By     Person
		Door   Door   `json:",omitzero"` // only what came by it; "" is by any
		Source string `json:",omitzero"` // only that one; "" is any
	}
	// Overrode is a person's word to let a commit go although its gate does not. Whether that is enough is for the gate to say.
	Overrode struct {
		Commit SHA
		Key    Key // the number of the attempt that was shown
		Override
	}
	// Altered says that what somebody had written when they approved was edited or deleted afterwards. That changes nothing but what is shown.
	Altered struct {
		Source string
		Edited Edited
	}
)

// What people say of a pull request that is not merged yet. It is kept with the pull request, for no lane has its commit before the merge.
type (
	// ApprovedAhead is a person's yes for what a pull request would bring into one lane.
	ApprovedAhead struct {
		Pull        int
		Service     string
		Environment string
		Approval
	}
	// UnapprovedAhead takes one's own yes back.
	UnapprovedAhead struct {
		Pull        int
		Service     string
		Environment string
		By          Person
		Door        Door   `json:",omitzero"` // only what came by it; "" is by any
		Source      string `json:",omitzero"` // only that one; "" is any
	}
)

// Proof is by what somebody's word is known to be theirs.
type Proof struct {
	Role   string `json:",omitzero"` // role_name as GitHub gave it when the word came
	Source string `json:",omitzero"` // the door, and the number of what was written
	Text   string `json:",omitzero"` // SHA-256 of that, in hex
	Event  string `json:",omitzero"` // the webhook delivery by which it came
}

// Approval is a yes, with the proof of whose it is and of what was approved. It is unique by Source: a repeated event never approves twice.
type Approval struct {
	By     Person
	Role   string    // role_name as GitHub gave it when the approval came
	At     time.Time // when slipway received it
	Source string    // its door and a number: "comment/123", or "button/<delivery>"
	From   time.Time `json:",omitzero"` // it counts from then on; zero is at once
	Text   string    `json:",omitzero"` // SHA-256 of what was written, in hex; "" where nothing was
	Event  string    `json:",omitzero"` // the webhook delivery by which it came
	Proof  string    `json:",omitzero"` // what of the file asks for its giver: role:maintain, team:acme/release
	Pin    Pin       `json:",omitzero"`
	Ahead  Ahead     `json:",omitzero"`
	Edited Edited    `json:",omitzero"`
}

// Override is a person's word against a gate, with the proof of whose it is and of what it is about. It is unique by Source.
type Override struct {
	By      Person
	Role    string // role_name as GitHub gave it when the word came
	At      time.Time
	Source  string
	Text    string // SHA-256 of what was written, in hex
	Event   string `json:",omitzero"` // the webhook delivery by which it came
	Because string
	Alone   bool // without waiting for a second person
	Pin     Pin
}

// Door is the door by which an approval came.
func (a Approval) Door() Door {
	door, _, _ := strings.Cut(a.Source, "/")
	return Door(door)
}

// Pin is what an approval is for: it counts for nothing else.
type Pin struct {
	Commit   SHA
	Tree     string // git's name of all files of the commit
	Head     SHA    // the default branch's commit whose file judged
	Shared   SHA    `json:",omitzero"` // the commit of what that file extends, where it extends another
	Live     SHA    // the commit of the live release whose file judged; "" if nothing was live
	Artifact string // digest of what the checks had made; "" if nothing
}

// Shared is a file of another repository that a repository's file extends, and the commit at which it was read. The zero value: it extends none.
type Shared struct {
	From   string // owner/name@ref//path
	Commit SHA
}

// String names both, for people.
func (s Shared) String() string { return fmt.Sprintf("`%s` at `%s`", s.From, s.Commit.Short()) }

// Ahead says of an approval that it was given before the merge, and for what. The zero value is one that was not.
type Ahead struct {
	Pull int
	Pin  Pin // as it was then
}

// Edited says that what was written was altered after it had been acted on. The zero value is that it was not.
type Edited struct {
	By      Person
	Deleted bool
	At      time.Time
}

// Door is how a person's word comes. The source of an approval begins with its door.
type Door string

// The doors.
const (
	DoorComment       Door = "comment"        // in a pull request's conversation
	DoorButton        Door = "button"         // of one of our check runs
	DoorReviewComment Door = "review_comment" // on lines of a pull request's change, or the text of a review
	DoorCommitComment Door = "commit_comment" // on a commit
	DoorReview        Door = "review"         // a review that approves a pull request
)

// Person is a GitHub account.
type Person struct {
	ID    int64
	Login string
	Bot   bool
}

// Verb is what people can say.
type Verb string

// The verbs. Those of later issues are known, so that they can be answered "not yet".
const (
	VerbApprove   Verb = "approve"
	VerbUnapprove Verb = "unapprove"
	VerbHold      Verb = "hold"
	VerbUnhold    Verb = "unhold"
	VerbRollback  Verb = "rollback"
	VerbRetry     Verb = "retry"
	VerbCancel    Verb = "cancel"
	VerbStatus    Verb = "status"
	VerbHelp      Verb = "help"
	VerbOverride  Verb = "override"
	VerbWhatIf    Verb = "what-if"
	VerbOKToTest  Verb = "ok-to-test" // later
)

// Name of Ready.
func (Ready) Name() string { return "ready" }

// Name of Changed.
func (Changed) Name() string { return "changed" }

// Name of Gone.
func (Gone) Name() string { return "gone" }

// Name of Removed.
func (Removed) Name() string { return "removed" }

// Name of Said.
func (Said) Name() string { return "said" }

// Name of Approved.
func (Approved) Name() string { return "approved" }

// Name of Overrode.
func (Overrode) Name() string { return "overrode" }

// Name of Altered.
func (Altered) Name() string { return "altered" }

// Name of ApprovedAhead.
func (ApprovedAhead) Name() string { return "approved.ahead" }

// Name of UnapprovedAhead.
func (UnapprovedAhead) Name() string { return "unapproved.ahead" }

// Name of Unapproved.
func (Unapproved) Name() string { return "unapproved" }
