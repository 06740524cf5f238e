package engine

import (
	"context"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/audit"
	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
)

// Store keeps everything that must survive. Whatever a transaction wrote is durable once Update returns without error, and nothing of it
// is there if it returns one. Updates are serial; a View sees one moment. Neither may wait for the world inside do.
type Store interface {
	Update(ctx context.Context, do func(Tx) error) error
	View(ctx context.Context, do func(Tx) error) error
}

// Tx is one transaction. What is not there is an app.ErrNotFound; what was changed by others meanwhile an app.ErrConflict.
type Tx interface {
	Events
	Letters
	Machines
	Rows
	Records
}

// Events is the inbox of webhook deliveries. Handlers put them there, before they answer GitHub.
type Events interface {
	// Queued is the oldest events that are still to be translated and are due, in order.
	Queued(limit int, now time.Time) ([]app.Event, error)
	// SettleEvent writes down what became of one: done, ignored or failed with a reason; or queued again, not before due.
	SettleEvent(id int64, s EventState, reason string, due time.Time) error
	// Delivered says whether a delivery is stored, whatever became of it.
	Delivered(delivery string) (bool, error)
	// ForgetEvents drops the bodies of settled events received before one time and the rest of them before another: of the oldest, some
	// thousands in one call, so that deliveries need not wait for long.
	ForgetEvents(bodies, ids time.Time) error
}

// EventState says what became of an event.
type EventState string

// The states of an event.
const (
	EventQueued  EventState = "queued"
	EventDone    EventState = "done"
	EventIgnored EventState = "ignored"
	EventFailed  EventState = "failed"
)

// Letters is the messages between machines, stepped in the order in which they were stored.
type Letters interface {
	// Post stores letters, in order, with the time.
	Post(letters []app.Letter, at time.Time) error
	// Mail is the oldest letters that may be stepped now, in order. A letter that waits to be tried again holds back those of its own
	// machine only.
	Mail(limit int, now time.Time) ([]Mail, error)
	// Stepped removes a letter that has been taken in.
	Stepped(id int64) error
	// Delay says that a letter failed and is to be tried again, not before due.
	Delay(id int64, reason string, due time.Time) error
	// SetAside takes a letter out of the line for good, with its error, visible.
	SetAside(id int64, reason string) error
	// Aside is the letters that were set aside, newest first.
	Aside(limit int) ([]Mail, error)
}

// Mail is a stored letter.
type Mail struct {
	ID int64
	app.Letter
	At       time.Time // when it was stored
	Attempts int
	Reason   string // of what failed: why
	Err      error  // the letter can't be read any more: it can only be set aside
}

// Machines is the two state machines. Saving compares and sets: a version that is not the stored one is an app.ErrConflict. Version 0 is
// a machine that is not stored yet; loading one gives its zero value with its address and version 0, and no error.
type Machines interface {
	Run(repo app.RepoID, commit app.SHA) (r checks.Run, version int64, err error)
	SaveRun(r checks.Run, version int64) error
	// Runs is a repository's newest runs, newest first.
	Runs(repo app.RepoID, limit int) ([]checks.Run, error)
	// OpenRuns is the runs that have not ended.
	OpenRuns(repo app.RepoID) ([]checks.Run, error)
	Lane(at app.Address) (l deploy.Lane, version int64, err error)
	// SaveLane writes the lane and a row for each of its attempts. Attempts that the lane dropped from memory keep their rows.
	SaveLane(l deploy.Lane, version int64) error
	// Lanes is all of a repository's, by service and environment; of repository 0, all there are.
	Lanes(repo app.RepoID) ([]deploy.Lane, error)
	// LastGreen is the newest commit below a place whose run was green for a service, "" if there is none.
	LastGreen(repo app.RepoID, service string, below app.Place) (app.SHA, error)
}

// Row is one want: something done, once per key, or something shown, again and again.
type Row struct {
	Key      string // unique in the whole store: a want's own key behind its machine's address, or a view's key
	Machine  app.Address
	Task     string    // the kind of work
	Due      time.Time // not before; zero: nothing to do until it is nudged
	State    RowState
	Attempts int    // that failed, in a row
	Nudges   int64  // how often it was made due: a nudge that comes while it is worked on is not lost
	Holder   string // who works on it
	Lease    time.Time
	Fence    int64  // grows each time it is taken: a holder that lost its lease can't settle it
	Outcome  string // of what is done
	Reason   string // of what failed: why
	GitHub   int64  // GitHub's number of what is shown
	External string // the external id under which it is shown
	Shown    string // hash of what is shown
	ShownAt  time.Time
	Progress []byte    // what a watch has seen so far
	Running  bool      // its program has been started: after a restart it is looked for first
	Sent     time.Time // when a workflow was last dispatched for it, perhaps in vain
	Tried    bool      // a write may have been done without our learning of it: look first
}

// Refused begins the outcome of a view that GitHub refuses. It is tried again when it changes, when the App is given more, and each night.
const Refused = "refused: "

// RowState says whether a row is still wanted.
type RowState string

// The states of a row.
const (
	RowOpen     RowState = "open"
	RowDone     RowState = "done"
	RowCanceled RowState = "canceled"
)

