package standin

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/slipway-cd/slipway/app"
)

// Options says what the stand-in is made of. Clock and App.Key are required.
type Options struct {
	Dir    string    // where git repositories are kept; empty: a temporary directory that Close removes
	Clock  app.Clock // the time of everything that the server dates, and of the life of its tokens
	Listen string    // address to listen on; empty: a free port of 127.0.0.1
	App    App
	// JWTClock judges the times inside an App's JWT. ghinstallation signs by the machine's clock whatever clock the program has, so a test
	// whose Clock stands still gives the real one here. Nil: Clock.
	JWTClock app.Clock
	Webhook  Webhook
	Limits   Limits
	// OldActions refuses return_run_details at the dispatch of a workflow, as an older GitHub Enterprise Server does.
	OldActions bool
	// Wrap is put around the REST API, inside of faults, so that a test can check each request and answer against GitHub's description.
	// It sees paths without the prefix /api/v3. Nil: nothing.
	Wrap func(http.Handler) http.Handler
	// OnWebhook sees every webhook just before it is sent, also those that a fault loses. It is called by one goroutine, in order.
	OnWebhook func(event string, body []byte)
}

// App is the one GitHub App that the stand-in knows: whose webhooks it sends and whose tokens it gives out.
type App struct {
	ID          int64
	Slug        string
	Name        string            // empty: the slug
	Owner       string            // login of who registered it; empty: the slug
	Key         *rsa.PrivateKey   // its public half verifies the App's JWTs
	Permissions map[string]string // such as checks: write; nil: what slipway registers
	Events      []string          // what it subscribed to; nil: what slipway registers
}

// Webhook is where the App's events go. An empty URL sends nothing.
type Webhook struct {
	URL    string
	Secret string
}

// Limits are GitHub's rate limits, for each token's owner. Zero values: 5,000 requests an hour, and no limit on content, for on a clock that
// stands still a minute never ends.
type Limits struct {
	PerHour          int // primary limit of requests
	ContentPerMinute int // comments, check runs, deployments and the like, each minute; GitHub has about 80
	ContentPerHour   int // the same, each hour; GitHub has about 500
}

// Server is a running stand-in GitHub.
type Server struct {
	opts     Options
	url      string
	dir      string
	ownsDir  bool
	gitPath  string
	http     *http.Server
	ctx      context.Context
	cancel   context.CancelFunc
	serving  sync.WaitGroup
	working  sync.WaitGroup // jobs of workflows, and what waits to go on with them
	hooks    *hooks
	faults   *faults
	recorder *recorder

	mu            sync.Mutex
	lastID        int64
	accounts      map[string]*account // by lower-case login
	tokens        map[string]*token   // installation tokens
	repos         map[int64]*Repo
	moved         map[string]int64 // old full names, lower-case
	installations []*installation
	app           *appInfo
	foreignApps   map[string]*appInfo
	rates         map[string]*rate
	mistakes      []Mistake
	lag           lag
	checkouts     []string      // folders of jobs
	closed        bool          // nothing more is to be started
	turned        chan struct{} // closed and replaced when a run of a workflow changes
}

// New starts a stand-in. The caller must Close it.
func New(opts Options) (*Server, error) {
	if opts.Clock == nil || opts.App.Key == nil {
		return nil, errors.New("starting the stand-in: a clock and the App's key are required")
	}
	opts = withDefaults(opts)
	gitPath, err := exec.LookPath("git")
	if err != nil {
		return nil, fmt.Errorf("starting the stand-in: %w", err)
	}
	s := &Server{
		opts: opts, gitPath: gitPath,
		accounts: map[string]*account{}, tokens: map[string]*token{}, repos: map[int64]*Repo{}, moved: map[string]int64{},
		foreignApps: map[string]*appInfo{}, rates: map[string]*rate{},
		lag: newLag(), lastID: 1000, turned: make(chan struct{}),
	}
	if err := s.openDir(); err != nil {
		return nil, err
	}
	s.app = s.registerApp()
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.recorder, s.faults = newRecorder(opts.Clock), newFaults()
	s.hooks = newHooks(s.ctx, opts)
	if err := s.listen(); err != nil {
		s.cancel()
		s.removeDir()
		return nil, err
	}
	s.serving.Add(1)
	go func() { defer s.serving.Done(); s.hooks.work() }()
	return s, nil
}

