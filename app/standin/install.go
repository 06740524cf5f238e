package standin

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// installation is the App in one account.
type installation struct {
	id        int64
	account   *account
	all       bool           // every repository of the account, those of the future too
	chosen    map[int64]bool // else these
	created   time.Time
	suspended time.Time
	by        *account // who suspended it
	deleted   bool
}

func (i *installation) covers(r *Repo) bool {
	return !i.deleted && r.owner == i.account && (i.all || i.chosen[r.id])
}

func (i *installation) selection() string {
	if i.all {
		return "all"
	}
	return "selected"
}

// installationOf finds the installation that covers a repository, suspended or not.
func (s *Server) installationOf(r *Repo) *installation {
	for _, i := range s.installations {
		if i.covers(r) {
			return i
		}
	}
	return nil
}

func (s *Server) installedIn(account *account) *installation {
	for _, i := range s.installations {
		if i.account == account && !i.deleted {
			return i
		}
	}
	return nil
}

// Install installs the App in an account, for the named repositories or, without names, for all, and says so in a webhook. It returns the
// installation's number. An account that has the App keeps its installation and gets the repositories added.
func (s *Server) Install(login string, repos ...string) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[fold(login)]
	if a == nil {
		return 0, fmt.Errorf("installing the App: there is no account %q", login)
	}
	chosen, err := s.named(a, repos)
	if err != nil {
		return 0, fmt.Errorf("installing the App: %w", err)
	}
	if i := s.installedIn(a); i != nil {
		s.extend(i, chosen)
		return i.id, nil
	}
	i := &installation{id: s.id(), account: a, all: len(repos) == 0, chosen: map[int64]bool{}, created: s.now()}
	for _, r := range chosen {
		i.chosen[r.id] = true
	}
	s.installations = append(s.installations, i)
	s.emitInstallation(i, "created")
	return i.id, nil
}

func (s *Server) named(a *account, names []string) ([]*Repo, error) {
	var repos []*Repo
	for _, name := range names {
		r := s.repoByName(a.login + "/" + name)
		if r == nil {
			return nil, fmt.Errorf("there is no repository %s/%s", a.login, name)
		}
		repos = append(repos, r)
	}
	return repos, nil
}

func (s *Server) extend(i *installation, repos []*Repo) {
	var added []any
	for _, r := range repos {
		if !i.covers(r) {
			i.chosen[r.id] = true
			added = append(added, r.shortJSON())
		}
	}
	if len(added) > 0 {
		s.emitInstallationRepositories(i, "added", added)
	}
}

// RemoveFromInstallation takes one repository out of an installation with chosen repositories.
func (s *Server) RemoveFromInstallation(login, repo string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.repoByName(login + "/" + repo)
	if r == nil {
		return fmt.Errorf("there is no repository %s/%s", login, repo)
	}
	i := s.installationOf(r)
	if i == nil || i.all {
		return fmt.Errorf("%s/%s was not chosen for an installation", login, repo)
	}
	delete(i.chosen, r.id)
	s.emitInstallationRepositories(i, "removed", []any{r.shortJSON()})
	return nil
}

// Uninstall takes the App out of an account. Its tokens stop working at once.
func (s *Server) Uninstall(login string) error {
	return s.withInstallation(login, func(i *installation) {
		s.emitInstallation(i, "deleted")
		i.deleted = true
	})
}

// Suspend stops the App in an account: tokens are refused and no events are sent until [Server.Unsuspend].
func (s *Server) Suspend(login string) error {
	return s.withInstallation(login, func(i *installation) {
		i.suspended, i.by = s.now(), s.sender(i)
		s.emitInstallation(i, "suspend")
	})
}

// Unsuspend lets a suspended App work again.
func (s *Server) Unsuspend(login string) error {
	return s.withInstallation(login, func(i *installation) {
		i.suspended, i.by = time.Time{}, nil
		s.emitInstallation(i, "unsuspend")
	})
}

func (s *Server) withInstallation(login string, do func(*installation)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[fold(login)]
	if a == nil || s.installedIn(a) == nil {
		return fmt.Errorf("the App is not installed for %q", login)
	}
	do(s.installedIn(a))
	return nil
}

// sender is who changes an installation: the account itself, or an owner of the organisation.
func (s *Server) sender(i *installation) *account {
	if i.account.kind != "Organization" {
		return i.account
	}
	for login := range i.account.admins {
		return s.accounts[login]
	}
	return s.webFlow()
}

func (s *Server) installationJSON(i *installation) object {
	html := fmt.Sprintf("%s/settings/installations/%d", s.url, i.id)
	if i.account.kind == "Organization" {
		html = fmt.Sprintf("%s/organizations/%s/settings/installations/%d", s.url, i.account.login, i.id)
	}
	return object{
		"id": i.id, "account": s.userJSON(i.account), "repository_selection": i.selection(),
		"access_tokens_url": fmt.Sprintf("%s/app/installations/%d/access_tokens", s.url, i.id),
		"repositories_url":  s.url + "/installation/repositories", "html_url": html, "app_id": s.app.id, "app_slug": s.app.slug,
		"target_id": i.account.id, "target_type": i.account.kind, "permissions": copied(s.app.permissions),
		"events": append([]string{}, s.app.events...), "created_at": stamp(i.created), "updated_at": stamp(i.created),
		"single_file_name": nil, "has_multiple_single_files": false, "single_file_paths": []any{},
		"suspended_at": stamp(i.suspended), "suspended_by": s.maybeUser(i.by),
	}
}

// installationEventJSON is an installation in its own events, whose schema lacks the event deployment_protection_rule, alone among the events.
func (s *Server) installationEventJSON(i *installation) object {
	o := s.installationJSON(i)
	o["events"] = slices.DeleteFunc(o["events"].([]string), func(event string) bool { return event == "deployment_protection_rule" })
	return o
}

func (s *Server) emitInstallation(i *installation, action string) {
	var repos []any
	for _, r := range s.sortedRepos() {
		if i.covers(r) {
			repos = append(repos, r.shortJSON())
		}
	}
	body := object{"action": action, "installation": s.installationEventJSON(i), "sender": s.userJSON(s.sender(i)), "repositories": append([]any{}, repos...)}
	s.enqueue(envelope{event: "installation", action: action, installation: i, body: body})
}

func (s *Server) emitInstallationRepositories(i *installation, action string, repos []any) {
	body := object{
		"action": action, "installation": s.installationEventJSON(i), "sender": s.userJSON(s.sender(i)), "repository_selection": i.selection(),
		"repositories_added": []any{}, "repositories_removed": []any{}, "requester": nil,
	}
	body["repositories_"+action] = repos
	s.enqueue(envelope{event: "installation_repositories", action: action, installation: i, body: body})
}

func (c *call) installation() (*installation, error) {
	id, _ := strconv.ParseInt(c.vars["installation"], 10, 64)
	for _, i := range c.s.installations {
		if i.id == id && !i.deleted {
			return i, nil
		}
	}
	return nil, refuse(http.StatusNotFound, "Not Found")
}
