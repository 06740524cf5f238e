package hook

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slipway-cd/slipway/.ci/bench/figure"
)

// Load is webhooks to be sent to one server.
type Load struct {
	Address     string // host:port on loopback
	Path        string // such as /webhook
	Source      Source
	Connections int
	For         time.Duration // when to stop; 0 is never
	Count       int64         // how many to send; 0 is no bound
	// Rate is how many a second are sent, whatever the server does; a time is then counted from when a message was to be sent, so that a
	// server that stops for a moment is charged for all that waited. Zero sends the next message when the last was answered.
	Rate  float64
	Acked io.Writer // gets the id of each delivery that was answered with 2xx, a line each; nil is nobody
}

// Result is what came of a load.
type Result struct {
	Seconds   float64        // it took
	Accepted  int64          // were answered with 2xx
	Answers   map[string]int // by status, or by what failed
	Latencies figure.Sample  // of what was answered with 2xx
}

// Rate is how many deliveries were accepted in a second.
func (r Result) Rate() float64 {
	if r.Seconds == 0 {
		return 0
	}
	return float64(r.Accepted) / r.Seconds
}

// Unexpected is an error if anything was not answered with 2xx.
func (r Result) Unexpected() error {
	for what, n := range r.Answers {
		if len(what) != 3 || what[0] != '2' {
			return fmt.Errorf("%d deliveries ended as %q", n, what)
		}
	}
	return nil
}

// sending is a load under way.
type sending struct {
	Load
	id    string // of this load: the first part of all delivery ids
	began time.Time
	next  atomic.Int64

	mu     sync.Mutex
	acked  *bufio.Writer
	result Result
}

// Run sends until the load is done or ctx ends. What fails is counted, not an error: a server that is killed meanwhile is what some loads
// are for.
func (l Load) Run(ctx context.Context) (Result, error) {
	host, _, err := net.SplitHostPort(l.Address)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return Result{}, fmt.Errorf("%q is not an address on loopback", l.Address)
	}
	if l.For == 0 && l.Count == 0 && ctx.Done() == nil {
		return Result{}, errors.New("a load needs an end")
	}
	s := &sending{Load: l, id: newID(), began: time.Now(), result: Result{Answers: map[string]int{}}}
	if l.Acked != nil {
		s.acked = bufio.NewWriter(l.Acked)
	}
	var all sync.WaitGroup
	for range max(l.Connections, 1) {
		all.Go(func() { s.work(ctx) })
	}
	all.Wait()
	s.result.Seconds = time.Since(s.began).Seconds()
	if s.acked != nil {
		err = s.acked.Flush()
	}
	return s.result, err
}

// newID begins the ids of a load's deliveries.
func newID() string {
	id := make([]byte, 4)
	rand.Read(id)
	return hex.EncodeToString(id)
}

// delivery is a delivery's id, in the form of GitHub's.
func (s *sending) delivery(n int64) string {
	return fmt.Sprintf("%s-0000-4000-8000-%012x", s.id, n)
}

// work sends over one connection.
func (s *sending) work(ctx context.Context) {
	c := &connection{address: s.Address, path: s.Path}
	defer c.close()
	for {
		n := s.next.Add(1) - 1
		from, ok := s.start(ctx, n)
		if !ok {
			return
		}
		id := s.delivery(n)
		status, err := c.send(s.Source(n), id)
		s.count(id, status, err, time.Since(from))
		if err != nil {
			pause(ctx, 5*time.Millisecond) // nobody is there: do not ask in a tight loop
		}
	}
}

// start waits until a message is to be sent, and says since when its time counts, and whether it is to be sent at all.
func (s *sending) start(ctx context.Context, n int64) (from time.Time, ok bool) {
	now := time.Now()
	from = now
	if s.Rate > 0 {
		from = s.began.Add(time.Duration(float64(n) / s.Rate * float64(time.Second)))
	}
	if s.Count > 0 && n >= s.Count || s.For > 0 && (from.Sub(s.began) >= s.For || now.Sub(s.began) >= 2*s.For) {
		return from, false
	}
	if from.After(now) {
		pause(ctx, from.Sub(now))
	}
	return from, ctx.Err() == nil
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// count notes what came of one message.
func (s *sending) count(id string, status int, err error, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.result.Answers[kindOf(err)]++
		return
	}
	s.result.Answers[strconv.Itoa(status)]++
	if status/100 != 2 {
		return
	}
	s.result.Accepted++
	s.result.Latencies.Add(took)
	if s.acked != nil {
		s.acked.WriteString(id + "\n")
	}
}

// kindOf is an error in a word, so that equal ones are counted together.
func kindOf(err error) string {
	var net net.Error
	switch {
	case errors.As(err, &net) && net.Timeout():
		return "no answer in time"
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF):
		return "cut off"
	}
	return "no connection"
}
