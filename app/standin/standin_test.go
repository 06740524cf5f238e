package standin_test

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/google/go-github/v62/github"

	"github.com/slipway-cd/slipway/app/apptest"
	"github.com/slipway-cd/slipway/app/standin"
)

// realClock is what JWTs are judged by, for ghinstallation signs by it.
type realClock struct{}

func (realClock) Now() time.Time { return time.Now() }

func (realClock) Timer(at time.Time) (<-chan time.Time, func()) {
	t := time.NewTimer(time.Until(at))
	return t.C, func() { t.Stop() }
}

// hook is one webhook as the App received it.
type hook struct {
	event, guid string
	body        []byte
	payload     any // as go-github parses it
}

// world is a stand-in with an App's server that remembers what it hears.
type world struct {
	t      *testing.T
	gh     *standin.Server
	clock  *apptest.Clock
	key    *rsa.PrivateKey
	answer func(http.ResponseWriter, *http.Request) // instead of 202, if set

	mu    sync.Mutex
	heard []hook
}

const secret = "it's a secret"

// signingKey is made once: it takes longer than most tests.
var signingKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func start(t *testing.T, change ...func(*standin.Options)) *world {
	t.Helper()
	key, err := signingKey()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, key: key, clock: apptest.NewClock(time.Now().Truncate(time.Second))}
	receiver := httptest.NewServer(http.HandlerFunc(w.receive))
	t.Cleanup(receiver.Close)
	opts := standin.Options{
		Dir: t.TempDir(), Clock: w.clock, JWTClock: realClock{}, App: standin.App{ID: 4711, Slug: "slipway", Key: key},
		Webhook: standin.Webhook{URL: receiver.URL, Secret: secret},
	}
	for _, c := range change {
		c(&opts)
	}
	validated(t, &opts)
	w.gh, err = standin.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.quiet()
		w.gh.Close()
	})
	return w
}

func (w *world) receive(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.t.Errorf("reading a webhook: %v", err)
	}
	m := hmac.New(sha256.New, []byte(secret))
	m.Write(body)
	if want := "sha256=" + hex.EncodeToString(m.Sum(nil)); r.Header.Get("X-Hub-Signature-256") != want {
		w.t.Errorf("webhook %s is signed %q, want %q", r.Header.Get("X-GitHub-Event"), r.Header.Get("X-Hub-Signature-256"), want)
	}
	event := r.Header.Get("X-GitHub-Event")
	payload, err := parse(event, body)
	if err != nil {
		w.t.Errorf("go-github can't parse %s: %v", event, err)
	}
	w.mu.Lock()
	w.heard = append(w.heard, hook{event, r.Header.Get("X-GitHub-Delivery"), body, payload})
	answer := w.answer
	w.mu.Unlock()
	if answer != nil {
		answer(rw, r)
		return
	}
	rw.WriteHeader(http.StatusAccepted)
}

// reviewEvent is the one event that go-github does not know.
type reviewEvent struct {
	Action      string
	Environment string
	Comment     string
	Approver    struct{ Login string }
	Jobs        []struct{ Environment string }      `json:"workflow_job_runs"`
	Reviewers   []struct{ Reviewer map[string]any } `json:"reviewers"`
	Run         struct {
		HeadSHA string `json:"head_sha"`
	} `json:"workflow_run"`
}

func (e *reviewEvent) GetAction() string { return e.Action }

func parse(event string, body []byte) (any, error) {
	if event != "deployment_review" {
		return github.ParseWebHook(event, body)
	}
	e := &reviewEvent{}
	return e, json.Unmarshal(body, e)
}

// hooks waits until all webhooks are out and returns what came since the last call.
func (w *world) hooks() []hook {
	w.t.Helper()
	w.quiet()
	w.mu.Lock()
	defer w.mu.Unlock()
	heard := w.heard
	w.heard = nil
	return heard
}

func (w *world) quiet() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := w.gh.Quiet(ctx); err != nil {
		w.t.Fatal(err)
	}
}

