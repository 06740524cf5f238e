package process

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/shim"
)

// TestExactlyTheCommit: a warm worktree holds the commit and nothing that an earlier attempt left.
func TestExactlyTheCommit(t *testing.T) {
	w := newWorld(t, map[string]string{"a": "first", ".gitignore": "ignored"})
	j := w.job("", "")
	w.finish(again(j, "1", "echo x >ignored; echo x >a; mkdir -p deep/er; echo x >deep/er/x; chmod 000 deep; ln -s /etc link"))
	j.Commit = w.origin.Commit(map[string]string{"b": "second"})
	if err := w.git.Fetch(t.Context(), w.repo, string(j.Commit)); err != nil {
		t.Fatal(err)
	}
	s := w.finish(again(j, "2", "ls -A; cat b; pwd"))
	if want := "b\nsecond"; !strings.HasPrefix(s.Tail, want) || !strings.HasSuffix(s.Tail, "/slot-1\n") {
		t.Errorf("%+v", s)
	}
}

// TestAStepCantTurnGitAgainstTheServer (a step leaves a .git whose settings run programs): git's next command in that worktree, the server's
// own, does not look at it.
func TestAStepCantTurnGitAgainstTheServer(t *testing.T) {
	w := newWorld(t, map[string]string{"a": "a"})
	mark := filepath.Join(w.dir, "mark")
	j := w.job("", "")
	script := `git init -q . 2>/dev/null || mkdir -p .git/hooks
git config core.fsmonitor "touch ` + mark + `" || true
git config core.hooksPath .git/hooks || true
for hook in post-checkout post-index-change; do printf '#!/bin/sh\ntouch ` + mark + `\n' >.git/hooks/$hook; chmod +x .git/hooks/$hook; done
echo '* filter=evil' >.gitattributes
git config filter.evil.smudge "touch ` + mark + `" || true
rm a`
	if s := w.finish(again(j, "1", "HOME=$PWD; export HOME\nmkdir -p .git/hooks\n"+script)); s.Outcome != app.Succeeded {
		t.Fatalf("%+v", s)
	}
	if s := w.finish(again(j, "2", "ls -A")); s.Tail != "a\n" {
		t.Errorf("%+v", s)
	}
	if _, err := os.Stat(mark); !os.IsNotExist(err) {
		t.Error("the server ran what a step left:", err)
	}
}

// TestSlots: checks of one repository run at once, each in a worktree of its own, and a check gets the one that it had.
func TestSlots(t *testing.T) {
	w := newWorld(t, nil)
	one, two := w.job("", ""), w.job("", "")
	two.Check.Name = "lint"
	run := func(suffix string) (dirs []string) {
		a, b := again(one, "one"+suffix, blocked), again(two, "two"+suffix, blocked)
		w.ensure(a)
		w.ensure(b)
		dirs = []string{w.dirOf(a.Key), w.dirOf(b.Key)}
		w.unblock(b)
		w.unblock(a)
		w.wait(a.Key)
		w.wait(b.Key)
		w.ensure(b)
		w.ensure(a)
		return dirs
	}
	first := run("/1")
	if first[0] == first[1] {
		t.Error("two checks share a worktree")
	}
	one, two = two, one
	if second := run("/2"); second[0] != first[1] || second[1] != first[0] {
		t.Errorf("first %v, then %v", first, second)
	}
	three := w.job("pwd", "")
	three.Key, three.Check.Name = "three", "docs"
	if s := w.finish(three); !slices.Contains(first, strings.TrimSpace(s.Tail)) {
		t.Errorf("a third check needs no third worktree: %q", s.Tail)
	}
	w.free()
}

// TestPipeOfAGrandchild (waiting on a pipe that a grandchild holds): a check ends when its command does.
func TestPipeOfAGrandchild(t *testing.T) {
	w := newWorld(t, nil)
	s := w.finish(w.job("sleep 3600 & echo done", ""))
	if s.Outcome != app.Succeeded || s.Tail != "done\n" || s.Ended.Sub(s.Began).Seconds() > 5 {
		t.Errorf("%+v", s)
	}
}

// TestNothingIsLeftRunning (kill(-pgid) misses a setsid child): what a check leaves behind is killed, in whatever session it is.
func TestNothingIsLeftRunning(t *testing.T) {
	w := newWorld(t, nil)
	s := w.finish(w.job("sleep 3600 & echo $!; setsid sleep 3600 >/dev/null 2>&1 & echo $!; setsid sh -c 'sleep 3600 & echo $!; wait' & while ! [ -s x ]; do echo >x; done", ""))
	if s.Outcome != app.Succeeded {
		t.Fatalf("%+v", s)
	}
	for _, field := range strings.Fields(s.Tail) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		if line, err := os.ReadFile("/proc/" + field + "/cmdline"); err == nil && strings.HasPrefix(string(line), "sleep\x003600") {
			t.Errorf("%s (%q) lives on", field, line)
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// TestAnotherUser (a step forges another's report; fork code sees secrets): run as another user a step has its worktree, and nothing of the
// server's. What it produces is kept nevertheless.
func TestAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can run programs as another user")
	}
	as, err := shim.AsUser("65533:65533")
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, map[string]string{"a": "a"}, func(w *world) { w.as = as })
	s := w.finish(w.job(`id -u; cat a; echo b >a; mkdir dist; echo x >dist/x; chmod 700 dist; chmod 600 dist/x
for d in attempts attempts/ended attempts/active artifacts shim git/mirrors; do ls `+w.dir+`/$d >/dev/null 2>&1 && echo "reads $d"; touch `+w.dir+`/$d/forged 2>/dev/null && echo "writes $d"; done; true`, "dist"))
	if s.Outcome != app.Succeeded || s.Tail != "65533\na" || !w.store.Has(s.Artifact) {
		t.Errorf("%+v", s)
	}
}
