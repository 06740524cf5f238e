package command

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/artifact"
	"github.com/slipway-cd/slipway/app/git"
	"github.com/slipway-cd/slipway/app/shim"
	"github.com/slipway-cd/slipway/deploy"
)

type realClock struct{}

func (realClock) Now() time.Time { return time.Now() }
func (realClock) Timer(at time.Time) (<-chan time.Time, func()) {
	t := time.NewTimer(time.Until(at))
	return t.C, func() { t.Stop() }
}

// TestMain lets the test binary be its own shim.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "shim" {
		syscall.Exit(shim.Main(realClock{}, os.Args[2:]))
	}
	os.Exit(m.Run())
}

// fresh is a Git whose checkouts hold one file.
type fresh struct{}

func (fresh) Checkout(_ context.Context, _ app.Repo, c app.SHA, dir string, _ *git.Owner) error {
	return errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(filepath.Join(dir, "commit"), []byte(c), 0o644))
}

type bench struct {
	t    *testing.T
	dir  string
	host *shim.Host
	keep *artifact.Store
	d    *Deployer
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, dir: t.TempDir()}
	var errs [4]error
	b.host, errs[0] = shim.Open(shim.Options{
		Dir: filepath.Join(b.dir, "shim"), Homes: filepath.Join(b.dir, "homes"), Command: []string{os.Args[0], "shim"},
	})
	b.keep, errs[1] = artifact.Open(filepath.Join(b.dir, "artifacts"))
	errs[2] = os.Mkdir(filepath.Join(b.dir, "secrets"), 0o700)
	b.d, errs[3] = New(Options{
		Dir: filepath.Join(b.dir, "deploys"), Git: fresh{}, Shim: b.host, DeployAs: shim.SameUser(), Artifacts: b.keep, Secrets: filepath.Join(b.dir, "secrets"),
	})
	if err := errors.Join(errs[:]...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.host.Close() })
	return b
}

func deployment(run string) deploy.Deployment {
	return deploy.Deployment{
		Key: "lane/1/web/production#put/4", Repo: app.Repo{ID: 1, Owner: "acme", Name: "shop"}, Commit: app.SHA(strings.Repeat("a", 40)),
		Service: "web", Environment: "production", Previous: app.SHA(strings.Repeat("b", 40)), RunURL: "http://lane", Fence: 4,
		Release: deploy.Release{Spec: deploy.Spec{Run: run, Timeout: time.Minute}},
	}
}

func (b *bench) secret(path, value string, mode os.FileMode) {
	b.t.Helper()
	full := filepath.Join(b.dir, "secrets", path)
	if err := errors.Join(os.MkdirAll(filepath.Dir(full), 0o700), os.WriteFile(full, []byte(value), mode), os.Chmod(full, mode)); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) finish(x deploy.Deployment) app.Status {
	b.t.Helper()
	s, err := b.d.Ensure(b.t.Context(), x)
	if err != nil {
		b.t.Fatal(err)
	}
	if !s.Running {
		return s
	}
	if _, err := b.host.Wait(b.t.Context(), x.Key); err != nil {
		b.t.Fatal(err)
	}
	if s, err = b.d.Ensure(b.t.Context(), x); err != nil {
		b.t.Fatal(err)
	}
	return s
}

func TestWhatAStepGets(t *testing.T) {
	b := newBench(t)
	built := t.TempDir()
	if err := errors.Join(os.Mkdir(filepath.Join(built, "dist"), 0o755), os.WriteFile(filepath.Join(built, "dist/x"), []byte("made"), 0o644)); err != nil {
		t.Fatal(err)
	}
	digest, err := b.keep.Put(t.Context(), built, "dist")
	if err != nil {
		t.Fatal(err)
	}
	x := deployment(`cat commit; echo; cat $SLIPWAY_ARTIFACT/x; echo; echo $SLIPWAY_REPOSITORY $SLIPWAY_SERVICE $SLIPWAY_ENVIRONMENT $SLIPWAY_PREVIOUS_COMMIT $SLIPWAY_FENCE $SLIPWAY_RUN_URL; test "$SLIPWAY_ARTIFACT_DIGEST" = ` + digest)
	x.Release.Artifact = digest
	s := b.finish(x)
	want := strings.Repeat("a", 40) + "\nmade\nacme/shop web production " + strings.Repeat("b", 40) + " 4 http://lane\n"
	if s.Outcome != app.Succeeded || s.Tail != want {
		t.Errorf("%+v", s)
	}
}

