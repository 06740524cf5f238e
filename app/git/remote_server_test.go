package git_test

import (
	"context"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/apptest"
	"github.com/slipway-cd/slipway/app/git"
)

// origin is a repository served over smart HTTP by git's own http-backend, and somebody's clone of it to commit in.
type origin struct {
	t     testing.TB
	repo  app.Repo
	work  string // where commits are made
	bare  string // what is served
	url   string
	token string // what the server asks for; "" is anonymous

	mu      sync.Mutex
	before  http.HandlerFunc // looks at each request first; when it has written a status the request ends
	fetches int              // requests for the service's refs
}

func newOrigin(t testing.TB) *origin {
	t.Helper()
	root := t.TempDir()
	o := &origin{t: t, work: filepath.Join(root, "work"), bare: filepath.Join(root, "served", "acme", "shop.git"),
		repo: app.Repo{ID: 42, Owner: "acme", Name: "shop", DefaultBranch: "main"}}
	must(t, os.MkdirAll(o.work, 0o755))
	o.git("init", "-q", "--template=", "--initial-branch=main", ".")
	command(t, root, "git", "init", "-q", "--bare", "--template=", "--initial-branch=main", o.bare)
	command(t, o.bare, "git", "config", "http.receivepack", "false")
	server := httptest.NewServer(o.handler(filepath.Join(root, "served")))
	t.Cleanup(server.Close)
	o.url = server.URL + "/acme/shop.git"
	return o
}

func (o *origin) handler(root string) http.Handler {
	backend := &cgi.Handler{Path: strings.TrimSpace(command(o.t, root, "git", "--exec-path")) + "/git-http-backend",
		Env: []string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1"}, InheritEnv: []string{"PATH"}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.mu.Lock()
		before, token := o.before, o.token
		if strings.HasSuffix(r.URL.Path, "/info/refs") {
			o.fetches++
		}
		o.mu.Unlock()
		if before != nil {
			seen := &statusWriter{ResponseWriter: w}
			if before(seen, r); seen.written {
				return
			}
		}
		if user, password, _ := r.BasicAuth(); token != "" && (user != "x-access-token" || password != token) {
			w.Header().Set("WWW-Authenticate", `Basic realm="GitHub"`)
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		if protocol := r.Header.Get("Git-Protocol"); protocol != "" {
			scoped := *backend
			scoped.Env = append(append([]string(nil), backend.Env...), "GIT_PROTOCOL="+protocol)
			scoped.ServeHTTP(w, r)
			return
		}
		backend.ServeHTTP(w, r)
	})
}

type statusWriter struct {
	http.ResponseWriter
	written bool
}

func (w *statusWriter) WriteHeader(code int) {
	w.written = true
	w.ResponseWriter.WriteHeader(code)
}

// guard asks for a token from now on.
func (o *origin) guard(token string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.token = token
}

// intercept lets a test answer or delay requests.
func (o *origin) intercept(h http.HandlerFunc) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.before = h
}

func (o *origin) fetched() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.fetches
}

// git runs git in the work folder, as a person.
func (o *origin) git(args ...string) string {
	o.t.Helper()
	return strings.TrimSpace(command(o.t, o.work, "git", args...))
}

// write changes files of the work folder; nil content removes.
func (o *origin) write(files map[string]string) {
	o.t.Helper()
	for name, content := range files {
		path := filepath.Join(o.work, name)
		must(o.t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(o.t, os.WriteFile(path, []byte(content), 0o644))
	}
}

// commit commits files on the current branch and pushes all branches and tags.
func (o *origin) commit(message string, files map[string]string) app.SHA {
	o.t.Helper()
	o.write(files)
	o.git("add", "-A")
	o.git("commit", "-q", "--allow-empty", "-m", message)
	o.push()
	return o.sha("HEAD")
}

func (o *origin) push() {
	o.t.Helper()
	o.git("push", "-q", "--force", o.bare, "refs/heads/*:refs/heads/*")
}

func (o *origin) sha(rev string) app.SHA {
	o.t.Helper()
	return app.SHA(o.git("rev-parse", rev))
}

func (o *origin) remote(context.Context, app.Repo) (git.Remote, error) {
	return git.Remote{URL: o.url, Token: o.token}, nil
}

// open opens mirrors in a folder of their own.
func (o *origin) open(options ...func(*git.Options)) *git.Git {
	o.t.Helper()
	opts := git.Options{Dir: filepath.Join(worldPassable(o.t), "git"), Remote: o.remote, Clock: clock()}
	for _, option := range options {
		option(&opts)
	}
	g, err := git.New(opts)
	must(o.t, err)
	o.t.Cleanup(func() { _ = g.Close() })
	return g
}

// fetched opens mirrors and fetches the main branch.
func (o *origin) mirrored(options ...func(*git.Options)) *git.Git {
	o.t.Helper()
	g := o.open(options...)
	must(o.t, g.Fetch(o.t.Context(), o.repo, git.Mirror("refs/heads/main")))
	return g
}

// worldPassable is a folder that other users can pass through: go test's own can't be.
func worldPassable(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "slipway-git-")
	must(t, err)
	must(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { _ = exec.Command("rm", "-rf", dir).Run() })
	return dir
}

func clock() *apptest.Clock { return apptest.NewClock(time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)) }

func command(t testing.TB, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Cy", "GIT_COMMITTER_EMAIL=cy@example.com")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t testing.TB, err error, kind app.ErrorKind) {
	t.Helper()
	if err == nil || app.KindOf(err) != kind {
		t.Fatalf("error is %v (kind %d), want one of kind %d", err, app.KindOf(err), kind)
	}
}

func wantEqual[T any](t testing.TB, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("not what is wanted (- wanted, + got):\n%s", diff)
	}
}

// asUser runs a script as another user, as a step is run.
func asUser(t testing.TB, uid uint32, dir, script string) (string, error) {
	t.Helper()
	cmd := exec.Command("sh", "-ec", script)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	out, err := cmd.CombinedOutput()
	return string(out), err
}
