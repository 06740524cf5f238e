package handlers

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/deploy"
)

// repositoryView is what a repository's page shows: its lanes, each in a few lines.
type repositoryView struct {
	top
	Lanes []laneSummary
}

// laneSummary is a lane in a few lines.
type laneSummary struct {
	Name, Address string
	States        []any
	Live          app.SHA
	LiveRun       string
	Unknown       bool // something is there, and nobody can say what
	Says          []string
}

func (w *Web) repositoryPage(rw http.ResponseWriter, r *http.Request, subject string) {
	at, err := address(subject, app.KindRepository)
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	lanes, err := w.States.ShowLanes(r.Context(), at.Repo)
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	view := repositoryView{top: top{Title: "Repository", Refresh: later}}
	for _, l := range lanes {
		view.Lanes = append(view.Lanes, w.summary(l))
		if _, busy := l.Busy(); busy {
			view.Refresh = soon
		}
	}
	if len(lanes) > 0 {
		repo, _, err := w.States.ShowLane(r.Context(), lanes[0].Address())
		if err != nil {
			w.fail(rw, r, err)
			return
		}
		view.Title = repo.FullName()
	}
	w.render(rw, http.StatusOK, "repository.html", view)
}

// summary tells of a lane what a person would ask first: what is there, what is on its way, what waits, and who stops it.
func (w *Web) summary(l deploy.Lane) laneSummary {
	v := laneSummary{Name: l.Name(), Address: w.Signer.Lane(l.Address()), Live: l.Live.SHA, Unknown: l.Newest != 0}
	if v.Live != "" {
		v.LiveRun = w.Signer.Run(l.Repo, v.Live)
	}
	if l.Hold.Key != 0 {
		v.States = append(v.States, onHold)
		v.Says = append(v.Says, w.onHold(l))
	}
	if l.Closed {
		v.States = append(v.States, word("closed"))
	}
	if p, ok := l.Busy(); ok {
		v.States = append(v.States, p.State)
		v.Says = append(v.Says, about(l, p))
	}
	waiting := 0
	for _, p := range slices.Backward(l.Promotions) {
		if !p.State.Waits() {
			continue
		}
		if waiting++; waiting <= fewWaiting {
			v.Says = append(v.Says, about(l, p))
		}
	}
	if waiting > 0 {
		v.States = append(v.States, word(fmt.Sprintf("%d waiting", waiting)))
	}
	return v
}

// fewWaiting is of how many commits that wait a repository's page tells more than that they do: the newest of each lane.
const fewWaiting = 3

// onHold is who stops a lane, and how it goes on.
func (w *Web) onHold(l deploy.Lane) string {
	who, until, lifts := "a rollback", "", "lifts it"
	if l.Hold.By.Login != "" {
		who = "@" + l.Hold.By.Login
	}
	if !l.Hold.Until.IsZero() {
		until, lifts = " until "+moment{w.Clock.Now()}.day(l.Hold.Until), "lifts it earlier"
	}
	return fmt.Sprintf("Stopped by %s%s. A maintainer %s with `%s`.", who, until, lifts, command(app.VerbUnhold, l, ""))
}

// about is one promotion in a line.
func about(l deploy.Lane, p deploy.Promotion) string {
	is := "is " + words(p.State)
	switch p.State {
	case deploy.Held:
		is = "waits"
	case deploy.Attention:
		is = "needs a person"
	}
	text := "`" + p.Commit.SHA.Short() + "` " + is
	if why := says(l, p); why != "" {
		return text + ": " + why
	}
	return text + "."
}
