package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/slipway-cd/slipway/app/shim"
	"github.com/slipway-cd/slipway/app/standin"
)

// The crash test starts the real server as a process of its own and kills it with SIGKILL around each write to GitHub and around each command.
// Restarted, it must come to the same end, with nothing shown twice and no command run twice under one key. It runs by the real clock, and polls
// with deadlines. Here is how a release goes out; how one is taken back is in crash_rollback_test.go.

const crashFile = `version: 1
checks:
  test: { run: "echo $SLIPWAY_COMMIT >> TARGET/checks" }
environments:
  production:
    policy: delivery
    deploy: { run: "echo $SLIPWAY_FENCE >> TARGET/puts; echo $SLIPWAY_COMMIT > TARGET/live" }
`

// play tells the story up to where the release is put there.
func (c *crash) play() (merge string) {
	file := strings.ReplaceAll(crashFile, "TARGET", filepath.Join(c.dir, "target"))
	_, err := c.repo.Commit("ben", "first", "Add the pipeline", map[string]string{".github/slipway.yml": file})
	c.must(err)
	pull, err := c.repo.OpenPullRequest("ben", "Add the pipeline", "first", "main")
	c.must(err)
	c.wait("green checks", func() bool { r, _ := c.repo.CheckRun(pull.Head(), "slipway"); return r.Conclusion == "success" })
	merge, err = pull.Merge("dana", "squash")
	c.must(err)
	c.wait("a card", func() bool {
		return slices.ContainsFunc(pull.Comments(), func(m standin.Comment) bool { return strings.Contains(m.Body, "To approve, comment on") })
	})
	c.wait("a call for an approval", func() bool {
		return slices.ContainsFunc(pull.Comments(), func(m standin.Comment) bool { return strings.Contains(m.Body, "slipway:notice/") })
	})
	_, err = pull.Comment("dana", "/approve")
	c.must(err)
	return merge
}

// finish waits for the end of the story.
func (c *crash) finish(merge string) {
	c.wait("a live release", func() bool {
		r, _ := c.repo.CheckRun(merge, "promote: production")
		d := c.repo.Deployments("production")
		return r.Conclusion == "success" && len(d) > 0 && d[len(d)-1].State() == "success"
	})
	c.wait("a card that says so", func() bool {
		return slices.ContainsFunc(c.repo.Comments(1), func(m standin.Comment) bool { return strings.Contains(m.Body, "*Live*") })
	})
	c.wait("check runs that have all ended", func() bool {
		return !slices.ContainsFunc(c.repo.CheckRuns(merge), func(r standin.CheckRun) bool { return r.Conclusion == "" })
	})
	c.wait("an answer to /approve", func() bool {
		return slices.ContainsFunc(c.repo.Comments(1), func(m standin.Comment) bool { return strings.Contains(m.Body, "answer-") })
	})
}