// TestSecretsAreMasked: a step gets its environment's secrets, and no other's; what it prints of them never reaches the log.
func TestSecretsAreMasked(t *testing.T) {
	b := newBench(t)
	b.secret("acme/shop/web/production/TOKEN", "open-sesame\n", 0o600)
	b.secret("acme/shop/web/staging/OTHER", "not-yours", 0o600)
	s := b.finish(deployment(`echo "$TOKEN"; test "$TOKEN" = open-"sesame" && echo right; echo "other:$OTHER"`))
	if s.Outcome != app.Succeeded || s.Tail != "***\nright\nother:\n" {
		t.Errorf("%+v", s)
	}
}

func TestUnfitSecrets(t *testing.T) {
	for name, spoil := range map[string]func(b *bench){
		"everybody on the machine can read": func(b *bench) { b.secret("acme/shop/web/production/TOKEN", "x", 0o644) },
		"can't be the name of a variable":   func(b *bench) { b.secret("acme/shop/web/production/SLIPWAY_COMMIT", "x", 0o600) },
		"is not a plain file": func(b *bench) {
			b.secret("elsewhere", "x", 0o600)
			b.secret("acme/shop/web/production/A", "x", 0o600)
			if err := os.Symlink(filepath.Join(b.dir, "secrets/elsewhere"), filepath.Join(b.dir, "secrets/acme/shop/web/production/LINK")); err != nil {
				b.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			spoil(b)
			s := b.finish(deployment("echo ran"))
			if s.Outcome != app.Failed || !strings.HasPrefix(s.Reason, "could not be started: ") || !strings.Contains(s.Reason, name) || s.Tail != "" {
				t.Errorf("%+v", s)
			}
		})
	}
}

// TestNeverTwice: a key that is known is never run again, whoever asks.
func TestNeverTwice(t *testing.T) {
	b := newBench(t)
	marks := filepath.Join(b.dir, "marks")
	x := deployment("echo ran >>" + marks)
	b.finish(x)
	b.finish(x)
	if text, err := os.ReadFile(marks); string(text) != "ran\n" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
}

// TestWhatItStartsLivesOn: it may be the service.
func TestWhatItStartsLivesOn(t *testing.T) {
	b := newBench(t)
	pipe := filepath.Join(b.dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	s := b.finish(deployment("(cat " + pipe + " >" + pipe + ".out; echo >>" + pipe + ".out) >/dev/null 2>&1 &"))
	if s.Outcome != app.Succeeded {
		t.Fatalf("%+v", s)
	}
	f, err := os.OpenFile(pipe, os.O_WRONLY, 0) // waits until somebody reads
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
}

func TestArtifactIsGone(t *testing.T) {
	x := deployment("echo ran")
	x.Release.Artifact = strings.Repeat("0", 64)
	if s := newBench(t).finish(x); s.Outcome != app.Failed || !strings.Contains(s.Reason, "not kept any more") {
		t.Errorf("%+v", s)
	}
}

func TestPruneKeepsWhatIsUsed(t *testing.T) {
	b := newBench(t)
	x := deployment("true")
	b.finish(x)
	for _, keep := range []bool{true, false} {
		if err := b.d.Prune(t.Context(), func(string) bool { return keep }); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(b.d.folder(x.Key)); (err == nil) != keep {
			t.Errorf("keep %v: %v", keep, err)
		}
	}
}
