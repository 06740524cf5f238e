package report

import (
	"strings"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
)

// What a probe, a program or a person said stands in sentences of ours, where our own code spans stay.
func TestWordsOfOthersInSentencesAreNoMarkup(t *testing.T) {
	for _, s := range hostile {
		l := theLane(deploy.RolledBack)
		why := "3 failures in a row, the last one: " + s + ". Say `/retry` there."
		l.Promotions[1].Why, l.Hold.Because = why, why+" Again."
		v, _ := Promotion(scene(), l, newSHA, ben())
		for name, text := range map[string]string{"card": v.Summary, "notice": Notice(scene(), l, l.Promotions[1], deploy.ForRollback, *ben(), People{}).Body} {
			page := strings.ReplaceAll(html(t, text), `<a href="https://slipway.example/`, "")
			for _, bad := range []string{"<img", "<a ", "<h1", "<del", "<table", "<input", "evil.example\""} {
				if strings.Contains(page, bad) {
					t.Errorf("%q in the %s is %s: %s", s, name, bad, page)
				}
			}
			if strings.Contains(strings.TrimPrefix(text, "@ben"), "@dana") && !strings.Contains(s, "`") {
				t.Errorf("%q in the %s calls somebody: %s", s, name, text)
			}
		}
	}
}

func TestProseKeepsItsCode(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                               "plain",
		"Say `/retry` or `/cancel` there.":    "Say `/retry` or `/cancel` there.",
		"*a* `*b*` *c*":                       `\*a\* ` + "`*b*`" + ` \*c\*`,
		"``*two*`` ![x](https://x.example)":   "\\`\\`\\*two\\*\\`\\` \\!\\[x\\]\\(https:<!-- -->//x.example\\)",
		"odd ` here":                          "odd \\` here",
		"`` two ` ticks ``":                   "\\`\\` two \\` ticks \\`\\`",
		"@dana rolled it back: `it is slow`.": "@<!-- -->dana rolled it back: `it is slow`.",
	} {
		if got := prose(in); got != want {
			t.Errorf("prose(%q) = %q, not %q", in, got, want)
		}
	}
}

func TestWhoSaidItIsNamed(t *testing.T) {
	for in, want := range map[string]string{
		"@dana gave it up.":          "@dana gave it up.",
		"@dana: told by @ben.":       "@<!-- -->dana: told by @<!-- -->ben.",
		"@acme/release gave it up.":  "@<!-- -->acme/release gave it up.",
		"@dana rolled @ben's *back*": `@dana rolled @<!-- -->ben's \*back\*`,
	} {
		if got := told(in); got != want {
			t.Errorf("told(%q) = %q, not %q", in, got, want)
		}
	}
}

func TestAnotherAppsCheckHasNoCheckRunOfOurs(t *testing.T) {
	if v, ok := Check(scene(), greenRun(), "lint"); ok {
		t.Errorf("%+v", v)
	}
}

func TestOnlyProductionCountsAsProduction(t *testing.T) {
	for name, want := range map[string]bool{
		"production": true, "eu": true, "prod-us-1": true, "live": true, "latest": true, "contest": true, "device": true,
		"staging": false, "staging-eu": false, "eu_test": false, "Dev2": false, "pre-production": false, "QA": false, "preview.web": false,
	} {
		l := theLane(deploy.RolledBack)
		l.Environment = name
		put, _ := Deployment(scene(), l, 21)
		back, _ := Deployment(scene(), l, 31)
		if put.Production != want || back.Production != want {
			t.Errorf("%s: %v, and its rollback %v", name, put.Production, back.Production)
		}
	}
}

