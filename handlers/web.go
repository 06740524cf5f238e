// Package handlers is HTTP in: the webhook (verify, store, answer), a stored event as messages, the pages, and health.
package handlers

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync/atomic"

	"github.com/gorilla/mux"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
)

// Logs reads what a program has written, from a byte offset on, and goes on until its outcome is known.
type Logs interface {
	Logs(ctx context.Context, key string, offset int64) (io.ReadCloser, error)
}

// States is what the pages show. What is not there is an app.ErrNotFound.
type States interface {
	ShowRun(ctx context.Context, at app.Address) (app.Repo, checks.Run, error)
	ShowLane(ctx context.Context, at app.Address) (app.Repo, deploy.Lane, error)
	ShowLanes(ctx context.Context, repo app.RepoID) ([]deploy.Lane, error)
}

// Options are what the pages and the intake need. All are needed.
type Options struct {
	Inbox    Inbox
	Secrets  []string // of the webhook: one, or two while it is changed
	Clock    app.Clock
	Nudge    func()           // says that an event was stored
	Answered func(status int) // counts webhooks
	Signer   *Signer
	Logs     Logs
	States   States
	Ready    func(ctx context.Context) (problems []string, ready bool)
	Version  string
	Log      *slog.Logger
}

// Web serves everything that is reached from outside. It is safe for concurrent use.
type Web struct {
	Options
	draining atomic.Bool
	router   *mux.Router
	pages    *pages
}

// New makes the handler.
func New(o Options) *Web {
	w := &Web{Options: o, pages: newPages()}
	r := mux.NewRouter().UseEncodedPath()
	r.HandleFunc("/webhook", w.receive).Methods(http.MethodPost)
	r.HandleFunc("/healthz", w.healthz).Methods(http.MethodGet, http.MethodHead)
	r.HandleFunc("/readyz", w.readyz).Methods(http.MethodGet, http.MethodHead)
	r.HandleFunc("/log/{signature}/{name}", w.signed(pageLog, w.logPage)).Methods(http.MethodGet)
	r.HandleFunc("/run/{signature}/{name}", w.signed(pageRun, w.runPage)).Methods(http.MethodGet)
	r.HandleFunc("/lane/{signature}/{name}", w.signed(pageLane, w.lanePage)).Methods(http.MethodGet)
	r.HandleFunc("/", w.front).Methods(http.MethodGet)
	w.router = r
	return w
}

// ServeHTTP serves one request. A panic is that request's failure alone.
func (w *Web) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler {
				panic(p)
			}
			w.Log.Error("a request failed", "path", r.URL.Path, "panic", p, "stack", string(debug.Stack()))
			http.Error(rw, "something is wrong here; the server's log says what", http.StatusInternalServerError)
		}
	}()
	guard(rw.Header())
	w.router.ServeHTTP(rw, r)
}

// guard sets what keeps pages private: they are not cached, not framed, load nothing from elsewhere and tell nobody where they were.
func guard(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Robots-Tag", "noindex")
}

// signed lets a page be seen under addresses that we made, and says of any other that it is not there.
func (w *Web) signed(kind string, page func(http.ResponseWriter, *http.Request, string)) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		v := mux.Vars(r)
		subject, ok := w.Signer.subject(kind, v["signature"], v["name"])
		if !ok {
			http.NotFound(rw, r)
			return
		}
		page(rw, r, subject)
	}
}

// front shows nothing of any repository.
func (w *Web) front(rw http.ResponseWriter, _ *http.Request) {
	rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintf(rw, "This is slipway %s. Its pages are linked from GitHub.\n", w.Version)
}

// healthz says that the process lives.
func (w *Web) healthz(rw http.ResponseWriter, _ *http.Request) { fmt.Fprintln(rw, "ok") }

// readyz says whether events can be taken in, and what the App lacks.
func (w *Web) readyz(rw http.ResponseWriter, r *http.Request) {
	problems, ready := w.Ready(r.Context())
	if w.draining.Load() {
		problems, ready = append(problems, "the server is stopping"), false
	}
	if !ready {
		rw.WriteHeader(http.StatusServiceUnavailable)
	}
	if len(problems) == 0 {
		fmt.Fprintln(rw, "ready")
	}
	for _, p := range problems {
		fmt.Fprintln(rw, p)
	}
}
