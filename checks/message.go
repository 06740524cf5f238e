package checks

import "github.com/slipway-cd/slipway/app"

// The messages that are a run's own. People's words (app.Said: retry, cancel) come beside them.
type (
	// Opened gives the run a cause. Missed says that a newer commit of the same push is built in its stead.
	Opened struct {
		Cause  Cause
		Missed bool
	}
	// Withdrawn takes a cause back: a pull request was pushed over or closed, a merge group dissolved. Without any cause left a run that
	// has not ended is canceled. Only Kind and Pull are compared. Why goes on from "Canceled:".
	Withdrawn struct {
		Cause Cause
		Why   string
	}
	// Planned answers what the commit's file asks for.
	Planned struct {
		Key  app.Key
		Plan Plan
	}
	// Began says that an attempt has left the line.
	Began struct {
		Check string
		Key   app.Key
	}
	// Finished answers how an attempt ended. Of someone else's check, a status that is still running means: not reported yet.
	Finished struct {
		Check  string
		Key    app.Key
		Status app.Status
		URL    string // of someone else's check: its page
	}
	// Noticed says that another App has reported something: look again.
	Noticed struct{ External External }
)

// Name of Opened.
func (Opened) Name() string { return "run.opened" }

// Name of Withdrawn.
func (Withdrawn) Name() string { return "run.withdrawn" }

// Name of Planned.
func (Planned) Name() string { return "run.planned" }

// Name of Began.
func (Began) Name() string { return "run.began" }

// Name of Finished.
func (Finished) Name() string { return "run.finished" }

// Name of Noticed.
func (Noticed) Name() string { return "run.noticed" }
