package checks

import (
	"time"

	"github.com/slipway-cd/slipway/app"
)

// Spec is one check as a repository's file describes it.
type Spec struct {
	Name     string
	Service  string        // whose own it is; "" is shared by all services
	Run      string        // a shell command, in the commit's files
	Needs    []string      // the ids of checks that must pass first: order, not files
	Timeout  time.Duration // always positive
	Produces string        // a folder, or "", that is kept as the service's artifact
	External External      // someone else's check, waited for instead of run
	Required bool          // shown as skipped, not left out, when the change does not concern it
}

// External names another App's check run.
type External struct {
	App  string // the App's slug
	Name string // the check run's name
}

// ID names a check within its run: service/name for a service's own.
func (s Spec) ID() string {
	if s.Service == "" {
		return s.Name
	}
	return s.Service + "/" + s.Name
}

// Title is the name of its check run.
func (s Spec) Title() string {
	if s.Service == "" {
		return s.Name
	}
	return s.Service + " / " + s.Name
}

// IsExternal says that another App runs it.
func (s Spec) IsExternal() bool { return s.External != External{} }

// Plan is what a commit's file asks for: made once for each cause that a run has, from the file at that commit and the paths it changes.
type Plan struct {
	NoFile   bool          // the repository has no file at this commit: it is left alone
	Problems []app.Problem // of the file; those of a service fail that service alone
	Checks   []Spec        // those that the change concerns, what is needed first
	Filtered []Spec        // those that it does not concern
	Services []Service     // those that it concerns
	Removed  []app.Address // lanes that the file does not name any more
	Shared   app.Shared    // what the file extends, as it was read for this plan
	Replay   Replay        // what a change of the file would have decided otherwise
	Notes    []string      // sentences for the aggregate: a file outside every service, no checks at all
}

// Service is a service that a run is about.
type Service struct {
	Name         string   // "" in a repository that is one service
	Environments []string // whose lanes hear when it is green
	Broken       bool     // its section of the file can't be used
}

// Cause says why a run exists. A commit may have several: the head of a pull request that is then merged by fast-forward.
type Cause struct {
	Kind  CauseKind
	Pull  int       // of a pull request
	Place app.Place // of a push to the default branch
	Base  app.SHA   // where the change starts: of a pull request or merge group its base branch's head, from which the merge base is found
	Fork  bool      // a pull request from another repository: nothing of it is run until a later issue brings /ok-to-test
}

// CauseKind says what brought a commit here.
type CauseKind string

// The causes.
const (
	Push        CauseKind = "push"
	PullRequest CauseKind = "pull_request"
	MergeGroup  CauseKind = "merge_group"
)

// Replay is recorded decisions, judged again as if a changed file had been there all along. The zero value: it does not change, or nothing was
// decided yet.
type Replay struct {
	Summary string // how many, in sentences
	Looser  int    // how many would go that did not
	Differ  []Differs
	More    int // that differ too, and are not listed
}

// Differs is a decision that would be another one.
type Differs struct {
	Lane   string
	Commit app.SHA
	At     time.Time
	Was    string // the verdict and why
	Is     string
}
