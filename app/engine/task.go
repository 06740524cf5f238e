package engine

import (
	"strings"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/deploy"
)

// The kinds of work that no machine wants by itself.
const (
	taskShow      = "show"      // a view
	taskStop      = "stop"      // a program that is not wanted any more
	taskSync      = "sync"      // the default branch, as git has it
	taskCommand   = "command"   // a comment's or a button's commands
	taskAnswer    = "answer"    // what is said back to one comment
	taskAssess    = "assess"    // a review of a pull request
	taskProtect   = "protect"   // what GitHub asks before a workflow deploys to an environment
	taskSweep     = "sweep"     // webhooks that were missed
	taskReconcile = "reconcile" // one repository with GitHub
	taskNightly   = "nightly"   // all of them, and housekeeping
)

// stopSuffix makes the key of the row that stops another row's program.
const stopSuffix = "!stop"

// isWant says whether a task is one that a machine wants, so that it ends when the machine does not want it any more.
func isWant(task string) bool {
	switch task {
	case taskShow, taskStop, taskSync, taskCommand, taskAnswer, taskAssess, taskProtect, taskSweep, taskReconcile, taskNightly:
		return false
	}
	return true
}

// isWrite says whether a task writes to GitHub, where it can be seen by people.
func isWrite(task string) bool {
	return task == taskShow || task == taskAnswer || task == (deploy.Request{}).Task() || strings.HasPrefix(task, deploy.Notify{}.Task())
}

// found is the want behind a row, as its machine wants it now; false if it is not wanted any more.
func found(row Row, wants []app.Want) (app.Task, bool) {
	for _, w := range wants {
		if app.RowKey(row.Machine, w.Key) == row.Key {
			return w.Task, true
		}
	}
	return nil, false
}

// stops is the key of the program that a stop row stops.
func stops(key string) string { return strings.TrimSuffix(key, stopSuffix) }