func withDefaults(opts Options) Options {
	if opts.Listen == "" {
		opts.Listen = "127.0.0.1:0"
	}
	if opts.JWTClock == nil {
		opts.JWTClock = opts.Clock
	}
	if opts.Limits.PerHour == 0 {
		opts.Limits.PerHour = 5000
	}
	if opts.App.Slug == "" {
		opts.App.Slug = "slipway"
	}
	if opts.App.Name == "" {
		opts.App.Name = opts.App.Slug
	}
	if opts.App.Permissions == nil {
		opts.App.Permissions = map[string]string{
			"metadata": "read", "checks": "write", "contents": "read", "pull_requests": "write", "issues": "read", "deployments": "write",
			"actions": "write", "merge_queues": "read", "statuses": "read", "members": "read",
		}
	}
	if opts.App.Events == nil {
		opts.App.Events = []string{
			"push", "pull_request", "pull_request_review", "pull_request_review_comment", "issue_comment", "commit_comment", "check_run",
			"check_suite", "status", "merge_group", "workflow_run", "workflow_job", "deployment_review", "deployment_protection_rule",
			"deployment_status",
		}
	}
	return opts
}

func (s *Server) openDir() error {
	s.dir = s.opts.Dir
	if s.dir == "" {
		dir, err := os.MkdirTemp("", "standin-")
		if err != nil {
			return fmt.Errorf("making a directory for repositories: %w", err)
		}
		s.dir, s.ownsDir = dir, true
	}
	dir, err := filepath.Abs(s.dir)
	if err != nil {
		return fmt.Errorf("finding the directory for repositories: %w", err)
	}
	s.dir = dir
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making a directory for repositories: %w", err)
	}
	return nil
}

func (s *Server) removeDir() {
	for _, dir := range s.checkouts {
		os.RemoveAll(dir)
	}
	if s.ownsDir {
		os.RemoveAll(s.dir)
	}
}

func (s *Server) listen() error {
	listener, err := net.Listen("tcp", s.opts.Listen)
	if err != nil {
		return fmt.Errorf("listening for the stand-in: %w", err)
	}
	s.url = "http://" + listener.Addr().String()
	s.http = &http.Server{
		Handler:     s.front(),
		BaseContext: func(net.Listener) context.Context { return s.ctx },
	}
	s.serving.Add(1)
	go func() { defer s.serving.Done(); s.http.Serve(listener) }()
	return nil
}

// URL is where the server answers, such as http://127.0.0.1:40123, without a slash at the end. It is the root of the REST API, of the
// clone addresses and of the pages; the API answers below /api/v3 too, as GitHub Enterprise Server does.
func (s *Server) URL() string { return s.url }

// Close stops the server and waits for all that it started. Webhooks that were not sent yet are lost.
func (s *Server) Close() error {
	s.cancel()
	err := s.http.Close()
	s.serving.Wait()
	s.recorder.wait()
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.working.Wait()
	s.removeDir()
	return err
}

// now is the present, in whole seconds, as GitHub dates things.
func (s *Server) now() time.Time { return s.opts.Clock.Now().UTC().Truncate(time.Second) }

// id is the next number of GitHub's one endless series.
func (s *Server) id() int64 {
	s.lastID++
	return s.lastID
}

func randomHex(bytes int) string {
	raw := make([]byte, bytes)
	rand.Read(raw)
	return hex.EncodeToString(raw)
}

func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

func fold(name string) string { return strings.ToLower(name) }
