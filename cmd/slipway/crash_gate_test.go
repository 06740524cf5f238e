package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-cd/slipway/app/standin"
)

// The crash test of the gate alone: the team's own workflow asks about a sick commit, is let go, and is undone by another, which asks too. The
// server is killed around each answer and around the dispatch.

const gateFile = `version: 1
environments:
  production:
    policy: deployment
    deploy: github
    rollback_workflow: back.yml
    verify: { http: "HEALTH", every: 200ms, failures: 1, starts_within: 0s, bake: 600ms }
`

const gateWorkflow = `name: Deploy
on:
  push: { branches: [main] }
jobs:
  deploy:
    environment: production
    runs-on: ubuntu-latest
    steps:
      - run: echo ${{ github.sha }} >> TARGET/puts
`

const backWorkflow = `name: Back
run-name: Back to ${{ inputs.sha }} (${{ inputs.slipway }})
on:
  workflow_dispatch:
    inputs: { sha: { required: true }, slipway: { required: true } }
jobs:
  back:
    environment: production
    runs-on: ubuntu-latest
    steps:
      - run: echo ${{ inputs.sha }} >> TARGET/puts
`

// gated tells the story up to where a first release was let go and has baked, and a second change may be merged. What is not the first is sick.
func (c *crash) gated() (one, two *standin.Pull) {
	health := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		text, _ := os.ReadFile(filepath.Join(c.dir, "target", "puts"))
		if all := strings.Fields(string(text)); len(all) > 0 && all[len(all)-1] != all[0] {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	c.t.Cleanup(health.Close)
	c.must(c.repo.SetProtectionRule("production", true))
	at := strings.NewReplacer("TARGET", filepath.Join(c.dir, "target"), "HEALTH", health.URL)
	one = c.pull("Add the pipeline", map[string]string{".github/slipway.yml": at.Replace(gateFile),
		".github/workflows/deploy.yml": at.Replace(gateWorkflow), ".github/workflows/back.yml": at.Replace(backWorkflow)})
	_, err := one.Merge("dana", "squash")
	c.must(err)
	c.wait("a call for an approval", func() bool { return said(one, "slipway:notice/") })
	_, err = one.Comment("dana", "/approve")
	c.must(err)
	c.wait("a release that baked", func() bool { return said(one, "*Live*") })
	return one, c.pull("Two", map[string]string{"two": "2"})
}

// undone merges the second change, and gives what became of it.
func (c *crash) undone(one, two *standin.Pull) string {
	_, err := two.Merge("dana", "squash")
	c.must(err)
	c.wait("a release that was taken back", func() bool {
		r, _ := c.repo.CheckRun(two.MergeCommit(), "promote: production")
		return r.Conclusion == "failure"
	})
	c.wait("a card that says so", func() bool { return said(two, "*Rolled back") })
	state := "runs " + runsOf(c.repo.WorkflowRuns())
	for i, sha := range c.lines("puts") {
		state += fmt.Sprintf("\nput %d: one %v", i+1, sha == one.MergeCommit())
	}
	return state
}

func TestCrashGate(t *testing.T) {
	if raceDetector || testing.Short() {
		t.Skip("the crash test runs without the race detector, and not with -short")
	}
	c := newCrash(t, strike{})
	one, two := c.gated()
	count := c.strikeAtWrite(0, "answered", "/actions/")
	want := c.undone(one, two)
	if _, writes := count(); writes < 3 || want != "runs success, success, success\nput 1: one true\nput 2: one false\nput 3: one true" {
		t.Fatalf("%d writes, %s", writes, want)
	}
	crew := newCrew(t)
	defer crew.wait()
	crew.aroundWrites(3, func(t *testing.T, n int, moment string) {
		c := newCrash(t, strike{})
		one, two := c.gated()
		struck := c.strikeAtWrite(n, moment, "/actions/")
		if got := c.undone(one, two); got != want {
			t.Errorf("in the end\n%s\nand without a crash\n%s", got, want)
		}
		c.died(struck)
	})
}
