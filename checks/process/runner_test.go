package process

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/git"
)

func TestOutcomes(t *testing.T) {
	w := newWorld(t, map[string]string{"a": "a"})
	for i, test := range []struct {
		name, run, produces string
		outcome             app.Outcome
		code                int
		reason, tail        string
	}{
		{"well", "echo fine", "", app.Succeeded, 0, "", "fine\n"},
		{"badly", "echo no; exit 3", "", app.Failed, 3, "exited with code 3", "no\n"},
		{"the first error ends it", "false\necho went on", "", app.Failed, 1, "exited with code 1", ""},
		{"by a signal", "kill -SEGV $$", "", app.Failed, 0, "was killed by SIGSEGV", ""},
		{"no such command", "slipway-has-none 2>/dev/null", "", app.Failed, 127, "exited with code 127", ""},
		{"no command", " \n", "", app.Failed, 0, "could not be started: it has no command", ""},
		{"produces", "mkdir -p out/dist; echo x >out/dist/x", "out/dist", app.Succeeded, 0, "", ""},
		{"produces, named with a slash", "mkdir dist; echo x >dist/x", "dist/", app.Succeeded, 0, "", ""},
		{"what it should produce is missing", "true", "dist", app.Failed, 0, "exited with code 0, but made no folder dist (produces:)", ""},
		{"what it should produce is a file", "echo x >dist", "dist", app.Failed, 0, "exited with code 0, but made no folder dist (produces:)", ""},
		{"what it should produce is empty", "mkdir dist", "dist", app.Failed, 0, "exited with code 0, but left dist empty (produces:)", ""},
		{"what it should produce leads out", "ln -s /etc dist", "dist", app.Failed, 0, "exited with code 0, but made no folder dist (produces:)", ""},
		{"nothing is kept of what failed", "mkdir dist; echo x >dist/x; false", "dist", app.Failed, 1, "exited with code 1", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := w.finish(again(w.job("", test.produces), fmt.Sprint("key ", i), test.run))
			if s.Outcome != test.outcome || s.Reason != test.reason || s.ExitCode != test.code || s.Tail != test.tail || s.Running {
				t.Errorf("%+v", s)
			}
			if (s.Artifact != "") != (s.Outcome == app.Succeeded && test.produces != "") || s.Artifact != "" && !w.store.Has(s.Artifact) {
				t.Errorf("its artifact is %q", s.Artifact)
			}
			if strings.TrimSpace(test.run) != "" && (s.Began.IsZero() || s.Ended.Before(s.Began)) {
				t.Errorf("from %v to %v", s.Began, s.Ended)
			}
		})
	}
	w.free()
}

func TestTimeout(t *testing.T) {
	w := newWorld(t, nil)
	j := w.job("echo before; while :; do sleep 1; done", "")
	j.Check.Timeout = 300 * time.Millisecond
	if s := w.finish(j); s.Outcome != app.Failed || s.Reason != "timed out after 300ms" || !strings.HasPrefix(s.Tail, "before\n") {
		t.Errorf("%+v", s)
	}
}

// TestTail: the last 50 lines, and no more than 8 KB of them.
func TestTail(t *testing.T) {
	w := newWorld(t, nil)
	s := w.finish(w.job("seq 1000", ""))
	if lines := strings.Split(strings.TrimSpace(s.Tail), "\n"); len(lines) != 50 || lines[0] != "951" || lines[49] != "1000" {
		t.Errorf("%q", s.Tail)
	}
	s = w.finish(again(w.job("", ""), "2", `i=0; while [ $i -lt 60 ]; do printf '%01000d\n' $i; i=$((i+1)); done`))
	if len(s.Tail) > 8<<10 || len(s.Tail) < 7<<10 || !strings.HasSuffix(s.Tail, "059\n") {
		t.Errorf("%d bytes", len(s.Tail))
	}
}

// TestFixedEnvironment (a build step reads the server's secrets): the server's own variables are nobody's business.
func TestFixedEnvironment(t *testing.T) {
	t.Setenv("SERVER_SECRET", "sesame")
	w := newWorld(t, nil)
	s := w.finish(w.job(`env -0 | sed -z 's/=.*//' | sort -z | tr '\0' ' '; echo; echo "$SLIPWAY_REPOSITORY $SLIPWAY_COMMIT $SLIPWAY_RUN_URL $CI $MIRROR"; tr '\0' '\n' </proc/$PPID/environ | grep -c SERVER_SECRET || true`, ""))
	names, values, _ := strings.Cut(s.Tail, "\n")
	var got []string
	for _, n := range strings.Fields(names) {
		if n != "SHLVL" && n != "_" && n != "OLDPWD" { // some shells' own
			got = append(got, n)
		}
	}
	if strings.Join(got, " ") != "CI HOME MIRROR PATH PWD SLIPWAY_COMMIT SLIPWAY_REPOSITORY SLIPWAY_RUN_URL SLIPWAY_SERVICE TMPDIR" {
		t.Errorf("a check gets %q", names)
	}
	if !strings.HasPrefix(values, "acme/shop "+string(w.head)+" http://run true here\n") || !strings.HasSuffix(values, "\n0\n") {
		t.Errorf("with %q", values)
	}
}

// TestOperatorsVariables: PATH is the operator's to choose; what slipway says is not.
func TestOperatorsVariables(t *testing.T) {
	w := newWorld(t, nil)
	w.run.opts.CheckEnv = map[string]string{"PATH": "/opt/tools:/usr/bin:/bin", "SLIPWAY_COMMIT": "forged"}
	if s := w.finish(w.job(`echo "$PATH $SLIPWAY_COMMIT"`, "")); s.Tail != "/opt/tools:/usr/bin:/bin "+string(w.head)+"\n" {
		t.Errorf("%+v", s)
	}
}

