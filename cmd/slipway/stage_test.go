package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app/apptest"
	"github.com/slipway-cd/slipway/app/shim"
	"github.com/slipway-cd/slipway/app/standin"
	"github.com/slipway-cd/slipway/app/standin/contract"
)

// TestMain lets the test binary be its own shim, and the server that the crash test kills.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == shimCommand {
		syscall.Exit(shim.Main(clock{}, os.Args[2:])) // not os.Exit, which waits a second under the race detector
	}
	if os.Getenv(crashSettings) != "" {
		os.Exit(crashServer())
	}
	os.Exit(m.Run())
}

// stage is what scenarios are played on.
type stage struct {
	t       *testing.T
	dir     string
	clock   *apptest.Clock
	github  *standin.Server
	repo    *standin.Repo
	set     resolved
	keyFile string           // that signs receipts
	target  *httptest.Server // what is probed
	answers atomic.Int32
	sick    sync.Map // commits that answer badly wherever they are live
	log     *lines
	before  func(*http.Request) // each request to GitHub, if somebody counts them
	level   slog.Level

	mu     sync.Mutex
	moved  chan struct{} // closed and replaced whenever something happens
	server *server
	stop   context.CancelFunc
	done   chan error
}

// lines is a log that a failing test shows the end of.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) tail(n int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := strings.Split(l.text.String(), "\n")
	return strings.Join(all[max(0, len(all)-n):], "\n")
}

func newStage(t *testing.T) *stage { return newStageOf(t, standin.App{ID: 1, Slug: "slipway"}) }

// newStageOf is a stage for an App that is registered so.
func newStageOf(t *testing.T, registered standin.App) *stage {
	t.Helper()
	s := &stage{t: t, dir: t.TempDir(), clock: apptest.NewClock(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)), log: &lines{}, moved: make(chan struct{})}
	s.answers.Store(http.StatusOK)
	s.target = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(s.healthOf(path.Base(r.URL.Path)))
		s.ping()
	}))
	t.Cleanup(s.target.Close)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	registered.Key = key
	s.openGitHub(registered)
	s.settle(key)
	s.startServer()
	t.Cleanup(s.stopServer)
	return s
}

func (s *stage) openGitHub(registered standin.App) {
	held := contract.New(s.t)
	var err error
	s.github, err = standin.New(standin.Options{
		Dir: filepath.Join(s.dir, "github"), Clock: s.clock, App: registered,
		Wrap:      func(h http.Handler) http.Handler { return s.noticing(held.Wrap(h)) },
		OnWebhook: func(event string, body []byte) { held.Webhook(event, body); s.ping() },
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { s.github.Close() })
	for login, role := range map[string]string{"dana": "maintain", "ben": "maintain", "cy": "write", "eve": "read"} {
		if _, err := s.github.AddUser(login); err != nil {
			s.t.Fatal(err)
		}
		defer func() {
			if err := s.repo.SetRole(login, role); err != nil {
				s.t.Fatal(err)
			}
		}()
	}
	if s.repo, err = s.github.CreateRepository("acme", "shop", standin.RepoOptions{Organization: true}); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.github.Install("acme"); err != nil {
		s.t.Fatal(err)
	}
}

// healthOf is how the place of that name answers: as everything does, but badly if what is live there is sick.
func (s *stage) healthOf(place string) int {
	live, _ := os.ReadFile(filepath.Join(s.dir, "target", place))
	if _, sick := s.sick.Load(strings.TrimSpace(string(live))); sick {
		return http.StatusInternalServerError
	}
	return int(s.answers.Load())
}

// noticing pings after every request, for something may have changed.
func (s *stage) noticing(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.before != nil {
			s.before(r)
		}
		h.ServeHTTP(w, r)
		s.ping()
	})
}

func (s *stage) addUser(login, role string) error {
	if _, err := s.github.AddUser(login); err != nil {
		return err
	}
	return s.repo.SetRole(login, role)
}

// another makes a repository in which the same people work, in this role, and lets the stage go on there.
func (s *stage) another(owner, name, role string) (err error) {
	if s.repo, err = s.github.CreateRepository(owner, name, standin.RepoOptions{}); err != nil {
		return err
	}
	for _, login := range []string{"dana", "ben"} {
		if err := s.repo.SetRole(login, role); err != nil {
			return err
		}
	}
	return nil
}