// state is all that GitHub shows in the end, without what differs from story to story.
func (c *crash) state() string {
	var all []string
	pull, ok := c.repo.Pull(1)
	if !ok {
		return "no pull request"
	}
	for _, commit := range []struct{ name, sha string }{{"head", pull.Head()}, {"merge", pull.MergeCommit()}} {
		for _, r := range c.repo.CheckRuns(commit.sha) {
			_, external, _ := strings.Cut(r.ExternalID, "#")
			all = append(all, fmt.Sprintf("%s: %s %s %s", commit.name, r.Name, external, r.Conclusion))
		}
	}
	for _, m := range pull.Comments() {
		if m.Author == "slipway[bot]" {
			marker, _, _ := strings.Cut(m.Body[max(0, strings.Index(m.Body, "<!-- slipway:")):], "-->")
			all = append(all, "comment "+strings.TrimRight(marker, "0123456789 ")) // numbers of comments differ
		}
	}
	for _, d := range c.repo.Deployments("production") {
		all = append(all, "deployment "+d.Task+" "+d.State())
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

func (c *crash) lines(file string) []string {
	text, _ := os.ReadFile(filepath.Join(c.dir, "target", file))
	return strings.Fields(string(text))
}

// check holds that the end is that of the story without a crash.
func (c *crash) check(want string, checks int) {
	c.t.Helper()
	if got := c.state(); got != want {
		c.t.Errorf("in the end GitHub shows\n%s\nand without a crash\n%s", got, want)
	}
	if ran := c.lines("checks"); len(ran) != checks {
		c.t.Errorf("checks ran %d times, want %d: %v", len(ran), checks, ran)
	}
	if puts := c.lines("puts"); len(puts) != 1 {
		c.t.Errorf("the release was put there %d times: %v", len(puts), puts)
	}
	if n := c.repo.Reopened(); n != 0 {
		c.t.Errorf("%d writes to completed check runs", n)
	}
	reactions := 0
	for _, m := range c.repo.Comments(1) {
		reactions += len(m.Reactions)
	}
	if reactions != 1 {
		c.t.Errorf("%d reactions to one command", reactions)
	}
}

// undisturbed plays the story without a crash, and says how it ends and how many writes it takes.
func undisturbed(t *testing.T) (state string, writes int) {
	c := newCrash(t, strike{})
	var mu sync.Mutex
	c.github.OnWrite(standin.WriteHooks{Answered: func(w standin.Write) {
		mu.Lock()
		defer mu.Unlock()
		writes = max(writes, w.Number)
	}})
	c.finish(c.play())
	state = c.state()
	c.check(state, 2)
	mu.Lock()
	defer mu.Unlock()
	return state, writes
}

func TestCrash(t *testing.T) {
	if raceDetector || testing.Short() {
		t.Skip("the crash test runs without the race detector, and not with -short")
	}
	want, writes := undisturbed(t)
	t.Logf("%d writes; in the end:\n%s", writes, want)
	if writes < 8 {
		t.Fatalf("only %d writes: the story tells nothing", writes)
	}
	crew := newCrew(t)
	defer crew.wait()
	crew.aroundWrites(writes, func(t *testing.T, n int, moment string) {
		c := newCrash(t, strike{})
		struck := c.strikeAtWrite(n, moment, "")
		c.finish(c.play())
		c.check(want, 2)
		c.died(struck)
	})
	for _, program := range []string{"#execute/2", "#put/"} {
		for _, at := range []shim.Point{shim.AtClaim, shim.AtStart, shim.BeforeExit, shim.AfterExit} {
			crew.run(fmt.Sprintf("program %s %s", program, at), func(t *testing.T) {
				c := newCrash(t, strike{program, shim.Fault{At: at, Server: true}})
				c.finish(c.play())
				if c.killed() == 0 {
					t.Error("nothing was killed")
				}
				c.check(want, 2)
			})
		}
	}
}

// TestCrashOfBoth: when the shim is killed too, the outcome can never be known. A check runs again as a new attempt; a deployment is left to a
// person.
func TestCrashOfBoth(t *testing.T) {
	if raceDetector || testing.Short() {
		t.Skip("the crash test runs without the race detector, and not with -short")
	}
	both := shim.Fault{At: shim.BeforeExit, Server: true, Shim: true}
	crew := newCrew(t)
	defer crew.wait()
	crew.run("check", func(t *testing.T) {
		c := newCrash(t, strike{"#execute/2", both})
		c.finish(c.play())
		if ran := c.lines("checks"); len(ran) != 3 && len(ran) != 4 { // each of two commits has a second attempt if it was struck
			t.Errorf("checks ran %d times", len(ran))
		}
		if puts := c.lines("puts"); len(puts) != 1 {
			t.Errorf("put there %d times", len(puts))
		}
	})
	crew.run("deployment", func(t *testing.T) {
		c := newCrash(t, strike{"#put/", both})
		merge := c.play()
		c.wait("a question to a person", func() bool {
			r, _ := c.repo.CheckRun(merge, "promote: production")
			return r.Conclusion == "action_required"
		})
		if puts := c.lines("puts"); len(puts) != 1 {
			t.Errorf("put there %d times", len(puts))
		}
	})
}