// TestNamesDontReachTheShell (comment arguments reach a shell): what others chose is data.
func TestNamesDontReachTheShell(t *testing.T) {
	w := newWorld(t, nil)
	j := w.job(`echo "$SLIPWAY_SERVICE" "$SLIPWAY_REPOSITORY"`, "")
	j.Repo.Name, j.Check.Service = "$(echo pwned >&2)", "`echo pwned >&2`; echo pwned"
	if s := w.finish(j); s.Tail != "`echo pwned >&2`; echo pwned acme/$(echo pwned >&2)\n" {
		t.Errorf("%+v", s)
	}
}

// TestGone ("gone" counted as success): a commit that is not there any more is a failure with its reason, for ever: the key is not run later.
func TestGone(t *testing.T) {
	w := newWorld(t, nil)
	j := w.job("echo ran", "")
	j.Commit = app.SHA(strings.Repeat("d", 40))
	s := w.finish(j)
	if s.Outcome != app.Failed || s.Reason != "could not be started: commit dddddddddddd is not there any more" {
		t.Errorf("%+v", s)
	}
	w.free()
	w.restart()
	j.Commit = w.head
	if again := w.finish(j); again != s {
		t.Errorf("asked again: %+v", again)
	}
}

// TestUnreachable: what may be there is tried again, under the same key.
func TestUnreachable(t *testing.T) {
	w := newWorld(t, nil)
	w.run.opts.Git = refusing{w.git, &app.Error{Op: "fetching", Kind: app.ErrUnreachable}}
	if _, err := w.run.Ensure(t.Context(), w.job("true", "")); app.KindOf(err) != app.ErrUnreachable {
		t.Error(err)
	}
	w.free()
	w.run.opts.Git = w.git
	if s := w.finish(w.job("true", "")); s.Outcome != app.Succeeded {
		t.Errorf("%+v", s)
	}
}

// TestFullDisk: that an artifact can't be kept for want of room is no failure of the check; its worktree stays until it is.
func TestFullDisk(t *testing.T) {
	w := newWorld(t, nil)
	w.run.opts.Artifacts = fullDisk{}
	j := w.job("mkdir dist; echo x >dist/x", "dist")
	w.ensure(j)
	w.wait(j.Key)
	if s, err := w.run.Ensure(t.Context(), j); err == nil {
		t.Errorf("%+v", s)
	}
	w.dirOf(j.Key)
	w.run.opts.Artifacts = w.store
	if s := w.ensure(j); s.Outcome != app.Succeeded || !w.store.Has(s.Artifact) {
		t.Errorf("%+v", s)
	}
	w.free()
}

// TestNeverTwice: a key is run once, however many ask for it at the same time, and afterwards.
func TestNeverTwice(t *testing.T) {
	w := newWorld(t, nil)
	j := w.job("echo ran >>"+w.dir+"/marks; mkdir dist; echo x >dist/x", "dist")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := w.run.Ensure(t.Context(), j); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	s := w.finish(j)
	if again := w.ensure(j); again != s || s.Outcome != app.Succeeded {
		t.Errorf("%+v, then %+v", s, again)
	}
	if text, err := os.ReadFile(w.dir + "/marks"); string(text) != "ran\n" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	if key := <-w.done; key != j.Key {
		t.Errorf("%s is done", key)
	}
	w.free()
}

func TestCancel(t *testing.T) {
	w := newWorld(t, nil)
	j := w.job("echo ready; while :; do sleep 1; done", "")
	w.ensure(j)
	w.ready(j)
	for range 2 {
		if err := w.run.Cancel(t.Context(), j.Key); err != nil {
			t.Fatal(err)
		}
	}
	if s := w.ensure(j); s.Outcome != app.Failed || s.Reason != "was canceled" || !strings.HasPrefix(s.Tail, "ready\n") {
		t.Errorf("%+v", s)
	}
	w.free()
}

// TestCancelBeforeItBegan: what was never started never will be.
func TestCancelBeforeItBegan(t *testing.T) {
	w := newWorld(t, nil)
	j := w.job("echo ran", "")
	if err := w.run.Cancel(t.Context(), j.Key); err != nil {
		t.Fatal(err)
	}
	if s := w.finish(j); s.Outcome != app.Failed || s.Reason != "was canceled" || s.Tail != "" {
		t.Errorf("%+v", s)
	}
	w.free()
}

// TestCancelTooLate: what had ended well before it was canceled is told as it ended, with what it produced.
func TestCancelTooLate(t *testing.T) {
	w := newWorld(t, nil)
	j := w.job("mkdir dist; echo x >dist/x", "dist")
	w.ensure(j)
	w.wait(j.Key)
	if err := w.run.Cancel(t.Context(), j.Key); err != nil {
		t.Fatal(err)
	}
	if s := w.ensure(j); s.Outcome != app.Succeeded || !w.store.Has(s.Artifact) {
		t.Errorf("%+v", s)
	}
	w.free()
}

// TestLogs (slow reader drops log lines): a reader gets all of it from where it asks.
func TestLogs(t *testing.T) {
	w := newWorld(t, nil)
	j := w.job(blocked+"echo two; echo three", "")
	w.ensure(j)
	r, err := w.run.Logs(t.Context(), j.Key, int64(len("ready\n"))+4)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	w.unblock(j)
	if text, err := io.ReadAll(r); string(text) != "three\n" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
}

// TestGitIsReal holds that the port is what app/git offers.
func TestGitIsReal(*testing.T) { var _ Git = (*git.Git)(nil) }
