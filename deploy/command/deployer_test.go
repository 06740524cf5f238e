package command

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/git"
	"github.com/slipway-cd/slipway/app/shim"
)

// TestWhatAStepGets: the commit's files, the artifact, and slipway's own variables (a fencing token among them).
func TestWhatAStepGets(t *testing.T) {
	w := newWorld(t, map[string]string{"scripts/deploy.sh": "echo deploying\n"})
	x := w.deployment(`sh scripts/deploy.sh; ls -A; cat $SLIPWAY_ARTIFACT/x; echo
echo $SLIPWAY_REPOSITORY $SLIPWAY_COMMIT $SLIPWAY_SERVICE $SLIPWAY_ENVIRONMENT $SLIPWAY_PREVIOUS_COMMIT $SLIPWAY_ARTIFACT_DIGEST $SLIPWAY_RUN_URL $SLIPWAY_FENCE $CI`)
	x.Release.Artifact = w.built("made")
	want := "deploying\nscripts\nmade\nacme/shop " + string(w.head) + " web production " + strings.Repeat("b", 40) + " " + x.Release.Artifact + " http://lane 4 true\n"
	if s := w.finish(x); s.Outcome != app.Succeeded || s.Tail != want {
		t.Errorf("%+v, want %s", s, want)
	}
	bare := another(x, "2", `echo "[$SLIPWAY_ARTIFACT] [$SLIPWAY_ARTIFACT_DIGEST] [$SLIPWAY_SERVICE] [$SLIPWAY_PREVIOUS_COMMIT]"`)
	bare.Release.Artifact, bare.Service, bare.Previous = "", "", ""
	if s := w.finish(bare); s.Tail != "[] [] [] []\n" {
		t.Errorf("%+v", s)
	}
}

func TestFixedEnvironment(t *testing.T) {
	t.Setenv("SERVER_SECRET", "sesame")
	w := newWorld(t, nil)
	s := w.finish(w.deployment(`env | grep SERVER_SECRET || echo none; tr '\0' '\n' </proc/$PPID/environ | grep -c . || true`))
	if s.Tail != "none\n0\n" {
		t.Errorf("%+v", s)
	}
}

func TestOutcomes(t *testing.T) {
	w := newWorld(t, nil)
	for key, test := range map[string]struct {
		run     string
		timeout time.Duration
		outcome app.Outcome
		reason  string
	}{
		"well":                   {"true", time.Minute, app.Succeeded, ""},
		"badly":                  {"exit 7", time.Minute, app.Failed, "exited with code 7"},
		"the first error counts": {"false\ntrue", time.Minute, app.Failed, "exited with code 1"},
		"by a signal":            {"kill -TERM $$", time.Minute, app.Failed, "was killed by SIGTERM"},
		"too late":               {"while :; do sleep 1; done", 300 * time.Millisecond, app.Failed, "timed out after 300ms"},
		"no command":             {" \n", time.Minute, app.Failed, "could not be started: it has no command"},
	} {
		t.Run(key, func(t *testing.T) {
			x := another(w.deployment(""), key, test.run)
			x.Release.Spec.Timeout = test.timeout
			if s := w.finish(x); s.Outcome != test.outcome || s.Reason != test.reason || s.Running {
				t.Errorf("%+v", s)
			}
		})
	}
}

// TestFreshCheckout (a step leaves a .git with settings that run programs): each deployment has the commit's own files, whatever an earlier one
// did to its own, and no repository.
func TestFreshCheckout(t *testing.T) {
	w := newWorld(t, map[string]string{"a": "a"})
	x := w.deployment("")
	x.Release.Artifact = w.built("made")
	w.finish(another(x, "1", "echo b >a; echo b >$SLIPWAY_ARTIFACT/x; git init -q . || mkdir .git; mkdir -m 555 closed"))
	if s := w.finish(another(x, "2", "cat a $SLIPWAY_ARTIFACT/x; ls -A")); s.Tail != "amadea\n" {
		t.Errorf("%+v", s)
	}
}

