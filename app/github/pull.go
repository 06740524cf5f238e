package github

import (
	"context"
	"time"

	gh "github.com/google/go-github/v62/github"

	"github.com/slipway-cd/slipway/app"
)

// Pull is a pull request.
type Pull struct {
	Number      int
	Title       string
	State       string // open or closed
	Draft       bool
	Merged      bool
	MergeCommit app.SHA // of a merged one; GitHub gives open ones a test merge, which is left out
	Author      app.Person
	Head        app.SHA
	HeadRef     string
	HeadRepo    app.RepoID // another than its own: a fork; 0: a fork that is gone
	Base        string     // the branch that it is for
	BaseSHA     app.SHA    // that branch's head, as GitHub saw it last
	MergedAt    time.Time  // by GitHub's clock; zero is not merged
	UpdatedAt   time.Time  // by GitHub's clock
	Labels      []string
	Locked      bool // comments are refused of who may not write
}

// OpenPulls lists the open pull requests.
func (c *Client) OpenPulls(ctx context.Context, r app.Repo) ([]Pull, error) {
	found, err := collect(func(n int) ([]*gh.PullRequest, *gh.Response, error) {
		return c.as(r.Installation).PullRequests.List(ctx, r.Owner, r.Name, &gh.PullRequestListOptions{
			State: "open", ListOptions: gh.ListOptions{Page: n, PerPage: perPage},
		})
	})
	if err != nil {
		return nil, c.failRepo(r, err, "listing open pull requests")
	}
	return pullsOf(found), nil
}

// Pull reads one pull request.
func (c *Client) Pull(ctx context.Context, r app.Repo, number int) (Pull, error) {
	found, _, err := c.as(r.Installation).PullRequests.Get(ctx, r.Owner, r.Name, number)
	if err != nil {
		return Pull{}, c.failRepo(r, err, "reading pull request #%d", number)
	}
	return pullOf(found), nil
}

// PullsOfCommit lists the pull requests that a commit belongs to: those that brought it to the default branch, else the open ones that
// hold it. Just after a merge GitHub may not know yet, and the list is empty. ErrNotFound: there is no such commit.
func (c *Client) PullsOfCommit(ctx context.Context, r app.Repo, sha app.SHA) ([]Pull, error) {
	if _, err := app.ParseSHA(string(sha)); err != nil {
		return nil, refuse("%w", err)
	}
	found, err := collect(func(n int) ([]*gh.PullRequest, *gh.Response, error) {
		return c.as(r.Installation).PullRequests.ListPullRequestsWithCommit(ctx, r.Owner, r.Name, string(sha), &gh.ListOptions{Page: n, PerPage: perPage})
	})
	if err != nil {
		return nil, c.failRepo(r, unknownCommit(err), "listing the pull requests of commit %s", sha.Short())
	}
	return pullsOf(found), nil
}

func pullsOf(found []*gh.PullRequest) []Pull {
	list := make([]Pull, len(found))
	for i, p := range found {
		list[i] = pullOf(p)
	}
	return list
}

func pullOf(p *gh.PullRequest) Pull {
	out := Pull{
		Number: p.GetNumber(), Title: p.GetTitle(), State: p.GetState(), Draft: p.GetDraft(), Locked: p.GetLocked(),
		Merged: p.GetMerged() || p.MergedAt != nil, // lists have the time only
		Author: person(p.GetUser()), UpdatedAt: p.GetUpdatedAt().Time,
		Head: app.SHA(p.GetHead().GetSHA()), HeadRef: p.GetHead().GetRef(), HeadRepo: app.RepoID(p.GetHead().GetRepo().GetID()),
		Base: p.GetBase().GetRef(), BaseSHA: app.SHA(p.GetBase().GetSHA()), MergedAt: p.GetMergedAt().Time,
	}
	for _, l := range p.Labels {
		out.Labels = append(out.Labels, l.GetName())
	}
	if out.Merged {
		out.MergeCommit = app.SHA(p.GetMergeCommitSHA())
	}
	return out
}

// PullReview is a review of a pull request, as GitHub holds it now. Of which commit it is is not told: GitHub sets that anew after a force-push.
type PullReview struct {
	ID    int64
	By    app.Person
	State string // APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED or PENDING
}

// PullReviews lists the reviews of a pull request, oldest first.
func (c *Client) PullReviews(ctx context.Context, r app.Repo, number int) ([]PullReview, error) {
	found, err := collect(func(n int) ([]*gh.PullRequestReview, *gh.Response, error) {
		return c.as(r.Installation).PullRequests.ListReviews(ctx, r.Owner, r.Name, number, &gh.ListOptions{Page: n, PerPage: perPage})
	})
	if err != nil {
		return nil, c.failRepo(r, err, "listing the reviews of #%d", number)
	}
	list := make([]PullReview, len(found))
	for i, v := range found {
		list[i] = PullReview{v.GetID(), person(v.User), v.GetState()}
	}
	return list, nil
}
