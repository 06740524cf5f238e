package github

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	gh "github.com/google/go-github/v62/github"

	"github.com/slipway-cd/slipway/app"
)

// AppInfo is how the App is registered.
type AppInfo struct {
	ID          int64
	Slug        string
	Permissions map[string]string // such as checks: write
	Events      []string
}

// App reads how the App is registered.
func (c *Client) App(ctx context.Context) (AppInfo, error) {
	var info AppInfo // GitHub's names are ours, in lower case
	if _, err := send(ctx, c.self, http.MethodGet, "app", nil, &info); err != nil {
		return AppInfo{}, c.fail("reading the GitHub App", err)
	}
	return info, nil
}

// ownership says whether our App made something.
type ownership func(ctx context.Context, by *gh.User, via *gh.App) (bool, error)

// ours says whether our App made what GitHub says was made by this account, through this App. GitHub does not promise to name the App;
// then the account is the App's own if it is named after it. Users can act through an App, and other Apps are bots too.
func (c *Client) ours(ctx context.Context, by *gh.User, via *gh.App) (bool, error) {
	if by.GetType() != "Bot" {
		return false, nil
	}
	if via != nil {
		return via.GetID() == c.appID, nil
	}
	c.mu.Lock()
	slug := c.slug
	c.mu.Unlock()
	if slug == "" {
		info, err := c.App(ctx)
		if err != nil {
			return false, err
		}
		slug = info.Slug
		c.mu.Lock()
		c.slug = slug
		c.mu.Unlock()
	}
	return by.GetLogin() == slug+"[bot]", nil
}

// need is a permission, and what it is for.
type need struct{ name, label, level, why string }

func needs() []need {
	return []need{
		{"metadata", "Metadata", "read", "to know the repository"},
		{"checks", "Checks", "write", "to show checks"},
		{"contents", "Contents", "read", "to build commits"},
		{"pull_requests", "Pull requests", "write", "to comment on pull requests"},
		{"issues", "Issues", "read", "to hear commands in comments"},
		{"deployments", "Deployments", "write", "to show deployments"},
		{"actions", "Actions", "read", "to read environments"},
		{"merge_queues", "Merge queues", "read", "to check merge groups"},
		{"statuses", "Commit statuses", "read", "to see other programs' statuses"},
	}
}

func neededEvents() []string {
	return []string{
		"push", "pull_request", "pull_request_review", "pull_request_review_comment", "issue_comment", "commit_comment", "check_run", "check_suite",
		"status", "merge_group",
	}
}

// Missing says, a sentence for each, which permissions and events slipway needs and the App has not.
func Missing(info AppInfo) []string { return lacks(info, needs(), neededEvents(), "") }

// MissingForActions says the same of what is needed only where GitHub Actions deploys.
func MissingForActions(info AppInfo) []string {
	const only = "needed only for deployments by GitHub Actions"
	write := need{"actions", "Actions", "write", "to start and cancel workflows; " + only}
	return lacks(info, []need{write}, []string{"deployment_review", "workflow_run", "deployment_protection_rule", "deployment_status"}, " ("+only+")")
}

// MissingForTeams says the same of what is needed only where a file names teams.
func MissingForTeams(info AppInfo) []string {
	return lacks(info, []need{{"members", "Members", "read", "to know who is in teams; needed only where a file names teams"}}, nil, "")
}

func lacks(info AppInfo, needs []need, events []string, why string) (missing []string) {
	for _, n := range needs {
		has := info.Permissions[n.name]
		switch {
		case rank(has) >= rank(n.level):
		case has == "":
			missing = append(missing, fmt.Sprintf("The GitHub App lacks the permission %s: %s (%s).", n.label, n.level, n.why))
		default:
			missing = append(missing, fmt.Sprintf("The GitHub App has the permission %s: %s, and needs %s (%s).", n.label, has, n.level, n.why))
		}
	}
	for _, event := range events {
		if !slices.Contains(info.Events, event) {
			missing = append(missing, fmt.Sprintf("The GitHub App is not subscribed to the event %s%s.", event, why))
		}
	}
	return missing
}

func rank(level string) int { return slices.Index([]string{"", "read", "write", "admin"}, level) }

