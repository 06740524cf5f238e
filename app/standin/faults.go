package standin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Match picks the requests that a fault hits.
type Match struct {
	Method string // empty: any
	Path   string // path without /api/v3; * stands for one segment, /** at the end for the rest; empty: any
	Skip   int    // let the first ones pass
	Times  int    // how many are hit; 0 means one, negative all
	// By says whose requests: empty for the App's (its JWT and its installation tokens), user for people's, any for all.
	By string
}

// Fault is what goes wrong with a request. Delay comes first; of the others one is meant.
type Fault struct {
	Delay      time.Duration // wait by the server's clock before going on
	Status     int           // answer this instead of applying the request
	Message    string        // of that answer; empty: the status in words
	RetryAfter int           // seconds, as a Retry-After header of that answer
	Hang       bool          // never answer; the client has to give up
	Drop       bool          // cut the connection without applying the request
	DropAnswer bool          // apply the request, then cut the connection
}

// SecondaryLimit is GitHub's 403 for too much at once.
func SecondaryLimit(retryAfterSeconds int) Fault {
	return Fault{
		Status: http.StatusForbidden, RetryAfter: retryAfterSeconds,
		Message: "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
	}
}

// Broken is a fault in force.
type Broken struct {
	faults     *faults
	match      Match
	do         Fault
	seen, left int
	hit        int
	struck     chan struct{}
}

// Struck is closed when the fault has struck for the first time: how a test waits for a request to arrive.
func (b *Broken) Struck() <-chan struct{} { return b.struck }

// Hits is how often the fault has struck.
func (b *Broken) Hits() int {
	b.faults.mu.Lock()
	defer b.faults.mu.Unlock()
	return b.hit
}

// Lift ends the fault.
func (b *Broken) Lift() {
	b.faults.mu.Lock()
	defer b.faults.mu.Unlock()
	b.faults.all = slices.DeleteFunc(b.faults.all, func(other *Broken) bool { return other == b })
}

// Break lets something go wrong with requests from now on, until it has happened often enough or is lifted.
func (s *Server) Break(match Match, fault Fault) *Broken {
	b := &Broken{faults: s.faults, match: match, do: fault, left: times(match.Times), struck: make(chan struct{})}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.all = append(s.faults.all, b)
	return b
}

// Write is one request of the App that changes something: anything but GET, HEAD, token requests and git.
type Write struct {
	Number int // from 1, in the order of arrival
	Method string
	Path   string
	Kind   string // CheckRunWrite or OtherWrite
}

// WriteHooks are called around each write of the App, by the goroutine that serves it: a crash test kills the client there. Nil hooks are
// left out.
type WriteHooks struct {
	Before            func(Write) (apply bool)  // false drops the request: it changes nothing and is not answered
	AppliedUnanswered func(Write) (answer bool) // applied; false drops the answer
	Answered          func(Write)               // the answer has been sent
}

// OnWrite sets the hooks around writes and begins to count anew at 1.
func (s *Server) OnWrite(hooks WriteHooks) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.hooks, s.faults.writes = hooks, 0
}

type faults struct {
	mu     sync.Mutex
	all    []*Broken
	hooks  WriteHooks
	writes int
}

func newFaults() *faults { return &faults{} }

// strike finds the fault that hits a request, if any.
func (f *faults) strike(r *http.Request, who *principal) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, b := range f.all {
		if b.left == 0 || !b.match.matches(r, who) {
			continue
		}
		b.seen++
		if b.seen <= b.match.Skip {
			continue
		}
		b.left--
		if b.hit++; b.hit == 1 {
			close(b.struck)
		}
		return b.do, true
	}
	return Fault{}, false
}

func (m Match) matches(r *http.Request, who *principal) bool {
	byApp := who.app || who.installation != nil
	switch {
	case m.By == "" && !byApp, m.By == "user" && who.user == nil:
		return false
	case m.Method != "" && m.Method != r.Method:
		return false
	}
	if rest, isPrefix := strings.CutSuffix(m.Path, "/**"); isPrefix {
		segments := strings.Split(r.URL.Path, "/")
		n := strings.Count(rest, "/") + 1
		return len(segments) > n && matchPath(rest, strings.Join(segments[:n], "/"))
	}
	return m.Path == "" || matchPath(m.Path, r.URL.Path)
}

func matchPath(pattern, name string) bool {
	matched, err := path.Match(pattern, name)
	return err == nil && matched
}

// number counts a write and tells the hooks in force.
func (f *faults) number(e *record) (Write, WriteHooks, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !e.byApp || e.Kind != CheckRunWrite && e.Kind != OtherWrite {
		return Write{}, WriteHooks{}, false
	}
	f.writes++
	return Write{Number: f.writes, Method: e.Method, Path: e.Path, Kind: e.Kind}, f.hooks, true
}

// afflict does what a fault does before a request is applied. It returns false if the request ends there.
func (s *Server) afflict(w http.ResponseWriter, r *http.Request, fault Fault) bool {
	if fault.Delay > 0 {
		fired, stop := s.opts.Clock.Timer(s.opts.Clock.Now().Add(fault.Delay))
		defer stop()
		select {
		case <-fired:
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		}
	}
	switch {
	case fault.Hang:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case fault.Drop:
		panic(http.ErrAbortHandler)
	case fault.Status != 0:
		s.answerFault(w, fault)
		return false
	}
	return true
}

func (s *Server) answerFault(w http.ResponseWriter, fault Fault) {
	message := fault.Message
	if message == "" {
		message = http.StatusText(fault.Status)
	}
	if fault.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(fault.RetryAfter))
	}
	body, err := json.Marshal(problemJSON(fault.Status, message))
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(fault.Status)
	w.Write(body)
}

// capture keeps an answer until it is decided whether it is sent.
type capture struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newCapture() *capture { return &capture{header: http.Header{}, status: http.StatusOK} }

func (c *capture) Header() http.Header         { return c.header }
func (c *capture) WriteHeader(status int)      { c.status = status }
func (c *capture) Write(b []byte) (int, error) { return c.body.Write(b) }

func (c *capture) send(w http.ResponseWriter) {
	for key, values := range c.header {
		w.Header()[key] = values
	}
	w.WriteHeader(c.status)
	w.Write(c.body.Bytes())
	if flusher, can := w.(http.Flusher); can {
		flusher.Flush()
	}
}

// readWhole takes in the body, so that the server notices when a client that waits in vain gives up.
func readWhole(r *http.Request) error {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return fmt.Errorf("reading a request: %w", err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}
