package command

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

// origin is a repository that git's own http-backend serves, and a clone to commit in.
type origin struct {
	t    testing.TB
	work string
	url  string
}

func newOrigin(t testing.TB, dir string) *origin {
	t.Helper()
	o := &origin{t: t, work: filepath.Join(dir, "work")}
	served := filepath.Join(dir, "served")
	if err := os.MkdirAll(o.work, 0o755); err != nil {
		t.Fatal(err)
	}
	o.git("init", "-q", "--template=", "--initial-branch=main", ".")
	o.git("init", "-q", "--template=", "--bare", "--initial-branch=main", filepath.Join(served, "acme/shop.git"))
	server := httptest.NewServer(&cgi.Handler{
		Path: o.git("--exec-path") + "/git-http-backend", Env: []string{"GIT_PROJECT_ROOT=" + served, "GIT_HTTP_EXPORT_ALL=1"}, InheritEnv: []string{"PATH"},
	})
	t.Cleanup(server.Close)
	o.url = server.URL + "/acme/shop.git"
	o.git("remote", "add", "origin", filepath.Join(served, "acme/shop.git"))
	return o
}

// git runs git in the clone, as a person.
func (o *origin) git(args ...string) string {
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

// commit makes the files exactly these and pushes them.
func (o *origin) commit(files map[string]string) app.SHA {
	o.t.Helper()
	o.git("rm", "-rfq", "--ignore-unmatch", ".")
	for name, content := range files {
		path := filepath.Join(o.work, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			o.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			o.t.Fatal(err)
		}
	}
	o.git("add", "-A")
	o.git("commit", "-q", "--allow-empty", "-m", "a commit")
	o.git("push", "-q", "--force", "origin", "HEAD:main")
	return app.SHA(o.git("rev-parse", "HEAD"))
}

func (o *origin) remote(context.Context, app.Repo) (git.Remote, error) {
	return git.Remote{URL: o.url}, nil
}