// Rows is what is due.
type Rows interface {
	// Row is the row of a key.
	Row(key string) (Row, error)
	// OpenRows is the open rows of a machine, without views.
	OpenRows(machine app.Address) ([]Row, error)
	// Refused is the open rows whose outcome says that GitHub refuses them: it begins with Refused.
	Refused() ([]Row, error)
	// RunningRows is the open rows whose programs run, of all machines.
	RunningRows() ([]Row, error)
	// Want makes an open row, due then. One that is there already, in whatever state, stays as it is: a key is done once, for ever.
	Want(key string, machine app.Address, task string, due time.Time) error
	// Nudge makes rows due at a time, or at an earlier one if they are due before; a key that has no row gets one. For what may be done
	// again and again: views and periodic work. What is done or canceled stays so; the zero time is an app.ErrInvalid.
	Nudge(key string, machine app.Address, task string, due time.Time) error
	// Unwant cancels open rows. Who works on one can still settle it, and it stays canceled.
	Unwant(keys ...string) error
	// Take hands out rows that are due and that nobody holds, oldest first, but none of the tasks in full, and leases them. One that is taken
	// over from a holder that is gone counts as tried: it may have been done.
	Take(t Taking) ([]Row, error)
	// NextDue is when the next row, delayed letter or delayed event is due, of what nobody holds and no slot keeps waiting; zero if there
	// is none.
	NextDue(t Taking) (time.Time, error)
	// Settle writes a row back after work and lets go of it, once. The fence must be the one that it was taken with, else app.ErrConflict.
	// If it was nudged since, it is due when the nudge said, unless it is done.
	Settle(r Row) error
}

// Taking says which rows to hand out.
type Taking struct {
	Now    time.Time
	Limit  int
	Holder string
	Lease  time.Time
	Alone  bool     // no other holder can be alive, so that their leases count for nothing
	Full   []string // tasks for which there is no slot: of theirs only rows that run already are handed out
}

// Records is what GitHub has told of repositories and their commits, and what was answered.
type Records interface {
	Repositories
	Pulls
	Places
	Notes
	Receipts
}

// Repositories is the repositories that are known.
type Repositories interface {
	Repo(id app.RepoID) (app.Repo, error)
	// SaveRepo notes a repository as it is described now.
	SaveRepo(r app.Repo, served bool) error
	// Repos is all that are served.
	Repos() ([]app.Repo, error)
	// InstallationRepos is all that an installation serves.
	InstallationRepos(installation int64) ([]app.Repo, error)
	// FirstName is the name under which a repository was first seen: secrets and the allow-list pin it.
	FirstName(id app.RepoID) (string, error)
	// FirstNamed is the repository that was the first to be seen under a name, whatever its case; 0 if none was.
	FirstNamed(fullName string) (app.RepoID, error)
}

// Pulls is pull requests and our own history of their heads.
type Pulls interface {
	Pull(repo app.RepoID, number int) (app.Pull, error)
	// SavePull notes a pull request as it is described now, and its head with the time if that is another one. An older description than
	// the stored one changes nothing, and says so; so does the very same one.
	SavePull(repo app.RepoID, p app.Pull, at time.Time) (changed bool, err error)
	// PullsOf is the pull requests that became a commit.
	PullsOf(repo app.RepoID, merge app.SHA) ([]app.Pull, error)
	// OpenPulls is the pull requests that are open, as far as we know.
	OpenPulls(repo app.RepoID) ([]app.Pull, error)
	// Heads is the heads that a pull request has had, oldest first.
	Heads(repo app.RepoID, number int) ([]Head, error)
}

// Head is a commit that was a pull request's head, and since when slipway knows.
type Head struct {
	Commit app.SHA
	Since  time.Time
}

// Places is the numbers of commits on the default branch.
type Places interface {
	// Place is a commit's place, 0 if it has none.
	Place(repo app.RepoID, c app.SHA) (app.Place, error)
	// GivePlaces numbers commits in this order, after all that have a number; those that have one keep it.
	GivePlaces(repo app.RepoID, commits []app.SHA) error
	// Find is the commits of the default branch whose name begins so; at most two, for one is an answer and two are not.
	Find(repo app.RepoID, prefix string) ([]app.Commit, error)
	// Tip is the newest head of the default branch that was taken in, "" at first.
	Tip(repo app.RepoID) (app.SHA, error)
	SetTip(repo app.RepoID, c app.SHA) error
	// Newest is the newest commit that has a place.
	Newest(repo app.RepoID) (app.Commit, error)
}

// Receipts is what was decided and done, for ever: a row is never changed and never goes.
type Receipts interface {
	// Decisions is the newest decisions of a repository that left a receipt, the newest first, at most so many.
	Decisions(repo app.RepoID, limit int) ([]audit.Row, error)
	// LastReceipt is the newest row; the zero row if there is none.
	LastReceipt() (audit.Row, error)
	// AddReceipts puts rows behind the last one. Rows that do not follow it are refused.
	AddReceipts(rows []audit.Row) error
	// SignedHead is the newest row that was signed; the zero head if none was.
	SignedHead() (audit.Head, error)
	// SignHead keeps a row's signature. One that is there stays.
	SignHead(h audit.Head) error
}

// Notes is small facts that must survive: which App a slug named first, whom we answered already.
type Notes interface {
	// Note is what was noted under a key, "" if nothing was.
	Note(key string) (string, error)
	SetNote(key, value string) error
}
