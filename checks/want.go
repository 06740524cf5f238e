package checks

import (
	"fmt"

	"github.com/slipway-cd/slipway/app"
)

// What a run wants done. Each is done once per key; the outcome comes back as Planned or Finished under it.
type (
	// Read asks what the commit's file wants, given what the commit changes. Answered by Planned.
	Read struct {
		Key    app.Key
		Causes []Cause
	}
	// Execute asks for an attempt of a check on this machine. Answered by Began and Finished.
	Execute struct {
		Key   app.Key
		Check Spec
	}
	// Look asks what another App says. Answered by Finished.
	Look struct {
		Key   app.Key
		Check Spec
	}
)

// Task of Read.
func (Read) Task() string { return "read" }

// Task of Execute.
func (Execute) Task() string { return "execute" }

// Task of Look.
func (Look) Task() string { return "look" }

// Wants is what the world should look like now.
func Wants(r Run) []app.Want {
	var wants []app.Want
	if r.State == Open && r.Planning != 0 {
		wants = append(wants, want(Read{r.Planning, r.Causes}, r.Planning))
	}
	for _, c := range r.Checks {
		switch {
		case c.State != Running:
		case !c.IsExternal():
			wants = append(wants, want(Execute{c.Key, c.Spec}, c.Key))
		case !c.Looked:
			wants = append(wants, want(Look{c.Key, c.Spec}, c.Key))
		}
	}
	return append(wants, r.views()...)
}

func want(t app.Task, k app.Key) app.Want {
	return app.Want{Key: fmt.Sprintf("%s/%d", t.Task(), k), Task: t}
}

// views is what GitHub shows of the run. A repository without the file is left alone.
func (r Run) views() []app.Want {
	if r.State == Absent || r.State == PassedOver || r.silent() {
		return nil
	}
	keys := []app.ViewKey{{Kind: app.ViewAggregate, Repo: r.Repo, Commit: r.Commit}}
	for _, c := range r.Checks {
		if !c.IsExternal() && c.State != Waiting {
			keys = append(keys, app.ViewKey{Kind: app.ViewCheck, Repo: r.Repo, Commit: r.Commit, Check: c.ID()})
		}
	}
	for _, f := range r.Plan.Filtered {
		if f.Required {
			keys = append(keys, app.ViewKey{Kind: app.ViewCheck, Repo: r.Repo, Commit: r.Commit, Check: f.ID()})
		}
	}
	for _, c := range r.Causes {
		if c.Kind == PullRequest {
			keys = append(keys, app.ViewKey{Kind: app.ViewComment, Repo: r.Repo, Pull: c.Pull})
		}
	}
	if r.Place() != 0 {
		keys = append(keys, app.ViewKey{Kind: app.ViewCommit, Repo: r.Repo, Commit: r.Commit})
	}
	wants := make([]app.Want, len(keys))
	for i, k := range keys {
		wants[i] = app.Want{Key: k.String(), Task: app.Show{View: k}}
	}
	return wants
}

// silent says that GitHub shows nothing of the run: what it asks for is not known yet, or nothing is asked for.
func (r Run) silent() bool {
	return !r.Planned || r.Plan.NoFile && len(r.Plan.Problems) == 0 && len(r.Plan.Notes) == 0
}
