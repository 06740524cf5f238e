package standin

import (
	"encoding/base64"
	"fmt"
	"maps"
	"strings"
)

// object is a JSON object on its way out. GitHub's required properties are often null or empty, which Go structs would have to spell out
// with pointers; maps say it as it is.
type object = map[string]any

// nodeID looks like GitHub's: a kind and an opaque number.
func nodeID(kind string, id int64) string {
	return kind + "_" + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "kgDO%d", id))
}

// nilIfEmpty is null for an empty string: GitHub distinguishes what was never given.
func nilIfEmpty(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// orNil is null for what was never given.
func orNil(text *string) any {
	if text == nil {
		return nil
	}
	return *text
}

func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

func (s *Server) userJSON(a *account) object {
	if a == nil {
		return nil
	}
	url, kind := s.url+"/users/"+a.login, "U"
	html := s.url + "/" + a.login
	switch a.kind {
	case "Organization":
		kind = "O"
	case "Bot":
		kind = "BOT"
		html = s.url + "/apps/" + strings.TrimSuffix(a.login, "[bot]")
	}
	return object{
		"login": a.login, "id": a.id, "node_id": nodeID(kind, a.id), "avatar_url": fmt.Sprintf("%s/avatars/%d", s.url, a.id),
		"gravatar_id": "", "url": url, "html_url": html, "followers_url": url + "/followers",
		"following_url": url + "/following{/other_user}", "gists_url": url + "/gists{/gist_id}",
		"starred_url": url + "/starred{/owner}{/repo}", "subscriptions_url": url + "/subscriptions", "organizations_url": url + "/orgs",
		"repos_url": url + "/repos", "events_url": url + "/events{/privacy}", "received_events_url": url + "/received_events",
		"type": a.kind, "site_admin": false,
	}
}

// maybeUser is null where there is no account.
func (s *Server) maybeUser(a *account) any {
	if a == nil {
		return nil
	}
	return s.userJSON(a)
}

// publicUserJSON is what GET /users/{login} answers.
func (s *Server) publicUserJSON(a *account) object {
	user := s.userJSON(a)
	for _, key := range []string{"company", "location", "email", "hireable", "bio"} {
		user[key] = nil
	}
	user["name"], user["blog"] = a.login, ""
	for _, key := range []string{"public_repos", "public_gists", "followers", "following"} {
		user[key] = 0
	}
	user["created_at"], user["updated_at"] = "2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z"
	return user
}

func (s *Server) organizationJSON(a *account) object {
	url := s.url + "/orgs/" + a.login
	return object{
		"login": a.login, "id": a.id, "node_id": nodeID("O", a.id), "url": url, "repos_url": url + "/repos", "events_url": url + "/events",
		"hooks_url": url + "/hooks", "issues_url": url + "/issues", "members_url": url + "/members{/member}",
		"public_members_url": url + "/public_members{/member}", "avatar_url": fmt.Sprintf("%s/avatars/%d", s.url, a.id), "description": "",
	}
}

func (s *Server) teamJSON(org *account, t *team) object {
	url := fmt.Sprintf("%s/organizations/%d/team/%d", s.url, org.id, t.id)
	return object{
		"id": t.id, "node_id": nodeID("T", t.id), "name": t.slug, "slug": t.slug, "description": "", "privacy": "closed",
		"notification_setting": "notifications_enabled", "url": url, "html_url": s.url + "/orgs/" + org.login + "/teams/" + t.slug,
		"members_url": url + "/members{/member}", "repositories_url": url + "/repos", "permission": "pull", "parent": nil,
		"members_count": len(t.members), "repos_count": 0, "created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z",
		"organization": s.publicOrganizationJSON(org), "type": "organization",
	}
}

func (s *Server) publicOrganizationJSON(org *account) object {
	o := s.organizationJSON(org)
	o["html_url"], o["type"] = s.url+"/"+org.login, "Organization"
	o["has_organization_projects"], o["has_repository_projects"] = true, true
	for _, key := range []string{"public_repos", "public_gists", "followers", "following"} {
		o[key] = 0
	}
	o["created_at"], o["updated_at"], o["archived_at"] = "2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z", nil
	return o
}

// links are a repository's addresses, as every payload repeats them.
func (r *Repo) links() object {
	url, html := r.apiURL(), r.htmlURL()
	host := strings.TrimPrefix(r.server.url, "http://")
	return object{
		"html_url": html, "url": url, "forks_url": url + "/forks", "keys_url": url + "/keys{/key_id}",
		"collaborators_url": url + "/collaborators{/collaborator}", "teams_url": url + "/teams", "hooks_url": url + "/hooks",
		"issue_events_url": url + "/issues/events{/number}", "events_url": url + "/events", "assignees_url": url + "/assignees{/user}",
		"branches_url": url + "/branches{/branch}", "tags_url": url + "/tags", "blobs_url": url + "/git/blobs{/sha}",
		"git_tags_url": url + "/git/tags{/sha}", "git_refs_url": url + "/git/refs{/sha}", "trees_url": url + "/git/trees{/sha}",
		"statuses_url": url + "/statuses/{sha}", "languages_url": url + "/languages", "stargazers_url": url + "/stargazers",
		"contributors_url": url + "/contributors", "subscribers_url": url + "/subscribers", "subscription_url": url + "/subscription",
		"commits_url": url + "/commits{/sha}", "git_commits_url": url + "/git/commits{/sha}", "comments_url": url + "/comments{/number}",
		"issue_comment_url": url + "/issues/comments{/number}", "contents_url": url + "/contents/{+path}",
		"compare_url": url + "/compare/{base}...{head}", "merges_url": url + "/merges", "archive_url": url + "/{archive_format}{/ref}",
		"downloads_url": url + "/downloads", "issues_url": url + "/issues{/number}", "pulls_url": url + "/pulls{/number}",
		"milestones_url": url + "/milestones{/number}", "notifications_url": url + "/notifications{?since,all,participating}",
		"labels_url": url + "/labels{/name}", "releases_url": url + "/releases{/id}", "deployments_url": url + "/deployments",
		"git_url": "git://" + host + "/" + r.fullName() + ".git", "ssh_url": "git@" + host + ":" + r.fullName() + ".git",
		"clone_url": html + ".git", "svn_url": html,
	}
}

func (r *Repo) json() object {
	o := r.links()
	visibility := "public"
	if r.private {
		visibility = "private"
	}
	maps.Copy(o, object{
		"id": r.id, "node_id": nodeID("R", r.id), "name": r.name, "full_name": r.fullName(), "private": r.private,
		"owner": r.server.userJSON(r.owner), "description": nil, "fork": r.parent != nil,
		"created_at": stamp(r.created), "updated_at": stamp(r.updated), "pushed_at": stamp(r.pushed),
		"homepage": nil, "size": 0, "stargazers_count": 0, "watchers_count": 0, "language": nil, "has_issues": true,
		"has_projects": true, "has_downloads": true, "has_wiki": true, "has_pages": false, "has_discussions": false, "forks_count": r.forks(),
		"mirror_url": nil, "archived": false, "disabled": false, "open_issues_count": r.openPulls(), "license": nil, "allow_forking": true,
		"is_template": false, "web_commit_signoff_required": false, "topics": []any{}, "visibility": visibility, "forks": r.forks(),
		"open_issues": r.openPulls(), "watchers": 0, "default_branch": r.defaultBranch,
	})
	return o
}

// eventJSON is the repository in webhooks, which carry what REST answers leave out.
func (r *Repo) eventJSON() object {
	o := r.json()
	o["custom_properties"] = object{}
	return o
}

// shortJSON is how installation events name a repository.
func (r *Repo) shortJSON() object {
	return object{"id": r.id, "node_id": nodeID("R", r.id), "name": r.name, "full_name": r.fullName(), "private": r.private}
}

// pushJSON is the repository as push events carry it: with times as numbers, alone among the events.
func (r *Repo) pushJSON() object {
	o := r.eventJSON()
	owner := r.server.userJSON(r.owner)
	owner["name"], owner["email"] = r.owner.login, nilIfEmpty(r.owner.email)
	o["owner"], o["url"] = owner, r.htmlURL()
	o["created_at"], o["pushed_at"] = r.created.Unix(), r.pushed.Unix()
	o["stargazers"], o["master_branch"] = 0, r.defaultBranch
	if r.owner.kind == "Organization" {
		o["organization"] = r.owner.login
	}
	return o
}