// Installation is one account that the App is installed for.
type Installation struct {
	ID        int64
	Account   app.Person // the organisation or user
	Personal  bool       // the account is a user
	Suspended bool       // nothing can be read or written there
}

// Installations lists where the App is installed.
func (c *Client) Installations(ctx context.Context) ([]Installation, error) {
	found, err := collect(func(n int) ([]*gh.Installation, *gh.Response, error) {
		return c.self.Apps.ListInstallations(ctx, &gh.ListOptions{Page: n, PerPage: perPage})
	})
	if err != nil {
		return nil, c.fail("listing the App's installations", err)
	}
	list := make([]Installation, len(found))
	for i, in := range found {
		list[i] = Installation{ID: in.GetID(), Account: person(in.GetAccount()), Personal: in.GetTargetType() == "User", Suspended: in.SuspendedAt != nil}
	}
	return list, nil
}

// Repositories lists what an installation serves.
func (c *Client) Repositories(ctx context.Context, installation int64) ([]app.Repo, error) {
	found, err := collect(func(n int) ([]*gh.Repository, *gh.Response, error) {
		page, resp, err := c.as(installation).Apps.ListRepos(ctx, &gh.ListOptions{Page: n, PerPage: perPage})
		if err != nil {
			return nil, resp, err
		}
		return page.Repositories, resp, nil
	})
	if err != nil {
		return nil, c.fail(fmt.Sprintf("listing the repositories of installation %d", installation), err)
	}
	list := make([]app.Repo, len(found))
	for i, r := range found {
		list[i] = repoOf(r, installation)
	}
	return list, nil
}

// Repository reads a repository by its id, which survives renaming and transfer. Only ID and Installation of r count.
func (c *Client) Repository(ctx context.Context, r app.Repo) (app.Repo, error) {
	found, _, err := c.as(r.Installation).Repositories.GetByID(ctx, int64(r.ID))
	if err != nil {
		return app.Repo{}, c.fail(fmt.Sprintf("reading repository %d", r.ID), err)
	}
	return repoOf(found, r.Installation), nil
}

// InstallationOf is the installation that serves a repository by its name now. ErrNotFound: none does.
func (c *Client) InstallationOf(ctx context.Context, r app.Repo) (int64, error) {
	found, _, err := c.self.Apps.FindRepositoryInstallation(ctx, r.Owner, r.Name)
	if err != nil {
		return 0, c.failRepo(r, err, "looking for the App")
	}
	return found.GetID(), nil
}

// AppBySlug is the number of another App. Keep it: a slug can change hands, a number can't.
func (c *Client) AppBySlug(ctx context.Context, r app.Repo, slug string) (int64, error) {
	if slug == "" {
		return 0, refuse("an App's slug must not be empty")
	}
	found, _, err := c.as(r.Installation).Apps.Get(ctx, url.PathEscape(slug))
	if err != nil {
		return 0, c.fail("looking for the GitHub App "+slug, err)
	}
	return found.GetID(), nil
}

// CloneURL is where git reads the repository. It never holds a token.
func (c *Client) CloneURL(r app.Repo) string {
	u := url.URL{Scheme: c.base.Scheme, Host: c.base.Host}
	switch {
	case u.Host == "api.github.com", strings.HasPrefix(u.Host, "api.") && strings.HasSuffix(u.Host, ".ghe.com"):
		u.Host = strings.TrimPrefix(u.Host, "api.")
	default: // a server's API is below its pages
		u.Path = strings.TrimSuffix(c.base.Path, "api/v3/")
	}
	return u.JoinPath(r.Owner, r.Name+".git").String()
}

func repoOf(r *gh.Repository, installation int64) app.Repo {
	return app.Repo{
		ID: app.RepoID(r.GetID()), Owner: r.GetOwner().GetLogin(), OwnerID: r.GetOwner().GetID(), Name: r.GetName(), DefaultBranch: r.GetDefaultBranch(),
		Installation: installation, Personal: r.GetOwner().GetType() == "User", Private: r.GetPrivate(),
	}
}

func person(u *gh.User) app.Person {
	return app.Person{ID: u.GetID(), Login: u.GetLogin(), Bot: u.GetType() == "Bot"}
}
