package engine

import (
	"context"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/git"
	"github.com/slipway-cd/slipway/app/github"
)

// GitHub is what is read from GitHub and shown there. Errors have a kind (app.Error). Every Ensure looks first when told that an earlier
// try may have been done.
type GitHub interface {
	GitHubReader
	GitHubPulls
	GitHubWriter
	GitHubApp
	GitHubActions
}

// GitHubReader reads one repository.
type GitHubReader interface {
	Repository(ctx context.Context, r app.Repo) (app.Repo, error)
	Pushes(ctx context.Context, r app.Repo, branch string) ([]github.Push, error)
	Role(ctx context.Context, r app.Repo, login string) (github.Role, error)
	Collaborators(ctx context.Context, r app.Repo) ([]github.Role, error)
	TeamMembers(ctx context.Context, r app.Repo, org, slug string) ([]app.Person, error)
	SharedCommit(ctx context.Context, r app.Repo, name, ref string) (app.SHA, error)
	SharedFile(ctx context.Context, r app.Repo, name string, at app.SHA, path string) ([]byte, error)
	ForeignCheck(ctx context.Context, r app.Repo, c app.SHA, appID int64, name string) (github.ForeignCheck, error)
}

// GitHubPulls reads a repository's pull requests.
type GitHubPulls interface {
	OpenPulls(ctx context.Context, r app.Repo) ([]github.Pull, error)
	Pull(ctx context.Context, r app.Repo, number int) (github.Pull, error)
	PullsOfCommit(ctx context.Context, r app.Repo, c app.SHA) ([]github.Pull, error)
	PullPeople(ctx context.Context, r app.Repo, number int) (github.PullPeople, error)
	CommitPeople(ctx context.Context, r app.Repo, base, head app.SHA) ([]github.PullCommit, error)
	PullReviews(ctx context.Context, r app.Repo, number int) ([]github.PullReview, error)
}

// GitHubWriter shows things on one repository.
type GitHubWriter interface {
	EnsureCheckRun(ctx context.Context, r app.Repo, want app.CheckRun, known int64, retry bool) (int64, error)
	EnsureComment(ctx context.Context, r app.Repo, want app.Comment, known int64, retry bool) (int64, error)
	EnsureDeployment(ctx context.Context, r app.Repo, want app.Deployment, known int64, retry bool) (int64, error)
	React(ctx context.Context, r app.Repo, door app.Door, comment int64, content string) error
}

// GitHubApp reads what concerns the App as a whole.
type GitHubApp interface {
	AppBySlug(ctx context.Context, r app.Repo, slug string) (int64, error)
	Installations(ctx context.Context) ([]github.Installation, error)
	Repositories(ctx context.Context, installation int64) ([]app.Repo, error)
	FailedDeliveries(ctx context.Context, since time.Time) ([]github.Delivery, error)
	Redeliver(ctx context.Context, id int64) error
}

// Git is what is read from the mirrors.
type Git interface {
	Fetch(ctx context.Context, r app.Repo, refspecs ...string) error
	Has(ctx context.Context, r app.Repo, c app.SHA) (bool, error)
	Head(ctx context.Context, r app.Repo, ref string) (app.SHA, error)
	Keep(ctx context.Context, r app.Repo, c app.SHA) error
	Maintain(ctx context.Context, r app.Repo) error
	GitHistory
}

// GitHistory is what a mirror knows of commits.
type GitHistory interface {
	File(ctx context.Context, r app.Repo, c app.SHA, path string) ([]byte, error)
	Changed(ctx context.Context, r app.Repo, from, to app.SHA) ([]string, error)
	Changes(ctx context.Context, r app.Repo, from, to app.SHA) ([]git.Change, error)
	Contains(ctx context.Context, r app.Repo, commit, ancestor app.SHA) (bool, error)
	MergeBase(ctx context.Context, r app.Repo, a, b app.SHA) (app.SHA, error)
	Since(ctx context.Context, r app.Repo, known []app.SHA, head app.SHA) ([]app.SHA, error)
	Tree(ctx context.Context, r app.Repo, c app.SHA) (string, error)
	RangeDiff(ctx context.Context, r app.Repo, oldBase, before, newBase, after app.SHA) (git.Moved, error)
}
