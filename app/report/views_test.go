package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
)

// A check whose attempt has ended, well, badly or unknown, and that waits again when all is given up, keeps that attempt's conclusion.
func TestCanceledWhileWaitingLeavesTheEndedAttemptAlone(t *testing.T) {
	for _, ended := range []app.Status{{Outcome: app.Failed}, {Outcome: app.OutcomeUnknown, Reason: "ended without anybody knowing how"}} {
		r, _ := checks.Step(checks.Run{Repo: 42, Commit: newSHA}, checks.Opened{Cause: checks.Cause{Kind: checks.Push, Place: 7}}, noon)
		step := func(m app.Message) { r, _ = checks.Step(r, m, noon) }
		finish := func(id string, s app.Status) {
			c, _ := r.Check(id)
			step(checks.Finished{Check: id, Key: c.Key, Status: s})
		}
		step(checks.Planned{Key: r.Planning, Plan: checks.Plan{Checks: []checks.Spec{{Name: "build"}, {Name: "test", Needs: []string{"build"}}}}})
		finish("build", app.Status{Outcome: app.Succeeded})
		for range checks.Tries {
			finish("test", ended)
		}
		before, _ := Check(scene(), r, "test")
		step(app.Said{Verb: app.VerbRetry, Check: "build"})
		step(app.Said{Verb: app.VerbCancel})
		after, _ := Check(scene(), r, "test")
		if before.Conclusion != "failure" || after.Conclusion != "cancelled" || before.External == after.External {
			t.Errorf("%+v: %s is %s, then %s is %s", ended, before.External, before.Conclusion, after.External, after.Conclusion)
		}
	}
}

func TestNothingIsSaidOfWhatNobodyRead(t *testing.T) {
	unplanned, over := theRun(checks.Waiting, checks.Waiting, checks.Waiting), greenRun()
	unplanned.Planned, over.State = false, checks.PassedOver
	for name, r := range map[string]checks.Run{"absent": {}, "unplanned": unplanned, "passed over": over} {
		if v, ok := Aggregate(scene(), r); ok {
			t.Errorf("%s: %+v", name, v)
		}
	}
	broken := brokenRun()
	broken.State = checks.PassedOver
	if _, ok := Aggregate(scene(), broken); !ok {
		t.Error("the problems of a passed-over commit are not shown")
	}
}

func TestProblemsBeyondTheMarksAreCounted(t *testing.T) {
	r := brokenRun()
	for range 111 {
		r.Plan.Problems = append(r.Plan.Problems, r.Plan.Problems[0])
	}
	v, _ := Aggregate(scene(), r)
	if want := "The first 100 problems are marked in the file; 12 more are left out there."; len(v.Notes) != 100 || !strings.HasPrefix(v.Summary, want) {
		t.Errorf("%d notes, and %.100q", len(v.Notes), v.Summary)
	}
	r.Plan.Problems = r.Plan.Problems[:100]
	if v, _ = Aggregate(scene(), r); len(v.Notes) != 100 || strings.Contains(v.Summary, "left out") {
		t.Errorf("%d notes, and %.100q", len(v.Notes), v.Summary)
	}
}

// A digest may be short: the file's words and the drivers' are no promise.
func TestArtifactsOfAnyNameAreShown(t *testing.T) {
	for _, digest := range []string{"a", "0123456789a", "0123456789abcdef"} {
		r := greenRun()
		r.Checks[0].Status.Artifact = digest
		v, _ := Check(scene(), r, "build")
		if want := "`" + digest[:min(12, len(digest))] + "`"; !strings.Contains(v.Summary, want) {
			t.Errorf("%q is not in %q", want, v.Summary)
		}
	}
}

func TestAnotherAppsAddressIsNoMarkdown(t *testing.T) {
	r := failedRun()
	r.Checks[2].URL = "https://ci.example/) ![x](https://evil.example/"
	v, _ := Aggregate(scene(), r)
	if page := html(t, v.Summary); strings.Contains(page, "<img") || strings.Contains(page, `"https://evil`) {
		t.Error(page)
	}
	r.Checks[2].URL = "javascript:alert(1)"
	if v, _ = Aggregate(scene(), r); strings.Contains(v.Summary, "javascript") {
		t.Error(v.Summary)
	}
}

