// Package github is the only way out to GitHub: it holds the App's key and tokens, reads with ETags, keeps to GitHub's rates, writes
// only after looking whether an earlier try was done, and lets no secret into an error or a log.
//
// Nothing here sleeps or tries again. Every method does its requests once and says by the kind of its error (app.Error) what can be
// done about it; the engine puts the work off and calls again.
package github

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	gh "github.com/google/go-github/v62/github"

	"github.com/slipway-cd/slipway/app"
)

const (
	defaultTimeout = 20 * time.Second
	perPage        = 100 // GitHub's greatest page
	idlePerHost    = 16  // connections that are kept open, for all goes to one host
)

// Options says whom to talk to and as whom. BaseURL, AppID, PrivateKey and Clock are required.
type Options struct {
	BaseURL    string            // https://api.github.com/, https://HOST/api/v3/ of a GitHub Enterprise Server, or the stand-in
	AppID      int64             // the App's number
	PrivateKey []byte            // the App's RSA key in PEM form
	Clock      app.Clock         // judges expiry, limits and budgets
	Transport  http.RoundTripper // carries the requests; nil is one of the client's own
	Timeout    time.Duration     // of one request with its redirects and, when needed, a new token; zero is 20 s
	Log        *slog.Logger      // told of rate limits; nil is silent
	Observe    func(Call)        // called after each request that left this machine, from many goroutines; nil is nobody
	UserAgent  string            // GitHub asks for one; empty is slipway
	Writes     Budget            // how many writes an installation may make; zero is what GitHub allows there
	Redactor   *Redactor         // learns the tokens, so that logs that it guards can't hold them; nil is one of the client's own
}

// Client speaks to GitHub for one App. It is safe for concurrent use, and meant to be the only one in the process: what it knows of
// GitHub's limits counts only if every request goes through it.
type Client struct {
	base    *url.URL
	appID   int64
	agent   string
	timeout time.Duration
	clock   app.Clock
	log     *slog.Logger
	redact  *Redactor
	budget  Budget
	carrier http.RoundTripper // what carries all requests
	wire    http.RoundTripper // the same, observed
	answers *answers
	tokens  *tokens
	self    *gh.Client // speaks as the App itself

	mu            sync.Mutex
	installations map[int64]*gh.Client
	slug          string // the App's, once it was asked for
}

// New makes a client. It reads the key and asks GitHub nothing.
func New(o Options) (*Client, error) {
	base, err := url.Parse(strings.TrimSuffix(o.BaseURL, "/") + "/")
	if err != nil || base.Host == "" || (base.Scheme != "https" && base.Scheme != "http") {
		return nil, errors.New("the GitHub API's URL must be absolute, such as https://api.github.com/")
	}
	if base.User != nil {
		return nil, errors.New("the GitHub API's URL must not hold a name or a password")
	}
	if o.AppID <= 0 || o.Clock == nil {
		return nil, errors.New("a GitHub client needs the App's id and a clock")
	}
	c := &Client{
		base: base, appID: o.AppID, agent: o.UserAgent, timeout: o.Timeout, clock: o.Clock, log: o.Log, redact: o.Redactor,
		budget: o.Writes, answers: newAnswers(cachedBytes), tokens: newTokens(o.Clock), installations: map[int64]*gh.Client{},
	}
	c.defaults()
	signer, err := newSigner(o.PrivateKey, o.AppID, o.Clock)
	if err != nil {
		return nil, err
	}
	if c.carrier = o.Transport; c.carrier == nil {
		c.carrier = newCarrier()
	}
	c.wire = &observer{next: c.carrier, clock: o.Clock, prefix: base.EscapedPath(), observe: o.Observe}
	asApp, err := ghinstallation.NewAppsTransportWithOptions(c.wire, o.AppID, ghinstallation.WithSigner(signer))
	if err != nil {
		return nil, fmt.Errorf("signing as the GitHub App: %w", err)
	}
	// The App's own requests make no content, so no budget holds them.
	c.self = c.identity(0, cloning{asApp}, Budget{PerMinute: -1, PerHour: -1})
	return c, nil
}

