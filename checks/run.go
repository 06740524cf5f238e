// Package checks answers one question about one commit: is it good? A Run is the commit on its way through the checks of its own file.
//
// Step and Wants are pure: what is to happen in the world is derived from the state, and what happened comes back as a message under the
// number that asked for it.
package checks

import (
	"slices"
	"time"

	"github.com/slipway-cd/slipway/app"
)

// Tries is how often an attempt whose outcome can't be known is made again before the check counts as failed.
const Tries = 3

// Run is one commit on its way through its checks.
type Run struct {
	Repo     app.RepoID
	Commit   app.SHA
	State    State
	Asked    app.Key // the last question's number
	Causes   []Cause
	Planning app.Key // the question what the file asks for, while it is out
	Planned  bool    // it has been answered at least once
	Plan     Plan
	Checks   []Check // as the plan orders them: what is needed first
	Round    int     // how often it was opened: each round has an aggregate of its own
	Why      string  // canceled: why, as it goes on from a colon
	Opened   time.Time
	Ended    time.Time
}

// Check is one check's way through its attempts.
type Check struct {
	Spec
	State   CheckState
	Key     app.Key   // the newest attempt
	Unclear int       // attempts in a row whose outcome could not be known
	Looked  bool      // of someone else's: nothing reported when it was last looked at
	Queued  time.Time // the newest attempt came into line
	Began   time.Time
	Ended   time.Time
	Status  app.Status // how the newest attempt ended
	URL     string     // of someone else's: its page
}

// Address is the run's address.
func (r Run) Address() app.Address { return app.RunAddress(r.Repo, r.Commit) }

// Place is the commit's place on the default branch, or zero if it was never pushed there.
func (r Run) Place() app.Place {
	for _, c := range r.Causes {
		if c.Kind == Push {
			return c.Place
		}
	}
	return 0
}

// Fork says that nothing but a fork's pull request asks for the run: nothing of it may be run.
func (r Run) Fork() bool {
	return len(r.Causes) > 0 && !slices.ContainsFunc(r.Causes, func(c Cause) bool { return !c.Fork })
}

// Check is the check of that id.
func (r Run) Check(id string) (Check, bool) {
	i := r.index(id)
	if i < 0 {
		return Check{}, false
	}
	return r.Checks[i], true
}

func (r Run) index(id string) int {
	return slices.IndexFunc(r.Checks, func(c Check) bool { return c.ID() == id })
}

// Green says whether the commit is good for a service: the shared checks and its own have passed. It is asked for each service, so that
// a broken service never stops another.
func (r Run) Green(service string) bool {
	if !r.Planned || r.Planning != 0 || r.State == Canceled || r.State == PassedOver {
		return false
	}
	i := slices.IndexFunc(r.Plan.Services, func(s Service) bool { return s.Name == service })
	if i < 0 || r.Plan.Services[i].Broken || r.broken("") {
		return false
	}
	for _, c := range r.Checks {
		if (c.Service == "" || c.Service == service) && c.State != Passed {
			return false
		}
	}
	return true
}

// GreenWithout says whether the commit is good for a service that it does not concern: all that it does concern has passed.
func (r Run) GreenWithout(service string) bool {
	return r.State == Green && !slices.ContainsFunc(r.Plan.Services, func(s Service) bool { return s.Name == service })
}

// Artifact is the digest of what the service's checks produced, its own before a shared one, or "".
func (r Run) Artifact(service string) string {
	shared := ""
	for _, c := range r.Checks {
		if c.Produces == "" || c.State != Passed {
			continue
		}
		if c.Service == service {
			return c.Status.Artifact
		}
		if c.Service == "" {
			shared = c.Status.Artifact
		}
	}
	return shared
}

// broken says whether the file has a problem that concerns the service; those of no service concern every one.
func (r Run) broken(service string) bool {
	return slices.ContainsFunc(r.Plan.Problems, func(p app.Problem) bool { return p.Service == service })
}
