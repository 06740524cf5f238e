package standin

import (
	"net/http"
	"strings"
	"time"
)

// appInfo is a GitHub App: ours, or another one whose checks we see.
type appInfo struct {
	id          int64
	slug, name  string
	owner       *account
	bot         *account
	permissions map[string]string
	events      []string
	created     time.Time
}

func (s *Server) registerApp() *appInfo {
	o := s.opts.App
	owner, bot := o.Owner, o.Slug+"[bot]"
	if owner == "" {
		owner = o.Slug
	}
	a := &appInfo{id: o.ID, slug: o.Slug, name: o.Name, permissions: o.Permissions, events: o.Events, created: s.now()}
	a.owner, _ = s.ensureUser(owner)
	a.bot, _ = s.ensureUser(bot)
	if a.id == 0 {
		a.id = s.id()
	}
	return a
}

// foreignApp is another App, known by its slug and number.
func (s *Server) foreignApp(slug string, id int64) *appInfo {
	if a := s.foreignApps[slug]; a != nil {
		return a
	}
	a := &appInfo{id: id, slug: slug, name: slug, permissions: map[string]string{"checks": "write", "metadata": "read"}, created: s.now()}
	a.owner, _ = s.ensureUser(slug)
	a.bot, _ = s.ensureUser(slug + "[bot]")
	s.foreignApps[slug] = a
	return a
}

func (s *Server) appJSON(a *appInfo) object {
	return object{
		"id": a.id, "slug": a.slug, "node_id": nodeID("A", a.id), "owner": s.userJSON(a.owner), "name": a.name, "description": "",
		"external_url": s.url + "/apps/" + a.slug, "html_url": s.url + "/apps/" + a.slug, "created_at": stamp(a.created),
		"updated_at": stamp(a.created), "permissions": copied(a.permissions), "events": append([]string{}, a.events...),
	}
}

func copied(permissions map[string]string) map[string]string {
	out := map[string]string{}
	for name, level := range permissions {
		out[name] = level
	}
	return out
}

func getApp(c *call) (*answer, error) {
	o := c.s.appJSON(c.s.app)
	n := 0
	for _, i := range c.s.installations {
		if !i.deleted {
			n++
		}
	}
	o["installations_count"] = n
	return ok(o), nil
}

func getAppBySlug(c *call) (*answer, error) {
	slug := c.vars["slug"]
	if strings.EqualFold(slug, c.s.app.slug) {
		return ok(c.s.appJSON(c.s.app)), nil
	}
	if a := c.s.foreignApps[slug]; a != nil {
		return ok(c.s.appJSON(a)), nil
	}
	return nil, notFound()
}

// hasPermission says whether the App registered for a permission at least at this level.
func (a *appInfo) hasPermission(permission string) bool { return grants(a.permissions, permission) }

// AddApp makes another App known, so that GET /apps/{slug} finds it before it has reported a check.
func (s *Server) AddApp(slug string, id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.foreignApp(slug, id)
}

// listInstallations answers GET /app/installations. GitHub's description of this list, and of nothing else, lacks the permission
// merge_queues; so does the answer, for whoever wants to know permissions reads GET /app.
func listInstallations(c *call) (*answer, error) {
	var all []any
	for _, i := range c.s.installations {
		if !i.deleted {
			o := c.s.installationJSON(i)
			delete(o["permissions"].(map[string]string), "merge_queues")
			all = append(all, o)
		}
	}
	return c.list(all)
}

func getInstallation(c *call) (*answer, error) {
	i, err := c.installation()
	if err != nil {
		return nil, err
	}
	return ok(c.s.installationJSON(i)), nil
}

// getRepoInstallation answers GET /repos/{owner}/{repo}/installation, by which an App finds out where it is installed.
func getRepoInstallation(c *call) (*answer, error) {
	repo := c.s.repoByName(c.vars["owner"] + "/" + c.vars["name"])
	if repo == nil {
		return nil, notFound()
	}
	i := c.s.installationOf(repo)
	if i == nil {
		return nil, notFound()
	}
	return ok(c.s.installationJSON(i)), nil
}

// getAccountInstallation answers GET /orgs/{org}/installation and its twin for users.
func getAccountInstallation(c *call) (*answer, error) {
	a := c.s.accounts[fold(c.vars["login"])]
	if a == nil || c.s.installedIn(a) == nil {
		return nil, notFound()
	}
	return ok(c.s.installationJSON(c.s.installedIn(a))), nil
}

// listInstalledRepos answers GET /installation/repositories.
func listInstalledRepos(c *call) (*answer, error) {
	if c.who.installation == nil {
		return nil, refuse(http.StatusForbidden, "Resource not accessible by personal access token")
	}
	var all []any
	for _, r := range c.s.sortedRepos() {
		if c.who.token.covers(r) {
			all = append(all, r.json())
		}
	}
	return c.listIn("repositories", all, object{"repository_selection": c.who.token.selection()})
}
