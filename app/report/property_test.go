package report

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/policies"
)

// history is what GitHub was shown of one check run after the other. GitHub never reopens a completed one, so what is completed keeps its
// status and conclusion for ever.
type history map[string]string

func (h history) shows(t *rapid.T, v app.CheckRun, ok bool) {
	t.Helper()
	if !ok {
		return
	}
	bounded(t, v)
	key := v.Name + " " + v.External
	old, now := h[key], v.Status+" "+v.Conclusion
	if strings.HasPrefix(old, "completed") && old != now {
		t.Fatalf("%s was %s and is now %s", key, old, now)
	}
	h[key] = now
}

// bounded holds a check run to GitHub's limits.
func bounded(t *rapid.T, v app.CheckRun) {
	t.Helper()
	if v.External == "" || v.Title == "" || v.Summary == "" {
		t.Fatalf("something is missing: %+v", v)
	}
	if (v.Status == "completed") != (v.Conclusion != "") {
		t.Fatalf("status %q with conclusion %q", v.Status, v.Conclusion)
	}
	if len(v.Summary) > maxText || len(v.Text) > maxText || utf8.RuneCountInString(v.Title) > maxTitle || strings.Contains(v.Title, "\n") {
		t.Fatalf("too long: summary %d, text %d, title %q", len(v.Summary), len(v.Text), v.Title)
	}
	if len(v.Buttons) > 3 || len(v.Buttons) > 0 && v.Status != "completed" || len(v.Notes) > maxNotes {
		t.Fatalf("%d buttons while %s, %d notes", len(v.Buttons), v.Status, len(v.Notes))
	}
	for _, b := range v.Buttons {
		if utf8.RuneCountInString(b.Label) > 20 || utf8.RuneCountInString(b.Description) > 40 || len(b.Identifier) > 20 {
			t.Fatalf("too long: %+v", b)
		}
	}
	for _, s := range []string{v.Title, v.Summary, v.Text} {
		if !utf8.ValidString(s) || strings.ContainsAny(s, "\x00\x1b") {
			t.Fatalf("no text: %q", s)
		}
	}
}

// nasty is text that nobody was asked for.
func nasty() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		piece := rapid.SampledFrom(append([]string{"é", "`", "x", "\x1b[31m", "\x00", "\xff", "\n", "@dana ", "#1 ", "it "}, hostile...)).Draw(t, "piece")
		long := rapid.SampledFrom([]int{0, 1, 1, 1, 1, 300, 300, maxText + 300}).Draw(t, "long")
		return strings.Repeat(piece, (long+len(piece)-1)/len(piece))
	})
}

func ending(t *rapid.T) app.Status {
	return app.Status{
		Outcome: rapid.SampledFrom([]app.Outcome{app.Succeeded, app.Failed, app.OutcomeUnknown, app.Inconclusive}).Draw(t, "outcome"),
		Reason:  nasty().Draw(t, "reason"), Tail: nasty().Draw(t, "tail"), Artifact: rapid.SampledFrom([]string{"", "abc", "0123456789abcdef"}).Draw(t, "artifact"),
		Running: rapid.IntRange(0, 9).Draw(t, "running") == 0,
	}
}

func aCause(t *rapid.T) checks.Cause {
	return rapid.SampledFrom([]checks.Cause{
		{Kind: checks.Push, Place: 7}, {Kind: checks.PullRequest, Pull: 1}, {Kind: checks.PullRequest, Pull: 2, Fork: true}, {Kind: checks.MergeGroup},
	}).Draw(t, "cause")
}

