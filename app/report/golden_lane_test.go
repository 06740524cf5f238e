package report

import (
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/policies"
)

func release() deploy.Release {
	return deploy.Release{
		Artifact: "0123456789ab", Previous: oldSHA, HoldAfter: true,
		Spec: deploy.Spec{GitHubEnvironment: "payments/production", URL: "https://pay.example/", Verify: deploy.Verify{HTTP: "https://pay.example/healthz", Bake: 15 * time.Minute}},
	}
}

// theLane is payments → production with an old good release and a new commit in some state.
func theLane(s deploy.State) deploy.Lane {
	good := deploy.Promotion{
		Commit: app.Commit{SHA: oldSHA, Place: 6}, Attempt: 1, Key: 5, State: deploy.Live, Put: 3, Release: release(), Why: "It answered well for 15m0s.",
	}
	p := deploy.Promotion{Commit: app.Commit{SHA: newSHA, Place: 7}, Attempt: 11, Key: 21, State: s, Calls: 1, Began: noon, Release: release(), Put: 21}
	l := deploy.Lane{
		Repo: 42, Service: "payments", Environment: "production", Environments: []string{"staging", "production"}, Live: good.Commit, Last: p.Commit,
		Newest: 7, Seen: 7, Asked: 40,
	}
	switch s {
	case deploy.Gating, deploy.Held, deploy.Denied, deploy.Canceled, deploy.Superseded:
		p.Put, p.Release, p.Began = 0, deploy.Release{}, time.Time{}
		l.Last, l.Newest = good.Commit, 6
	}
	switch s {
	case deploy.Held:
		p.Decision = policies.Decision{Verdict: policies.Hold, Reasons: []policies.Reason{
			{Rule: policies.RuleChecks, Verdict: policies.Allow, Sentence: "Checks passed"},
			{Rule: policies.RuleAfter, Verdict: policies.Allow, Sentence: "Healthy in staging"},
			{Rule: policies.RuleApproval, Verdict: policies.Hold, Sentence: "Nobody has approved it yet. @dana or someone of @acme/release can", Asks: true},
		}}
	case deploy.Verifying:
		p.Deployed, l.Live = noon.Add(time.Minute), p.Commit
	case deploy.Live:
		p.Why, l.Live = "It answered well for 15m0s.", p.Commit
	case deploy.RollingBack, deploy.RolledBack:
		p.Why, p.To, p.Undone = "3 probes in a row failed: answered 500.", oldSHA, 31
		l.Hold = deploy.Hold{Key: 32, Because: p.Why, Since: noon, Undoes: newSHA}
		p.Tail = "ready\n\x1b[33mpanic: no such table\x1b[0m"
	case deploy.Attention:
		p.Was, p.Why, l.Live = deploy.Deploying, "Nobody knows how its deploy step ended.", app.Commit{}
	case deploy.Failed:
		p.Why, p.Tail, l.Live = "@dana left the environment as it was.", "no space left on device", app.Commit{}
	case deploy.Denied:
		p.Why = "This commit was rolled back in staging."
		p.Decision = policies.Decision{Reasons: []policies.Reason{{Rule: policies.RuleAfter, Sentence: p.Why}}}
	case deploy.Canceled:
		p.Why = "@dana gave it up."
	case deploy.Superseded:
		p.Why, p.By = "Its changes went out with a newer commit.", app.Commit{SHA: topSHA, Place: 8}
	}
	l.Promotions = []deploy.Promotion{good, p}
	return l
}

func ben() *app.Pull {
	return &app.Pull{Number: 412, Title: "Round up", Author: app.Person{ID: 2, Login: "ben"}, Merged: true, MergeCommit: newSHA}
}

// first is a lane that nothing was released to yet.
func first(s deploy.State) deploy.Lane {
	l := theLane(s)
	l.Promotions, l.Live, l.Last, l.Newest = l.Promotions[1:], app.Commit{}, app.Commit{}, 0
	return l
}

// onHold is a lane that a person stopped.
func onHold(s deploy.State) deploy.Lane {
	l := theLane(s)
	l.Hold = deploy.Hold{Key: 33, By: app.Person{ID: 3, Login: "dana"}, Because: "the fair is on", Since: noon, Until: noon.Add(2 * time.Hour)}
	l.Promotions[1].Eligible = true
	return l
}