// TestNeverTwice: a key is run once, however many ask for it at the same time, after restarts, and when its log is gone.
func TestNeverTwice(t *testing.T) {
	w := newWorld(t, nil)
	x := w.deployment("echo ran >>" + w.dir + "/marks")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := w.d.Ensure(t.Context(), x); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	s := w.finish(x)
	w.restart()
	if again := w.ensure(x); again.Outcome != app.Succeeded || again.Ended != s.Ended {
		t.Errorf("%+v", again)
	}
	nothing := func(string) bool { return false }
	for range 2 {
		if err := w.d.PruneLogs(t.Context(), nothing, time.Now().Add(-time.Hour), -1); err != nil {
			t.Fatal(err)
		}
		if again := w.ensure(x); again.Outcome != app.Succeeded || w.marks() != "ran\n" {
			t.Errorf("without its log: %+v, %q", again, w.marks())
		}
	}
	if keys, err := w.host.Keys(); len(keys) != 0 || err != nil {
		t.Error("its log is not gone:", keys, err)
	}
	aged := another(x, "aged", x.Release.Spec.Run)
	w.finish(aged)
	if err := w.d.PruneLogs(t.Context(), nothing, time.Now().Add(time.Hour), 0); err != nil {
		t.Fatal(err)
	}
	if _, known, err := w.d.records.Read(x.Key); known || err != nil {
		t.Error("what ended long ago is remembered for ever:", err)
	}
	if w.ensure(aged); w.marks() != "ran\nran\n" {
		t.Errorf("what lost its log to age just now is not remembered: %q", w.marks())
	}
}

// TestRefusedForEver: what was told as failed is not started later, when what it lacked is there.
func TestRefusedForEver(t *testing.T) {
	w := newWorld(t, nil)
	w.secret("acme/shop/web/production/TOKEN", "x", 0o644)
	x := w.deployment("echo ran >>" + w.dir + "/marks")
	refused := w.finish(x)
	if refused.Outcome != app.Failed {
		t.Fatalf("%+v", refused)
	}
	w.secret("acme/shop/web/production/TOKEN", "x", 0o600)
	w.restart()
	if again := w.finish(x); again != refused || w.marks() != "" {
		t.Errorf("%+v, %q", again, w.marks())
	}
}

// TestGone ("gone" counted as success; approve one thing, deploy another): without the commit or the artifact that was approved nothing runs.
func TestGone(t *testing.T) {
	w := newWorld(t, nil)
	lost := another(w.deployment(""), "lost", "echo ran >>"+w.dir+"/marks")
	lost.Commit = app.SHA(strings.Repeat("d", 40))
	dropped := another(w.deployment(""), "dropped", "echo ran >>"+w.dir+"/marks")
	dropped.Release.Artifact = strings.Repeat("0", 64)
	damaged := another(w.deployment(""), "damaged", "echo ran >>"+w.dir+"/marks")
	damaged.Release.Artifact = w.built("made")
	if err := os.WriteFile(filepath.Join(w.dir, "artifacts", damaged.Release.Artifact+".tar"), []byte("evil"), 0o600); err != nil {
		t.Fatal(err)
	}
	for reason, s := range map[string]app.Status{
		"could not be started: commit dddddddddddd is not there any more":                                        w.finish(lost),
		"could not be started: its artifact is not kept any more. Run its checks again":                          w.finish(dropped),
		"could not be started: its artifact was changed on disk and is not what was built. Run its checks again": w.finish(damaged),
	} {
		if s.Outcome != app.Failed || s.Reason != reason {
			t.Errorf("%+v, want %s", s, reason)
		}
	}
	if w.marks() != "" {
		t.Error("something ran")
	}
	if left, err := os.ReadDir(filepath.Join(w.d.opts.Dir, checkouts)); len(left) != 0 || err != nil {
		t.Error("files are left:", left, err)
	}
}

// refusing is a Git that fails.
type refusing struct{ err error }

func (g refusing) Checkout(context.Context, app.Repo, app.SHA, string, *git.Owner) error {
	return g.err
}

// TestUnreachable: what may be there is tried again, under the same key.
func TestUnreachable(t *testing.T) {
	w := newWorld(t, nil)
	x := w.deployment("true")
	x.Release.Artifact = w.built("made")
	w.d.opts.Git = refusing{&app.Error{Op: "fetching", Kind: app.ErrUnreachable}}
	if _, err := w.d.Ensure(t.Context(), x); app.KindOf(err) != app.ErrUnreachable {
		t.Error(err)
	}
	w.d.opts.Git = w.git
	if s := w.finish(x); s.Outcome != app.Succeeded {
		t.Errorf("%+v", s)
	}
}

// TestSecretsNotMounted: that the folder of secrets is not there at all is the operator's to repair, and no failure of the release.
func TestSecretsNotMounted(t *testing.T) {
	w := newWorld(t, nil)
	if err := os.Remove(filepath.Join(w.dir, "secrets")); err != nil {
		t.Fatal(err)
	}
	if s, err := w.d.Ensure(t.Context(), w.deployment("true")); err == nil {
		t.Errorf("%+v", s)
	}
	if err := os.Mkdir(filepath.Join(w.dir, "secrets"), 0o700); err != nil {
		t.Fatal(err)
	}
	if s := w.finish(w.deployment("true")); s.Outcome != app.Succeeded {
		t.Errorf("%+v", s)
	}
}