func aPlan(t *rapid.T) checks.Plan {
	all := []checks.Spec{
		{Name: "build", Required: true}, {Name: "test", Service: "web", Needs: []string{"build"}, Required: true},
		{Name: "lint", External: checks.External{App: "golangci", Name: "lint"}}, {Name: "late", Needs: []string{"web/test", "lint"}},
	}
	var p checks.Plan
	for _, s := range all {
		if rapid.IntRange(0, 3).Draw(t, "concerned") > 0 {
			p.Checks = append(p.Checks, s)
		} else {
			p.Filtered = append(p.Filtered, s)
		}
	}
	if rapid.IntRange(0, 4).Draw(t, "broken") == 0 {
		problem := app.Problem{File: filePath, Line: rapid.IntRange(0, 3).Draw(t, "line"), Sentence: nasty().Draw(t, "sentence")}
		for range rapid.SampledFrom([]int{1, 1, 103}).Draw(t, "problems") {
			p.Problems = append(p.Problems, problem)
		}
	}
	p.Notes = []string{nasty().Draw(t, "note")}
	p.Services = []checks.Service{{Name: "web", Environments: []string{"production"}}}
	return p
}

// runMessage is a message that a run may get, mostly one that fits.
func runMessage(t *rapid.T, r checks.Run) app.Message {
	var id string
	key := r.Planning
	if len(r.Checks) > 0 {
		c := rapid.SampledFrom(r.Checks).Draw(t, "check")
		id, key = c.ID(), c.Key
	}
	switch rapid.IntRange(0, 9).Draw(t, "kind") {
	case 0:
		return checks.Opened{Cause: aCause(t), Missed: rapid.IntRange(0, 9).Draw(t, "missed") == 0}
	case 1, 2:
		return checks.Planned{Key: r.Planning, Plan: aPlan(t)}
	case 3:
		return checks.Withdrawn{Cause: aCause(t)}
	case 4:
		return checks.Began{Check: id, Key: key}
	case 5:
		return app.Said{Verb: app.VerbRetry, Check: rapid.SampledFrom([]string{"", id}).Draw(t, "of"), By: app.Person{Login: "dana"}}
	case 6:
		return app.Said{Verb: app.VerbCancel, By: app.Person{Login: "dana"}}
	}
	return checks.Finished{Check: id, Key: key, Status: ending(t), URL: nasty().Draw(t, "url")}
}

// A completed check run is never shown with another conclusion, along any way that a run can take.
func TestRunsNeverReopenACheckRun(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, now := history{}, noon
		r, _ := checks.Step(checks.Run{Repo: 42, Commit: newSHA}, checks.Opened{Cause: aCause(t)}, now)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			now = now.Add(time.Second)
			before := r
			r, _ = checks.Step(r, runMessage(t, r), now)
			views := checks.Redraw(before, r)
			if len(views) == 0 {
				continue
			}
			for _, k := range views {
				switch k.Kind {
				case app.ViewAggregate:
					v, ok := Aggregate(scene(), r)
					h.shows(t, v, ok)
				case app.ViewCheck:
					v, ok := Check(scene(), r, k.Check)
					h.shows(t, v, ok)
				}
			}
			comment(t, Story{Pull: app.Pull{Number: 1, Open: true}, Run: &r, Preview: []string{nasty().Draw(t, "preview")}})
			comment(t, Story{Pull: app.Pull{Number: 1, Merged: true}, Commit: newSHA, Merged: &r})
		}
	})
}

func comment(t *rapid.T, s Story) {
	t.Helper()
	if c, ok := Comment(scene(), s); ok && (len(c.Body) > maxComment || c.Body == "" || !utf8.ValidString(c.Body)) {
		t.Fatalf("a comment of %d bytes", len(c.Body))
	}
}

func aDecision(t *rapid.T) policies.Decision {
	verdict := rapid.SampledFrom([]policies.Verdict{policies.Allow, policies.Allow, policies.Hold, policies.Deny}).Draw(t, "verdict")
	rule := rapid.SampledFrom([]string{policies.RuleApproval, policies.RuleAfter}).Draw(t, "rule")
	return policies.Decision{Verdict: verdict, Reasons: []policies.Reason{
		{Rule: rule, Verdict: verdict, Sentence: nasty().Draw(t, "sentence"), Asks: rule == policies.RuleApproval},
	}}
}

