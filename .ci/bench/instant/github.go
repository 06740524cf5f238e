package instant

import (
	"context"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/github"
)

// Maintainer may approve, and works in every repository.
func maintainer() app.Person { return app.Person{ID: 7, Login: "dana"} }

// hub is the GitHub of a world. Each commit is the merge of the pull request of its number.
type hub struct{ *world }

func (h hub) call() { h.calls.Add(1) }

func (h hub) Repository(_ context.Context, r app.Repo) (app.Repo, error) { h.call(); return r, nil }

func (h hub) Pushes(context.Context, app.Repo, string) ([]github.Push, error) {
	h.call()
	return nil, nil
}

func (h hub) Role(_ context.Context, _ app.Repo, login string) (github.Role, error) {
	h.call()
	if login == maintainer().Login {
		return github.Role{Name: "maintain", Legacy: "write", Person: maintainer()}, nil
	}
	return github.Role{Name: "write", Legacy: "write", Person: app.Person{ID: 8, Login: login}}, nil
}

func (h hub) Collaborators(context.Context, app.Repo) ([]github.Role, error) {
	h.call()
	return []github.Role{{Name: "maintain", Legacy: "write", Person: maintainer()}}, nil
}

func (h hub) ForeignCheck(_ context.Context, _ app.Repo, _ app.SHA, _ int64, name string) (github.ForeignCheck, error) {
	h.call()
	return github.ForeignCheck{}, &app.Error{Op: "reading the check " + name, Kind: app.ErrNotFound}
}

func (h hub) OpenPulls(context.Context, app.Repo) ([]github.Pull, error) { h.call(); return nil, nil }

func (h hub) Pull(_ context.Context, r app.Repo, number int) (github.Pull, error) {
	h.call()
	return pull(r, int64(number)), nil
}

func (h hub) PullsOfCommit(_ context.Context, r app.Repo, c app.SHA) ([]github.Pull, error) {
	h.call()
	_, n := nth(c)
	return []github.Pull{pull(r, n)}, nil
}

// pull is the pull request that became the nth commit.
func pull(r app.Repo, n int64) github.Pull {
	repo := int(r.ID - firstRepo)
	at := time.Unix(1_700_000_000, 0).UTC()
	return github.Pull{
		Number: int(n), Title: "Change something", State: "closed", Merged: true, MergeCommit: SHA(repo, n), Author: app.Person{ID: 8, Login: "cy"},
		Head: SHA(repo, n+1<<30), HeadRef: "change", HeadRepo: r.ID, Base: r.DefaultBranch, BaseSHA: SHA(repo, n-1), MergedAt: at, UpdatedAt: at,
	}
}

func (h hub) CommitPeople(context.Context, app.Repo, app.SHA, app.SHA) ([]github.PullCommit, error) {
	return nil, nil
}

func (h hub) PullPeople(context.Context, app.Repo, int) (github.PullPeople, error) {
	h.call()
	return github.PullPeople{Opener: app.Person{ID: 8, Login: "cy"}, Complete: true}, nil
}

func (h hub) EnsureCheckRun(context.Context, app.Repo, app.CheckRun, int64, bool) (int64, error) {
	return h.calls.Add(1), nil
}

func (h hub) EnsureComment(context.Context, app.Repo, app.Comment, int64, bool) (int64, error) {
	return h.calls.Add(1), nil
}

func (h hub) EnsureDeployment(context.Context, app.Repo, app.Deployment, int64, bool) (int64, error) {
	return h.calls.Add(1), nil
}

func (h hub) React(context.Context, app.Repo, app.Door, int64, string) error { h.call(); return nil }

func (h hub) AppBySlug(context.Context, app.Repo, string) (int64, error) { h.call(); return 2, nil }

// Installations is one, of which nothing is listed: what is measured is not the start.
func (h hub) Installations(context.Context) ([]github.Installation, error) {
	h.call()
	return []github.Installation{{ID: 1}}, nil
}

func (h hub) Repositories(context.Context, int64) ([]app.Repo, error) {
	h.call()
	return nil, &app.Error{Op: "listing repositories", Kind: app.ErrDenied}
}

func (h hub) FailedDeliveries(context.Context, time.Time) ([]github.Delivery, error) {
	h.call()
	return nil, nil
}

func (h hub) Redeliver(context.Context, int64) error { h.call(); return nil }

func (h hub) Environment(context.Context, app.Repo, string) (github.Environment, error) {
	h.call()
	return github.Environment{}, nil
}

func (h hub) TeamMembers(context.Context, app.Repo, string, string) ([]app.Person, error) {
	return nil, nil
}

func (h hub) Guards(context.Context, app.Repo, string) (bool, error) { return true, nil }

func (h hub) Run(context.Context, app.Repo, int64) (github.Run, error) { return github.Run{}, nil }

func (h hub) AnswerProtection(context.Context, app.Repo, int64, string, github.ProtectionAnswer) error {
	h.call()
	return nil
}

func (h hub) PullReviews(context.Context, app.Repo, int) ([]github.PullReview, error) {
	h.call()
	return nil, nil
}

func (h hub) SharedCommit(context.Context, app.Repo, string, string) (app.SHA, error) {
	h.call()
	return "", nil
}

func (h hub) SharedFile(context.Context, app.Repo, string, app.SHA, string) ([]byte, error) {
	h.call()
	return nil, nil
}
