// Package gittest has a remote repository for the tests of those who use package git.
package gittest

import (
	"context"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/git"
)

// Origin is a repository that git's own http-backend serves, and a clone to commit in.
type Origin struct {
	t    testing.TB
	work string
	URL  string
}

// New makes one below a folder, with nothing in it.
func New(t testing.TB, dir string) *Origin {
	t.Helper()
	o := &Origin{t: t, work: filepath.Join(dir, "work")}
	served := filepath.Join(dir, "served")
	if err := os.MkdirAll(o.work, 0o755); err != nil {
		t.Fatal(err)
	}
	o.Git("init", "-q", "--template=", "--initial-branch=main", ".")
	o.Git("init", "-q", "--template=", "--bare", "--initial-branch=main", filepath.Join(served, "acme/shop.git"))
	server := httptest.NewServer(&cgi.Handler{
		Path: o.Git("--exec-path") + "/git-http-backend", Env: []string{"GIT_PROJECT_ROOT=" + served, "GIT_HTTP_EXPORT_ALL=1"}, InheritEnv: []string{"PATH"},
	})
	t.Cleanup(server.Close)
	o.URL = server.URL + "/acme/shop.git"
	o.Git("remote", "add", "origin", filepath.Join(served, "acme/shop.git"))
	return o
}

// Git runs git in the clone, as a person.
func (o *Origin) Git(args ...string) string {
	o.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = o.work
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Cy", "GIT_COMMITTER_EMAIL=cy@example.com")
	out, err := cmd.CombinedOutput()
	if err != nil {
		o.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// Commit makes the files exactly these and pushes them.
func (o *Origin) Commit(files map[string]string) app.SHA {
	o.t.Helper()
	o.Git("rm", "-rfq", "--ignore-unmatch", ".")
	for name, content := range files {
		path := filepath.Join(o.work, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			o.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			o.t.Fatal(err)
		}
	}
	o.Git("add", "-A")
	o.Git("commit", "-q", "--allow-empty", "-m", "a commit")
	o.Git("push", "-q", "--force", "origin", "HEAD:main")
	return app.SHA(o.Git("rev-parse", "HEAD"))
}

// Remote is where it is cloned from, by anybody.
func (o *Origin) Remote(context.Context, app.Repo) (git.Remote, error) {
	return git.Remote{URL: o.URL}, nil
}
