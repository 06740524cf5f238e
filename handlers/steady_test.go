package handlers

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// stalled asks for a log that is larger than what connections hold, and reads nothing of it. The channel closes when it is not served any more.
func stalled(t *testing.T, w *world, query string) (served <-chan struct{}) {
	t.Helper()
	w.place()
	key, path := w.logAddress()
	w.logs.put(key, strings.Repeat("a line of the log\n", 2<<20), true)
	done := make(chan struct{})
	inner := w.Web
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		defer close(done)
		inner.ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	set := w.clock.Set()
	c, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() }) // before the server is closed, which waits for it
	fmt.Fprintf(c, "GET %s%s HTTP/1.1\r\nHost: slipway.example\r\n\r\n", path, query)
	select {
	case <-set: // somebody watches
	case <-time.After(patience):
		t.Fatal("nobody watches the reader")
	}
	return done
}

// pass lets time pass in steps until a request is not served any more.
func (w *world) pass(t *testing.T, step time.Duration, served <-chan struct{}) {
	t.Helper()
	late := time.After(patience)
	for {
		set := w.clock.Set()
		w.clock.Advance(step)
		select {
		case <-served:
			return
		case <-set: // it is still waited for
		case <-late:
			t.Fatalf("it is still being served, %d readers are counted", len(w.readers))
		}
	}
}

func TestReaderWhoTakesNothingIsCutOff(t *testing.T) {
	for _, query := range []string{"?raw", "?from=0"} {
		w := newWorld(t)
		served := stalled(t, w, query)
		w.pass(t, stallTime, served)
		if w.logs.open() != 0 || len(w.readers) != 0 {
			t.Errorf("%s: %d logs are open, %d readers counted", query, w.logs.open(), len(w.readers))
		}
	}
}

func TestReaderWhoTakesNothingDoesNotKeepTheServer(t *testing.T) {
	w := newWorld(t)
	served := stalled(t, w, "?raw")
	set := w.clock.Set()
	w.Drain()
	select {
	case <-set: // the watcher has turned impatient
	case <-time.After(patience):
		t.Fatal("nobody hears that the server stops")
	}
	w.clock.Advance(leaveTime)
	select {
	case <-served:
	case <-time.After(patience):
		t.Fatal("it is still being served, and the server waits for it")
	}
}

// quiet is a log whose program writes a line, and then nothing until it is told to.
type quiet struct {
	ctx     context.Context
	lines   chan string
	waiting chan struct{} // closed when what was written has been handed on, and more is waited for
	asked   int
}

func (q *quiet) Logs(ctx context.Context, _ string, _ int64) (io.ReadCloser, error) {
	q.ctx = ctx
	return q, nil
}

func (q *quiet) Read(p []byte) (int, error) {
	if q.asked++; q.asked == 2 {
		close(q.waiting)
	}
	select {
	case line, ok := <-q.lines:
		if !ok {
			return 0, io.EOF
		}
		return copy(p, line), nil
	case <-q.ctx.Done():
		return 0, q.ctx.Err()
	}
}

func (q *quiet) Close() error { return nil }

// TestQuietLogIsNoStall: a program that writes nothing for an hour does not end its log.
func TestQuietLogIsNoStall(t *testing.T) {
	w := newWorld(t)
	log := &quiet{lines: make(chan string, 1), waiting: make(chan struct{})}
	w.Web.Logs = log
	log.lines <- "first\n"
	set := w.clock.Set()
	in, _, _ := follow(t, w, "?raw")
	wait(t, set)
	until(t, in, "first")
	wait(t, log.waiting)
	for range 120 {
		set := w.clock.Set()
		w.clock.Advance(stallTime)
		wait(t, set)
	}
	log.lines <- "after an hour\n"
	until(t, in, "after an hour")
	close(log.lines)
}

// wait is for what must happen.
func wait(t *testing.T, happened <-chan struct{}) {
	t.Helper()
	select {
	case <-happened:
	case <-time.After(patience):
		t.Fatal("it did not happen in time")
	}
}