// Every card that waits or deploys says what happens if it goes wrong.
func TestEveryCardOnItsWaySaysWhatFollowsFailure(t *testing.T) {
	for _, s := range []deploy.State{deploy.Gating, deploy.Held, deploy.Deploying, deploy.Verifying} {
		for name, l := range map[string]deploy.Lane{"plain": theLane(s), "on hold": onHold(s)} {
			for _, pull := range []*app.Pull{nil, ben()} {
				v, _ := Promotion(scene(), l, newSHA, pull)
				if !strings.Contains(v.Summary, "If it goes wrong it returns to `71f0aa93be12` by itself.") {
					t.Errorf("%s, %s: %s", s, name, v.Summary)
				}
			}
		}
	}
}

func TestWhatGoesOutIsNamedUnlessItIsThisAlone(t *testing.T) {
	var many []app.Pull
	for i := range 35 {
		many = append(many, app.Pull{Number: i + 1, Author: app.Person{Login: fmt.Sprintf("dev-%d", i+1)}})
	}
	cy := app.Pull{Number: 409, Author: app.Person{Login: "cy"}}
	for _, c := range []struct {
		out   []app.Pull
		alone int
		want  string
	}{
		{nil, 0, ""}, {[]app.Pull{*ben()}, 0, ""}, {[]app.Pull{cy}, 0, "Goes out: #409 (@<!-- -->cy)."},
		{[]app.Pull{*ben(), cy}, 0, "Goes out: #412 (@<!-- -->ben), #409 (@<!-- -->cy)."}, {many, 0, ", #30 (@<!-- -->dev-30) and 5 more."},
		{nil, 2, "Goes out: 2 commits without a pull request."},
		{[]app.Pull{*ben()}, 1, "Goes out: #412 (@<!-- -->ben) and 1 commit without a pull request."},
		{many, 3, " and 5 more, and 3 commits without a pull request."},
	} {
		l := theLane(deploy.Held)
		text := card(scene(), l, l.Promotions[1], ben(), Outgoing{c.out, c.alone})
		if !strings.Contains(text, c.want) || c.want == "" && strings.Contains(text, "Goes out") {
			t.Errorf("%q is not in %s", c.want, text)
		}
		if strings.Contains(strings.ReplaceAll(text, "@"+separator, ""), "@") {
			t.Errorf("somebody is called: %s", text)
		}
	}
}

func TestWordsOfProgramsLoseTheirCodes(t *testing.T) {
	r := failedRun()
	r.Checks[0].Status.Reason = "exited\x1b[1m 2\x00\n# head"
	v, _ := Check(scene(), r, "build")
	l := theLane(deploy.Attention)
	l.Promotions[1].Why = "Its deploy step \x1b[31mfailed\x07\n\n# badly."
	p, _ := Promotion(scene(), l, newSHA, ben())
	d, _ := Deployment(scene(), l, 21)
	for _, text := range []string{v.Title, v.Summary, p.Title, p.Summary, d.Description} {
		if strings.ContainsAny(text, "\x1b\x00\x07") || strings.Contains(text, "[31m") || strings.Contains(text, "\n# ") {
			t.Errorf("%q", text)
		}
	}
}

// What has gone out is told as the past, and of what never went nothing is told.
func TestWhatGoesOutIsToldInItsTime(t *testing.T) {
	out := Outgoing{[]app.Pull{*ben(), {Number: 409, Author: app.Person{Login: "cy"}}}, 0}
	for s, want := range map[deploy.State]string{
		deploy.Held: "Goes out: #412", deploy.Deploying: "Goes out: #412", deploy.Verifying: "Went out: #412", deploy.Live: "Went out: #412",
		deploy.RolledBack: "Went out: #412", deploy.Failed: "Went out: #412", deploy.Denied: "", deploy.Canceled: "", deploy.Superseded: "",
	} {
		l := theLane(s)
		text := card(scene(), l, l.Promotions[1], ben(), out)
		if !strings.Contains(text, want) || want == "" && strings.Contains(text, "ut: #") {
			t.Errorf("%s: %q is not in %s", s, want, text)
		}
	}
}