// settle makes the settings.
func (s *stage) settle(key *rsa.PrivateKey) {
	for _, d := range []string{"target", "secrets"} {
		if err := os.MkdirAll(filepath.Join(s.dir, d), 0o700); err != nil {
			s.t.Fatal(err)
		}
	}
	write := func(name string, data []byte) string {
		path := filepath.Join(s.dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			s.t.Fatal(err)
		}
		return path
	}
	pemKey := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	signing, err := newAuditKey()
	if err != nil {
		s.t.Fatal(err)
	}
	s.keyFile = write("audit.pem", signing)
	set, problems := settings{
		Listen: "127.0.0.1:0", PublicURL: "http://slipway.example", Data: filepath.Join(s.dir, "data"), Allow: "acme,pat,emca", Isolation: "none",
		Secrets: filepath.Join(s.dir, "secrets"), CheckEnv: "TARGET=" + filepath.Join(s.dir, "target"), GitHubAPIURL: s.github.URL() + "/",
		GitHubAppID: "1", GitHubKeyFile: write("app.pem", pemKey), WebhookSecretFile: write("secret", []byte("sesame\n")),
		CheckSlots: "4", DeploySlots: "4", KeepAge: "30d", KeepSize: "1GB", Guard: "10s", AuditKeyFile: s.keyFile, AuditSignEvery: "20",
	}.resolve(os.Getenv)
	if len(problems) > 0 {
		s.t.Fatal(problems)
	}
	s.set = set
}

// fill puts the places of this stage into a file of a scenario.
func (s *stage) fill(text string) string {
	return strings.NewReplacer("$TARGET", filepath.Join(s.dir, "target"), "$HEALTH", s.target.URL+"/healthz").Replace(text)
}

func (s *stage) startServer() {
	s.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	server, err := newServer(ctx, s.set, surroundings{clock: s.clock, log: s.log, level: s.level, shim: []string{os.Args[0], shimCommand}})
	if err != nil {
		stop()
		s.t.Fatal(err)
	}
	s.server, s.stop, s.done = server, stop, make(chan error, 1)
	s.github.SetWebhook(standin.Webhook{URL: "http://" + server.listener.Addr().String() + "/webhook", Secret: "sesame"})
	go func() { s.done <- server.run(ctx) }()
}

func (s *stage) stopServer() {
	if s.stop == nil {
		return
	}
	s.stop()
	if err := <-s.done; err != nil && !strings.Contains(err.Error(), "context canceled") {
		s.t.Error("stopping the server:", err)
	}
	s.stop = nil
}

func (s *stage) ping() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.moved)
	s.moved = make(chan struct{})
}

func (s *stage) changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.moved
}

// small is how long a wait of the server may be to be let pass without a word: the calm between two writes, and the first retries.
const small = 3 * time.Second

// wait waits until something happens. A small wait of the server is let pass.
func (s *stage) wait(ctx context.Context, changed <-chan struct{}) error {
	set := s.clock.Set()
	if next, any := s.clock.Next(); any {
		if d := next.Sub(s.clock.Now()); d <= small {
			s.clock.Advance(d)
			return nil
		}
	}
	select {
	case <-changed:
	case <-set:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// advance lets time pass, from one moment at which somebody waits to the next, so that nothing that should happen on the way is jumped over.
func (s *stage) advance(d time.Duration) error {
	end := s.clock.Now().Add(d)
	for {
		if err := s.rest(); err != nil {
			return err
		}
		next, any := s.clock.Next()
		if !any || next.After(end) {
			s.clock.Advance(end.Sub(s.clock.Now()))
			return s.rest()
		}
		s.clock.Advance(max(0, next.Sub(s.clock.Now())))
	}
}

// rest waits until the server has nothing to do before time goes on.
func (s *stage) rest() error {
	ctx, cancel := context.WithTimeout(s.t.Context(), deadline)
	defer cancel()
	if err := s.github.Quiet(ctx); err != nil {
		return fmt.Errorf("webhooks do not come to an end: %w", err)
	}
	if s.stop == nil {
		return nil
	}
	return s.server.engine.Quiet(ctx)
}

// situation is what a failing scenario shows.
func (s *stage) situation() string {
	var b strings.Builder
	for _, branch := range []string{"main"} {
		for _, r := range s.repo.CheckRuns(s.repo.Head(branch)) {
			fmt.Fprintf(&b, "%s: %s %s %q\n%s\n%s\n", r.Name, r.Status, r.Conclusion, r.Title, r.Summary, r.Text)
		}
	}
	return b.String() + s.log.tail(40)
}
