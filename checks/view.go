package checks

import (
	"reflect"

	"github.com/slipway-cd/slipway/app"
)

// Redraw is what GitHub shows of the run that a step from before to after may have changed. A repository without the file is left alone.
func Redraw(before, after Run) []app.ViewKey {
	if reflect.DeepEqual(before, after) {
		return nil
	}
	if after.State == PassedOver { // the comment that its pull request may have said that it would go out
		return []app.ViewKey{{Kind: app.ViewCommit, Repo: after.Repo, Commit: after.Commit}}
	}
	if after.silent() {
		return nil
	}
	keys := []app.ViewKey{{Kind: app.ViewAggregate, Repo: after.Repo, Commit: after.Commit}}
	if after.Plan.Replay.Summary != "" && !reflect.DeepEqual(before.Plan.Replay, after.Plan.Replay) {
		keys = append(keys, app.ViewKey{Kind: app.ViewConfig, Repo: after.Repo, Commit: after.Commit})
	}
	for _, c := range after.Checks {
		old, _ := before.Check(c.ID())
		if shown(c) && !reflect.DeepEqual(old, c) {
			keys = append(keys, after.view(c.Spec))
		}
	}
	if before.Planning != 0 {
		for _, f := range after.Plan.Filtered {
			if f.Required {
				keys = append(keys, after.view(f))
			}
		}
	}
	for _, c := range after.Causes {
		if c.Kind == PullRequest {
			keys = append(keys, app.ViewKey{Kind: app.ViewComment, Repo: after.Repo, Pull: c.Pull})
		}
	}
	if after.Place() != 0 {
		keys = append(keys, app.ViewKey{Kind: app.ViewCommit, Repo: after.Repo, Commit: after.Commit})
	}
	return keys
}

func (r Run) view(s Spec) app.ViewKey {
	return app.ViewKey{Kind: app.ViewCheck, Repo: r.Repo, Commit: r.Commit, Check: s.ID()}
}

// shown says whether a check has a check run of ours: another App's has its own, and one that still waits is a line of the aggregate,
// for writes are counted.
func shown(c Check) bool { return !c.IsExternal() && c.State != Waiting }

// silent says that GitHub shows nothing of the run: what it asks for is not known yet, or nothing is asked for.
func (r Run) silent() bool {
	return !r.Planned || r.State == Absent ||
		r.Plan.NoFile && len(r.Plan.Problems) == 0 && len(r.Plan.Notes) == 0
}