// laneMessage is a message that a lane may get, mostly one that fits.
func laneMessage(t *rapid.T, l deploy.Lane) app.Message {
	by := app.Person{ID: 1, Login: "dana"}
	commits := []app.Commit{{SHA: oldSHA, Place: 6}, {SHA: newSHA, Place: 7}, {SHA: topSHA, Place: 8}}
	ready := app.Ready{Commit: rapid.SampledFrom(commits).Draw(t, "commit"), Environments: []string{"production"}}
	if len(l.Promotions) == 0 {
		return ready
	}
	p := rapid.SampledFrom(l.Promotions).Draw(t, "promotion")
	c, k := p.Commit.SHA, p.Key
	r := release()
	r.Spec.NeverBack, r.Spec.Idempotent = rapid.Bool().Draw(t, "never"), rapid.Bool().Draw(t, "idempotent")
	switch kind := rapid.IntRange(0, 14).Draw(t, "kind"); kind {
	case 0, 1:
		return ready
	case 2, 3, 4:
		return deploy.Judged{Commit: c, Key: k, Decision: aDecision(t), Release: r}
	case 5, 6:
		return deploy.Deployed{Commit: c, Key: k, Status: ending(t)}
	case 7, 8:
		return deploy.Probed{Commit: c, Key: k, Outcome: ending(t).Outcome, Why: nasty().Draw(t, "why")}
	case 9:
		return deploy.Restored{Commit: c, Key: k, Status: ending(t)}
	case 10:
		return deploy.Began{Commit: c, Key: k}
	case 11, 12:
		verb := rapid.SampledFrom(append([]app.Verb{app.VerbRetry}, l.Offers(p)...)).Draw(t, "verb")
		if verb != app.VerbRetry {
			k = p.Attempt
		}
		return app.Said{Verb: verb, Commit: c, Key: k, By: by, Because: nasty().Draw(t, "because")}
	case 13:
		verb := rapid.SampledFrom([]app.Verb{app.VerbHold, app.VerbUnhold}).Draw(t, "verb")
		return app.Said{Verb: verb, Key: l.Hold.Key, By: by, Because: nasty().Draw(t, "because")}
	}
	return rapid.SampledFrom([]app.Message{app.Removed{Commit: p.Commit}, app.Gone{Commit: p.Commit}, app.Changed{}}).Draw(t, "news")
}

// The same for promotions, along any way that a lane can take; and every text of a lane keeps to GitHub's limits.
func TestLanesNeverReopenACheckRun(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, now := map[app.SHA]history{oldSHA: {}, newSHA: {}, topSHA: {}}, noon
		l := deploy.Lane{Repo: 42, Service: "web", Environment: "production"}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Second)
			before := l
			l, _ = deploy.Step(l, laneMessage(t, l), now)
			for _, k := range deploy.Redraw(before, l) {
				switch k.Kind {
				case app.ViewPromotion:
					v, ok := Promotion(scene(), l, k.Commit, nil)
					h[k.Commit].shows(t, v, ok)
					comment(t, Story{Pull: *ben(), Commit: k.Commit, Lanes: []deploy.Lane{l, l, l, l, l}})
				case app.ViewDeployment:
					if d, ok := Deployment(scene(), l, k.Key); ok && (utf8.RuneCountInString(d.Description) > maxDescription || d.State == "") {
						t.Fatalf("%+v", d)
					}
				}
			}
			noticed(t, l)
		}
	})
}

func noticed(t *rapid.T, l deploy.Lane) {
	t.Helper()
	for _, w := range deploy.Wants(l) {
		n, is := w.Task.(deploy.Notify)
		p, ok := l.Promotion(n.Commit)
		if !is || !ok {
			continue
		}
		if c := Notice(scene(), l, p, n.Cause, *ben(), People{Approvers: []string{"dana"}}); len(c.Body) > maxComment || !strings.HasPrefix(c.Body, "@") {
			t.Fatalf("a notice of %d bytes: %.80q", len(c.Body), c.Body)
		}
	}
}
