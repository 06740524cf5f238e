package policies

import (
	"fmt"

	"github.com/slipway-cd/slipway/app"
)

// rollback undoes what was put into a lane last. Without a lane it means this pull request's commit; with one, whatever is there.
func (a Asked) rollback(c Command, lanes []LaneView) part {
	can := targets(lanes, func(t target) bool { return t.Rollbackable })
	some, what := can, nothingBack(lanes)
	if commit := app.SHA(c.Commit); commit != "" || c.Service == "" && c.Environment == "" {
		if commit == "" {
			commit = a.meant(c)
		}
		some, what = of(can, commit), a.noRollback(commit, lanes)
	}
	switch {
	case len(some) == 0 && len(targets(lanes, target.returning)) > 0:
		return idle("%s", what)
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
	s := fmt.Sprintf("%s in %s is being rolled back", short(t.Commit.SHA), t.lane.name())
	if t.State == Deploying {
		s = fmt.Sprintf("%s in %s goes back", short(t.Commit.SHA), t.lane.name())
	}
	if t.lane.WayBack != "" {
		s += " to " + short(t.lane.WayBack)
	}
	if t.State == Deploying {
		s += " as soon as its deployment's program has ended, for two never run at once"
	}
	switch {
	case t.lane.Hold != nil:
		return s + fmt.Sprintf(". The lane stays held: nothing newer starts there until %s", t.lane.say(app.VerbUnhold, ""))
	case t.HoldsAfter:
		return s + fmt.Sprintf(". That holds the lane: nothing newer starts there until %s", t.lane.say(app.VerbUnhold, ""))
	}
	return s + ". Newer commits go on afterwards, as its file says (`after_rollback: continue`)"
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
	return a.again(c, commit, lanes)
}

func (a Asked) again(c Command, commit app.SHA, lanes []LaneView) part {
	can := targets(lanes, func(t target) bool { return t.Retryable })
	some := of(can, commit)
	switch {
	case commit == "" && len(can) > 0:
		return refuse("name the commit. What can be tried again:%s", each(app.VerbRetry, can))
	case len(some) == 0:
		return refuse("%s", a.noRetry(c, commit, lanes))
	case len(some) > 1:
		return refuse("%d promotions could be tried again, so none was. Say which:%s", len(some), each(app.VerbRetry, some))
	}
	t := some[0]
	if a.after(t.Since) {
		return refuse("%s in %s has changed since you wrote this: it is %s now. If you still mean it, say %s", short(t.Commit.SHA),
			t.lane.name(), t.doing(), t.say(app.VerbRetry))
	}
	s := app.Said{Verb: app.VerbRetry, Commit: t.Commit.SHA, Key: t.Question, Because: c.Because}
	return part{mood: moodDone, text: t.goesAgain(), letters: []app.Letter{a.said(t.lane, s)}}
}

// goesAgain says what /retry does to a promotion, and what still stops it.
func (t target) goesAgain() string {
	s := fmt.Sprintf("%s in %s", short(t.Commit.SHA), t.lane.name())
	switch {
	case t.State == Attention && t.Was == RollingBack:
		return "the way back from " + s + " is tried again"
	case t.State == Attention && t.Was == Verifying:
		return s + " is watched again"
	case t.State == Attention:
		return s + " is deployed again if its gate still allows it"
	}
	s += " is tried again: it goes through its gate anew, approvals included"
	if t.lane.Hold != nil {
		s += ". " + t.lane.heldUp()
	}
	return s
}

// heldUp says what stops a lane, and until when what waits there does.
func (l LaneView) heldUp() string {
	return fmt.Sprintf("The lane is held %s, so it waits %s", l.Hold.how(), l.frees())
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
