package standin

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v4"
)

// principal is who acts. Its zero value is nobody.
type principal struct {
	app          bool          // the App itself, by JWT
	installation *installation // the App in an account, by installation token
	token        *token
	user         *account
}

// name tells principals apart in records and rate limits. It never holds a secret.
func (p *principal) name() string {
	switch {
	case p.app:
		return "app"
	case p.installation != nil:
		return fmt.Sprintf("installation:%d", p.installation.id)
	case p.user != nil:
		return "user:" + p.user.login
	}
	return "anonymous"
}

// identify finds out who sent a request.
func (s *Server) identify(r *http.Request) (*principal, error) {
	secret := credential(r)
	switch {
	case secret == "":
		return &principal{}, nil
	case strings.HasPrefix(secret, "ghs_"):
		return s.identifyInstallation(secret)
	case strings.HasPrefix(secret, "ghp_"):
		for _, a := range s.accounts {
			if a.token == secret {
				return &principal{user: a}, nil
			}
		}
	case strings.Count(secret, ".") == 2:
		return s.identifyApp(secret)
	}
	return nil, refuse(http.StatusUnauthorized, "Bad credentials")
}

// credential takes the token from either form of the Authorization header.
func credential(r *http.Request) string {
	if _, password, isBasic := r.BasicAuth(); isBasic {
		return password
	}
	kind, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(kind, "bearer") || strings.EqualFold(kind, "token") {
		return strings.TrimSpace(secret)
	}
	return kind
}

func (s *Server) identifyInstallation(secret string) (*principal, error) {
	t := s.tokens[secret]
	if t == nil || t.installation.deleted || !s.opts.Clock.Now().Before(t.expires) {
		return nil, refuse(http.StatusUnauthorized, "Bad credentials")
	}
	if !t.installation.suspended.IsZero() {
		return nil, refuse(http.StatusForbidden, "This installation has been suspended")
	}
	return &principal{installation: t.installation, token: t}, nil
}

// identifyApp verifies a JWT as GitHub does: RS256, by the App's key, at most ten minutes long, issued by the App's id.
func (s *Server) identifyApp(secret string) (*principal, error) {
	claims := jwt.RegisteredClaims{}
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithoutClaimsValidation())
	if _, err := parser.ParseWithClaims(secret, &claims, func(*jwt.Token) (any, error) { return &s.opts.App.Key.PublicKey, nil }); err != nil {
		return nil, refuse(http.StatusUnauthorized, "A JSON web token could not be decoded")
	}
	now := s.opts.JWTClock.Now()
	switch {
	case claims.Issuer != strconv.FormatInt(s.app.id, 10):
		return nil, refuse(http.StatusUnauthorized, "'Issuer' claim ('iss') must be an Integer")
	case claims.ExpiresAt == nil || !now.Before(claims.ExpiresAt.Time):
		return nil, refuse(http.StatusUnauthorized,
			"'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires")
	case claims.ExpiresAt.Time.After(now.Add(10*time.Minute + 30*time.Second)):
		return nil, refuse(http.StatusUnauthorized, "'Expiration time' claim ('exp') is too far in the future")
	case claims.IssuedAt == nil || claims.IssuedAt.Time.After(now.Add(30*time.Second)):
		return nil, refuse(http.StatusUnauthorized,
			"'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued")
	}
	return &principal{app: true}, nil
}

// need says what a request takes: a permission of the App's installation, or a role of a user. Empty: nothing but a valid token.
type need struct {
	permission string // such as checks:write; alternatives are separated by |
	role       string // the least role of a user
	jwt        bool   // the App's own endpoints
}

func roleRank(role string) int {
	switch role {
	case "read":
		return 1
	case "triage":
		return 2
	case "write":
		return 3
	case "maintain":
		return 4
	case "admin":
		return 5
	}
	return 0
}

func levelRank(level string) int {
	switch level {
	case "read":
		return 1
	case "write":
		return 2
	case "admin":
		return 3
	}
	return 0
}

// grants says whether granted permissions satisfy one of the alternatives.
func grants(granted map[string]string, permission string) bool {
	if permission == "" {
		return true
	}
	for alternative := range strings.SplitSeq(permission, "|") {
		name, level, _ := strings.Cut(alternative, ":")
		if levelRank(granted[name]) >= levelRank(level) {
			return true
		}
	}
	return false
}

// authorize refuses what the caller may not do: 404 for what it may not know of, 403 for what it may not do.
func (c *call) authorize(n need) error {
	if n.jwt {
		if !c.who.app {
			return refuse(http.StatusUnauthorized, "A JSON web token could not be decoded")
		}
		return nil
	}
	switch {
	case c.who.app:
		return refuse(http.StatusUnauthorized, "Bad credentials")
	case c.repo == nil:
		if c.who.installation != nil && !grants(c.who.token.permissions, n.permission) {
			return refuse(http.StatusForbidden, "Resource not accessible by integration")
		}
		return nil
	case c.who.installation != nil:
		return c.authorizeInstallation(n)
	default:
		return c.authorizeUser(n)
	}
}

func (c *call) authorizeInstallation(n need) error {
	if !c.who.token.covers(c.repo) {
		return notFound()
	}
	if !grants(c.who.token.permissions, n.permission) {
		return refuse(http.StatusForbidden, "Resource not accessible by integration")
	}
	return nil
}

func (c *call) authorizeUser(n need) error {
	if c.who.user == nil && n.role != "" && n.role != "read" {
		return refuse(http.StatusUnauthorized, "Requires authentication")
	}
	role := c.repo.baseRole(c.who.user)
	switch {
	case roleRank(role) == 0:
		return notFound()
	case n.role == "app":
		return refuse(http.StatusForbidden, "You must authenticate via a GitHub App.")
	case roleRank(role) < roleRank(n.role):
		return refuse(http.StatusForbidden, "Must have admin rights to Repository.")
	}
	return nil
}

// actor is the account in whose name the caller acts.
func (c *call) actor() *account {
	if c.who.user != nil {
		return c.who.user
	}
	return c.s.app.bot
}
