package policies

import (
	"fmt"

	"github.com/slipway-cd/slipway/app"
)

// rollback undoes what was put into a lane last. Without a lane it means this pull request's commit; with one, whatever is there.
func (a Asked) rollback(c Command, lanes []LaneView) part {
	can := targets(lanes, func(t target) bool { return t.Rollbackable })
	some, what := can, "nothing can be rolled back there"
	if commit := app.SHA(c.Commit); commit != "" || c.Service == "" && c.Environment == "" {
		if commit == "" {
			commit = a.meant(c)
		}
		some, what = of(can, commit), a.noRollback(commit, lanes)
	}
	switch {
	case len(some) == 0 && len(can) == 0:
		return refuse("%s", what)
	case len(some) == 0:
		return refuse("%s. What can be rolled back:%s", what, each(app.VerbRollback, can))
	case len(some) > 1:
		return refuse("%d lanes could be rolled back, so nothing was. Say which:%s", len(some), each(app.VerbRollback, some))
	}
	t := some[0]
	if c.Commit == "" && (a.after(t.Started) || t.State == Deploying && a.after(t.Since)) {
		return refuse("the deployment of %s in %s started after you wrote this. If you mean that one, say %s", short(t.Commit.SHA), t.lane.name(),
			t.say(app.VerbRollback))
	}
	s := app.Said{Verb: app.VerbRollback, Commit: t.Commit.SHA, Key: t.Attempt, Because: c.Because}
	return part{mood: moodDone, text: t.goesBack(), letters: []app.Letter{a.said(t.lane, s)}}
}

func (t target) goesBack() string {
	s := fmt.Sprintf("%s in %s is rolled back", short(t.Commit.SHA), t.lane.name())
	if t.lane.WayBack != "" {
		s += " to " + short(t.lane.WayBack)
	}
	if t.State == Deploying {
		s += " as soon as its deployment's program has ended, for two never run at once"
	}
	return s + fmt.Sprintf(". If its file says nothing else, the lane is then held until %s", t.lane.say(app.VerbUnhold, ""))
}

// noRollback says why a commit can't be rolled back.
func (a Asked) noRollback(commit app.SHA, lanes []LaneView) string {
	if commit == "" {
		return "no commit of this pull request has been deployed"
	}
	if all := of(targets(lanes, func(target) bool { return true }), commit); len(all) > 0 {
		t := all[0]
		s := fmt.Sprintf("%s in %s", short(commit), t.lane.name())
		switch t.State {
		case RollingBack, RolledBack:
			return s + " is " + t.doing() + " already"
		case Superseded:
			return s + t.newer()
		case Waiting, Canceled, Denied:
			return s + " is not deployed: it is " + t.doing()
		}
		return s + " can't be rolled back: there is no good release before it, or it is not what was deployed last"
	}
	return fmt.Sprintf("%s was never deployed here", short(commit))
}

// retry lets what ended badly run again: one check by its button, the checks of a commit that did not pass, or, where all passed or a lane
// is named, a promotion.
func (a Asked) retry(c Command, lanes []LaneView) part {
	commit := a.meant(c)
	if r, ok := a.run(c, commit); ok && (r.Retryable && !r.Green || a.Check != "") {
		s := app.Said{Verb: app.VerbRetry, Commit: r.Commit, Check: a.Check, By: a.By, Because: c.Because}
		what := "the checks of %s that did not pass run again"
		if a.Check != "" {
			what = "the check " + Quote(a.Check) + " of %s runs again"
		}
		return part{mood: moodDone, text: fmt.Sprintf(what, short(r.Commit)), letters: []app.Letter{{To: app.RunAddress(a.Repo, r.Commit), Message: s}}}
	}
	return a.again(c, commit, targets(lanes, func(t target) bool { return t.Retryable }))
}

