package report

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
)

// The files under testdata are what people read, state by state: read them when they change. UPDATE=1 writes them anew.

const (
	oldSHA = app.SHA("71f0aa93be12c3d4e5f60718293a4b5c6d7e8f90")
	newSHA = app.SHA("9b1e2c7d40aa1b2c3d4e5f60718293a4b5c6d7e8")
	topSHA = app.SHA("c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f7")
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// pages are addresses that stay readable in the files.
type pages struct{}

func (pages) Log(key string) string { return "https://slipway.example/log/" + key }
func (pages) Run(repo app.RepoID, c app.SHA) string {
	return fmt.Sprintf("https://slipway.example/run/%d/%s", repo, c.Short())
}
func (pages) Lane(at app.Address) string { return "https://slipway.example/" + at.String() }

func scene() Scene {
	return Scene{
		Repo: app.Repo{ID: 42, Owner: "acme", Name: "shop", DefaultBranch: "main"}, Links: pages{}, Now: noon, Slug: "slipway",
		Isolation: "Checks run as the user `build`.",
	}
}

func showCheck(v app.CheckRun, ok bool) string {
	if !ok {
		return "(nothing)\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "[%s] %s: %s\n", strings.Trim(v.Status+" "+v.Conclusion, " "), v.Name, v.Title)
	fmt.Fprintf(&b, "external %s, details %s\n", v.External, v.DetailsURL)
	for _, a := range v.Buttons {
		fmt.Fprintf(&b, "button %s: %s (%s)\n", a.Label, a.Description, a.Identifier)
	}
	for _, n := range v.Notes {
		fmt.Fprintf(&b, "note %s:%d:%d %s: %s\n", n.Path, n.Line, n.Column, n.Title, n.Message)
	}
	fmt.Fprintf(&b, "\n%s\n", v.Summary)
	if v.Text != "" {
		fmt.Fprintf(&b, "\n(text)\n%s\n", v.Text)
	}
	return b.String()
}

func showComment(c app.Comment, ok bool) string {
	if !ok {
		return "(nothing)\n"
	}
	return fmt.Sprintf("on #%d, marker %s\n\n%s\n", c.Pull, c.Marker, c.Body)
}

func showDeployment(d app.Deployment, ok bool) string {
	if !ok {
		return "(nothing)\n"
	}
	return fmt.Sprintf("[%s] %s %s to %s (%s): %s\nmarker %s, log %s, visit %s\n", d.State, d.Task, d.Commit.Short(), d.Environment, d.About, d.Description,
		d.Marker, d.LogURL, d.EnvironmentURL)
}

// state is one text and what it is of.
type state struct{ name, text string }

func TestGolden(t *testing.T) {
	for name, states := range map[string][]state{
		"checks": checkStates(), "promotions": promotionStates(), "comments": commentStates(), "notices": noticeStates(),
		"deployments": deploymentStates(),
	} {
		t.Run(name, func(t *testing.T) { golden(t, name, states) })
	}
}

func golden(t *testing.T, name string, states []state) {
	var a txtar.Archive
	a.Comment = []byte("What people read. UPDATE=1 go test ./app/report writes this anew.\n\n")
	for _, s := range states {
		a.Files = append(a.Files, txtar.File{Name: s.name, Data: []byte(s.text + "\n")})
	}
	path := filepath.Join("testdata", name+".txtar")
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(path, txtar.Format(&a), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := txtar.Parse(data)
	if len(want.Files) != len(a.Files) {
		t.Fatalf("%s has %d texts, not %d", path, len(want.Files), len(a.Files))
	}
	for i, f := range a.Files {
		if w := want.Files[i]; f.Name != w.Name || !bytes.Equal(bytes.TrimSpace(f.Data), bytes.TrimSpace(w.Data)) {
			t.Errorf("%s: it is now\n%s\nand was, of %s,\n%s", f.Name, f.Data, w.Name, w.Data)
		}
	}
}

// theRun is a run of two checks of our own and one of another App.
func theRun(states ...checks.CheckState) checks.Run {
	specs := []checks.Spec{
		{Name: "build", Run: "make", Produces: "dist/"}, {Name: "test", Service: "payments", Run: "go test ./...", Needs: []string{"build"}},
		{Name: "lint", External: checks.External{App: "golangci", Name: "lint"}},
	}
	r := checks.Run{
		Repo: 42, Commit: newSHA, State: checks.Open, Planned: true, Round: 1, Causes: []checks.Cause{{Kind: checks.Push, Place: 7}},
		Plan: checks.Plan{
			Checks: specs, Filtered: []checks.Spec{{Name: "test", Service: "web", Required: true}},
			Services: []checks.Service{{Name: "payments", Environments: []string{"staging", "production"}}},
		},
	}
	for i, spec := range specs {
		c := checks.Check{Spec: spec, State: states[i]}
		if c.State != checks.Waiting && c.State != checks.Skipped {
			c.Key, c.Queued, c.Began = app.Key(10+i), noon, noon.Add(time.Second)
		}
		if c.State.Ended() {
			c.Ended = noon.Add(62 * time.Second)
		}
		r.Checks = append(r.Checks, c)
	}
	return r
}

func failedRun() checks.Run {
	r := theRun(checks.Failed, checks.Skipped, checks.Passed)
	r.State = checks.Red
	r.Checks[0].Status = app.Status{Outcome: app.Failed, ExitCode: 2, Reason: "exited with code 2", Tail: "\x1b[31mmake: *** [build] Error 2\x1b[0m\n"}
	r.Checks[2].URL = "https://ci.example/lint/1"
	return r
}

func greenRun() checks.Run {
	r := theRun(checks.Passed, checks.Passed, checks.Passed)
	r.State = checks.Green
	r.Checks[0].Status.Artifact = "0123456789abcdef0123456789abcdef"
	r.Plan.Notes = []string{"README.md lies outside every service."}
	return r
}

func brokenRun() checks.Run {
	r := theRun(checks.Passed, checks.Passed, checks.Passed)
	r.State, r.Checks, r.Plan.Checks = checks.Red, nil, nil
	r.Plan.Problems = []app.Problem{{File: filePath, Line: 4, Column: 3, Sentence: `There is no key "enviroments" here. Do you mean "environments"?`}}
	return r
}

// partlyBrokenRun is one whose file is good but for one service, and one of whose checks failed.
func partlyBrokenRun() checks.Run {
	r := failedRun()
	r.Plan.Problems = []app.Problem{{File: filePath, Line: 9, Column: 5, Service: "web", Sentence: `"2 weeks" is no duration. Write it like 10s or 15m.`}}
	r.Plan.Services = append(r.Plan.Services, checks.Service{Name: "web", Environments: []string{"production"}, Broken: true})
	return r
}

// goneRun is one whose commit deletes the file.
func goneRun() checks.Run {
	return checks.Run{Repo: 42, Commit: newSHA, State: checks.Green, Planned: true, Round: 1, Plan: checks.Plan{NoFile: true, Notes: []string{
		"Without .github/slipway.yml nothing is built or released any more. What waits will be canceled, what is live stays."}}}
}

func checkStates() []state {
	running, forked := theRun(checks.Running, checks.Waiting, checks.Running), theRun(checks.Waiting, checks.Waiting, checks.Waiting)
	forked.Causes = []checks.Cause{{Kind: checks.PullRequest, Pull: 412, Fork: true}}
	canceled := theRun(checks.CheckCanceled, checks.CheckCanceled, checks.CheckCanceled)
	canceled.State = checks.Canceled
	s := scene()
	aggregate := func(r checks.Run) string { return showCheck(Aggregate(s, r)) }
	check := func(r checks.Run, id string) string { return showCheck(Check(s, r, id)) }
	queued := theRun(checks.Running, checks.Waiting, checks.Waiting)
	queued.Checks[0].Began = time.Time{}
	return []state{
		{"slipway, checking", aggregate(running)}, {"slipway, green", aggregate(greenRun())}, {"slipway, red", aggregate(failedRun())},
		{"slipway, a broken file", aggregate(brokenRun())}, {"slipway, a broken service", aggregate(partlyBrokenRun())},
		{"slipway, the file is deleted", aggregate(goneRun())}, {"slipway, no file", aggregate(checks.Run{State: checks.Green, Planned: true, Plan: checks.Plan{NoFile: true}})},
		{"slipway, a fork", aggregate(forked)}, {"slipway, canceled", aggregate(canceled)},
		{"build, in line", check(queued, "build")}, {"build, running", check(running, "build")}, {"build, passed", check(greenRun(), "build")},
		{"build, failed", check(failedRun(), "build")}, {"test, skipped", check(failedRun(), "payments/test")},
		{"build, canceled", check(canceled, "build")}, {"web's test, not concerned", check(greenRun(), "web/test")},
	}
}

func deploymentStates() []state {
	var all []state
	for _, st := range []deploy.State{deploy.Deploying, deploy.Verifying, deploy.Live, deploy.RollingBack, deploy.RolledBack, deploy.Attention, deploy.Failed} {
		l := theLane(st)
		text := showDeployment(Deployment(scene(), l, 21))
		if l.Promotions[1].Undone != 0 {
			text += showDeployment(Deployment(scene(), l, 31))
		}
		all = append(all, state{string(st), text})
	}
	unwatched := theLane(deploy.Live)
	unwatched.Promotions[1].Release.Spec.Verify = deploy.Verify{}
	all = append(all, state{"live, nobody looked", showDeployment(Deployment(scene(), unwatched, 21))})
	return append(all, state{"by a workflow, of which GitHub makes its own", showDeployment(Deployment(scene(), byAWorkflow(deploy.Live), 21)) +
		showDeployment(Deployment(scene(), byAWorkflow(deploy.RolledBack), 31))})
}