func promotionStates() []state {
	var all []state
	show := func(name string, l deploy.Lane, pull *app.Pull) {
		all = append(all, state{name, showCheck(Promotion(scene(), l, newSHA, pull))})
	}
	for _, s := range deploy.States()[1:] {
		show(string(s), theLane(s), ben())
	}
	show("the first release, no pull request", first(deploy.Held), nil)
	show("on hold", onHold(deploy.Held), ben())
	never := theLane(deploy.Held)
	never.Promotions[0].Release.Spec.NeverBack = true
	show("held, the live release never goes back", never, ben())
	never = theLane(deploy.Verifying)
	never.Promotions[1].Release.Spec.NeverBack = true
	show("verifying, never goes back", never, ben())
	asked := theLane(deploy.Deploying)
	asked.Promotions[1].Back = "@dana rolled it back."
	show("deploying, to be rolled back", asked, ben())
	locked := *ben()
	locked.Locked = true
	show("held, the conversation is locked", theLane(deploy.Held), &locked)
	for _, d := range []app.Door{app.DoorButton, app.DoorReviewComment, app.DoorCommitComment, app.DoorReview} {
		only := theLane(deploy.Held)
		only.Promotions[1].Decision.Doors = []app.Door{d}
		show("held, approved by "+string(d)+" alone", only, ben())
	}
	show("attention, no pull request", theLane(deploy.Attention), nil)
	again := theLane(deploy.Verifying)
	again.Promotions[1].Extended = true
	show("verifying, for the second time", again, ben())
	back := theLane(deploy.RollingBack)
	back.Promotions[1].Restored = true
	show("rolling back, the release is back", back, ben())
	full := theLane(deploy.Held)
	full.Promotions[1].Eligible, full.Promotions[1].Decision = true, policies.Decision{Verdict: policies.Allow, Reasons: full.Promotions[1].Decision.Reasons[:2]}
	full.Promotions = append(full.Promotions, deploy.Promotion{Commit: app.Commit{SHA: topSHA, Place: 8}, Attempt: 12, State: deploy.Verifying, Put: 22})
	show("may go, and the lane is busy", full, ben())
	for _, s := range []deploy.State{deploy.Reviewing, deploy.Deploying, deploy.Live, deploy.RolledBack, deploy.Denied} {
		show("by a workflow, "+string(s), byAWorkflow(s), ben())
	}
	withdrawn := byAWorkflow(deploy.Reviewing)
	withdrawn.Promotions[1].Then = deploy.Gating
	show("a request that is taken back", withdrawn, ben())
	behind := theLane(deploy.Held)
	behind.Promotions[1].Eligible, behind.Promotions[1].Decision = true, full.Promotions[1].Decision
	behind.Promotions = append(behind.Promotions, deploy.Promotion{Commit: app.Commit{SHA: topSHA, Place: 8}, Attempt: 12, State: deploy.Reviewing})
	show("may go, and GitHub asks about another", behind, ben())
	return all
}

// byAWorkflow is a lane whose releases are put there by workflows, which GitHub's reviewers let go.
func byAWorkflow(s deploy.State) deploy.Lane {
	l := theLane(s)
	for i := range l.Promotions {
		l.Promotions[i].Release.Spec = deploy.Spec{Workflow: "deploy.yml", GitHubEnvironment: "payments/production"}
	}
	p := &l.Promotions[1]
	p.Decision = policies.Decision{Verdict: policies.Allow, Reasons: []policies.Reason{{Verdict: policies.Allow, Sentence: "Checks passed"},
		{Verdict: policies.Allow, Sentence: "GitHub asks the reviewers of `payments/production`: `eli`"}}}
	p.RunURL = "https://github.com/acme/shop/actions/runs/7"
	switch s {
	case deploy.Deploying, deploy.Live:
		p.Approvals = []app.Approval{{By: app.Person{ID: 5, Login: "eli"}, At: noon, Source: deploy.ReviewSource}}
	case deploy.RolledBack:
		p.BackURL = "https://github.com/acme/shop/actions/runs/8"
	case deploy.Denied:
		p.Why = "@eli rejected it in GitHub's review: `not on a Friday`."
	}
	return l
}

