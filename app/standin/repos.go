package standin

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Repo is a repository. Its methods act in the name of the users whose logins they are given, and are safe for concurrent use.
type Repo struct {
	server        *Server
	id            int64
	owner         *account
	name          string
	private       bool
	parent        *Repo
	defaultBranch string
	dir           string
	pushing       sync.Mutex // one push at a time, so that what changed is known to be its work

	refs         map[string]string // what git has, by full name
	roles        map[string]role   // by lower-case login
	activity     []activity
	pulls        []*Pull
	comments     map[int64]*comment
	suites       []*suite
	runs         []*checkRun
	statuses     []*status
	environments []*environment
	deployments  []*deployment
	workflows    []*workflow
	workflowRuns []*workflowRun
	groups       []*MergeGroup
	commits      map[string]*commit // read once: a commit never changes
	lastNumber   int
	reopened     int

	created, updated, pushed time.Time
}

// role is what a collaborator has: a name, and the standard role that it amounts to.
type role struct{ name, base string }

// RepoOptions says how a repository begins.
type RepoOptions struct {
	Private       bool
	Organization  bool   // make the owner an organisation, unless the account exists
	DefaultBranch string // empty: main
	Empty         bool   // without the first commit that GitHub makes with a README
}

// isRepoName says whether a repository can be called that.
func isRepoName(name string) bool {
	return name != "" && len(name) <= 100 && consistsOf(name, "._-") && name != "." && name != ".." && !strings.HasSuffix(name, ".git")
}

// CreateRepository makes a repository and, if need be, its owner. Unless it is to be empty it begins with a README.
func (s *Server) CreateRepository(owner, name string, options RepoOptions) (*Repo, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !isRepoName(name) {
		return nil, fmt.Errorf("%q is no name of a repository", name)
	}
	account := s.accounts[fold(owner)]
	if account == nil {
		var err error
		if options.Organization {
			account, err = s.ensureOrganization(owner)
		} else {
			account, err = s.ensureUser(owner)
		}
		if err != nil {
			return nil, fmt.Errorf("creating a repository: %w", err)
		}
	}
	if s.repoByName(account.login+"/"+name) != nil {
		return nil, fmt.Errorf("creating a repository: %s/%s exists", owner, name)
	}
	if options.DefaultBranch == "" {
		options.DefaultBranch = "main"
	}
	r := s.newRepo(account, name, options)
	if err := r.initGit(); err != nil {
		return nil, fmt.Errorf("creating a repository: %w", err)
	}
	s.repos[r.id] = r
	s.announce(r)
	if options.Empty {
		return r, nil
	}
	author := account
	if account.kind == "Organization" {
		author = s.webFlow()
	}
	_, err := r.commitFiles(author, Change{Branch: r.defaultBranch, Message: "Initial commit", Files: map[string]string{"README.md": "# " + name + "\n"}})
	return r, err
}

func (s *Server) newRepo(owner *account, name string, options RepoOptions) *Repo {
	r := &Repo{
		server: s, id: s.id(), owner: owner, name: name, private: options.Private, defaultBranch: options.DefaultBranch,
		refs: map[string]string{}, roles: map[string]role{}, comments: map[int64]*comment{}, commits: map[string]*commit{},
		created: s.now(), updated: s.now(), pushed: s.now(),
	}
	r.dir = filepath.Join(s.dir, strconv.FormatInt(r.id, 10)+".git")
	return r
}

// announce tells an installation for all repositories that it has one more.
func (s *Server) announce(r *Repo) {
	if i := s.installationOf(r); i != nil {
		s.emitInstallationRepositories(i, "added", []any{r.shortJSON()})
	}
}

// Fork copies a repository into a user's account.
func (r *Repo) Fork(login string) (*Repo, error) {
	s := r.server
	s.mu.Lock()
	defer s.mu.Unlock()
	owner, err := s.user(login)
	if err != nil {
		return nil, fmt.Errorf("forking: %w", err)
	}
	if s.repoByName(login+"/"+r.name) != nil {
		return nil, fmt.Errorf("forking: %s/%s exists", login, r.name)
	}
	fork := s.newRepo(owner, r.name, RepoOptions{Private: r.private, DefaultBranch: r.defaultBranch})
	fork.parent = r
	if err := fork.initGit(); err != nil {
		return nil, fmt.Errorf("forking: %w", err)
	}
	if _, err := fork.git(nil, "fetch", "--quiet", r.dir, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"); err != nil {
		return nil, fmt.Errorf("forking: %w", err)
	}
	if fork.refs, err = fork.readRefs(); err != nil {
		return nil, fmt.Errorf("forking: %w", err)
	}
	s.repos[fork.id] = fork
	s.announce(fork)
	return fork, nil
}

// Repository finds a repository by owner and name.
func (s *Server) Repository(owner, name string) (*Repo, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.repoByName(owner + "/" + name)
	return r, r != nil
}

func (s *Server) repoByName(full string) *Repo {
	for _, r := range s.repos {
		if fold(r.fullName()) == fold(full) {
			return r
		}
	}
	return nil
}

func (s *Server) sortedRepos() []*Repo {
	var all []*Repo
	for _, r := range s.repos {
		all = append(all, r)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].id < all[j].id })
	return all
}

func (r *Repo) fullName() string { return r.owner.login + "/" + r.name }
func (r *Repo) apiURL() string   { return r.server.url + "/repos/" + r.fullName() }
func (r *Repo) htmlURL() string  { return r.server.url + "/" + r.fullName() }