// TestShimIsKilled (killed between starting a command and noting that it started): nobody knows how it ended, so that is what is said, and it
// is not run again.
func TestShimIsKilled(t *testing.T) {
	for _, at := range []shim.Point{shim.AtClaim, shim.AtStart, shim.BeforeExit} {
		t.Run(string(at), func(t *testing.T) {
			w := newWorld(t, nil, func(w *world) {
				w.faults = func(string) shim.Fault { return shim.Fault{At: at, Shim: true} }
			})
			x := w.deployment("echo ran >>" + w.dir + "/marks")
			s := w.finish(x)
			if s.Outcome != app.OutcomeUnknown || s.Running || s.Reason == "" {
				t.Errorf("%+v", s)
			}
			before := w.marks()
			w.restart()
			if again := w.finish(x); again.Outcome != app.OutcomeUnknown || w.marks() != before {
				t.Errorf("%+v, %q, then %q", again, before, w.marks())
			}
		})
	}
}

// TestRestart: a deployment goes on without the server, and its outcome is found.
func TestRestart(t *testing.T) {
	w := newWorld(t, nil)
	pipe := w.pipe("pipe")
	x := w.deployment("cat " + pipe + "; echo ran >>" + w.dir + "/marks; exit 3")
	w.ensure(x)
	w.restart()
	if s := w.ensure(x); !s.Running || s.Began.IsZero() {
		t.Errorf("%+v", s)
	}
	w.stop()
	w.open(pipe)
	w.start()
	w.wait(x.Key)
	if s := w.ensure(x); s.Outcome != app.Failed || s.Reason != "exited with code 3" || w.marks() != "ran\n" {
		t.Errorf("%+v, %q", s, w.marks())
	}
}

// TestKilledBetween: a server that is killed while it prepares a deployment, or just after, starts it once and with all of its files.
func TestKilledBetween(t *testing.T) {
	for name, spoil := range map[string]func(w *world, home string) error{
		"half made": func(_ *world, home string) error {
			return os.RemoveAll(filepath.Join(home, "artifact"))
		},
		"named, and nothing else": func(_ *world, home string) error { return os.RemoveAll(filepath.Join(home, "files")) },
		"complete":                func(*world, string) error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, map[string]string{"a": "a"})
			x := w.deployment("cat a $SLIPWAY_ARTIFACT/x; echo ran >>" + w.dir + "/marks")
			x.Release.Artifact = w.built("made")
			if err := w.d.prepare(t.Context(), x); err != nil {
				t.Fatal(err)
			}
			if name != "complete" {
				if err := os.Remove(filepath.Join(w.d.folder(x.Key), ready)); err != nil {
					t.Fatal(err)
				}
			}
			if err := spoil(w, w.d.folder(x.Key)); err != nil {
				t.Fatal(err)
			}
			w.restart()
			if s := w.finish(x); s.Outcome != app.Succeeded || s.Tail != "amade" || w.marks() != "ran\n" {
				t.Errorf("%+v, %q", s, w.marks())
			}
		})
	}
}

// TestAnotherUser (fork code sees secrets): what is deployed as one user, no other user of the machine can read, the server's own things nobody.
func TestAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can run programs as another user")
	}
	as, err := shim.AsUser("65533:65533")
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, map[string]string{"a": "a"}, func(w *world) { w.as = as })
	w.secret("acme/shop/web/production/TOKEN", "open-sesame", 0o600)
	x := w.deployment(`id -u; cat a $SLIPWAY_ARTIFACT/x; echo b >a; echo b >$SLIPWAY_ARTIFACT/x; test -n "$TOKEN"
for d in deploys deploys/checkouts deploys/ended artifacts shim secrets git/mirrors; do ls ` + w.dir + `/$d >/dev/null 2>&1 && echo "reads $d"; touch ` + w.dir + `/$d/forged 2>/dev/null && echo "writes $d"; done; touch ../forged 2>/dev/null && echo forges; true`)
	x.Release.Artifact = w.built("made")
	if s := w.finish(x); s.Outcome != app.Succeeded || s.Tail != "65533\namade" {
		t.Errorf("%+v", s)
	}
	spy := another(x, "spy", "cat "+w.d.folder(x.Key)+"/files/a "+w.d.folder(x.Key)+"/artifact/x && echo spied")
	if w.d.opts.DeployAs, err = shim.AsUser("65532:65532"); err != nil {
		t.Fatal(err)
	}
	if s := w.finish(spy); s.Outcome != app.Failed || strings.Contains(s.Tail, "spied") || !strings.Contains(s.Tail, "Permission denied") {
		t.Errorf("%+v", s)
	}
}
