package standin

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/slipway-cd/slipway/app"
)

// The kinds of requests.
const (
	CheckRunWrite = "check-run write"
	OtherWrite    = "write"
	Read          = "read"
	Token         = "token"
	Git           = "git"
)

// Request is one request that came in, as it is remembered.
type Request struct {
	Number int // from 1, in the order of arrival
	Time   time.Time
	Method string
	Path   string // without /api/v3
	Query  string
	Kind   string // CheckRunWrite, OtherWrite, Read, Token or Git
	By     string // app, installation:ID, user:LOGIN or anonymous
	Status int    // 0: not answered
}

type record struct {
	Request
	byApp bool
}

type recorder struct {
	clock    app.Clock
	mu       sync.Mutex
	requests []*record
	running  int
	idle     *sync.Cond
}

func newRecorder(clock app.Clock) *recorder {
	r := &recorder{clock: clock}
	r.idle = sync.NewCond(&r.mu)
	return r
}

// Requests lists the requests to the API and to git since the start or the last [Server.ForgetRequests], people's too.
func (s *Server) Requests() []Request {
	s.recorder.mu.Lock()
	defer s.recorder.mu.Unlock()
	var all []Request
	for _, e := range s.recorder.requests {
		all = append(all, e.Request)
	}
	return all
}

// ForgetRequests begins a new list of requests.
func (s *Server) ForgetRequests() {
	s.recorder.mu.Lock()
	defer s.recorder.mu.Unlock()
	s.recorder.requests = nil
}

func (r *recorder) begin(request *http.Request, who *principal) *record {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running++
	e := &record{byApp: who.app || who.installation != nil, Request: Request{
		Number: len(r.requests) + 1, Time: r.clock.Now(), Method: request.Method, Path: request.URL.Path, Query: request.URL.RawQuery,
		Kind: kindOf(request), By: who.name(),
	}}
	r.requests = append(r.requests, e)
	return e
}

func (r *recorder) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.running--; r.running == 0 {
		r.idle.Broadcast()
	}
}

func (r *recorder) answered(e *record, status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e.Status = status
}

// wait returns when no request is being served.
func (r *recorder) wait() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.running > 0 {
		r.idle.Wait()
	}
}

func kindOf(r *http.Request) string {
	switch {
	case isGit(r):
		return Git
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		return Read
	case strings.HasSuffix(r.URL.Path, "/access_tokens"):
		return Token
	case strings.Contains(r.URL.Path, "/check-runs"):
		return CheckRunWrite
	}
	return OtherWrite
}

// observed remembers each request, lets faults strike, and calls the hooks around the App's writes.
func (s *Server) observed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := identityOf(r).who
		e := s.recorder.begin(r, who)
		defer s.recorder.end()
		if e.Kind != Git && readWhole(r) != nil {
			panic(http.ErrAbortHandler)
		}
		watched := &watchedWriter{ResponseWriter: w, seen: func(status int) { s.recorder.answered(e, status) }}
		fault, struck := s.faults.strike(r, who)
		if struck && !s.afflict(watched, r, fault) {
			return
		}
		if e.Kind == Git {
			next.ServeHTTP(watched, r)
			return
		}
		s.serveWatched(watched, r, e, fault, next)
	})
}

func (s *Server) serveWatched(w *watchedWriter, r *http.Request, e *record, fault Fault, next http.Handler) {
	write, hooks, isWrite := s.faults.number(e)
	if isWrite && hooks.Before != nil && !hooks.Before(write) {
		panic(http.ErrAbortHandler)
	}
	answer := newCapture()
	next.ServeHTTP(answer, r)
	if isWrite && hooks.AppliedUnanswered != nil && !hooks.AppliedUnanswered(write) || fault.DropAnswer {
		panic(http.ErrAbortHandler)
	}
	answer.send(w)
	if isWrite && hooks.Answered != nil {
		hooks.Answered(write)
	}
}

// watchedWriter tells the status of an answer.
type watchedWriter struct {
	http.ResponseWriter
	seen func(status int)
	told bool
}

func (w *watchedWriter) WriteHeader(status int) {
	if !w.told {
		w.told = true
		w.seen(status)
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *watchedWriter) Write(b []byte) (int, error) {
	if !w.told {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(b)
}

func (w *watchedWriter) Flush() {
	if flusher, can := w.ResponseWriter.(http.Flusher); can {
		flusher.Flush()
	}
}
