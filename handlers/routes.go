package handlers

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/mux"
)

const (
	hookPath  = "/webhook"
	pageTime  = 10 * time.Second // how long a page may take; a log may take as long as its program
	factsTime = time.Minute      // GitHub is asked
)

// routes is everything that can be asked for.
func (w *Web) routes() *mux.Router {
	r := mux.NewRouter().UseEncodedPath()
	get := func(path string, h http.Handler) { r.Handle(path, h).Methods(http.MethodGet, http.MethodHead) }
	r.HandleFunc(hookPath, w.receive).Methods(http.MethodPost)
	get("/healthz", http.HandlerFunc(w.healthz))
	get("/readyz", http.HandlerFunc(w.readyz))
	get("/", http.HandlerFunc(w.front))
	for kind, page := range map[string]page{pageRun: w.runPage, pageLane: w.lanePage, pageRepository: w.repositoryPage} {
		get("/"+kind+"/{signature}/{name}", http.TimeoutHandler(w.signed(kind, w.shown(page)), pageTime, "This takes too long; try again.\n"))
	}
	get("/"+pageFacts+"/{signature}/{name}", http.TimeoutHandler(w.signed(pageFacts, w.facts), factsTime, "This takes too long; try again.\n"))
	get("/"+pageLog+"/{signature}/{name}", w.signed(pageLog, w.logPage))
	r.MethodNotAllowedHandler = http.HandlerFunc(otherMethod)
	return r
}

// handler answers for one subject.
type handler func(rw http.ResponseWriter, r *http.Request, subject string)

// signed lets a page be seen under addresses that we made, and says of any other that it is not there.
func (w *Web) signed(kind string, show handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		v := mux.Vars(r)
		subject, ok := w.Signer.subject(kind, v["signature"], v["name"])
		if !ok {
			http.NotFound(rw, r)
			return
		}
		show(rw, r, subject)
	})
}

// otherMethod refuses a method and says which is taken.
func otherMethod(rw http.ResponseWriter, r *http.Request) {
	allow := "GET, HEAD"
	if r.URL.Path == hookPath {
		allow = http.MethodPost
	}
	rw.Header().Set("Allow", allow)
	http.Error(rw, "this takes "+allow, http.StatusMethodNotAllowed)
}

// route is the kind of what was asked for: the rest of a page's path is its secret, and stays out of logs.
func route(r *http.Request) string {
	kind, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	return fmt.Sprintf("%.20q", kind)
}

// front shows nothing of any repository.
func (w *Web) front(rw http.ResponseWriter, _ *http.Request) {
	rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintf(rw, "This is slipway %s. Its pages are linked from GitHub.\n", w.Version)
}

// healthz says that the process lives.
func (w *Web) healthz(rw http.ResponseWriter, _ *http.Request) { fmt.Fprintln(rw, "ok") }

// readyz says whether events can be taken in, and names what is missing: an App that lacks a permission is named and ready.
func (w *Web) readyz(rw http.ResponseWriter, r *http.Request) {
	problems, ready := w.readiness(r.Context())
	rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if ready {
		problems = append([]string{"ready"}, problems...)
	} else {
		rw.WriteHeader(http.StatusServiceUnavailable)
		problems = append([]string{"not ready"}, problems...)
	}
	fmt.Fprintln(rw, strings.Join(problems, "\n"))
}

func (w *Web) readiness(ctx context.Context) (problems []string, ready bool) {
	if w.stopped.Err() != nil {
		return []string{"slipway is stopping"}, false
	}
	return w.Ready(ctx)
}
