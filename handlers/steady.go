package handlers

import (
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slipway-cd/slipway/app"
)

const (
	stallTime = 30 * time.Second // a reader who takes nothing for so long, or at most twice as long, is cut off
	leaveTime = 2 * time.Second  // what one has to take the end of a log when the server stops
)

// steady writes a log for as long as its program runs, to a reader who takes what is written. A deadline for the whole would end the log
// of a long program; none at all would let a reader who stops reading keep a place, and the server from stopping, for ever.
//
// It is for one goroutine. The connection is cut by a deadline that has passed, which ends a write that waits.
type steady struct {
	http.ResponseWriter
	out     *http.ResponseController
	writes  atomic.Int64 // odd while one is under way
	ended   chan struct{}
	watcher sync.WaitGroup
}

// newSteady lifts the connection's deadline and watches the reader until end is called. After stopped it is not patient any more.
func newSteady(rw http.ResponseWriter, clock app.Clock, stopped <-chan struct{}) *steady {
	s := &steady{ResponseWriter: rw, out: http.NewResponseController(rw), ended: make(chan struct{})}
	// The error says that the connection has no deadline to lift.
	_ = s.out.SetWriteDeadline(time.Time{})
	s.watcher.Go(func() { s.watch(clock, stopped) })
	return s
}

// end returns when nobody watches any more: a handler that has returned must not touch its connection.
func (s *steady) end() {
	close(s.ended)
	s.watcher.Wait()
}

// Write hands on some of a log.
func (s *steady) Write(p []byte) (int, error) {
	s.writes.Add(1)
	defer s.writes.Add(1)
	return s.ResponseWriter.Write(p)
}

// flush sends what has been written.
func (s *steady) flush() error {
	s.writes.Add(1)
	defer s.writes.Add(1)
	return s.out.Flush()
}

// watch cuts the connection when one and the same write is under way twice in a row, or the server has stopped and time is up.
func (s *steady) watch(clock app.Clock, stopped <-chan struct{}) {
	last, patience := int64(0), stallTime
	for {
		fired, release := clock.Timer(clock.Now().Add(patience))
		select {
		case <-fired:
		case <-stopped:
			release()
			stopped, patience = nil, leaveTime
			continue
		case <-s.ended:
			release()
			return
		}
		now := s.writes.Load()
		if patience == leaveTime || now%2 == 1 && now == last {
			_ = s.out.SetWriteDeadline(time.Unix(1, 0)) // an error is a connection that is gone
			return
		}
		last = now
	}
}
