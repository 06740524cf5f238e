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
	Commit  app.SHA // what the program was run for; "" if nobody remembers
	Place   string  // the lane, of a deployment
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
		v.Commit = at.Commit
		w.headRun(ctx, &v, at, app.Key(n))
	case app.KindLane:
		w.headLane(ctx, &v, at, task, app.Key(n))
	}
	v.Title = v.Heading
	for _, more := range []string{v.Commit.Short(), v.Place} {
		if more != "" {
			v.Title += " · " + more
		}
	}
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

func (w *Web) headLane(ctx context.Context, v *logView, at app.Address, task string, k app.Key) {
	repo, lane, err := w.States.ShowLane(ctx, at)
	if err != nil {
		return
	}
	v.Crumbs = append(w.crumbs(repo), crumb{lane.Name(), w.Signer.Lane(at)})
	v.Heading, v.Place, v.Commit = "Deployment log", lane.Name(), put(lane, k)
	if task == (deploy.Restore{}).Task() {
		v.Heading = "Rollback log"
	}
}

// put is the commit that a lane's program was to put there, by the program's number; "" if the lane does not remember.
func put(l deploy.Lane, k app.Key) app.SHA {
	for _, p := range l.Promotions {
		switch k {
		case p.Put:
			return p.Commit.SHA
		case p.Undone:
			return p.To
		}
		for _, t := range p.Tried {
			if t.Key == k {
				return t.Commit
			}
		}
	}
	return ""
}
