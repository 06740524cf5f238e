package checks

import (
	"slices"
	"time"

	"github.com/slipway-cd/slipway/app"
)

// Step is what a message does to a run. It is pure and total: a message that does not fit changes nothing. The letters that come back are
// for the lanes of its services.
func Step(r Run, m app.Message, now time.Time) (Run, []app.Letter) {
	before := r
	r.Causes, r.Checks = slices.Clone(r.Causes), slices.Clone(r.Checks)
	switch m := m.(type) {
	case Opened:
		r.open(m, now)
	case Withdrawn:
		r.withdraw(m, now)
	case Planned:
		r.planned(m)
	case Began:
		r.began(m, now)
	case Finished:
		r.finished(m, now)
	case Noticed:
		r.noticed(m.External, now)
	case app.Said:
		r.obey(m, now)
	}
	if r.State == Open && before.State != Open {
		r.Round++
	}
	r.follow(now)
	r.settle(now)
	return r, r.tell(before)
}

// ask gives out a number that was never used before.
func (r *Run) ask() app.Key {
	r.Asked++
	return r.Asked
}

// open gives the run a cause. A new one asks anew what the file wants, for another base concerns other services.
func (r *Run) open(m Opened, now time.Time) {
	if m.Missed {
		if r.State == Absent {
			r.State, r.Opened, r.Ended = PassedOver, now, now
			r.Causes = append(r.Causes, m.Cause)
		}
		return
	}
	if slices.ContainsFunc(r.Causes, m.Cause.same) {
		return
	}
	r.Causes = append(r.Causes, m.Cause)
	r.reopen(now)
}

func (r *Run) reopen(now time.Time) {
	if r.State == Absent {
		r.Opened = now
	}
	for i := range r.Checks {
		if r.Checks[i].State == CheckCanceled {
			r.Checks[i].State = Waiting
		}
	}
	r.State, r.Planning, r.Why = Open, r.ask(), ""
}

// same says whether two causes are the same one: a pull request may be opened again on another base.
func (c Cause) same(d Cause) bool {
	return c.Kind == d.Kind && c.Pull == d.Pull
}

func (r *Run) withdraw(m Withdrawn, now time.Time) {
	r.Causes = slices.DeleteFunc(r.Causes, m.Cause.same)
	if len(r.Causes) == 0 {
		r.cancel(m.Why, now)
	}
}

// cancel gives up what has not ended. What has passed stays passed, but the run is not green any more.
func (r *Run) cancel(why string, now time.Time) {
	if r.State != Open {
		return
	}
	for i := range r.Checks {
		if c := &r.Checks[i]; !c.State.Ended() {
			c.State, c.Ended = CheckCanceled, now
		}
	}
	r.State, r.Planning, r.Ended, r.Why = Canceled, 0, now, why
}

// planned takes in what the file asks for. Checks that are there already keep what they know: their commit is the same.
func (r *Run) planned(m Planned) {
	if r.State != Open || r.Planning != m.Key {
		return
	}
	r.Planning, r.Planned = 0, true
	old := r.Checks
	r.Checks = nil
	for _, spec := range m.Plan.Checks {
		i := slices.IndexFunc(old, func(c Check) bool { return c.ID() == spec.ID() })
		if i < 0 {
			r.Checks = append(r.Checks, Check{Spec: spec, State: Waiting})
			continue
		}
		old[i].Spec = spec
		r.Checks = append(r.Checks, old[i])
	}
	r.keep(old)
	r.Plan = r.merge(m.Plan)
}

// keep holds on to checks that an earlier cause asked for and that this plan does not name.
func (r *Run) keep(old []Check) {
	for _, c := range old {
		if r.index(c.ID()) < 0 {
			r.Checks = append(r.Checks, c)
		}
	}
}

// merge adds the services of an earlier plan: each cause is owed its own.
func (r *Run) merge(p Plan) Plan {
	p.Services = slices.Clone(p.Services)
	for _, s := range r.Plan.Services {
		if !slices.ContainsFunc(p.Services, func(t Service) bool { return t.Name == s.Name }) {
			p.Services = append(p.Services, s)
		}
	}
	p.Filtered = slices.DeleteFunc(slices.Clone(p.Filtered), func(s Spec) bool { return r.index(s.ID()) >= 0 })
	return p
}

func (r *Run) began(m Began, now time.Time) {
	if c := r.running(m.Check, m.Key); c != nil && c.Began.IsZero() {
		c.Began = now
	}
}

// running is the check that waits on this very attempt, or nil: any other outcome is late.
func (r *Run) running(id string, k app.Key) *Check {
	if i := r.index(id); i >= 0 && r.Checks[i].State == Running && r.Checks[i].Key == k {
		return &r.Checks[i]
	}
	return nil
}

func (r *Run) finished(m Finished, now time.Time) {
	c := r.running(m.Check, m.Key)
	if c == nil {
		return
	}
	if m.Status.Running {
		c.Looked = c.IsExternal()
		return
	}
	c.Status, c.URL, c.Ended = m.Status, m.URL, now
	switch m.Status.Outcome {
	case app.Succeeded:
		c.State, c.Unclear = Passed, 0
	case app.OutcomeUnknown:
		r.again(c, now)
	default:
		c.State, c.Unclear = Failed, 0
	}
}

// again tries once more what nobody can know the outcome of: a check may run twice, a deployment may not.
func (r *Run) again(c *Check, now time.Time) {
	if c.Unclear++; c.Unclear < Tries {
		r.start(c, now)
		return
	}
	c.State, c.Unclear = Failed, 0
}

