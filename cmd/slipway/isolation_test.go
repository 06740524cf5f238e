package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-cd/slipway/app/shim"
)

// TestStepsRunAsOthers: checks and deployments run as users of their own, and can read nothing of the server's: not its database, not its key,
// not its environment.
func TestStepsRunAsOthers(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can run programs as other users")
	}
	checks, err := shim.AsUser("65532:65532")
	if err != nil {
		t.Fatal(err)
	}
	deployments, err := shim.AsUser("65533:65533")
	if err != nil {
		t.Fatal(err)
	}
	s := newStage(t)
	s.stopServer()
	for dir := s.dir; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o711); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(s.dir, "target"), 0o777); err != nil {
		t.Fatal(err)
	}
	s.set.runAs, s.set.deployAs = checks, deployments
	s.startServer()
	p := &scene{stage: s, t: t, files: map[string]string{}}
	file := s.fill(`version: 1
checks:
  test:
    run: |
      test "$(id -u)" = 65532
      for secret in DATA/slipway.db DATA/pages.key DIR/app.pem DIR/secret; do
        if cat $secret >/dev/null 2>&1; then echo "can read $secret"; exit 1; fi
      done
      if ls DATA/programs >/dev/null 2>&1; then echo "can list the shim's state"; exit 1; fi
      if cat /proc/$PPID/environ >/dev/null 2>&1; then echo "can read the shim's environment"; exit 1; fi
      if env | grep -q GITHUB; then echo "has the server's variables"; exit 1; fi
      mkdir out; echo made > out/it
    produces: out
environments:
  production:
    policy: deployment
    deploy: { run: "test $(id -u) = 65533; test $(cat $SLIPWAY_ARTIFACT/it) = made; cat DATA/slipway.db 2>/dev/null && exit 1; echo $SLIPWAY_COMMIT > $TARGET/production" }
`)
	file = strings.NewReplacer("DATA", filepath.Join(s.dir, "data"), "DIR", s.dir).Replace(file)
	if _, err := s.repo.Commit("ben", "first", "Add the pipeline", map[string]string{".github/slipway.yml": file}); err != nil {
		t.Fatal(err)
	}
	pull, err := s.repo.OpenPullRequest("ben", "Add the pipeline", "first", "main")
	if err != nil {
		t.Fatal(err)
	}
	wait := func(what string, is func() bool) {
		t.Helper()
		if err := p.await(func() (bool, string, error) { return is(), "", nil }); err != nil {
			t.Fatalf("%s: %v\n%s", what, err, s.situation())
		}
	}
	wait("the check", func() bool {
		r, _ := s.repo.CheckRun(pull.Head(), "test")
		if r.Conclusion == "failure" {
			t.Fatal(r.Text)
		}
		return r.Conclusion == "success" && strings.Contains(r.Summary, "65532")
	})
	merge, err := pull.Merge("dana", "squash")
	if err != nil {
		t.Fatal(err)
	}
	wait("the question", func() bool {
		r, _ := s.repo.CheckRun(merge, "promote: production")
		return strings.Contains(r.Title, "pproval")
	})
	if _, err := pull.Comment("dana", "/approve"); err != nil {
		t.Fatal(err)
	}
	wait("the release", func() bool {
		r, _ := s.repo.CheckRun(merge, "promote: production")
		if r.Conclusion == "failure" {
			t.Fatal(r.Summary, r.Text)
		}
		return r.Conclusion == "success"
	})
}
