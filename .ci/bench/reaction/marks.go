package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// The marks, each of one commit.
const (
	markAnswered = "answered" // its webhook was answered
	markShown    = "shown"    // its first check run is on GitHub
	markCheck    = "check"    // its check's command began
	markGreen    = "green"    // and was about to end
	markDeployed = "deployed" // its deployment is on GitHub
	markBegin    = "begin"    // its deploy command began
	markPut      = "put"      // and it is what answers now
	markBad      = "bad"      // it answered a probe badly
)

// marks is when what happened first, by mark and commit, and the place to which releases are put: what answers there. It is safe for
// concurrent use.
type marks struct {
	mu    sync.Mutex
	at    map[string]time.Time
	live  string
	good  string       // the one release that is well
	pipe  *os.File     // into which commands write their marks
	place net.Listener // where what is live is asked how it is
}

func newMarks(dir string) (*marks, error) {
	m := &marks{at: map[string]time.Time{}}
	path := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		return nil, fmt.Errorf("making a pipe: %w", err)
	}
	var err error
	if m.pipe, err = os.OpenFile(path, os.O_RDWR, 0); err != nil { // for writing too, so that it has no end while nobody writes
		return nil, fmt.Errorf("opening the pipe: %w", err)
	}
	if m.place, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	go m.read()
	go http.Serve(m.place, http.HandlerFunc(m.health))
	return m, nil
}

func (m *marks) close() { m.place.Close(); m.pipe.Close() }

// read takes in what commands say: a mark and a commit on each line.
func (m *marks) read() {
	for lines := bufio.NewScanner(m.pipe); lines.Scan(); {
		if mark, commit, ok := strings.Cut(lines.Text(), " "); ok {
			m.set(mark, commit, time.Now())
		}
	}
}

// set notes a mark; the first time counts. A release that goes back is another life of its commit: its marks are those of who undoes.
func (m *marks) set(mark, commit string, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if mark == markBegin && commit == m.good && m.live != "" && m.live != m.good {
		m.first("back "+markBegin, m.live, at)
		return
	}
	if mark == markPut {
		if commit == m.good && m.live != "" && m.live != m.good {
			m.first("back "+markPut, m.live, at)
		}
		m.live = commit
	}
	m.first(mark, commit, at)
}

func (m *marks) first(mark, commit string, at time.Time) {
	if _, ok := m.at[mark+" "+commit]; !ok {
		m.at[mark+" "+commit] = at
	}
}

// between is the time from one mark of a commit to another; false if one is missing.
func (m *marks) between(from, to, commit string) (time.Duration, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, okA := m.at[from+" "+commit]
	b, okB := m.at[to+" "+commit]
	return b.Sub(a), okA && okB
}

func (m *marks) has(mark, commit string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, ok := m.at[mark+" "+commit]
	return ok
}

// setGood names the release that is well; all others are sick.
func (m *marks) setGood(commit string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.good = commit
}

// health answers for what is live.
func (m *marks) health(w http.ResponseWriter, _ *http.Request) {
	m.mu.Lock()
	live, well := m.live, m.live == m.good
	m.mu.Unlock()
	if !well {
		m.set(markBad, live, time.Now())
		http.Error(w, "sick", http.StatusInternalServerError)
		return
	}
	io.WriteString(w, "ok\n")
}

// answered notes when the webhook of a push was answered.
func (m *marks) answered(event string, body []byte, at time.Time) {
	var push struct{ After string }
	if event == "push" && json.Unmarshal(body, &push) == nil {
		m.set(markAnswered, push.After, at)
	}
}

// watch notes when check runs and deployments have come to be.
func (m *marks) watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mark := map[string]string{"/repos/acme/shop/check-runs": markShown, "/repos/acme/shop/deployments": markDeployed}[r.URL.Path]
		if mark == "" || r.Method != http.MethodPost {
			next.ServeHTTP(w, r)
			return
		}
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
		var made struct {
			HeadSHA string `json:"head_sha"`
			Ref     string
		}
		if json.Unmarshal(body, &made) == nil {
			m.set(mark, made.HeadSHA+made.Ref, time.Now())
		}
	})
}