func commentStates() []state {
	cy := app.Pull{Number: 409, Author: app.Person{ID: 4, Login: "cy"}}
	bot := app.Pull{Number: 410, Author: app.Person{ID: 5, Login: "dependabot[bot]", Bot: true}}
	l := theLane(deploy.Held)
	staging := theLane(deploy.Live)
	staging.Environment = "staging"
	merged := Story{Pull: *ben(), Commit: newSHA, Lanes: []deploy.Lane{staging, l}, Outgoing: map[app.Address]Outgoing{l.Address(): {Pulls: []app.Pull{*ben(), cy, bot}}}}
	alone, passed := merged, merged
	alone.Outgoing = map[app.Address]Outgoing{l.Address(): {Pulls: []app.Pull{cy}, Alone: 3}}
	altered := merged
	altered.Altered = []Alteration{
		{By: app.Person{Login: "dana"}, Said: "/approve payments `x`", Edited: app.Edited{By: app.Person{Login: "eve"}, At: noon}},
		{By: app.Person{Login: "eve"}, Said: "/hold", Edited: app.Edited{By: app.Person{Login: "eve"}, Deleted: true, At: noon}},
	}
	done := merged
	done.Lanes = []deploy.Lane{theLane(deploy.RolledBack)}
	passed.Lanes = []deploy.Lane{theLane(deploy.Superseded)}
	passed.Elsewhere = map[app.Address]int{l.Address(): 415}
	failed, open, run := failedRun(), *ben(), greenRun()
	open.Open, open.Merged, open.MergeCommit = true, false, ""
	before := Story{Pull: *ben(), Commit: newSHA, Merged: &failed}
	along := before
	along.Carried, along.Elsewhere = map[app.Address]app.SHA{l.Address(): topSHA}, map[app.Address]int{l.Address(): 415}
	production := theLane(deploy.Live)
	production.Promotions = production.Promotions[:1]
	along.Lanes = []deploy.Lane{production}
	broken, busy, gone, partly := brokenRun(), theRun(checks.Running, checks.Waiting, checks.Running), goneRun(), partlyBrokenRun()
	mistaken := partlyBrokenRun()
	mistaken.Checks = greenRun().Checks
	less := greenRun()
	less.Plan.Services[0].Environments, less.Plan.Removed = []string{"staging"}, []app.Address{l.Address()}
	show := func(s Story) string { return showComment(Comment(scene(), s)) }
	return []state{
		{"merged, waiting", show(merged)}, {"merged, another's goes out", show(alone)}, {"merged, rolled back", show(done)},
		{"merged, superseded", show(passed)}, {"merged, what was said was altered", show(altered)},
		{"merged, checks failed", show(before)}, {"merged, went out all the same", show(along)}, {"merged, a broken file", show(Story{Pull: *ben(), Commit: newSHA, Merged: &broken})},
		{"merged, a broken service", show(Story{Pull: *ben(), Commit: newSHA, Merged: &mistaken})},
		{"merged, being checked", show(Story{Pull: *ben(), Commit: newSHA, Merged: &busy})},
		{"open", show(Story{Pull: open, Run: &run, Lanes: []deploy.Lane{theLane(deploy.Live)}})},
		{"open, approved ahead", show(ahead(open, run))},
		{"open, on hold", show(Story{Pull: open, Run: &run, Lanes: []deploy.Lane{onHold(deploy.Live)}})},
		{"open, changes the file", show(Story{Pull: open, Run: &run, Preview: []string{
			"payments → production: a maintainer approves (nobody their own change), then ./scripts/deploy.sh; watched at https://pay.example/healthz for 15m; if it is bad, it goes back by itself and the lane holds.",
			"The first release of each lane asks a maintainer, whatever its policy."}})},
		{"open, nothing was released yet", show(Story{Pull: open, Run: &run, Lanes: []deploy.Lane{first(deploy.Held)}})},
		{"open, takes an environment out", show(Story{Pull: open, Run: &less, Lanes: []deploy.Lane{theLane(deploy.Live)}})},
		{"open, deletes the file", show(Story{Pull: open, Run: &gone})},
		{"open, a broken file", show(Story{Pull: open, Run: &broken})},
		{"open, a broken service", show(Story{Pull: open, Run: &partly})},
		{"open, nothing is known yet", show(Story{Pull: open, Run: &checks.Run{}})},
	}
}

// ahead is an open pull request that two have approved, one of them before a push.
func ahead(open app.Pull, run checks.Run) Story {
	l := theLane(deploy.Live)
	given := func(login string, d policies.Drift) policies.Earlier {
		return policies.Earlier{Approval: app.Approval{By: app.Person{Login: login}, At: noon, Pin: app.Pin{Commit: oldSHA}}, Drift: d}
	}
	drift := policies.Drift{Files: []string{"payments/@eve.go"}, Commits: policies.Rewritten{Same: 1, Added: []string{"Fix `it` @everyone"}}}
	return Story{Pull: open, Run: &run, Lanes: []deploy.Lane{l}, Ahead: map[app.Address]Ahead{
		l.Address(): {Asks: true, Doors: []app.Door{app.DoorComment, app.DoorReview}, Given: []policies.Earlier{given("dana", policies.Drift{}), given("eli", drift)}}}}
}

func noticeStates() []state {
	bot := app.Pull{Number: 410, Author: app.Person{ID: 5, Login: "dependabot[bot]", Bot: true}}
	notice := func(s deploy.State, c deploy.Cause, who ...string) string {
		l := theLane(s)
		return showComment(Notice(scene(), l, l.Promotions[1], c, *ben(), People{Approvers: who, Authors: []string{"cy"}, Maintainers: []string{"fay", "gil"}}), true)
	}
	return []state{
		{"approval", notice(deploy.Held, deploy.ForApproval, "dana", "eli")}, {"approval, nobody is known", notice(deploy.Held, deploy.ForApproval)},
		{"rollback", notice(deploy.RollingBack, deploy.ForRollback)}, {"rolled back", notice(deploy.RolledBack, deploy.ForRollback)},
		{"attention", notice(deploy.Attention, deploy.ForAttention)}, {"attention, a bot's change", showComment(Notice(scene(), theLane(deploy.Attention),
			theLane(deploy.Attention).Promotions[1], deploy.ForAttention, bot, People{Approvers: []string{"dana", "eli"}}), true)},
	}
}
