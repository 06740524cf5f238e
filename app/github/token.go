package github

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/golang-jwt/jwt/v4"

	"github.com/slipway-cd/slipway/app"
)

// Permissions narrows a token: names as GitHub's API has them, such as contents, with read or write.
type Permissions map[string]string

// key is the same for equal permissions.
func (p Permissions) key() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(p)) {
		b.WriteString(name + ":" + p[name] + " ")
	}
	return b.String()
}

const (
	renewBefore = 5 * time.Minute // of a token's end: what has just been given out still lasts for a clone
	jwtDrift    = time.Minute     // GitHub advises to date a JWT back, for clocks that go wrong
	jwtLife     = 5 * time.Minute // GitHub takes at most 10
)

// signer signs the App's JWT by our own clock; ghinstallation would take the machine's.
type signer struct {
	rsa   ghinstallation.Signer
	appID int64
	clock app.Clock
}

func newSigner(pem []byte, appID int64, clock app.Clock) (*signer, error) {
	key, err := jwt.ParseRSAPrivateKeyFromPEM(pem)
	if err != nil {
		return nil, errors.New("the GitHub App's private key is not an RSA key in PEM form") // the cause may quote the key
	}
	return &signer{ghinstallation.NewRSASigner(jwt.SigningMethodRS256, key), appID, clock}, nil
}

// Sign signs claims with the times of our clock in place of those given.
func (s *signer) Sign(jwt.Claims) (string, error) {
	now := s.clock.Now().Truncate(time.Second)
	return s.rsa.Sign(&jwt.RegisteredClaims{
		Issuer:    fmt.Sprint(s.appID),
		IssuedAt:  jwt.NewNumericDate(now.Add(-jwtDrift)),
		ExpiresAt: jwt.NewNumericDate(now.Add(jwtLife)),
	})
}

// cloning gives a transport that changes requests a copy of its own, which is what http.RoundTripper asks for.
type cloning struct{ next http.RoundTripper }

// RoundTrip sends a copy.
func (c cloning) RoundTrip(req *http.Request) (*http.Response, error) {
	return c.next.RoundTrip(req.Clone(req.Context()))
}

// signed signs requests with the token of an installation. ghinstallation's own transport is not used for it: it judges expiry by the
// machine's clock, holds a lock that no context ends, and leaves the answers of refused tokens open.
type signed struct {
	client       *Client
	installation int64
	next         http.RoundTripper
}

// RoundTrip sends the request with a token, which it gets first if there is none. A token that GitHub does not take is not used again.
func (s *signed) RoundTrip(req *http.Request) (*http.Response, error) {
	key := tokenKey{installation: s.installation}
	held, err := s.client.token(req.Context(), key, nil)
	if err != nil {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, err
	}
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+held.text)
	resp, err := s.next.RoundTrip(req)
	if err == nil && resp.StatusCode == http.StatusUnauthorized {
		s.client.tokens.reject(key, held)
	}
	return resp, err
}

// Token is a token for one repository and no more than these permissions, and when it ends. It has at least five minutes to live. The
// same one is given out until then, so it must not be revoked.
func (c *Client) Token(ctx context.Context, r app.Repo, p Permissions) (string, time.Time, error) {
	if r.ID == 0 || len(p) == 0 {
		return "", time.Time{}, refuse("a token needs a repository and permissions, else it could do everything")
	}
	held, err := c.token(ctx, tokenKey{r.Installation, r.ID, p.key()}, p)
	if err != nil {
		return "", time.Time{}, c.failRepo(r, err, "getting a token")
	}
	return held.text, held.expires, nil
}

// GitToken is a token that can read one repository's contents and nothing else, and when it ends.
func (c *Client) GitToken(ctx context.Context, r app.Repo) (string, time.Time, error) {
	return c.Token(ctx, r, Permissions{"contents": "read"})
}

// token is a token that is still good, minted if there is none. One is minted at a time for a key; the others wait for it.
func (c *Client) token(ctx context.Context, key tokenKey, p Permissions) (token, error) {
	place := c.tokens.place(key)
	select {
	case place.turn <- struct{}{}:
		defer func() { <-place.turn }()
	case <-ctx.Done():
		return token{}, ctx.Err()
	}
	if held := place.get(); c.tokens.good(held) {
		return held, nil
	}
	minted, err := c.mint(ctx, key, p)
	if err != nil {
		return token{}, err
	}
	c.redact.hold(minted.text, minted.expires, c.clock.Now())
	place.set(minted)
	return minted, nil
}

func (c *Client) mint(ctx context.Context, key tokenKey, p Permissions) (token, error) {
	type narrowing struct {
		Repositories []app.RepoID `json:"repository_ids,omitempty"`
		Permissions  Permissions  `json:"permissions,omitempty"`
	}
	narrow := narrowing{Permissions: p}
	if key.repo != 0 {
		narrow.Repositories = []app.RepoID{key.repo}
	}
	var answer struct {
		Token     string    `json:"token"`
		ExpiresAt time.Time `json:"expires_at"`
	}
	_, err := send(ctx, c.self, http.MethodPost, fmt.Sprintf("app/installations/%d/access_tokens", key.installation), narrow, &answer)
	op := fmt.Sprintf("getting a token of installation %d", key.installation)
	if status := statusOf(err); gone(err) || status == http.StatusForbidden {
		c.forget(key.installation)
	}
	if err == nil && answer.Token == "" {
		err = errors.New("GitHub's answer holds no token")
	}
	switch {
	case refused(err): // the repository or a permission is not the installation's to give
		err = &app.Error{Op: "narrowing it", Kind: app.ErrDenied, Err: err}
	case gone(err): // that we may not ask says nothing of what was to be asked for
		err = &app.Error{Op: "asking for it", Kind: app.ErrDenied, Err: err}
	}
	if err != nil {
		return token{}, c.fail(op, err)
	}
	return token{answer.Token, answer.ExpiresAt}, nil
}

// tokenKey is whose token it is. Without repository and permissions it is all that the installation may.
type tokenKey struct {
	installation int64
	repo         app.RepoID
	permissions  string
}

type token struct {
	text    string
	expires time.Time
}

// slot holds one token and whose turn it is to renew it.
type slot struct {
	turn chan struct{}
	mu   sync.Mutex
	held token
}

func (s *slot) get() token {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held
}

func (s *slot) set(t token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = t
}

// tokens is every token in use. Safe for concurrent use.
type tokens struct {
	clock app.Clock
	mu    sync.Mutex
	slots map[tokenKey]*slot
}

func newTokens(clock app.Clock) *tokens { return &tokens{clock: clock, slots: map[tokenKey]*slot{}} }

func (t *tokens) good(held token) bool {
	return held.text != "" && t.clock.Now().Before(held.expires.Add(-renewBefore))
}

// place is the slot of a key. A new one drops those whose token has ended, so that they never pile up.
func (t *tokens) place(key tokenKey) *slot {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.slots[key]; s != nil {
		return s
	}
	for other, s := range t.slots {
		if len(s.turn) == 0 && !t.good(s.get()) {
			delete(t.slots, other)
		}
	}
	s := &slot{turn: make(chan struct{}, 1)}
	t.slots[key] = s
	return s
}

// reject forgets a token that GitHub did not take, if it is still the one in use.
func (t *tokens) reject(key tokenKey, bad token) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.slots[key]; s != nil && s.get() == bad {
		s.set(token{})
	}
}

func (t *tokens) drop(installation int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for key := range t.slots {
		if key.installation == installation {
			delete(t.slots, key)
		}
	}
}
