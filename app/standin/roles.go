package standin

import (
	"fmt"
	"net/http"
	"slices"
)

// SetRole gives a user a standard role: admin, maintain, write, triage or read; none takes it away.
func (r *Repo) SetRole(login, name string) error {
	if name != "none" && roleRank(name) == 0 {
		return fmt.Errorf("%q is no role of GitHub's", name)
	}
	return r.setRole(login, role{name: name, base: name})
}

// SetCustomRole gives a user a role that the organisation made up, on top of a standard one.
func (r *Repo) SetCustomRole(login, name, base string) error {
	if roleRank(base) == 0 {
		return fmt.Errorf("%q is no role of GitHub's", base)
	}
	return r.setRole(login, role{name: name, base: base})
}

func (r *Repo) setRole(login string, to role) error {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	if _, err := r.server.ensureUser(login); err != nil {
		return fmt.Errorf("giving a role: %w", err)
	}
	if to.name == "none" {
		delete(r.roles, fold(login))
		return nil
	}
	r.roles[fold(login)] = to
	return nil
}

// roleOf is what a user has here; everybody reads what is public.
func (r *Repo) roleOf(user *account) role {
	switch {
	case user == nil:
	case user == r.owner || r.owner.admins[fold(user.login)]:
		return role{"admin", "admin"}
	case r.roles[fold(user.login)].name != "":
		return r.roles[fold(user.login)]
	case r.owner.people[fold(user.login)]:
		return role{"read", "read"}
	}
	if !r.private {
		return role{"read", "read"}
	}
	return role{"none", "none"}
}

func (r *Repo) baseRole(user *account) string { return r.roleOf(user).base }

// legacy is the older word for a role, which knows neither maintain nor triage.
func legacy(base string) string {
	switch base {
	case "maintain":
		return "write"
	case "triage":
		return "read"
	}
	return base
}

func permissionsJSON(base string) object {
	rank := roleRank(base)
	return object{"admin": rank >= 5, "maintain": rank >= 4, "push": rank >= 3, "triage": rank >= 2, "pull": rank >= 1}
}

// association is what GitHub writes beside a comment of this user.
func (r *Repo) association(user *account) string {
	switch {
	case user == r.owner:
		return "OWNER"
	case user != nil && r.owner.people[fold(user.login)]:
		return "MEMBER"
	case user != nil && r.roles[fold(user.login)].name != "":
		return "COLLABORATOR"
	}
	return "NONE"
}

// hasCollaborator says whether a user has a role here beyond reading what is public.
func (r *Repo) hasCollaborator(user *account) bool {
	login := fold(user.login)
	return user == r.owner || r.roles[login].name != "" || r.owner.people[login]
}

func isCollaborator(c *call) (*answer, error) {
	user := c.s.accounts[fold(c.vars["login"])]
	if user == nil || !c.repo.hasCollaborator(user) {
		return nil, notFound()
	}
	return noContent(), nil
}

func getPermission(c *call) (*answer, error) {
	user := c.s.accounts[fold(c.vars["login"])]
	if user == nil || user.kind == "Organization" {
		return nil, refuse(http.StatusNotFound, c.vars["login"]+" is not a user")
	}
	has := c.repo.roleOf(user)
	person := c.s.userJSON(user)
	person["permissions"], person["role_name"] = permissionsJSON(has.base), has.name
	return ok(object{"permission": legacy(has.base), "role_name": has.name, "user": person}), nil
}

// listCollaborators answers everybody with a role, or with at least the permission that is asked for, in its older words.
func listCollaborators(c *call) (*answer, error) {
	least := 1
	if asked := c.query("permission"); asked != "" {
		least = slices.Index([]string{"", "pull", "triage", "push", "maintain", "admin"}, asked)
		if least < 1 {
			return nil, invalid("%q is not a member of [\"pull\", \"triage\", \"push\", \"maintain\", \"admin\"].", asked)
		}
	}
	var all []any
	for _, login := range sortedKeys(c.s.accounts) {
		user := c.s.accounts[login]
		if user.kind == "Organization" || !c.repo.hasCollaborator(user) {
			continue
		}
		has := c.repo.roleOf(user)
		if roleRank(has.base) < least {
			continue
		}
		person := c.s.userJSON(user)
		person["permissions"], person["role_name"] = permissionsJSON(has.base), has.name
		all = append(all, person)
	}
	return c.list(all)
}