// Nobody is called who can't read it, and whoever let a release go is told when it goes wrong.
func TestWhoIsCalled(t *testing.T) {
	l := theLane(deploy.Attention)
	p := l.Promotions[1]
	p.Approvals = []app.Approval{{By: app.Person{Login: "dana"}}, {By: app.Person{Login: "ben"}}}
	bot, ghost := app.Pull{Author: app.Person{Login: "dependabot[bot]", Bot: true}}, app.Pull{}
	for _, c := range []struct {
		name      string
		promotion deploy.Promotion
		pull      app.Pull
		approvers []string
		want      string
	}{
		{"author and approvers", p, *ben(), []string{"eli"}, "@ben, @dana: **"},
		{"author alone", l.Promotions[1], *ben(), []string{"eli"}, "@ben: **"},
		{"a bot's change", l.Promotions[1], bot, []string{"eli", "fay"}, "@eli, @fay: **"},
		{"a machine's change", l.Promotions[1], app.Pull{Author: app.Person{Login: "robot", Bot: true}}, []string{"eli"}, "@eli: **"},
		{"nobody's change, nobody may", l.Promotions[1], ghost, nil, "**"},
		{"no logins", l.Promotions[1], ghost, []string{"dependabot[bot]", "acme/release", ""}, "**"},
		{"many", l.Promotions[1], ghost, []string{"a", "b", "c", "d", "e", "f"}, "@a, @b, @c, @d, @e: **"},
	} {
		for _, cause := range []deploy.Cause{deploy.ForAttention, deploy.ForRollback} {
			if got := Notice(scene(), l, c.promotion, cause, c.pull, People{Approvers: c.approvers}).Body; !strings.HasPrefix(got, c.want) {
				t.Errorf("%s, %s: %q", c.name, cause, got)
			}
		}
	}
}

