package handlers

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/apptest"
	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/policies"
)

const secret = "It's a Secret to Everybody"

// world is what a Web is put into by tests.
type world struct {
	*Web
	inbox  *inbox
	states *states
	logs   *logs
	clock  *apptest.Clock
	log    *safeBuffer
	nudges int
	counts []int
	ready  func(context.Context) ([]string, bool)
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{
		inbox: &inbox{stored: map[string]app.Event{}, ignored: map[string]string{}}, states: &states{}, log: &safeBuffer{},
		logs: &logs{}, clock: apptest.NewClock(received),
		ready: func(context.Context) ([]string, bool) { return nil, true },
	}
	signer, err := NewSigner("https://slipway.example", bytes.Repeat([]byte("k"), 32))
	if err != nil {
		t.Fatal(err)
	}
	w.Web = New(Options{
		Inbox: w.inbox, Secrets: []string{secret}, Clock: w.clock, Nudge: func() { w.nudges++ }, Signer: signer, Logs: w.logs, States: w.states,
		Answered: func(s int) { w.counts = append(w.counts, s) }, Version: "1.2.3", Log: slog.New(slog.NewTextHandler(w.log, nil)),
		Ready: func(ctx context.Context) ([]string, bool) { return w.ready(ctx) },
	})
	return w
}

// send serves one request.
func (w *world) send(r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	return rec
}

// get asks for an address of ours.
func (w *world) get(address string) *httptest.ResponseRecorder {
	return w.send(httptest.NewRequest(http.MethodGet, strings.TrimPrefix(address, "https://slipway.example"), nil))
}

func sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// delivery is a good delivery of a body.
func delivery(id, name string, body []byte) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/webhook", bytes.NewReader(body))
	r.Header.Set("X-GitHub-Delivery", id)
	r.Header.Set("X-GitHub-Event", name)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Hub-Signature-256", sign(secret, body))
	return r
}

// inbox stores in memory.
type inbox struct {
	mu      sync.Mutex
	stored  map[string]app.Event
	ignored map[string]string
	err     error
}

func (i *inbox) Accept(_ context.Context, e app.Event) (bool, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if _, known := i.stored[e.Delivery]; known || i.err != nil {
		return false, i.err
	}
	e.Body = bytes.Clone(e.Body) // it may be used again
	i.stored[e.Delivery] = e
	return true, nil
}

func (i *inbox) Ignore(_ context.Context, e app.Event, reason string) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.ignored[e.Delivery] = reason
	return i.err
}

// states shows one repository.
type states struct {
	repo  app.Repo
	runs  map[app.Address]checks.Run
	lanes []deploy.Lane
	facts []policies.Facts
	err   error
	panic bool
}

func absent() error { return &app.Error{Op: "showing", Kind: app.ErrNotFound} }

func (s *states) ShowRun(_ context.Context, at app.Address) (app.Repo, checks.Run, error) {
	if s.panic {
		panic("a mistake")
	}
	run, ok := s.runs[at]
	if !ok && s.err == nil {
		return app.Repo{}, run, absent()
	}
	return s.repo, run, s.err
}

func (s *states) ShowLane(_ context.Context, at app.Address) (app.Repo, deploy.Lane, error) {
	for _, l := range s.lanes {
		if l.Address() == at {
			return s.repo, l, s.err
		}
	}
	return app.Repo{}, deploy.Lane{}, absent()
}

func (s *states) ShowFacts(context.Context, app.Address) ([]policies.Facts, error) {
	return s.facts, s.err
}

func (s *states) ShowLanes(context.Context, app.RepoID) ([]deploy.Lane, error) { return s.lanes, s.err }

// logs holds logs, each of which may still grow.
type logs struct {
	mu     sync.Mutex
	texts  map[string]*text
	opened int
	closed int
}

// text is a log. It is complete once its outcome is known.
type text struct {
	mu       sync.Mutex
	data     []byte
	complete bool
	changed  chan struct{}
}

func (l *logs) put(key, data string, complete bool) *text {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := &text{data: []byte(data), complete: complete, changed: make(chan struct{})}
	if l.texts == nil {
		l.texts = map[string]*text{}
	}
	l.texts[key] = t
	return t
}

func (t *text) grow(data string, complete bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.data, t.complete = append(t.data, data...), complete
	close(t.changed)
	t.changed = make(chan struct{})
}

func (l *logs) Logs(ctx context.Context, key string, offset int64) (io.ReadCloser, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t, ok := l.texts[key]
	if !ok {
		return nil, fs.ErrNotExist
	}
	l.opened++
	return &follower{ctx: ctx, logs: l, text: t, at: int(offset)}, nil
}

// follower reads as the shim's does: what is there first, whatever became of its context.
type follower struct {
	ctx  context.Context
	logs *logs
	text *text
	at   int
}

func (f *follower) Read(p []byte) (int, error) {
	for {
		f.text.mu.Lock()
		n := copy(p, f.text.data[min(f.at, len(f.text.data)):])
		complete, changed := f.text.complete, f.text.changed
		f.text.mu.Unlock()
		f.at += n
		if n > 0 {
			return n, nil
		}
		if complete {
			return 0, io.EOF
		}
		select {
		case <-changed:
		case <-f.ctx.Done():
			return 0, f.ctx.Err()
		}
	}
}

func (f *follower) Close() error {
	f.logs.mu.Lock()
	defer f.logs.mu.Unlock()
	f.logs.closed++
	return nil
}

func (l *logs) open() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.opened - l.closed
}

// safeBuffer is a log that several goroutines write.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// patience is how long a test waits for what must happen.
const patience = 10 * time.Second

// forgetful takes everything and keeps nothing.
type forgetful struct{ *inbox }

func (forgetful) Accept(context.Context, app.Event) (bool, error) { return true, nil }
