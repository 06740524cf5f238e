package handlers

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/handlers/pages"
)

// view is what a page is drawn with now.
func (w *Web) view() pages.View { return pages.View{Links: w.Signer, Now: w.Clock.Now()} }

// render writes a page.
func render(rw http.ResponseWriter, status int, page []byte) {
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	rw.WriteHeader(status)
	// An error here is a reader who left.
	_, _ = rw.Write(page)
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
	render(rw, http.StatusOK, w.view().Run(repo, run, lanes))
}

func (w *Web) lanePage(rw http.ResponseWriter, r *http.Request, subject string) {
	at, err := address(subject, app.KindLane)
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	repo, lane, err := w.States.ShowLane(r.Context(), at)
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	lanes, err := w.States.ShowLanes(r.Context(), at.Repo)
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	render(rw, http.StatusOK, w.view().Lane(repo, lane, lanes))
}

func (w *Web) repositoryPage(rw http.ResponseWriter, r *http.Request, subject string) {
	at, err := address(subject, app.KindRepository)
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	lanes, err := w.States.ShowLanes(r.Context(), at.Repo)
	var repo app.Repo
	if err == nil && len(lanes) > 0 {
		repo, _, err = w.States.ShowLane(r.Context(), lanes[0].Address())
	}
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	render(rw, http.StatusOK, w.view().Repository(repo, lanes))
}

// fail answers where what a page shows can't be read. Those who have its address may know whether it is there.
func (w *Web) fail(rw http.ResponseWriter, r *http.Request, err error) {
	if missing(err) {
		render(rw, http.StatusNotFound, pages.Message(pages.Top{Title: "Not here"}, "There is nothing of that name, or it was too old and has been dropped."))
		return
	}
	if r.Context().Err() == nil {
		w.Log.Error("reading what a page shows", "page", route(r), "error", err)
	}
	render(rw, http.StatusInternalServerError, pages.Message(pages.Top{Title: "Not now"}, "This can't be read at the moment; try again. slipway's log says why."))
}

func missing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || app.KindOf(err) == app.ErrNotFound
}

// address reads a subject that is a machine's address. We signed it, so anything else is a mistake of ours.
func address(subject string, kind app.Kind) (app.Address, error) {
	at, err := app.ParseAddress(subject)
	if err != nil || at.Kind != kind {
		return at, &app.Error{Op: fmt.Sprintf("reading %.100q", subject), Kind: app.ErrNotFound}
	}
	return at, nil
}
