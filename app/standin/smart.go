package standin

import (
	"bytes"
	"io"
	"net/http"
	"net/http/cgi"
	"strings"
)

// serveGit lets git's own http-backend answer, after the same questions about token and role as the API's.
func (s *Server) serveGit(w http.ResponseWriter, r *http.Request) {
	name, service := gitPath(r.URL.Path)
	write := service == "git-receive-pack" || r.URL.Query().Get("service") == "git-receive-pack"
	repo, actor, no := s.admitGit(r, name, write)
	if no != nil {
		if no.status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", `Basic realm="GitHub"`)
		}
		http.Error(w, no.message, no.status)
		return
	}
	backend := s.backend(repo, actor, service)
	if !dechunk(w, r) {
		return
	}
	if service != "git-receive-pack" {
		backend.ServeHTTP(w, r)
		return
	}
	repo.receive(w, r, actor, backend)
}

// admitGit says who is at the door, and whether they may pass.
func (s *Server) admitGit(r *http.Request, name string, write bool) (*Repo, *account, *refusal) {
	id := identityOf(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	repo := s.repoByName(name)
	if repo == nil {
		repo = s.repos[s.moved[fold(name)]]
	}
	who := id.who
	if id.err != nil {
		return nil, nil, refuse(http.StatusUnauthorized, "Invalid username or token.")
	}
	anonymous := who.user == nil && who.installation == nil
	switch {
	case repo == nil && anonymous, anonymous && (write || repo.private):
		return nil, nil, refuse(http.StatusUnauthorized, "Authentication required")
	case repo == nil:
		return nil, nil, refuse(http.StatusNotFound, "Repository not found.")
	case anonymous:
		return repo, nil, nil
	}
	c := &call{s: s, r: r, who: who, repo: repo}
	wanted := need{permission: "contents:read", role: "read"}
	if write {
		wanted = need{permission: "contents:write", role: "write"}
	}
	if err := c.authorize(wanted); err != nil {
		if err.(*refusal).status == http.StatusNotFound {
			return nil, nil, refuse(http.StatusNotFound, "Repository not found.")
		}
		return nil, nil, refuse(http.StatusForbidden, "Permission to "+repo.fullName()+".git denied to "+c.actor().login+".")
	}
	return repo, c.actor(), nil
}

func (s *Server) backend(repo *Repo, actor *account, service string) http.Handler {
	handler := &cgi.Handler{
		Path: s.gitPath, Args: []string{"http-backend"}, Root: "/",
		Env: append(s.gitEnv(), "GIT_PROJECT_ROOT="+repo.dir, "GIT_HTTP_EXPORT_ALL=1"),
	}
	if actor != nil {
		handler.Env = append(handler.Env, "REMOTE_USER="+actor.login)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		url := *r.URL
		url.Path, url.RawPath = "/"+service, ""
		r = r.WithContext(r.Context())
		r.URL = &url
		r.Header.Del("Authorization")
		handler.ServeHTTP(w, r)
	})
}

// dechunk gives a streamed body its length, which CGI needs.
func dechunk(w http.ResponseWriter, r *http.Request) bool {
	if r.ContentLength >= 0 && len(r.TransferEncoding) == 0 {
		return true
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "the body broke off", http.StatusBadRequest)
		return false
	}
	r.Body, r.ContentLength, r.TransferEncoding = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
	return true
}

// receive takes a push and finds out what it changed by comparing the references before and after. The client has its answer when GitHub
// has noticed, so that what a test does next sees the push.
func (r *Repo) receive(w http.ResponseWriter, request *http.Request, actor *account, backend http.Handler) {
	r.pushing.Lock()
	defer r.pushing.Unlock()
	answer := newCapture()
	backend.ServeHTTP(answer, request)
	r.server.mu.Lock()
	err := r.noticePush(actor)
	r.server.mu.Unlock()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	for key, values := range answer.header {
		w.Header()[key] = values
	}
	w.WriteHeader(answer.status)
	w.Write(answer.body.Bytes())
}

func (r *Repo) noticePush(actor *account) error {
	after, err := r.readRefs()
	if err != nil {
		return err
	}
	var changes []refChange
	for _, ref := range sortedKeys(after) {
		if before := r.shaOf(ref); before != after[ref] {
			changes = append(changes, refChange{ref, before, after[ref]})
		}
	}
	for _, ref := range sortedKeys(r.refs) {
		if after[ref] == "" {
			changes = append(changes, refChange{ref, r.refs[ref], noSHA})
		}
	}
	r.refs = after
	if len(changes) > 0 {
		r.pushedRefs(actor, "push", changes...)
	}
	return nil
}

// branchOf is the branch that a reference names, or empty.
func branchOf(ref string) string {
	branch, isBranch := strings.CutPrefix(ref, "refs/heads/")
	if !isBranch {
		return ""
	}
	return branch
}
