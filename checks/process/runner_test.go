package process

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/artifact"
	"github.com/slipway-cd/slipway/app/shim"
	"github.com/slipway-cd/slipway/checks"
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

// folders is a Git whose worktrees are plain folders.
type folders struct {
	dir  string
	held map[string]bool
	lost bool // the commit is not there
}

func (f *folders) Worktree(_ context.Context, _ app.Repo, _ app.SHA, name string) (string, func(), error) {
	if f.lost {
		return "", nil, &app.Error{Op: "fetching", Kind: app.ErrNotFound}
	}
	dir := filepath.Join(f.dir, name)
	return dir, f.hold(name), errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755))
}

func (f *folders) Adopt(_ app.Repo, name string) (string, func(), error) {
	return filepath.Join(f.dir, name), f.hold(name), nil
}

func (f *folders) hold(name string) func() {
	if f.held[name] {
		panic("a worktree is held twice: " + name)
	}
	f.held[name] = true
	return func() { f.held[name] = false }
}

// bench is a Runner with what it needs, which can be started again on the same folders.
type bench struct {
	t    *testing.T
	dir  string
	git  *folders
	host *shim.Host
	keep *artifact.Store
	run  *Runner
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, dir: t.TempDir(), git: &folders{held: map[string]bool{}}}
	b.git.dir = filepath.Join(b.dir, "worktrees")
	b.start()
	t.Cleanup(func() { b.host.Close() })
	return b
}

func (b *bench) start() {
	b.t.Helper()
	var errs [3]error
	b.host, errs[0] = shim.Open(shim.Options{
		Dir: filepath.Join(b.dir, "shim"), Homes: filepath.Join(b.dir, "homes"), Command: []string{os.Args[0], "shim"},
	})
	b.keep, errs[1] = artifact.Open(filepath.Join(b.dir, "artifacts"))
	if err := errors.Join(errs[:]...); err != nil {
		b.t.Fatal(err)
	}
	b.run, errs[2] = New(Options{
		Dir: filepath.Join(b.dir, "attempts"), Git: b.git, Shim: b.host, RunAs: shim.SameUser(), CheckEnv: map[string]string{"MIRROR": "here"}, Artifacts: b.keep,
	})
	if errs[2] != nil {
		b.t.Fatal(errs[2])
	}
}

// restart is what happens when the server is killed: programs go on, and all that was held in memory is gone.
func (b *bench) restart() {
	b.host.Close()
	b.git.held = map[string]bool{}
	b.start()
}

func job(run, produces string) checks.Job {
	return checks.Job{
		Key: "run/1/abc#execute/1", Repo: app.Repo{ID: 1, Owner: "acme", Name: "shop"}, Commit: app.SHA(strings.Repeat("a", 40)),
		Check: checks.Spec{Name: "test", Run: run, Timeout: time.Minute, Produces: produces}, RunURL: "http://run",
	}
}

func (b *bench) ensure(j checks.Job) app.Status {
	b.t.Helper()
	s, err := b.run.Ensure(b.t.Context(), j)
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

// finish runs a job to its end.
func (b *bench) finish(j checks.Job) app.Status {
	b.t.Helper()
	b.ensure(j)
	if _, err := b.host.Wait(b.t.Context(), j.Key); err != nil {
		b.t.Fatal(err)
	}
	return b.ensure(j)
}

func TestOutcomes(t *testing.T) {
	for _, test := range []struct {
		name, run, produces string
		outcome             app.Outcome
		reason, tail        string
	}{
		{"well", "echo fine", "", app.Succeeded, "", "fine\n"},
		{"badly", "echo no; exit 3", "", app.Failed, "exited with code 3", "no\n"},
		{"the first error ends it", "false\necho went on", "", app.Failed, "exited with code 1", ""},
		{"by a signal", "kill -SEGV $$", "", app.Failed, "was killed by SIGSEGV", ""},
		{"what it should produce is missing", "true", "dist", app.Failed, "exited with code 0, but made no folder dist (produces:)", ""},
		{"what it should produce is empty", "mkdir dist", "dist", app.Failed, "exited with code 0, but left dist empty (produces:)", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newBench(t).finish(job(test.run, test.produces))
			if s.Outcome != test.outcome || s.Reason != test.reason || s.Tail != test.tail || s.Running {
				t.Errorf("%+v", s)
			}
		})
	}
}

