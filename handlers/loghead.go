package handlers

import (
	"context"
	"strconv"
	"strings"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/deploy"
)

// logView is what stands above a log.
type logView struct {
	top
	Heading string
	From    int64
	Follows bool // its end is shown first, and stays in sight while it grows
}

// heading tells whose log it is. What can't be found out is left out: the log matters more.
func (w *Web) heading(ctx context.Context, key string) logView {
	machine, want, _ := strings.Cut(key, "#")
	task, number, _ := strings.Cut(want, "/")
	n, _ := strconv.ParseInt(number, 10, 64)
	v := logView{top: top{Title: "Log", Class: "log"}, Heading: "Log"}
	at, err := app.ParseAddress(machine)
	if err != nil {
		return v
	}
	switch at.Kind {
	case app.KindRun:
		w.headRun(ctx, &v, at, app.Key(n))
	case app.KindLane:
		w.headLane(ctx, &v, at, task)
	}
	v.Title = v.Heading + " · " + at.Commit.Short()
	return v
}

func (w *Web) headRun(ctx context.Context, v *logView, at app.Address, k app.Key) {
	repo, run, err := w.States.ShowRun(ctx, at)
	if err != nil {
		return
	}
	v.Crumbs = append(w.crumbs(repo), crumb{at.Commit.Short(), w.Signer.Run(at.Repo, at.Commit)})
	for _, c := range run.Checks {
		if c.Key == k && !c.IsExternal() {
			v.Heading = c.Title()
		}
	}
}

func (w *Web) headLane(ctx context.Context, v *logView, at app.Address, task string) {
	repo, lane, err := w.States.ShowLane(ctx, at)
	if err != nil {
		return
	}
	v.Crumbs = append(w.crumbs(repo), crumb{lane.Name(), w.Signer.Lane(at)})
	v.Heading = "Deployment log"
	if task == (deploy.Restore{}).Task() {
		v.Heading = "Rollback log"
	}
}
