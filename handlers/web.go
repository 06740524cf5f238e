// Package handlers is HTTP in: the webhook (verify, store, answer), a stored event as messages, the pages, and health.
//
// A delivery's way: webhook.go takes it in, signature.go and body.go being its parts; later the engine calls translate.go, which turns it
// into letters (translate_code.go, translate_people.go). A page's way: signer.go makes its address and knows it again, page.go or logpage.go
// reads what stands where, and the room pages draws it.
package handlers

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/gorilla/mux"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/handlers/pages"
	"github.com/slipway-cd/slipway/policies"
)

// Logs reads what a program has written, from a byte offset on, and goes on until its outcome is known. Nothing is read from an offset
// past the end. When ctx ends, what is there can still be read, and then an error: that is how the pages find a log's end. An error that
// wraps fs.ErrNotExist, or is an app.ErrNotFound, says that there is no such log.
type Logs interface {
	Logs(ctx context.Context, key string, offset int64) (io.ReadCloser, error)
}

// States is what the pages show. What is not there is an app.ErrNotFound.
type States interface {
	ShowRun(ctx context.Context, at app.Address) (app.Repo, checks.Run, error)
	ShowLane(ctx context.Context, at app.Address) (app.Repo, deploy.Lane, error)
	ShowLanes(ctx context.Context, repo app.RepoID) ([]deploy.Lane, error)
	ShowFacts(ctx context.Context, at app.Address) ([]policies.Facts, error) // of a run's commit in each lane that has it, as they are now
}

// Options are what the pages and the intake need. All are needed, but for Answered.
type Options struct {
	Inbox    Inbox
	Secrets  []string // of the webhook: one, or two while it is changed
	Clock    app.Clock
	Nudge    func()           // says that an event was stored; it must not block
	Answered func(status int) // counts webhooks
	Signer   *Signer
	Logs     Logs
	States   States
	Ready    func(ctx context.Context) (problems []string, ready bool) // what is missing, and whether events can be taken in all the same
	Version  string
	Log      *slog.Logger
}

// Web serves everything that is reached from outside. It is safe for concurrent use.
type Web struct {
	Options
	secrets secrets
	bodies  bodies
	readers chan struct{} // holds one for each log that is being read
	policy  string        // of every page: see pages.Policy
	router  *mux.Router
	stopped context.Context // ends when the server stops
	stop    context.CancelFunc
}

// New makes the handler.
func New(o Options) *Web {
	w := &Web{Options: o, secrets: newSecrets(o.Secrets), bodies: newBodies(), readers: make(chan struct{}, maxReaders), policy: pages.Policy()}
	w.stopped, w.stop = context.WithCancel(context.Background())
	w.router = w.routes()
	return w
}

// ServeHTTP serves one request. A panic is that request's failure alone.
func (w *Web) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	defer w.survive(rw, r)
	if r.URL.Path == hookPath && r.Method == http.MethodPost {
		w.receive(rw, r) // the router would find it too; thousands in a second are spared its cost
		return
	}
	guard(rw.Header(), w.policy)
	w.router.ServeHTTP(rw, r)
}

// survive ends a panic with an answer. What has begun to answer before (a log) ends its own.
func (w *Web) survive(rw http.ResponseWriter, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler {
		panic(p)
	}
	w.Log.Error("a request failed", "method", r.Method, "route", route(r), "panic", p, "stack", string(debug.Stack()))
	http.Error(rw, "something is wrong here; slipway's log says what", http.StatusInternalServerError)
}

// Drain ends the intake, which answers 503 from now on, and the logs that are being read: the server stops. It may be called more than
// once.
func (w *Web) Drain() { w.stop() }

// guard sets what keeps pages private: they are not cached, not framed, load nothing, run nothing and tell nobody where they were.
func guard(h http.Header, policy string) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Robots-Tag", "noindex")
}
