package standin

import (
	"fmt"
	"net/http"
	"slices"
	"sort"
	"strings"
)

// account is a person, a bot or an organisation.
type account struct {
	id     int64
	login  string
	kind   string // User, Bot, Organization
	email  string
	token  string
	admins map[string]bool  // of an organisation: its owners, lower-case
	people map[string]bool  // of an organisation: all members, lower-case
	teams  map[string]*team // of an organisation: by slug
}

type team struct {
	id      int64
	slug    string
	members map[string]bool // lower-case; true: maintainer
}

// User is a person or a bot with a token to act over HTTP and git.
type User struct {
	Login string
	Token string // a personal access token: Authorization: Bearer, or the password of git
	Email string // the address by which GitHub knows the user's commits
}

// AddUser makes an account of a person, or of a bot if the login ends in [bot], or returns the one that exists.
func (s *Server) AddUser(login string) (User, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.ensureUser(login)
	if err != nil {
		return User{}, err
	}
	return User{Login: a.login, Token: a.token, Email: a.email}, nil
}

// AddOrganization makes an organisation that the given users own, or makes them owners of one that exists. Owners are admins of all its
// repositories.
func (s *Server) AddOrganization(login string, owners ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	org, err := s.ensureOrganization(login)
	if err != nil {
		return err
	}
	for _, owner := range owners {
		if _, err := s.ensureUser(owner); err != nil {
			return err
		}
		org.admins[fold(owner)], org.people[fold(owner)] = true, true
	}
	return nil
}

// AddTeam makes a team of an organisation, or sets its members. They become members of the organisation.
func (s *Server) AddTeam(org, slug string, members ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.ensureOrganization(org)
	if err != nil {
		return err
	}
	t := a.teams[slug]
	if t == nil {
		t = &team{id: s.id(), slug: slug}
		a.teams[slug] = t
	}
	t.members = map[string]bool{}
	for _, member := range members {
		if _, err := s.ensureUser(member); err != nil {
			return err
		}
		t.members[fold(member)], a.people[fold(member)] = false, true
	}
	return nil
}

// isLogin says whether an account can be called that: letters, digits and hyphens, 39 at most, and no word of the API's paths.
func isLogin(login string) bool {
	name := strings.TrimSuffix(login, "[bot]")
	return name != "" && len(name) <= 39 && name[0] != '-' && consistsOf(name, "-") && !slices.Contains(reservedNames(), fold(login))
}

// consistsOf says whether text has only letters and digits of ASCII, and what else is allowed.
func consistsOf(text, also string) bool {
	for _, c := range text {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune(also, c) {
			return false
		}
	}
	return true
}

func (s *Server) ensureUser(login string) (*account, error) {
	if a := s.accounts[fold(login)]; a != nil {
		if a.kind == "Organization" {
			return nil, fmt.Errorf("%s is an organisation", login)
		}
		return a, nil
	}
	if !isLogin(login) {
		return nil, fmt.Errorf("%q is no login", login)
	}
	a := &account{id: s.id(), login: login, kind: "User", token: "ghp_" + randomHex(18)}
	if strings.HasSuffix(login, "[bot]") {
		a.kind = "Bot"
	}
	a.email = fmt.Sprintf("%d+%s@users.noreply.github.com", a.id, login)
	s.accounts[fold(login)] = a
	return a, nil
}

func (s *Server) ensureOrganization(login string) (*account, error) {
	if a := s.accounts[fold(login)]; a != nil {
		if a.kind != "Organization" {
			return nil, fmt.Errorf("%s is no organisation", login)
		}
		return a, nil
	}
	if !isLogin(login) {
		return nil, fmt.Errorf("%q is no login", login)
	}
	a := &account{id: s.id(), login: login, kind: "Organization", admins: map[string]bool{}, people: map[string]bool{}, teams: map[string]*team{}}
	s.accounts[fold(login)] = a
	return a, nil
}

// user finds an account that can act.
func (s *Server) user(login string) (*account, error) {
	a := s.accounts[fold(login)]
	if a == nil || a.kind == "Organization" {
		return nil, fmt.Errorf("there is no user %q", login)
	}
	return a, nil
}

// SetEmail gives a user an address of their own for their commits. GitHub knows whose it is; the commits alone don't say.
func (s *Server) SetEmail(login, email string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.user(login)
	if err == nil {
		a.email = email
	}
	return err
}

// webFlow is the account behind commits that GitHub itself makes.
func (s *Server) webFlow() *account {
	a, _ := s.ensureUser("web-flow")
	a.email = "noreply@github.com"
	return a
}

// byEmail finds whose commits carry this address, or nil.
func (s *Server) byEmail(email string) *account {
	if email == "" {
		return nil
	}
	if email == "noreply@github.com" {
		return s.webFlow()
	}
	for _, a := range s.accounts {
		if strings.EqualFold(a.email, email) || strings.EqualFold(a.login+"@users.noreply.github.com", email) {
			return a
		}
	}
	return nil
}

func getUser(c *call) (*answer, error) {
	a := c.s.accounts[fold(c.vars["login"])]
	if a == nil {
		return nil, notFound()
	}
	return ok(c.s.publicUserJSON(a)), nil
}

// getSelf answers GET /user: whose token it is.
func getSelf(c *call) (*answer, error) {
	if c.who.user == nil {
		return nil, refuse(http.StatusForbidden, "Resource not accessible by integration")
	}
	return ok(c.s.publicUserJSON(c.who.user)), nil
}

func getTeamMembership(c *call) (*answer, error) {
	org := c.s.accounts[fold(c.vars["org"])]
	if org == nil || org.kind != "Organization" || !c.seesOrganization(org) {
		return nil, notFound()
	}
	t := org.teams[c.vars["slug"]]
	if t == nil {
		return nil, notFound()
	}
	maintainer, member := t.members[fold(c.vars["login"])]
	if !member {
		return nil, notFound()
	}
	role := "member"
	if maintainer || org.admins[fold(c.vars["login"])] {
		role = "maintainer"
	}
	url := fmt.Sprintf("%s/organizations/%d/team/%d/memberships/%s", c.s.url, org.id, t.id, c.vars["login"])
	return ok(object{"url": url, "role": role, "state": "active"}), nil
}

func getTeam(c *call) (*answer, error) {
	org := c.s.accounts[fold(c.vars["org"])]
	if org == nil || org.kind != "Organization" || !c.seesOrganization(org) || org.teams[c.vars["slug"]] == nil {
		return nil, notFound()
	}
	t := org.teams[c.vars["slug"]]
	return ok(c.s.teamJSON(org, t)), nil
}

func listTeamMembers(c *call) (*answer, error) {
	org := c.s.accounts[fold(c.vars["org"])]
	if org == nil || org.kind != "Organization" || !c.seesOrganization(org) || org.teams[c.vars["slug"]] == nil {
		return nil, notFound()
	}
	var logins []string
	for login := range org.teams[c.vars["slug"]].members {
		logins = append(logins, login)
	}
	sort.Strings(logins)
	var members []any
	for _, login := range logins {
		members = append(members, c.s.userJSON(c.s.accounts[login]))
	}
	return c.list(members)
}

// seesOrganization says whether the caller may know of the organisation's teams.
func (c *call) seesOrganization(org *account) bool {
	switch {
	case c.who.installation != nil:
		return c.who.installation.account == org
	case c.who.user != nil:
		return org.people[fold(c.who.user.login)]
	}
	return false
}
