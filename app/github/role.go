package github

import (
	"context"
	"net/http"
	"net/url"

	gh "github.com/google/go-github/v62/github"

	"github.com/slipway-cd/slipway/app"
)

// RoleNone is the role of who has no access.
const RoleNone = "none"

// Role is what somebody may do in a repository.
type Role struct {
	Name   string     // role_name: none, read, triage, write, maintain, admin, or a name of the organisation's own
	Legacy string     // permission: reports maintain as write and triage as read
	Person app.Person // whose: a login can change hands, so compare the id. Zero if GitHub knows nobody of that name
}

// Role reads somebody's role. Who is no collaborator, or nobody at all, has RoleNone: that is an answer, not an error.
func (c *Client) Role(ctx context.Context, r app.Repo, login string) (Role, error) {
	if login == "" {
		return Role{}, refuse("a login must not be empty")
	}
	var answer struct {
		Permission string   `json:"permission"`
		RoleName   string   `json:"role_name"`
		User       *gh.User `json:"user"`
	}
	path := repoPath(r, "/collaborators/%s/permission", url.PathEscape(login))
	_, err := send(ctx, c.as(r.Installation), http.MethodGet, path, nil, &answer)
	if gone(err) {
		return Role{Name: RoleNone, Legacy: RoleNone}, nil
	}
	if err != nil {
		return Role{}, c.failRepo(r, err, "reading the role of %s", login)
	}
	return roleOf(answer.RoleName, answer.Permission, answer.User), nil
}

// roleOf takes the older word where a server has no role_name: it never says more than is so.
func roleOf(name, legacy string, user *gh.User) Role {
	if name == "" {
		name = legacy
	}
	return Role{Name: name, Legacy: legacy, Person: person(user)}
}

// Collaborators lists who may write or more, to say who could approve. Members with less are left out: an organisation can have
// thousands.
func (c *Client) Collaborators(ctx context.Context, r app.Repo) ([]Role, error) {
	found, err := collect(func(n int) ([]*gh.User, *gh.Response, error) {
		return c.as(r.Installation).Repositories.ListCollaborators(ctx, r.Owner, r.Name, &gh.ListCollaboratorsOptions{
			Affiliation: "all", Permission: "push", ListOptions: gh.ListOptions{Page: n, PerPage: perPage},
		})
	})
	if err != nil {
		return nil, c.failRepo(r, err, "listing the collaborators")
	}
	var list []Role
	for _, u := range found {
		if legacy := legacyOf(u.Permissions); legacy == "write" || legacy == "admin" {
			list = append(list, roleOf(u.GetRoleName(), legacy, u))
		}
	}
	return list, nil
}

// TeamMembers lists who is in a team of an organisation, in the teams within it too. A team that is not there, or that the App may not see, has
// nobody.
func (c *Client) TeamMembers(ctx context.Context, r app.Repo, org, slug string) ([]app.Person, error) {
	if org == "" || slug == "" {
		return nil, refuse("%q has no team %q", org, slug)
	}
	found, err := collect(func(n int) ([]*gh.User, *gh.Response, error) {
		return c.as(r.Installation).Teams.ListTeamMembersBySlug(ctx, url.PathEscape(org), url.PathEscape(slug), &gh.TeamListTeamMembersOptions{
			ListOptions: gh.ListOptions{Page: n, PerPage: perPage},
		})
	})
	if gone(err) || statusOf(err) == http.StatusForbidden && classifies(err, app.ErrDenied) {
		return nil, nil
	}
	if err != nil {
		return nil, c.failRepo(r, err, "listing the team %s/%s", org, slug)
	}
	var list []app.Person
	for _, u := range found {
		list = append(list, person(u))
	}
	return list, nil
}

// classifies says whether an error is of a kind.
func classifies(err error, kind app.ErrorKind) bool {
	is, _ := classify(err)
	return is == kind
}

// legacyOf is the strongest of the flags that lists give in place of a permission.
func legacyOf(flags map[string]bool) string {
	switch {
	case flags["admin"]:
		return "admin"
	case flags["push"]:
		return "write"
	case flags["pull"]:
		return "read"
	}
	return RoleNone
}