func (a Asked) again(c Command, commit app.SHA, can []target) part {
	some := of(can, commit)
	switch {
	case commit == "" && len(can) > 0:
		return refuse("name the commit. What can be tried again:%s", each(app.VerbRetry, can))
	case len(some) == 0:
		return refuse("%s", a.noRetry(commit))
	case len(some) > 1:
		return refuse("%d promotions could be tried again, so none was. Say which:%s", len(some), each(app.VerbRetry, some))
	}
	t := some[0]
	if a.after(t.Since) {
		return refuse("%s in %s has changed since you wrote this: it is %s now. If you still mean it, say %s", short(t.Commit.SHA),
			t.lane.name(), t.doing(), t.say(app.VerbRetry))
	}
	s := app.Said{Verb: app.VerbRetry, Commit: t.Commit.SHA, Key: t.Question, Because: c.Because}
	return part{
		mood:    moodDone,
		text:    fmt.Sprintf("%s in %s is tried again, through its gate where it has not been deployed", short(t.Commit.SHA), t.lane.name()),
		letters: []app.Letter{a.said(t.lane, s)},
	}
}

func (a Asked) noRetry(commit app.SHA) string {
	for _, r := range a.Runs {
		if r.Commit == commit {
			return fmt.Sprintf("nothing of %s has to be tried again: its checks are %s", short(commit), r.State)
		}
	}
	if commit == "" {
		return "nothing has to be tried again there"
	}
	return fmt.Sprintf("nothing of %s has to be tried again", short(commit))
}

// cancel gives up what has not begun: the checks of a commit, or a promotion that waits or needs a person.
func (a Asked) cancel(c Command, lanes []LaneView) part {
	commit := a.meant(c)
	if r, ok := a.run(c, commit); ok && r.Cancelable {
		s := app.Said{Verb: app.VerbCancel, Commit: r.Commit, By: a.By, Because: c.Because}
		return part{
			mood:    moodDone,
			text:    fmt.Sprintf("the checks of %s are given up", short(r.Commit)),
			letters: []app.Letter{{To: app.RunAddress(a.Repo, r.Commit), Message: s}},
		}
	}
	can := targets(lanes, func(t target) bool { return t.Cancelable })
	some := of(can, commit)
	switch {
	case commit == "" && len(can) > 0:
		return refuse("name the commit. What can be given up:%s", each(app.VerbCancel, can))
	case len(some) == 0:
		return refuse("%s", noCancel(commit, lanes))
	case len(some) > 1:
		return refuse("%d promotions could be given up, so none was. Say which:%s", len(some), each(app.VerbCancel, some))
	}
	t := some[0]
	if a.after(t.Arrived) {
		return refuse("this attempt at %s in %s began after you wrote this. If you still mean it, say %s", short(t.Commit.SHA), t.lane.name(), t.say(app.VerbCancel))
	}
	what := "%s in %s is given up"
	if t.State == Attention {
		what = "%s in %s counts as failed, and what it left there stays as it is"
	}
	s := app.Said{Verb: app.VerbCancel, Commit: t.Commit.SHA, Key: t.Attempt, Because: c.Because}
	return part{mood: moodDone, text: fmt.Sprintf(what, short(t.Commit.SHA), t.lane.name()), letters: []app.Letter{a.said(t.lane, s)}}
}

// noCancel says why nothing can be given up, and what undoes what has begun.
func noCancel(commit app.SHA, lanes []LaneView) string {
	for _, t := range targets(lanes, func(t target) bool { return commit == "" || t.Commit.SHA == commit }) {
		if t.State == Deploying || t.State == Verifying {
			return fmt.Sprintf("%s in %s is %s, which `/cancel` does not stop. %s undoes it", short(t.Commit.SHA), t.lane.name(), t.doing(),
				t.say(app.VerbRollback))
		}
	}
	if commit == "" {
		return "nothing waits there that could be given up"
	}
	return fmt.Sprintf("nothing of %s waits that could be given up", short(commit))
}

// meant is the commit that /retry and /cancel are about: the one that is named, or the pull request's, as it is now. An open pull request
// has none in any lane.
func (a Asked) meant(c Command) app.SHA {
	switch {
	case c.Commit != "":
		return app.SHA(c.Commit)
	case !a.Pull.Open && a.Pull.Commit != "":
		return a.Pull.Commit
	case c.Service != "" || c.Environment != "":
		return ""
	}
	return a.Pull.Head
}

// run is the run of the commit, unless a lane is named: then the promotion is meant.
func (a Asked) run(c Command, commit app.SHA) (RunView, bool) {
	if c.Service != "" || c.Environment != "" {
		return RunView{}, false
	}
	for _, r := range a.Runs {
		if r.Commit == commit {
			return r, true
		}
	}
	return RunView{}, false
}
