package standin

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"time"
)

// token is an installation token: one hour, narrowed to repositories and permissions.
type token struct {
	installation *installation
	permissions  map[string]string
	repos        map[int64]bool // nil: all of the installation
	expires      time.Time
}

func (t *token) covers(r *Repo) bool {
	return t.installation.covers(r) && (t.repos == nil || t.repos[r.id])
}

func (t *token) selection() string {
	if t.repos != nil {
		return "selected"
	}
	return t.installation.selection()
}

type tokenRequest struct {
	Repositories  []string          `json:"repositories"`
	RepositoryIDs []int64           `json:"repository_ids"`
	Permissions   map[string]string `json:"permissions"`
}

func createToken(c *call) (*answer, error) {
	i, err := c.installation()
	if err != nil {
		return nil, err
	}
	if !i.suspended.IsZero() {
		return nil, refuse(http.StatusForbidden, "This installation has been suspended")
	}
	request, err := decode[tokenRequest](c)
	if err != nil {
		return nil, err
	}
	t := &token{installation: i, expires: c.s.now().Add(time.Hour)}
	if t.permissions, err = narrowed(c.s.app.permissions, request.Permissions); err != nil {
		return nil, err
	}
	if t.repos, err = c.s.chosenRepos(i, request); err != nil {
		return nil, err
	}
	secret := c.s.newSecret()
	c.s.tokens[secret] = t
	body := object{
		"token": secret, "expires_at": stamp(t.expires), "permissions": copied(t.permissions), "repository_selection": t.selection(),
	}
	if t.repos != nil {
		repos := []any{}
		for _, r := range c.s.sortedRepos() {
			if t.repos[r.id] {
				repos = append(repos, r.json())
			}
		}
		body["repositories"] = repos
	}
	return created(body), nil
}

// narrowed is what is asked for, which has to lie within what is granted. Metadata can always be read.
func narrowed(granted, asked map[string]string) (map[string]string, error) {
	if asked == nil {
		return copied(granted), nil
	}
	out := map[string]string{"metadata": "read"}
	for name, level := range asked {
		if levelRank(level) == 0 || levelRank(level) > levelRank(granted[name]) {
			return nil, refuse(http.StatusUnprocessableEntity, "The permissions requested are not granted to this installation.")
		}
		out[name] = level
	}
	return out, nil
}

func (s *Server) chosenRepos(i *installation, request tokenRequest) (map[int64]bool, error) {
	if len(request.Repositories) == 0 && len(request.RepositoryIDs) == 0 {
		return nil, nil
	}
	chosen := map[int64]bool{}
	ids := append([]int64(nil), request.RepositoryIDs...)
	for _, name := range request.Repositories {
		r := s.repoByName(i.account.login + "/" + name)
		if r == nil {
			ids = append(ids, 0)
			continue
		}
		ids = append(ids, r.id)
	}
	for _, id := range ids {
		if r := s.repos[id]; r == nil || !i.covers(r) {
			return nil, refuse(http.StatusUnprocessableEntity,
				"There is at least one repository that does not exist or is not accessible to the parent installation.")
		}
		chosen[id] = true
	}
	return chosen, nil
}

// newSecret has the form that GitHub gives tokens since 2026: a JWT behind the prefix, far from 40 characters.
func (s *Server) newSecret() string {
	part := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	header := part(`{"alg":"ES256","typ":"JWT"}`)
	claims := part(fmt.Sprintf(`{"iss":"github","sub":"%d","jti":"%s"}`, s.app.id, randomHex(32)))
	return fmt.Sprintf("ghs_%d_%s.%s.%s", s.app.id, header, claims, part(randomHex(32)))
}
