package handlers

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
)

// How many seconds pass before a page is loaded again: while something happens by itself, and while somebody is waited for.
const (
	soon  = 5
	later = 30
)

// runView is what a run's page shows.
type runView struct {
	top
	Run      checks.Run
	Fork     bool
	Causes   []string
	Checks   []checkView
	Filtered string
	Lanes    []laneView
}

// checkView is a check as a run's page shows it.
type checkView struct {
	checks.Check
	Log, Took, Waits, Failure, Tail string
}

// laneView is a lane as other pages name it.
type laneView struct {
	Name, Address string
	State         deploy.State
	Why           string
}

func (w *Web) runPage(rw http.ResponseWriter, r *http.Request, subject string) {
	at, err := address(subject, app.KindRun)
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	repo, run, err := w.States.ShowRun(r.Context(), at)
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	lanes, err := w.States.ShowLanes(r.Context(), at.Repo)
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	view := runView{Run: run, Fork: run.Fork(), Causes: causes(run), Filtered: filtered(run)}
	view.top = top{Title: run.Commit.Short() + " · " + repo.FullName(), Crumbs: w.crumbs(repo), Refresh: later}
	if run.State == checks.Open {
		view.Refresh = soon
	}
	for _, c := range run.Checks {
		view.Checks = append(view.Checks, w.check(run, c))
	}
	for _, l := range lanes {
		if p, ok := l.Promotion(at.Commit); ok {
			view.Lanes = append(view.Lanes, laneView{l.Name(), w.Signer.Lane(l.Address()), p.State, says(l, p)})
		}
	}
	w.render(rw, http.StatusOK, "run.html", view)
}

// crumbs is the way to a page of a repository.
func (w *Web) crumbs(repo app.Repo) []crumb {
	return []crumb{{repo.FullName(), w.Signer.Repository(repo.ID)}}
}

func (w *Web) check(run checks.Run, c checks.Check) checkView {
	v := checkView{Check: c, Took: lasted(c.Began, c.Ended), Failure: c.Status.Reason, Tail: c.Status.Tail}
	if c.Key != 0 && !c.IsExternal() {
		v.Log = w.Signer.Log(logKey(run.Address(), checks.Execute{}, c.Key))
	}
	v.URL = webAddress(c.URL)
	if c.State == checks.Skipped {
		v.Took = ""
	}
	if v.Failure == "" && c.Status.ExitCode != 0 {
		v.Failure = fmt.Sprintf("Its command exited with %d.", c.Status.ExitCode)
	}
	switch {
	case c.State == checks.Waiting && len(c.Needs) > 0:
		v.Waits = "after " + strings.Join(c.Needs, ", ")
	case c.State == checks.Running && c.IsExternal():
		v.Waits = fmt.Sprintf("until %s reports %s", c.External.App, c.External.Name)
	case c.State == checks.Running && c.Began.IsZero():
		v.Waits = "in line for its turn"
	case c.State == checks.Skipped:
		v.Waits = "what it needs did not pass"
	}
	return v
}

// causes says what brought the commit here.
func causes(run checks.Run) []string {
	var all []string
	for _, c := range run.Causes {
		switch c.Kind {
		case checks.Push:
			all = append(all, "pushed to the default branch")
		case checks.PullRequest:
			all = append(all, fmt.Sprintf("pull request #%d", c.Pull))
		case checks.MergeGroup:
			all = append(all, "merge queue")
		}
	}
	return slices.Compact(all)
}

// filtered is the checks that the change does not concern.
func filtered(run checks.Run) string {
	var all []string
	for _, s := range run.Plan.Filtered {
		all = append(all, s.Title())
	}
	return strings.Join(all, ", ")
}

// logKey is the name of a program's log: that of its row.
func logKey(at app.Address, t app.Task, k app.Key) string {
	return app.RowKey(at, fmt.Sprintf("%s/%d", t.Task(), k))
}