func (r *Repo) forks() int {
	n := 0
	for _, other := range r.server.repos {
		if other.parent == r {
			n++
		}
	}
	return n
}

// ID is the repository's number, which survives renaming and transfer.
func (r *Repo) ID() int64 { return r.id }

// FullName is owner/name.
func (r *Repo) FullName() string {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	return r.fullName()
}

// PageURL is where a person looks at the repository.
func (r *Repo) PageURL() string { return r.server.url + "/" + r.FullName() }

// APIURL is where programs ask about the repository.
func (r *Repo) APIURL() string {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	return r.apiURL()
}

// Token is with what a user asks the API, or "" if there is no such user.
func (r *Repo) Token(login string) string {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	if a := r.server.accounts[fold(login)]; a != nil {
		return a.token
	}
	return ""
}

// CloneURL is where git clones from and pushes to in the name of a user: with the user's token inside, which only a stand-in may do. An
// empty login gives the address without a token.
func (r *Repo) CloneURL(login string) string {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	if a := r.server.accounts[fold(login)]; a != nil {
		return fmt.Sprintf("http://%s:%s@%s/%s.git", a.login, a.token, strings.TrimPrefix(r.server.url, "http://"), r.fullName())
	}
	return r.htmlURL() + ".git"
}

// Rename gives the repository another name. The old one redirects. The App hears of it if it has subscribed to the event repository.
func (r *Repo) Rename(login, name string) error {
	return r.act(login, "admin", func(actor *account) error {
		if !isRepoName(name) || r.server.repoByName(r.owner.login+"/"+name) != nil {
			return fmt.Errorf("the name %q can't be taken", name)
		}
		from := r.name
		r.server.moved[fold(r.fullName())] = r.id
		r.name, r.updated = name, r.server.now()
		delete(r.server.moved, fold(r.fullName()))
		r.emit("repository", "renamed", actor, object{"changes": object{"repository": object{"name": object{"from": from}}}})
		return nil
	})
}

// Transfer gives the repository to another account. Its number stays. The App hears that it lost the repository, that it gained it if it is
// installed for all of the new owner's, and of the transfer itself if it has subscribed to the event repository.
func (r *Repo) Transfer(login, owner string) error {
	return r.act(login, "admin", func(actor *account) error {
		to := r.server.accounts[fold(owner)]
		if to == nil || r.server.repoByName(owner+"/"+r.name) != nil {
			return fmt.Errorf("%s can't take %s", owner, r.fullName())
		}
		from, left := r.owner, r.server.installationOf(r)
		r.server.moved[fold(r.fullName())] = r.id
		r.owner, r.updated = to, r.server.now()
		delete(r.server.moved, fold(r.fullName()))
		if left != nil {
			delete(left.chosen, r.id)
			r.server.emitInstallationRepositories(left, "removed", []any{r.shortJSON()})
		}
		r.server.announce(r)
		// GitHub's schema knows user alone here, for organisations too.
		owned := object{"user": r.server.userJSON(from)}
		r.emit("repository", "transferred", actor, object{"changes": object{"owner": object{"from": owned}}})
		return nil
	})
}

// Remove deletes the repository for good.
func (r *Repo) Remove(login string) error {
	return r.act(login, "admin", func(actor *account) error {
		r.emit("repository", "deleted", actor, object{})
		delete(r.server.repos, r.id)
		for _, other := range r.server.repos {
			other.headGone(actor, r)
		}
		if err := os.RemoveAll(r.dir); err != nil {
			return fmt.Errorf("deleting %s: %w", r.fullName(), err)
		}
		return nil
	})
}

// act does something in the name of a user who has at least the given role.
func (r *Repo) act(login, least string, do func(actor *account) error) error {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	actor, err := r.server.user(login)
	if err != nil {
		return err
	}
	if have := r.baseRole(actor); roleRank(have) < roleRank(least) {
		return fmt.Errorf("%s may not do this in %s: it takes %s", login, r.fullName(), least)
	}
	return do(actor)
}

func getRepo(c *call) (*answer, error) { return ok(c.repoAnswer(c.repo)), nil }

// repoAnswer is the repository with what the caller may do there.
func (c *call) repoAnswer(r *Repo) object {
	o := r.json()
	o["subscribers_count"], o["network_count"] = 0, 0
	if c.who.user != nil {
		o["permissions"] = permissionsJSON(r.baseRole(c.who.user))
		return o
	}
	write := grants(map[string]string{"contents": "read"}, "contents:write")
	if c.who.token != nil {
		write = grants(c.who.token.permissions, "contents:write")
	}
	o["permissions"] = object{"admin": false, "maintain": false, "push": write, "triage": false, "pull": true}
	return o
}

// byID answers everything below /repositories/{id} as its twin below /repos/{owner}/{name}.
func (s *Server) byID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		below, isByID := strings.CutPrefix(r.URL.Path, "/repositories/")
		if !isByID {
			next.ServeHTTP(w, r)
			return
		}
		number, rest, more := strings.Cut(below, "/")
		if more {
			rest = "/" + rest
		}
		id, _ := strconv.ParseInt(number, 10, 64)
		s.mu.Lock()
		repo := s.repos[id]
		s.mu.Unlock()
		if repo == nil {
			s.write(w, r, identityOf(r).who, nil, notFound())
			return
		}
		url := *r.URL
		url.Path, url.RawPath = "/repos/"+repo.FullName()+rest, ""
		r = r.WithContext(r.Context())
		r.URL = &url
		next.ServeHTTP(w, r)
	})
}
