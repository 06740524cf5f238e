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
	return wants
}

func want(t app.Task, k app.Key) app.Want {
	return app.Want{Key: fmt.Sprintf("%s/%d", t.Task(), k), Task: t}
}
