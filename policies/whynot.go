package policies

import (
	"fmt"
	"strings"

	"github.com/slipway-cd/slipway/app"
)

// nothingBack says of each lane why nothing can be rolled back there.
func nothingBack(lanes []LaneView) string {
	var whys []string
	for _, l := range lanes {
		whys = append(whys, l.noWayBack())
	}
	return listed("nothing can be rolled back", whys)
}

// listed is one reason as it is, or all of them under what they are the reasons of.
func listed(what string, whys []string) string {
	switch len(whys) {
	case 0:
		return what
	case 1:
		return whys[0]
	}
	return what + ":\n- " + strings.Join(whys, "\n- ")
}

// noWayBack says why nothing of this lane can be rolled back.
func (l LaneView) noWayBack() string {
	for _, t := range targets([]LaneView{l}, target.returning) {
		return t.noRollback()
	}
	for _, t := range of(targets([]LaneView{l}, func(target) bool { return true }), l.Live) {
		return t.noRollback()
	}
	switch {
	case l.Live != "":
		return fmt.Sprintf("%s in %s has no way back yet: no other release there counts as good", short(l.Live), l.name())
	case l.Unclear:
		return fmt.Sprintf("nobody can say what is live in %s, and no release there counts as good", l.name())
	}
	return fmt.Sprintf("nothing is live in %s that could be rolled back", l.name())
}

// returning says that a promotion is on its way back already, or will be once its program has ended.
func (t target) returning() bool {
	return t.State == RollingBack || t.State == Deploying && t.Back != ""
}

// noRollback says why a commit can't be rolled back.
func (a Asked) noRollback(commit app.SHA, lanes []LaneView) string {
	if commit == "" {
		return "no commit of this pull request has been deployed"
	}
	var deployed, others []string
	for _, t := range of(targets(lanes, func(target) bool { return true }), commit) {
		if t.untouched() {
			others = append(others, t.noRollback())
		} else {
			deployed = append(deployed, t.noRollback())
		}
	}
	if len(deployed) == 0 {
		deployed = others
	}
	if len(deployed) > 0 {
		return listed(fmt.Sprintf("nothing of %s can be rolled back", short(commit)), deployed)
	}
	if s := a.merged(commit); s != "" {
		return s
	}
	return fmt.Sprintf("%s was never deployed here", short(commit))
}

// untouched says that a promotion waits, or ended without having been deployed.
func (t target) untouched() bool {
	return t.ahead() || t.State == Waiting || t.State == Canceled || t.State == Denied || t.State == Superseded
}

// noRollback says why this promotion can't be rolled back.
func (t target) noRollback() string {
	s := fmt.Sprintf("%s in %s", short(t.Commit.SHA), t.lane.name())
	to := ""
	if t.Back != "" {
		to = " to " + short(t.Back)
	}
	switch t.State {
	case RollingBack:
		return s + " is already going back" + to
	case RolledBack:
		return s + " was rolled back already" + strings.Replace(to, " to", ", to", 1)
	case Superseded:
		return s + t.newer()
	case Ahead, Waiting, Canceled, Denied:
		return s + " is not deployed: it is " + t.doing()
	}
	switch {
	case t.returning():
		return s + " already goes back" + to + " as soon as its deployment's program has ended"
	case t.lane.WayBack == "":
		return s + " has no way back yet: no other release there counts as good"
	}
	return s + " can't be rolled back: it is not what was deployed last"
}

// noRetry says why nothing of a commit can be tried again: how its checks are, unless they passed or a lane is named, then what stands in
// the way in each lane.
func (a Asked) noRetry(c Command, commit app.SHA, lanes []LaneView) string {
	if commit == "" {
		return "nothing has to be tried again there"
	}
	nothing := fmt.Sprintf("nothing of %s has to be tried again", short(commit))
	named := c.Service != "" || c.Environment != ""
	r, ok := a.run(Command{}, commit)
	if ok && !r.Green && !named {
		return nothing + ": " + r.checks()
	}
	var whys []string
	for _, t := range of(targets(lanes, func(target) bool { return true }), commit) {
		if named || t.endedBadly() {
			whys = append(whys, t.noRetry())
		}
	}
	switch {
	case len(whys) > 0:
		return listed(nothing, whys)
	case a.merged(commit) != "":
		return a.merged(commit)
	case ok && !named:
		return nothing + ": its checks are green"
	case ok && !r.Green:
		return fmt.Sprintf("%s is not in %s: %s", short(commit), c.where(), r.checks())
	case named:
		return fmt.Sprintf("%s is not in %s: it changes nothing there, or slipway has not come to it yet", short(commit), c.where())
	}
	return nothing
}

// where is what a command names of a lane.
func (c Command) where() string { return Quote(strings.Trim(place(c.Service, c.Environment), "/")) }

// endedBadly says that a promotion ended in a way that /retry is for, or needs a person.
func (t target) endedBadly() bool {
	switch t.State {
	case Attention, RolledBack, Failed, Denied, Canceled:
		return true
	}
	return false
}

// noRetry says why this promotion can't be tried again, or has not to be.
func (t target) noRetry() string {
	s := fmt.Sprintf("%s in %s", short(t.Commit.SHA), t.lane.name())
	switch {
	case t.State == Superseded:
		return s + t.newer()
	case !t.endedBadly():
		return s + " need not be tried again: it is " + t.doing()
	case t.lane.Closed:
		return s + " can't be tried again: the file does not name this lane any more"
	case t.Gone:
		return s + " can't be tried again: a force-push took it off the default branch. Push the change as a new commit"
	case t.Commit.Place < t.lane.Newest.Place:
		return s + fmt.Sprintf(" can't be tried again: %s, which is newer, has been started there since", short(t.lane.Newest.SHA))
	case t.lane.Hold != nil:
		return s + fmt.Sprintf(" can't be tried again while the lane is held %s. Say %s first", t.lane.Hold.how(), t.lane.say(app.VerbUnhold, ""))
	}
	return s + " can't be tried again: it is " + t.doing()
}

// checks says how a run is, after "because" or a colon.
func (r RunView) checks() string {
	switch {
	case r.Broken:
		return "its `.github/slipway.yml` can't be used"
	case r.Green:
		return "its checks passed"
	}
	return "its checks are " + r.State
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