func (c *Client) defaults() {
	if c.agent == "" {
		c.agent = "slipway"
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if c.redact == nil {
		c.redact = NewRedactor()
	}
	c.log = slog.New(c.redact.Handler(c.log.Handler()))
	if c.timeout <= 0 {
		c.timeout = defaultTimeout
	}
	if c.budget == (Budget{}) {
		c.budget = budgetOf(c.base.Hostname())
	}
}

func newCarrier() http.RoundTripper {
	standard, ok := http.DefaultTransport.(*http.Transport)
	if !ok { // somebody replaced it, and means it
		return http.DefaultTransport
	}
	carrier := standard.Clone()
	carrier.MaxIdleConnsPerHost = idlePerHost
	return carrier
}

// Close closes the connections that no request uses.
func (c *Client) Close() {
	if carrier, ok := c.carrier.(interface{ CloseIdleConnections() }); ok {
		carrier.CloseIdleConnections()
	}
}

// Redactor knows every token that this client holds. Guard logs with it.
func (c *Client) Redactor() *Redactor { return c.redact }

// identity is a go-github client whose requests are signed by as. Outermost stands what may refuse to send, then the answers that
// GitHub confirms for free, then the signature.
func (c *Client) identity(installation int64, as http.RoundTripper, b Budget) *gh.Client {
	cached := &revalidator{next: as, answers: c.answers, installation: installation}
	client := gh.NewClient(&http.Client{
		Transport:     newMeter(cached, c.clock, c.log.With("installation", installation), b),
		Timeout:       c.timeout,
		CheckRedirect: sameServer,
	})
	client.BaseURL, client.UserAgent = c.base, c.agent
	return client
}

// as is the one client of an installation, made when it is first needed.
func (c *Client) as(installation int64) *gh.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	client := c.installations[installation]
	if client == nil {
		client = c.identity(installation, &signed{client: c, installation: installation, next: c.wire}, c.budget)
		c.installations[installation] = client
	}
	return client
}

// forget drops all that was kept for an installation: the App was uninstalled or suspended there.
func (c *Client) forget(installation int64) {
	c.mu.Lock()
	delete(c.installations, installation)
	c.mu.Unlock()
	c.tokens.drop(installation)
	c.answers.drop(installation)
}

// send makes one request and reads the answer into out, which may be nil.
func send(ctx context.Context, client *gh.Client, method, path string, body, out any) (*gh.Response, error) {
	req, err := client.NewRequest(method, path, body)
	if err != nil {
		return nil, fmt.Errorf("forming the request: %w", err)
	}
	return client.Do(ctx, req, out)
}

// sameServer follows what GitHub says of renamed repositories, never to another server, for the token would travel along, and never
// with another method, for a write would turn into a read that looks like success.
func sameServer(req *http.Request, via []*http.Request) error {
	first := via[0]
	switch {
	case len(via) > 3:
		return &app.Error{Op: "following GitHub's redirects", Kind: app.ErrUnreachable, Err: errors.New("there is no end to them")}
	case req.URL.Host != first.URL.Host || req.URL.Scheme != first.URL.Scheme:
		return &app.Error{Op: "following a redirect", Kind: app.ErrDenied, Err: errors.New("it leaves GitHub's server")}
	case req.Method != first.Method:
		return &app.Error{Op: "following a redirect", Kind: app.ErrConflict, Err: errors.New("the repository was renamed: read it again")}
	}
	return nil
}

// repoPath is a path below a repository's. Names are GitHub's own words, but escaped all the same.
func repoPath(r app.Repo, format string, args ...any) string {
	return "repos/" + url.PathEscape(r.Owner) + "/" + url.PathEscape(r.Name) + fmt.Sprintf(format, args...)
}

// collect reads all pages.
func collect[T any](page func(n int) ([]T, *gh.Response, error)) ([]T, error) {
	var all []T
	for n := 1; n != 0; {
		some, resp, err := page(n)
		if err != nil {
			return nil, err
		}
		all, n = append(all, some...), resp.NextPage
	}
	return all, nil
}
