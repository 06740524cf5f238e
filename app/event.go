package app

import (
	"fmt"
	"time"
)

// Event is a webhook delivery, stored as it came, before it is understood.
type Event struct {
	ID       int64  // the store's number: events are taken in its order
	Delivery string // X-GitHub-Delivery, unique
	Name     string // X-GitHub-Event
	Body     []byte
	Received time.Time // by slipway's clock
	Attempts int       // how often it could not be translated
}

// Pull is a pull request as GitHub last described it.
type Pull struct {
	Number      int
	Title       string
	Author      Person
	Open        bool
	Merged      bool
	MergeCommit SHA // what it became; only of a merged one, for open ones carry a test merge
	MergedAt    time.Time
	Head        SHA
	HeadRef     string
	Base        string // the branch that it is for
	BaseSHA     SHA
	Fork        bool
	Locked      bool
	UpdatedAt   time.Time // by GitHub's clock: an older description never replaces a newer one
}

// What GitHub tells of a repository. Each carries the repository as it was described then, so that renaming and transfer are noticed.
type (
	// Pushed says that a branch moved. What it holds now is read from git, so the commits here are a hint.
	Pushed struct {
		Repo   Repo
		Branch string
		After  SHA // "" when it was deleted
		By     Person
	}
	// PullChanged describes a pull request after something happened to it.
	PullChanged struct {
		Repo Repo
		Pull Pull
		By   Person
	}
	// Relabeled says that a pull request got or lost a label. Which it has is read from GitHub.
	Relabeled struct {
		Repo Repo
		Pull int
	}
	// MergeQueued says that a merge group asks for checks, or is gone.
	MergeQueued struct {
		Repo Repo
		Head SHA
		Base SHA
		Gone bool
	}
	// Commented is what a person wrote, when it was written: in a pull request's conversation, on lines of its change, as the text of one of
	// its reviews, or on a commit. Edits and deletions carry no command.
	Commented struct {
		Repo     Repo
		Door     Door // "" of what was stored before there was more than one: the conversation
		Pull     int  // 0: on a commit
		Comment  int64
		Review   bool // Comment is the number of a review, whose text it is
		Commit   SHA  // that it stands on, as GitHub said when it came; "" in the conversation
		By       Person
		Body     string
		Written  time.Time // by GitHub's clock
		Received time.Time // by slipway's
		Delivery string    `json:",omitzero"`
	}
	// CommentAltered says that what somebody had written was changed afterwards, or taken away. It carries no command.
	CommentAltered struct {
		Repo    Repo
		Pull    int    // 0: on a commit
		Source  string // of what was written, as Commented.Source has it
		By      Person // who altered it
		Deleted bool
		At      time.Time // by slipway's clock
	}
	// PullReviewed says what a reviewer makes of a pull request. One that is dismissed may have no commit any more.
	PullReviewed struct {
		Repo     Repo
		Pull     int
		Review   int64
		State    ReviewState
		Commit   SHA    // that was reviewed, as GitHub said when it came: it is set anew after a force-push that changes nothing
		By       Person // the reviewer
		Written  time.Time
		Received time.Time
		Delivery string `json:",omitzero"`
	}
	// Pressed is a button of one of our check runs, or its Re-run, which is retry.
	Pressed struct {
		Repo       Repo
		Commit     SHA
		External   string // external_id of the check run; "" is the whole suite
		Identifier string
		By         Person
		Delivery   string
		Received   time.Time
	}
	// Reported says that another App's check run changed.
	Reported struct {
		Repo   Repo
		Commit SHA
		App    string // its slug
		Check  string // the check run's name
	}
	// WorkflowRan says that something happened to a run of GitHub Actions: it began, ended, or one of its deployments was reviewed or has come further.
	// What is so now is read from GitHub.
	WorkflowRan struct {
		Repo      Repo
		Run       int64
		Completed bool // the run has ended
	}
	// ProtectionAsked says that a run of GitHub Actions waits until our App lets it deploy to an environment.
	ProtectionAsked struct {
		Repo        Repo
		Run         int64
		Environment string
		Commit      SHA
		Deployment  int64 // GitHub's number of it
	}
	// Served says whether the App may serve a repository, or, without a repository, all of an installation.
	Served struct {
		Repo         Repo
		Installation int64
		Gone         bool // uninstalled, suspended, or the repository taken out
	}
)

// ReviewState is what a review of a pull request amounts to.
type ReviewState string

// The states of reviews that change something.
const (
	ReviewApproved         ReviewState = "approved"
	ReviewChangesRequested ReviewState = "changes_requested"
	ReviewDismissed        ReviewState = "dismissed"
)

// Source names what was written, once for ever.
func (c Commented) Source() string { return WrittenSource(c.Door, c.Comment, c.Review) }

// WrittenSource names a comment, or the text of a review, by its door and number. The two are numbered apart.
func WrittenSource(d Door, id int64, review bool) string {
	if d == "" {
		d = DoorComment
	}
	if review {
		return fmt.Sprintf("%s/review-%d", d, id)
	}
	return fmt.Sprintf("%s/%d", d, id)
}

// Source names a review, once for ever.
func (r PullReviewed) Source() string { return fmt.Sprintf("%s/%d", DoorReview, r.Review) }

// Name of Pushed.
func (Pushed) Name() string { return "repo.pushed" }

// Name of PullChanged.
func (PullChanged) Name() string { return "repo.pull" }

// Name of Relabeled.
func (Relabeled) Name() string { return "repo.relabeled" }

// Name of MergeQueued.
func (MergeQueued) Name() string { return "repo.queue" }

// Name of Commented.
func (Commented) Name() string { return "repo.commented" }

// Name of CommentAltered.
func (CommentAltered) Name() string { return "repo.altered" }

// Name of PullReviewed.
func (PullReviewed) Name() string { return "repo.reviewed" }

// Name of Pressed.
func (Pressed) Name() string { return "repo.pressed" }

// Name of Reported.
func (Reported) Name() string { return "repo.reported" }

// Name of WorkflowRan.
func (WorkflowRan) Name() string { return "repo.workflow" }

// Name of ProtectionAsked.
func (ProtectionAsked) Name() string { return "repo.protection" }

// Name of Served.
func (Served) Name() string { return "repo.served" }