// TestFixedEnvironment: the server's own variables are nobody's business.
func TestFixedEnvironment(t *testing.T) {
	t.Setenv("SERVER_SECRET", "sesame")
	s := newBench(t).finish(job(`env | sed 's/=.*//' | sort | tr '\n' ' '; echo; echo "$SLIPWAY_REPOSITORY $CI $MIRROR $HOME"`, ""))
	names, values, _ := strings.Cut(s.Tail, "\n")
	want := "CI HOME MIRROR PATH PWD SLIPWAY_COMMIT SLIPWAY_REPOSITORY SLIPWAY_RUN_URL SLIPWAY_SERVICE TMPDIR "
	if strings.ReplaceAll(strings.ReplaceAll(names, "SHLVL ", ""), "_ ", "") != want && names != want {
		t.Errorf("a check gets %q", names)
	}
	if !strings.HasPrefix(values, "acme/shop true here /") {
		t.Errorf("with %q", values)
	}
}

// TestRestartDisturbsNothing: a check that runs goes on in its own worktree, and what it made is kept, though the server was down when it
// ended.
func TestRestartDisturbsNothing(t *testing.T) {
	b := newBench(t)
	j := job("mkfifo go; cat go >/dev/null; mkdir dist; echo made >dist/x", "dist")
	if s := b.ensure(j); !s.Running {
		t.Fatalf("%+v", s)
	}
	dir := b.run.held[j.Key].dir
	b.restart()
	other := j
	other.Key, other.Check.Run, other.Check.Produces = "run/1/abc#execute/2", "echo other", ""
	b.finish(other) // the same check again: it must not get the worktree of the one that runs
	for {
		if f, err := os.OpenFile(filepath.Join(dir, "go"), os.O_WRONLY, 0); err == nil {
			f.Close()
			break
		}
	}
	if _, err := b.host.Wait(t.Context(), j.Key); err != nil {
		t.Fatal(err)
	}
	b.restart()
	s := b.ensure(j)
	if s.Outcome != app.Succeeded || !b.keep.Has(s.Artifact) {
		t.Errorf("%+v", s)
	}
	if again := b.ensure(j); again.Artifact != s.Artifact {
		t.Errorf("told again: %+v", again)
	}
	for name, held := range b.git.held {
		if held {
			t.Errorf("worktree %s is still held", name)
		}
	}
}

func TestCancel(t *testing.T) {
	b := newBench(t)
	j := job("while :; do sleep 1; done", "")
	b.ensure(j)
	if err := b.run.Cancel(t.Context(), j.Key); err != nil {
		t.Fatal(err)
	}
	if s := b.ensure(j); s.Outcome != app.Failed || s.Reason != "was canceled" {
		t.Errorf("%+v", s)
	}
	if len(b.run.held) != 0 {
		t.Error("its worktree is still held")
	}
	never := job("echo never", "")
	never.Key = "run/1/abc#execute/9"
	if err := b.run.Cancel(t.Context(), never.Key); err != nil {
		t.Fatal(err)
	}
	if s := b.ensure(never); s.Outcome != app.Failed || strings.Contains(s.Tail, "never") {
		t.Errorf("what was canceled before it began ran: %+v", s)
	}
}

// TestCommitIsGone: that the files can't be had is an error with its kind; nothing was started, so another try is right.
func TestCommitIsGone(t *testing.T) {
	b := newBench(t)
	b.git.lost = true
	if _, err := b.run.Ensure(t.Context(), job("true", "")); app.KindOf(err) != app.ErrNotFound {
		t.Error(err)
	}
	b.git.lost = false
	if s := b.finish(job("true", "")); s.Outcome != app.Succeeded {
		t.Errorf("%+v", s)
	}
}

func TestLogs(t *testing.T) {
	b := newBench(t)
	j := job("echo one; echo two", "")
	b.finish(j)
	r, err := b.run.Logs(t.Context(), j.Key, 4)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if text, err := io.ReadAll(r); string(text) != "two\n" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
}

func TestPrune(t *testing.T) {
	b := newBench(t)
	j := job("echo one", "")
	b.finish(j)
	if err := b.run.Prune(t.Context(), time.Now().Add(-time.Hour), 1<<30); err != nil {
		t.Fatal(err)
	}
	if r, err := b.run.Logs(t.Context(), j.Key, 0); err != nil {
		t.Error("a young log is gone:", err)
	} else {
		r.Close()
	}
	if err := b.run.Prune(t.Context(), time.Now().Add(time.Hour), 1<<30); err != nil {
		t.Fatal(err)
	}
	if keys, err := b.host.Keys(); err != nil || len(keys) != 0 {
		t.Errorf("an old log stays: %v, %v", keys, err)
	}
}