// names lists webhooks as event.action.
func names(hooks []hook) string {
	var all []string
	for _, h := range hooks {
		name := h.event
		if action, has := h.payload.(interface{ GetAction() string }); has && action.GetAction() != "" {
			name += "." + action.GetAction()
		}
		all = append(all, name)
	}
	return strings.Join(all, " ")
}

// app is go-github with the App's JWT.
func (w *world) app() *github.Client {
	w.t.Helper()
	transport := ghinstallation.NewAppsTransportFromPrivateKey(http.DefaultTransport, 4711, w.key)
	client, err := github.NewClient(&http.Client{Transport: transport}).WithEnterpriseURLs(w.gh.URL(), w.gh.URL())
	if err != nil {
		w.t.Fatal(err)
	}
	return client
}

// installed is go-github with tokens of one installation.
func (w *world) installed(id int64) *github.Client {
	w.t.Helper()
	transport := ghinstallation.NewFromAppsTransport(ghinstallation.NewAppsTransportFromPrivateKey(http.DefaultTransport, 4711, w.key), id)
	transport.BaseURL = w.gh.URL() + "/api/v3"
	client, err := github.NewClient(&http.Client{Transport: transport}).WithEnterpriseURLs(w.gh.URL(), w.gh.URL())
	if err != nil {
		w.t.Fatal(err)
	}
	return client
}

// as is go-github with a user's token.
func (w *world) as(login string) *github.Client {
	w.t.Helper()
	user, err := w.gh.AddUser(login)
	if err != nil {
		w.t.Fatal(err)
	}
	client, err := github.NewClient(nil).WithAuthToken(user.Token).WithEnterpriseURLs(w.gh.URL(), w.gh.URL())
	if err != nil {
		w.t.Fatal(err)
	}
	return client
}

// shop is a repository of an organisation in which ana maintains and ben writes, with the App installed.
func (w *world) shop() (*standin.Repo, *github.Client) {
	w.t.Helper()
	repo, err := w.gh.CreateRepository("acme", "shop", standin.RepoOptions{Organization: true, Private: true})
	if err != nil {
		w.t.Fatal(err)
	}
	for login, role := range map[string]string{"ana": "maintain", "ben": "write", "cy": "read", "root": "admin"} {
		if err := repo.SetRole(login, role); err != nil {
			w.t.Fatal(err)
		}
	}
	id, err := w.gh.Install("acme")
	if err != nil {
		w.t.Fatal(err)
	}
	w.hooks()
	return repo, w.installed(id)
}

func (w *world) commit(repo *standin.Repo, login, branch, message string, files map[string]string) string {
	w.t.Helper()
	sha, err := repo.Commit(login, branch, message, files)
	if err != nil {
		w.t.Fatal(err)
	}
	return sha
}

func (w *world) open(repo *standin.Repo, login, title, head string) *standin.Pull {
	w.t.Helper()
	p, err := repo.OpenPullRequest(login, title, head, "main")
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// git runs the real client and fails the test if it fails.
func (w *world) git(dir string, args ...string) string {
	w.t.Helper()
	out, err := w.tryGit(dir, args...)
	if err != nil {
		w.t.Fatalf("git %s: %v\n%s", args, err, out)
	}
	return out
}

func (w *world) tryGit(dir string, args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=Ana", "GIT_AUTHOR_EMAIL=ana@users.noreply.github.com", "GIT_COMMITTER_NAME=Ana",
		"GIT_COMMITTER_EMAIL=ana@users.noreply.github.com")
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func (w *world) clone(repo *standin.Repo, login string) string {
	w.t.Helper()
	dir := filepath.Join(w.t.TempDir(), "clone")
	w.git(w.t.TempDir(), "clone", "--quiet", repo.CloneURL(login), dir)
	return dir
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// status is the HTTP status of an error of go-github's, or 0.
func status(err error) int {
	switch e := err.(type) {
	case *github.ErrorResponse:
		return e.Response.StatusCode
	case *github.RateLimitError:
		return e.Response.StatusCode
	case *github.AbuseRateLimitError:
		return e.Response.StatusCode
	}
	return 0
}

func wantStatus(t *testing.T, what string, err error, want int) {
	t.Helper()
	if got := status(err); got != want {
		t.Errorf("%s: status %d (%v), want %d", what, got, err, want)
	}
}
