package handlers

import (
	"context"
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

// page draws what a page shows of a subject.
type page func(ctx context.Context, subject string) ([]byte, error)

// shown writes a page, or why there is none.
func (w *Web) shown(draw page) handler {
	return func(rw http.ResponseWriter, r *http.Request, subject string) {
		drawn, err := draw(r.Context(), subject)
		if err != nil {
			w.fail(rw, r, err)
			return
		}
		render(rw, http.StatusOK, drawn)
	}
}

func (w *Web) runPage(ctx context.Context, subject string) ([]byte, error) {
	at, err := address(subject, app.KindRun)
	if err != nil {
		return nil, err
	}
	repo, run, err := w.States.ShowRun(ctx, at)
	if err != nil {
		return nil, err
	}
	lanes, err := w.States.ShowLanes(ctx, at.Repo)
	return w.view().Run(repo, run, lanes), err
}

func (w *Web) lanePage(ctx context.Context, subject string) ([]byte, error) {
	at, err := address(subject, app.KindLane)
	if err != nil {
		return nil, err
	}
	repo, lane, err := w.States.ShowLane(ctx, at)
	if err != nil {
		return nil, err
	}
	lanes, err := w.States.ShowLanes(ctx, at.Repo)
	return w.view().Lane(repo, lane, lanes), err
}

func (w *Web) repositoryPage(ctx context.Context, subject string) ([]byte, error) {
	at, err := address(subject, app.KindRepository)
	if err != nil {
		return nil, err
	}
	lanes, err := w.States.ShowLanes(ctx, at.Repo)
	if err != nil || len(lanes) == 0 {
		return w.view().Repository(app.Repo{}, nil), err
	}
	repo, _, err := w.States.ShowLane(ctx, lanes[0].Address())
	return w.view().Repository(repo, lanes), err
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
