package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-cd/slipway/app/shim"
	"github.com/slipway-cd/slipway/app/standin"
)

// The other half of the crash test: a release that baked well is followed by one that is sick, which is taken back. The server is killed in
// that second half.

const sickFile = `version: 1
environments:
  production:
    policy: deployment
    deploy: { run: "echo $SLIPWAY_FENCE >> TARGET/puts; cp version TARGET/live" }
    verify: { http: "HEALTH", every: 200ms, failures: 1, starts_within: 0s, bake: 600ms }
`

// good tells the story up to where a first release has baked, and a sick change may be merged.
func (c *crash) good() *standin.Pull {
	live := filepath.Join(c.dir, "target", "live")
	health := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if text, _ := os.ReadFile(live); string(text) == "sick" {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	c.t.Cleanup(health.Close)
	file := strings.NewReplacer("TARGET", filepath.Join(c.dir, "target"), "HEALTH", health.URL).Replace(sickFile)
	pull := c.pull("Add the pipeline", map[string]string{".github/slipway.yml": file, "version": "well"})
	_, err := pull.Merge("dana", "squash")
	c.must(err)
	c.wait("a call for an approval", func() bool { return said(pull, "slipway:notice/") })
	_, err = pull.Comment("dana", "/approve")
	c.must(err)
	c.wait("a release that baked", func() bool {
		r, _ := c.repo.CheckRun(pull.MergeCommit(), "promote: production")
		return r.Conclusion == "success"
	})
	c.wait("a card that says so", func() bool { return said(pull, "*Live*") })
	c.wait("an answer to /approve", func() bool { return said(pull, "answer-") })
	return c.pull("Make it sick", map[string]string{"version": "sick"})
}

func said(p *standin.Pull, part string) bool {
	return slices.ContainsFunc(p.Comments(), func(m standin.Comment) bool { return strings.Contains(m.Body, part) })
}

// pull opens a pull request with these files and waits until it may be merged.
func (c *crash) pull(title string, files map[string]string) *standin.Pull {
	branch := strings.ReplaceAll(strings.ToLower(title), " ", "-")
	_, err := c.repo.Commit("ben", branch, title, files)
	c.must(err)
	pull, err := c.repo.OpenPullRequest("ben", title, branch, "main")
	c.must(err)
	c.wait("green checks", func() bool { r, _ := c.repo.CheckRun(pull.Head(), "slipway"); return r.Conclusion == "success" })
	c.wait("a comment", func() bool { return said(pull, "When this is merged") })
	return pull
}

// bad merges the second half's change, in whose end the first release is live again.
func (c *crash) bad(pull *standin.Pull) string {
	_, err := pull.Merge("dana", "squash")
	c.must(err)
	c.wait("a release that was taken back", func() bool {
		r, _ := c.repo.CheckRun(pull.MergeCommit(), "promote: production")
		return r.Conclusion == "failure"
	})
	c.wait("a card that says so", func() bool { return said(pull, "*Rolled back") })
	c.wait("a call for somebody", func() bool { return said(pull, "/rollback/") })
	deployments := func() (all []string) {
		for _, d := range c.repo.Deployments("production") {
			all = append(all, "deployment "+d.Task+" "+d.State())
		}
		slices.Sort(all)
		return all
	}
	c.wait("deployments that say so", func() bool {
		return slices.Equal(deployments(), []string{"deployment deploy failure", "deployment deploy inactive", "deployment rollback success"})
	})
	c.wait("green checks of the merge", func() bool {
		r, _ := c.repo.CheckRun(pull.MergeCommit(), "slipway")
		return r.Conclusion == "success"
	})
	all := deployments()
	seen := map[string]bool{}
	for _, r := range c.repo.CheckRuns(pull.MergeCommit()) {
		_, external, _ := strings.Cut(r.ExternalID, "#")
		if line := fmt.Sprintf("%s %s %s", r.Name, external, r.Conclusion); r.Conclusion != "neutral" || seen[line] {
			all = append(all, line) // what is neutral is on the way, and may be over before it is shown; but never shown twice
		} else {
			seen[line] = true
		}
	}
	for _, m := range pull.Comments() {
		marker, _, _ := strings.Cut(m.Body[max(0, strings.Index(m.Body, "<!-- slipway:")):], "-->")
		all = append(all, "comment "+strings.TrimRight(marker, "0123456789 "))
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// takenBack holds the end of the story: each release was put there once, and the first one once more.
func (c *crash) takenBack(got, want string) {
	c.t.Helper()
	if got != want {
		c.t.Errorf("in the end GitHub shows\n%s\nand without a crash\n%s", got, want)
	}
	if puts := c.lines("puts"); len(puts) != 3 {
		c.t.Errorf("releases were put there %d times: %v", len(puts), puts)
	}
	if live := c.lines("live"); !slices.Equal(live, []string{"well"}) {
		c.t.Errorf("%q is live", live)
	}
	if n := c.repo.Reopened(); n != 0 {
		c.t.Errorf("%d writes to completed check runs", n)
	}
}

func TestCrashRollback(t *testing.T) {
	if raceDetector || testing.Short() {
		t.Skip("the crash test runs without the race detector, and not with -short")
	}
	c := newCrash(t, strike{})
	sick := c.good()
	count := c.strikeAtWrite(0, "answered", "")
	want := c.bad(sick)
	c.takenBack(want, want)
	_, writes := count()
	t.Logf("%d writes; in the end:\n%s", writes, want)
	if writes < 8 {
		t.Fatalf("only %d writes: the story tells nothing", writes)
	}
	crew := newCrew(t)
	defer crew.wait()
	crew.aroundWrites(writes, func(t *testing.T, n int, moment string) {
		c := newCrash(t, strike{})
		sick := c.good()
		struck := c.strikeAtWrite(n, moment, "")
		c.takenBack(c.bad(sick), want)
		c.died(struck)
	})
	for _, at := range []shim.Point{shim.AtClaim, shim.AtStart, shim.BeforeExit, shim.AfterExit} {
		crew.run("program "+string(at), func(t *testing.T) {
			c := newCrash(t, strike{"#restore/", shim.Fault{At: at, Server: true}})
			c.takenBack(c.bad(c.good()), want)
			if c.killed() == 0 {
				t.Error("nothing was killed")
			}
		})
	}
}