func (r *Run) start(c *Check, now time.Time) {
	c.Queued = now
	c.State, c.Key, c.Looked, c.Began, c.Ended, c.URL = Running, r.ask(), false, time.Time{}, time.Time{}, ""
	c.Status = app.Status{}
}

// noticed looks again at what another App runs, and lets what was skipped for it wait once more.
func (r *Run) noticed(e External, now time.Time) {
	if r.State == Canceled {
		return
	}
	for i := range r.Checks {
		c := &r.Checks[i]
		switch {
		case c.IsExternal() && c.External == e && c.State != Waiting && c.State != CheckCanceled:
			r.start(c, now)
			r.State = Open
		case c.State == Skipped && r.needed(*c) == Waiting:
			c.State = Waiting
		}
	}
}

// obey does what a person says: a new attempt of one check, or of all that did not pass; or to give up.
func (r *Run) obey(m app.Said, now time.Time) {
	switch {
	case m.Verb == app.VerbCancel:
		r.cancel("@"+m.By.Login+" gave it up", now)
	case m.Verb == app.VerbRetry && r.State == PassedOver:
		r.reopen(now)
	case m.Verb == app.VerbRetry && r.State != Absent && len(r.Causes) > 0:
		r.retry(m.Check, now)
	}
}

// retry lets the ended check run again, even one that passed, with all that needs it or did not pass for it.
func (r *Run) retry(id string, now time.Time) {
	if r.State == Canceled || r.mendedElsewhere() {
		r.reopen(now)
	}
	again := false
	for i := range r.Checks {
		c := &r.Checks[i]
		asked := c.State.Ended() && (c.ID() == id || id == "" && c.State != Passed)
		if asked || c.State != Waiting && r.needsAgain(*c) {
			c.State, c.Unclear = Waiting, 0
			again = true
		}
	}
	if id != "" {
		again = r.retryNeeded(id) || again
	}
	if again {
		r.State = Open
	}
}

// mendedElsewhere says that what is wrong with the file may not be any more: it extends one of another repository.
func (r *Run) mendedElsewhere() bool {
	return r.State == Red && len(r.Plan.Problems) > 0 && r.Plan.Shared.From != ""
}

// needsAgain says whether something that c needs is to run again.
func (r *Run) needsAgain(c Check) bool {
	return slices.ContainsFunc(c.Needs, func(id string) bool {
		i := r.index(id)
		return i >= 0 && r.Checks[i].State == Waiting
	})
}

// retryNeeded runs again what the check needs and what did not pass: alone it could only be skipped.
func (r *Run) retryNeeded(id string) (again bool) {
	i := r.index(id)
	if i < 0 {
		return false
	}
	for _, n := range r.Checks[i].Needs {
		j := r.index(n)
		if j < 0 {
			continue
		}
		if c := &r.Checks[j]; c.State.Ended() && c.State != Passed {
			c.State, c.Unclear, again = Waiting, 0, true
		}
		again = r.retryNeeded(n) || again
	}
	return again
}

// follow starts what waits for nothing any more, and skips what waits for what did not pass. Needed checks come first, so one pass does.
func (r *Run) follow(now time.Time) {
	if r.State != Open || r.Planning != 0 || r.Fork() {
		return
	}
	for i := range r.Checks {
		c := &r.Checks[i]
		if c.State != Waiting {
			continue
		}
		switch r.needed(*c) {
		case Passed:
			r.start(c, now)
		case Failed:
			c.State, c.Ended = Skipped, now
		}
	}
}

// needed sums up what c needs: passed, failed (or skipped, or canceled), or still waiting.
func (r *Run) needed(c Check) CheckState {
	sum := Passed
	for _, id := range c.Needs {
		i := r.index(id)
		switch {
		case i < 0 || r.Checks[i].State.Ended() && r.Checks[i].State != Passed:
			return Failed
		case r.Checks[i].State != Passed:
			sum = Waiting
		}
	}
	return sum
}

// settle ends the run when all its checks have ended. A fork's pull request waits, with nothing run.
func (r *Run) settle(now time.Time) {
	if r.State != Open || r.Planning != 0 || r.Fork() && len(r.Checks) > 0 {
		return
	}
	state := Green
	if len(r.Plan.Problems) > 0 {
		state = Red
	}
	for _, c := range r.Checks {
		switch {
		case !c.State.Ended():
			return
		case c.State != Passed:
			state = Red
		}
	}
	r.State, r.Ended = state, now
}

// tell lets the lanes know when a commit of the default branch turned green for their service, or red again. A lane that is not in the
// file any more is told so.
func (r *Run) tell(before Run) []app.Letter {
	if r.Place() == 0 {
		return nil
	}
	var letters []app.Letter
	at := app.Commit{SHA: r.Commit, Place: r.Place()}
	for _, s := range r.Plan.Services {
		was := before.Place() != 0 && before.Green(s.Name)
		for _, e := range s.Environments {
			to := app.LaneAddress(r.Repo, s.Name, e)
			switch is := r.Green(s.Name); {
			case is && !was:
				letters = append(letters, app.Letter{To: to, Message: app.Ready{Commit: at, Artifact: r.Artifact(s.Name), Environments: s.Environments}})
			case was && !is:
				letters = append(letters, app.Letter{To: to, Message: app.Changed{Commit: r.Commit}})
			}
		}
	}
	if r.Planned && !before.Planned || r.Planning == 0 && before.Planning != 0 {
		for _, lane := range r.Plan.Removed {
			letters = append(letters, app.Letter{To: lane, Message: app.Removed{Commit: at}})
		}
	}
	return letters
}
