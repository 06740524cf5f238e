package handlers

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"strings"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/policies"
)

//go:embed pages/*.html
var pageFiles embed.FS

// pages is the templates.
type pages struct{ all *template.Template }

func newPages() *pages {
	funcs := template.FuncMap{
		"short": func(s app.SHA) string { return s.Short() },
		"when":  when,
		"words": func(s any) string { return strings.ReplaceAll(toText(s), "_", " ") },
		"plain": plain,
		"mark":  mark,
	}
	return &pages{template.Must(template.New("").Funcs(funcs).ParseFS(pageFiles, "pages/*.html"))}
}

func toText(s any) string {
	switch s := s.(type) {
	case deploy.State:
		return string(s)
	case checks.State:
		return string(s)
	case checks.CheckState:
		return string(s)
	case string:
		return s
	}
	return ""
}

// when is a time as pages show it; nothing of one that never was.
func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

// plain takes the Markdown of a sentence away: a page shows it as text.
func plain(sentence string) string {
	return strings.NewReplacer("`", "", "**", "", `\`, "").Replace(sentence)
}

// mark is a rule's verdict as one sign.
func mark(v policies.Verdict) string {
	switch v {
	case policies.Allow:
		return "✓"
	case policies.Hold:
		return "•"
	}
	return "✗"
}

// render writes a page, whole or not at all.
func (w *Web) render(rw http.ResponseWriter, name string, data any) {
	var page bytes.Buffer
	if err := w.pages.all.ExecuteTemplate(&page, name, data); err != nil {
		w.Log.Error("drawing a page", "page", name, "error", err)
		http.Error(rw, "this page can't be drawn; the server's log says why", http.StatusInternalServerError)
		return
	}
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	page.WriteTo(rw)
}

// fail answers for what can't be read.
func (w *Web) fail(rw http.ResponseWriter, r *http.Request, err error) {
	if app.KindOf(err) == app.ErrNotFound {
		http.NotFound(rw, r)
		return
	}
	w.Log.Error("reading what a page shows", "error", err)
	http.Error(rw, "this can't be read now; try again", http.StatusInternalServerError)
}

// runView is what a run's page shows.
type runView struct {
	Repo   app.Repo
	Run    checks.Run
	Checks []checkView
	Lanes  []laneLink
}

type checkView struct {
	checks.Check
	Log string // its address, or ""
}

type laneLink struct{ Name, Address, State string }

func (w *Web) runPage(rw http.ResponseWriter, r *http.Request, subject string) {
	at, err := app.ParseAddress(subject)
	if err != nil {
		http.NotFound(rw, r)
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
	view := runView{Repo: repo, Run: run}
	for _, c := range run.Checks {
		v := checkView{Check: c}
		if c.Key != 0 && !c.IsExternal() {
			v.Log = w.Signer.Log(logKey(at, checks.Execute{}.Task(), c.Key))
		}
		view.Checks = append(view.Checks, v)
	}
	for _, l := range lanes {
		if p, ok := l.Promotion(at.Commit); ok {
			view.Lanes = append(view.Lanes, laneLink{l.Name(), w.Signer.Lane(l.Address()), string(p.State)})
		}
	}
	w.render(rw, "run.html", view)
}

// laneView is what a lane's page shows.
type laneView struct {
	Repo  app.Repo
	Lane  deploy.Lane
	Back  *deploy.Promotion
	Rows  []promotionView // newest first
	Other []laneLink
}

type promotionView struct {
	deploy.Promotion
	Run, Log, UndoneLog string
}

func (w *Web) lanePage(rw http.ResponseWriter, r *http.Request, subject string) {
	at, err := app.ParseAddress(subject)
	if err != nil {
		http.NotFound(rw, r)
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
	view := laneView{Repo: repo, Lane: lane}
	if back, ok := lane.WayBack(lane.Live.SHA); ok {
		view.Back = &back
	}
	for i := len(lane.Promotions) - 1; i >= 0; i-- {
		view.Rows = append(view.Rows, w.promotion(at, lane.Promotions[i]))
	}
	for _, l := range lanes {
		if l.Address() != at {
			view.Other = append(view.Other, laneLink{Name: l.Name(), Address: w.Signer.Lane(l.Address())})
		}
	}
	w.render(rw, "lane.html", view)
}

func (w *Web) promotion(at app.Address, p deploy.Promotion) promotionView {
	v := promotionView{Promotion: p, Run: w.Signer.Run(at.Repo, p.Commit.SHA)}
	if p.Put != 0 {
		v.Log = w.Signer.Log(logKey(at, deploy.Put{}.Task(), p.Put))
	}
	if p.Undone != 0 {
		v.UndoneLog = w.Signer.Log(logKey(at, deploy.Restore{}.Task(), p.Undone))
	}
	return v
}
