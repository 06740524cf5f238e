package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-cd/slipway/app/standin"
)

// The crash test of GitHub's review: a commit is asked for, a newer one replaces it, and that one is let go. The server is killed around each
// dispatch and around the cancelling of a run.

const reviewFile = `version: 1
environments:
  production:
    policy: delivery
    approve: github
    deploy: { actions: deploy.yml }
`

const reviewWorkflow = `name: Deploy
run-name: Deploy ${{ inputs.sha }} (${{ inputs.slipway }})
on:
  workflow_dispatch:
    inputs: { sha: { required: true }, slipway: { required: true } }
jobs:
  deploy:
    environment: production
    runs-on: ubuntu-latest
    steps:
      - run: echo ${{ inputs.sha }} >> TARGET/puts
`

// reviewed tells the story up to where a first release was let go, and a second change may be merged.
func (c *crash) reviewed() *standin.Pull {
	_, err := c.github.AddUser("eli")
	c.must(err)
	c.must(c.repo.SetRole("eli", "read"))
	c.must(c.repo.SetEnvironment("production", 0, "eli"))
	workflow := strings.ReplaceAll(reviewWorkflow, "TARGET", filepath.Join(c.dir, "target"))
	pull := c.pull("Add the pipeline", map[string]string{".github/slipway.yml": reviewFile, ".github/workflows/deploy.yml": workflow})
	_, err = pull.Merge("dana", "squash")
	c.must(err)
	c.wait("a call for an approval", func() bool { return said(pull, "slipway:notice/") })
	_, err = pull.Comment("dana", "/approve")
	c.must(err)
	c.letGo(1)
	c.wait("a card that says so", func() bool { return said(pull, "*Live*") })
	return c.pull("Two", map[string]string{"two": "2"})
}

// letGo reviews the newest run, of so many.
func (c *crash) letGo(runs int) {
	var last standin.WorkflowRun
	c.wait("a run that waits", func() bool {
		all := c.repo.WorkflowRuns()
		if len(all) < runs {
			return false
		}
		last = all[len(all)-1]
		return last.Status == "waiting"
	})
	c.must(c.repo.Review("eli", last.ID, true, "production", ""))
}

// replaced merges two changes, of which the second replaces the first before anybody has reviewed that, and gives what became of it.
func (c *crash) replaced(two *standin.Pull) string {
	three := c.pull("Three", map[string]string{"three": "3"})
	_, err := two.Merge("dana", "squash")
	c.must(err)
	c.wait("a request", func() bool { return said(two, "*Waiting for GitHub's review*") })
	c.wait("its run", func() bool { return runsOf(c.repo.WorkflowRuns()) == "success, waiting" })
	_, err = three.Merge("dana", "squash")
	c.must(err)
	c.wait("another request", func() bool { return said(three, "*Waiting for GitHub's review*") })
	c.letGo(3)
	c.wait("a live release", func() bool {
		r, _ := c.repo.CheckRun(three.MergeCommit(), "promote: production")
		return r.Conclusion == "success"
	})
	c.wait("a card that says so", func() bool { return said(three, "*Live*") })
	c.wait("a card of what went along", func() bool { return said(two, "went out with") })
	state := "runs " + runsOf(c.repo.WorkflowRuns())
	for i, sha := range c.lines("puts") {
		state += fmt.Sprintf("\nput %d: three %v", i+1, sha == three.MergeCommit())
	}
	return state
}

func TestCrashReview(t *testing.T) {
	if raceDetector || testing.Short() {
		t.Skip("the crash test runs without the race detector, and not with -short")
	}
	c := newCrash(t, strike{})
	two := c.reviewed()
	count := c.strikeAtWrite(0, "answered", "/actions/")
	want := c.replaced(two)
	if _, writes := count(); writes != 3 || want != "runs success, cancelled, success\nput 1: three false\nput 2: three true" {
		t.Fatalf("%d writes, %s", writes, want)
	}
	crew := newCrew(t)
	defer crew.wait()
	crew.aroundWrites(3, func(t *testing.T, n int, moment string) {
		c := newCrash(t, strike{})
		two := c.reviewed()
		struck := c.strikeAtWrite(n, moment, "/actions/")
		if got := c.replaced(two); got != want {
			t.Errorf("in the end\n%s\nand without a crash\n%s", got, want)
		}
		c.died(struck)
	})
}
