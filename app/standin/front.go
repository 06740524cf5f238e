package standin

import (
	"context"
	"net/http"
	"strings"
)

// reservedNames are the first segments of API paths, which no account can have as its login.
func reservedNames() []string {
	return []string{"api", "app", "apps", "avatars", "installation", "installations", "organizations", "orgs", "rate_limit", "repos", "repositories",
		"settings", "user", "users"}
}

type contextKey int

const identityKey contextKey = 0

// identity is who a request comes from, found out once, before faults and records need it.
type identity struct {
	who *principal
	err error
}

// front sends each request to the API, to git or to the pages.
func (s *Server) front() http.Handler {
	api := http.Handler(s.apiRouter())
	if s.opts.Wrap != nil {
		api = s.opts.Wrap(api)
	}
	api = s.observed(s.byID(api))
	git, pages := s.observed(http.HandlerFunc(s.serveGit)), s.pages()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/api/v3" || strings.HasPrefix(r.URL.Path, "/api/v3/"):
			api.ServeHTTP(w, s.identified(withoutPrefix(r)))
		case isGit(r):
			git.ServeHTTP(w, s.identified(r))
		case isAPIPath(r.URL.Path):
			api.ServeHTTP(w, s.identified(r))
		default:
			pages.ServeHTTP(w, r)
		}
	})
}

// gitPath takes apart what git asks for: owner/name of a repository, with or without .git, and one of the services of smart HTTP. Other
// paths give an empty service.
func gitPath(path string) (repo, service string) {
	for _, service := range []string{"info/refs", "git-upload-pack", "git-receive-pack"} {
		if repo, found := strings.CutSuffix(strings.TrimPrefix(path, "/"), "/"+service); found && strings.Count(repo, "/") == 1 {
			return strings.TrimSuffix(repo, ".git"), service
		}
	}
	return "", ""
}

func isGit(r *http.Request) bool {
	_, service := gitPath(r.URL.Path)
	return service != "" && !isAPIPath(r.URL.Path)
}

func isAPIPath(path string) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	for _, name := range reservedNames() {
		if first == name {
			return true
		}
	}
	return false
}

// withoutPrefix takes /api/v3 off, as GitHub Enterprise Server's clients put it on.
func withoutPrefix(r *http.Request) *http.Request {
	url := *r.URL
	url.Path = "/" + strings.TrimPrefix(strings.TrimPrefix(url.Path, "/api/v3"), "/")
	if url.RawPath != "" {
		url.RawPath = "/" + strings.TrimPrefix(strings.TrimPrefix(url.RawPath, "/api/v3"), "/")
	}
	r = r.WithContext(r.Context())
	r.URL = &url
	return r
}

func (s *Server) identified(r *http.Request) *http.Request {
	s.mu.Lock()
	who, err := s.identify(r)
	s.mu.Unlock()
	return r.WithContext(context.WithValue(r.Context(), identityKey, identity{who, err}))
}

func identityOf(r *http.Request) identity {
	id, _ := r.Context().Value(identityKey).(identity)
	if id.who == nil {
		id.who = &principal{}
	}
	return id
}
