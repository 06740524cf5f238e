package app

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// What GitHub shows of ours, rendered. app/report writes them from state, the engine compares them with what is shown, and app/github
// puts them there.

// CheckRun is a check run's text. A completed check run is never reopened, so another status or conclusion is another External.
type CheckRun struct {
	Name       string
	Commit     SHA
	External   string // external_id: ours, one per check run that GitHub is to hold
	Status     string // queued, in_progress, completed
	Conclusion string // of what is completed: success, failure, neutral, cancelled, skipped, timed_out, action_required
	DetailsURL string
	Title      string
	Summary    string // at most 65,535 bytes
	Text       string // likewise
	Notes      []Annotation
	Buttons    []Button // at most 3; seen only once completed
}

// Annotation marks lines of a file.
type Annotation struct {
	Path       string
	Line       int // starts at 1
	Column     int // 0: the whole line
	Level      string
	Title      string
	Message    string
	RawDetails string
}

// Button is an action on a completed check run.
type Button struct {
	Label       string // at most 20 characters
	Description string // at most 40
	Identifier  string // at most 20
}

// Comment is a comment on a pull request; Marker is hidden in it, so that it is found again.
type Comment struct {
	Pull   int
	Marker string
	Body   string
}

// Deployment is a GitHub Deployment and its newest status.
type Deployment struct {
	Commit         SHA
	Environment    string
	Task           string // deploy or rollback
	Marker         string // in its payload, so that it is found again
	Audit          string // likewise: the newest receipt when it was made, as JSON; "" is none
	About          string // what is deployed, for ever: GitHub can't change a deployment's own description
	Description    string // the status's; both at most 140 characters
	Production     bool
	State          string // queued, in_progress, success, failure, error, inactive
	LogURL         string
	EnvironmentURL string
	Inactivates    int64 // the deployment that this one replaces, by GitHub's number; 0 is none
}

// Answer is what is said to GitHub where a workflow's run waits for our word.
type Answer struct {
	Run         int64
	Environment string
	State       string // rejected; "" only reports how things are, which GitHub takes ten times
	Text        string // Markdown, at most 1024 characters with the link
	Link        string // the lane's page
}

// ViewKind says what a view is.
type ViewKind string

// The kinds of views.
const (
	ViewAggregate  ViewKind = "aggregate"  // the check run slipway of a commit
	ViewConfig     ViewKind = "config"     // the check run slipway / config of a commit that changes the file
	ViewCheck      ViewKind = "check"      // the check run of one check
	ViewPromotion  ViewKind = "promotion"  // the check run of a commit's promotion in one lane
	ViewDeployment ViewKind = "deployment" // a GitHub Deployment, by the number of the question that it answers
	ViewQuestion   ViewKind = "question"   // what is said to GitHub, which asks before a workflow deploys, by the number of that deployment
	ViewComment    ViewKind = "comment"    // the comment of one pull request
	ViewCommit     ViewKind = "commit"     // whatever pull request carries this commit: resolved into its comment
)

// ViewKey names a view. It is comparable, and the same whichever machine asks for it: a comment shows a run and several lanes.
type ViewKey struct {
	Kind        ViewKind
	Repo        RepoID
	Commit      SHA    // of all but comments
	Check       string // of a check: its id
	Service     string // of promotions, deployments and questions
	Environment string
	Key         Key // of deployments and questions
	Pull        int // of comments
}

// String is the key of the view's due row.
func (k ViewKey) String() string {
	return fmt.Sprintf("view/%s/%d/%s/%s/%s/%s/%d/%d", k.Kind, k.Repo, k.Commit, url.PathEscape(k.Check), url.PathEscape(k.Service),
		url.PathEscape(k.Environment), k.Key, k.Pull)
}

// ParseViewKey reads what String wrote.
func ParseViewKey(s string) (ViewKey, error) {
	p := strings.Split(s, "/")
	if len(p) != 9 || p[0] != "view" {
		return ViewKey{}, fmt.Errorf("%q is not a view's key", s)
	}
	var k ViewKey
	var errs [6]error
	var repo, key int64
	k.Kind, k.Commit = ViewKind(p[1]), SHA(p[3])
	repo, errs[0] = strconv.ParseInt(p[2], 10, 64)
	k.Check, errs[1] = url.PathUnescape(p[4])
	k.Service, errs[2] = url.PathUnescape(p[5])
	k.Environment, errs[3] = url.PathUnescape(p[6])
	key, errs[4] = strconv.ParseInt(p[7], 10, 64)
	k.Pull, errs[5] = strconv.Atoi(p[8])
	if err := errors.Join(errs[:]...); err != nil {
		return ViewKey{}, fmt.Errorf("%q is not a view's key: %w", s, err)
	}
	k.Repo, k.Key = RepoID(repo), Key(key)
	return k, nil
}