// A rollback calls all whose changes went out, for nobody knows yet which of them it was, and somebody who may lift the hold.
func TestWhoIsCalledAfterARollback(t *testing.T) {
	held := theLane(deploy.RolledBack)
	free := held
	free.Hold = deploy.Hold{}
	approved := held.Promotions[1]
	approved.Approvals = []app.Approval{{By: app.Person{Login: "Dana"}}}
	said := held.Promotions[1]
	said.Why = "@dana rolled it back."
	for _, c := range []struct {
		name      string
		lane      deploy.Lane
		promotion deploy.Promotion
		who       People
		want      string
	}{
		{"authors and maintainers", held, held.Promotions[1], People{Authors: []string{"cy", "ben"}, Maintainers: []string{"dana", "eli"}}, "@ben, @cy, @dana, @eli: **"},
		{"no hold", free, held.Promotions[1], People{Authors: []string{"cy"}, Maintainers: []string{"dana"}}, "@ben, @cy: **"},
		{"a maintainer is there", held, approved, People{Authors: []string{"cy"}, Maintainers: []string{"dana", "eli"}}, "@ben, @cy, @Dana: **"},
		{"a maintainer's word", held, said, People{Authors: []string{"cy"}, Maintainers: []string{"dana", "eli"}}, "@ben, @cy: **"},
		{"many", held, held.Promotions[1], People{Authors: []string{"a", "b", "c", "d", "e"}, Maintainers: []string{"dana", "eli"}}, "@ben, @a, @b, @c, @dana: **"},
		{"nobody who may", held, held.Promotions[1], People{Authors: []string{"a", "b", "c", "d", "e"}}, "@ben, @a, @b, @c, @d: **"},
	} {
		if got := Notice(scene(), c.lane, c.promotion, deploy.ForRollback, *ben(), c.who).Body; !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

// A service's lanes stand in the order of its file, whatever order they come in.
func TestCardsStandInTheOrderOfTheFile(t *testing.T) {
	production, staging := theLane(deploy.Held), theLane(deploy.Live)
	staging.Environment = "staging"
	c, _ := Comment(scene(), Story{Pull: *ben(), Commit: newSHA, Lanes: []deploy.Lane{production, staging}})
	if s, p := strings.Index(c.Body, "→ staging"), strings.Index(c.Body, "→ production"); s < 0 || p < s {
		t.Error(c.Body)
	}
}

// A pull request with one check costs four check-run writes, or five if the check is seen in line: nothing else changes on the way.
func TestOneCheckCostsAtMostFiveWrites(t *testing.T) {
	r, _ := checks.Step(checks.Run{Repo: 42, Commit: newSHA}, checks.Opened{Cause: checks.Cause{Kind: checks.PullRequest, Pull: 412}}, noon)
	shown, writes := map[string]app.CheckRun{}, 0
	step := func(m app.Message) {
		before := r
		r, _ = checks.Step(r, m, noon.Add(time.Second))
		for _, k := range checks.Redraw(before, r) {
			v, ok := Aggregate(scene(), r)
			if k.Kind == app.ViewCheck {
				v, ok = Check(scene(), r, k.Check)
			}
			if k.Kind != app.ViewComment && ok && !same(shown[v.Name], v) {
				shown[v.Name] = v
				writes++
			}
		}
	}
	step(checks.Planned{Key: r.Planning, Plan: checks.Plan{Checks: []checks.Spec{{Name: "test", Run: "make test"}}}})
	key := r.Checks[0].Key
	step(checks.Began{Check: "test", Key: key})
	step(checks.Finished{Check: "test", Key: key, Status: app.Status{Outcome: app.Succeeded}})
	if writes > 5 || shown["slipway"].Conclusion != "success" || shown["test"].Conclusion != "success" {
		t.Errorf("%d writes: %+v", writes, shown)
	}
}

func same(a, b app.CheckRun) bool { return showCheck(a, true) == showCheck(b, true) }

// A merged commit's comment is written when its checks begin and when they end, not at each of them.
func TestCommentWaitsForTheRun(t *testing.T) {
	early, late := theRun(checks.Running, checks.Waiting, checks.Running), theRun(checks.Passed, checks.Running, checks.Passed)
	a, _ := Comment(scene(), Story{Pull: *ben(), Commit: newSHA, Merged: &early})
	b, _ := Comment(scene(), Story{Pull: *ben(), Commit: newSHA, Merged: &late})
	if a != b || a.Body == "" {
		t.Errorf("%q became %q", a.Body, b.Body)
	}
}

// Time alone changes no text.
func TestTextsHoldNoPresentTime(t *testing.T) {
	later := scene()
	later.Now = noon.Add(time.Hour)
	for _, s := range deploy.States()[1:] {
		a, _ := Promotion(scene(), onHold(s), newSHA, ben())
		b, _ := Promotion(later, onHold(s), newSHA, ben())
		if !same(a, b) {
			t.Errorf("%s: %+v became %+v", s, a, b)
		}
	}
}

func TestHowACheckFailedIsSaid(t *testing.T) {
	for want, s := range map[string]app.Status{
		"exited with code 7":  {Outcome: app.Failed, ExitCode: 7},
		"timed out after 15m": {Outcome: app.Failed, Reason: "timed out after 15m"},
		"failed":              {Outcome: app.Failed},
		"ended 3 times without anybody knowing how": {},
		"ended 3 times without anybody knowing how. The last time it exited with code 0, but the machine restarted": {
			Reason: "exited with code 0, but the machine restarted"},
	} {
		r := failedRun()
		r.Checks[0].Status = s
		if v, _ := Check(scene(), r, "build"); v.Title != "Its step "+want || !strings.HasPrefix(v.Summary, v.Title+". ") {
			t.Errorf("%+v: %q, and %q", s, v.Title, v.Summary)
		}
	}
}

// A new attempt that waits for an approval, while what the last one left can be undone, has more to press than GitHub shows.
func TestThreeButtonsAreTheMostUsefulOnes(t *testing.T) {
	l := theLane(deploy.Failed)
	l, _ = deploy.Step(l, app.Said{Verb: app.VerbRetry, Commit: newSHA, Key: l.Promotions[1].Key}, noon)
	p, _ := l.Promotion(newSHA)
	l, _ = deploy.Step(l, deploy.Judged{Commit: newSHA, Key: p.Key, Decision: theLane(deploy.Held).Promotions[1].Decision}, noon)
	v, _ := Promotion(scene(), l, newSHA, ben())
	var got []string
	for _, b := range v.Buttons {
		got = append(got, b.Identifier)
	}
	if want := "approve rollback hold"; strings.Join(got, " ") != want {
		t.Errorf("%q, not %q: %s", got, want, v.Title)
	}
}

func TestDeploymentThatWasStartedAgain(t *testing.T) {
	l := theLane(deploy.RollingBack)
	p := &l.Promotions[1]
	p.Tried = []deploy.Try{{Key: 15, Commit: newSHA, Why: "Nobody knows how its deploy step ended."}, {Key: 25, Commit: oldSHA, Why: "The way back failed."}}
	for key, want := range map[app.Key]app.Deployment{
		15: {Commit: newSHA, Task: "deploy", State: "error", Description: "Started again. Nobody knows how its deploy step ended.", Marker: logKey(l.Address(), "put", 15)},
		25: {Commit: oldSHA, Task: "rollback", State: "error", Description: "Started again. The way back failed.", Marker: logKey(l.Address(), "restore", 25)},
	} {
		got, ok := Deployment(scene(), l, key)
		if !ok || got.Commit != want.Commit || got.Task != want.Task || got.State != want.State || got.Description != want.Description || got.Marker != want.Marker {
			t.Errorf("%d is shown as %+v", key, got)
		}
	}
}

// GitHub never changes a deployment's own description, so it tells what is deployed, whatever state it is in.
func TestADeploymentsOwnTextStays(t *testing.T) {
	for _, s := range []deploy.State{deploy.Deploying, deploy.Live, deploy.RollingBack, deploy.RolledBack, deploy.Attention, deploy.Failed} {
		l := theLane(s)
		put, _ := Deployment(scene(), l, 21)
		if want := "9b1e2c7d40aa to payments → production, in place of 71f0aa93be12"; put.About != want {
			t.Errorf("%s: %q, not %q", s, put.About, want)
		}
		back, is := Deployment(scene(), l, 31)
		if want := "payments → production back from 9b1e2c7d40aa to 71f0aa93be12"; is && back.About != want {
			t.Errorf("%s: %q, not %q", s, back.About, want)
		}
	}
}

func TestCommentOfWhatIsOver(t *testing.T) {
	closed := Story{Pull: app.Pull{Number: 4}, Said: true}
	if c, ok := Comment(scene(), closed); !ok || c.Body != "Closed without being merged: nothing of it is released." {
		t.Errorf("a pull request that was closed is said to be %q", c.Body)
	}
	over := Story{Pull: app.Pull{Number: 4, Merged: true}, Commit: newSHA, Merged: &checks.Run{State: checks.PassedOver}, Said: true}
	if c, ok := Comment(scene(), over); !ok || !strings.Contains(c.Body, "Passed over") {
		t.Errorf("a commit that was passed over is said to be %q", c.Body)
	}
	for _, st := range []Story{closed, over} {
		st.Said = false
		if c, ok := Comment(scene(), st); ok {
			t.Errorf("where nothing was said, %q is said at its end", c.Body)
		}
	}
}

// Lanes that the file does not name any more are named where their removal is seen, on the commit that did it.
func TestRemovedLanesAreSaid(t *testing.T) {
	r := greenRun()
	r.Plan.Removed = []app.Address{app.LaneAddress(42, "payments", "production"), app.LaneAddress(42, "", "staging")}
	want := []string{
		"- payments → production: not in the file any more. What waited was canceled, what is live stays",
		"- staging: not in the file any more. What waited was canceled, what is live stays",
	}
	v, _ := Aggregate(scene(), r)
	c, _ := Comment(scene(), Story{Pull: *ben(), Commit: newSHA, Merged: &r})
	for name, text := range map[string]string{"check run": v.Summary, "comment": c.Body} {
		for _, line := range want {
			if !strings.Contains(text, line) {
				t.Errorf("the %s lacks %q: %s", name, line, text)
			}
		}
	}
	if want := "3 checks passed; 2 lanes are gone from the file"; v.Title != want {
		t.Errorf("%q, not %q", v.Title, want)
	}
}

func TestWhyACheckWasCanceledIsSaid(t *testing.T) {
	push, pull := checks.Cause{Kind: checks.Push, Place: 7}, checks.Cause{Kind: checks.PullRequest, Pull: 412}
	for want, c := range map[string]struct {
		cause checks.Cause
		by    app.Message
	}{
		"Canceled: a newer commit was pushed.":    {pull, checks.Withdrawn{Cause: pull, Why: "a newer commit was pushed"}},
		"Canceled: nothing asks for it any more.": {pull, checks.Withdrawn{Cause: pull}},
		"Canceled: @<!-- -->dana gave it up.":     {push, app.Said{Verb: app.VerbCancel, By: app.Person{Login: "dana"}}},
	} {
		r, _ := checks.Step(checks.Run{Repo: 42, Commit: newSHA}, checks.Opened{Cause: c.cause}, noon)
		r, _ = checks.Step(r, checks.Planned{Key: r.Planning, Plan: checks.Plan{Checks: []checks.Spec{{Name: "build"}}}}, noon)
		r, _ = checks.Step(r, c.by, noon)
		v, _ := Check(scene(), r, "build")
		all, _ := Aggregate(scene(), r)
		if v.Summary != want || !strings.HasPrefix(all.Summary, want) {
			t.Errorf("%q: %q, and the sum %q", want, v.Summary, all.Summary)
		}
	}
}
