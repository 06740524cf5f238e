package github

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/slipway-cd/slipway/app"
)

// Budget is how many writes one installation may make. GitHub bounds what makes content at about 80 a minute and 500 an hour. A
// negative number is no bound.
type Budget struct {
	PerMinute, PerHour int
}

// budgetOf is what GitHub allows there: github.com and data-resident ghe.com bound writes, a server of one's own does not unless its
// administrator wishes, and then says so when it refuses.
func budgetOf(host string) Budget {
	if host == "api.github.com" || strings.HasSuffix(host, ".ghe.com") {
		return Budget{PerMinute: 80, PerHour: 500}
	}
	return Budget{PerMinute: -1, PerHour: -1}
}

// Priority says who goes first when the budget of writes runs low.
type Priority int

// The priorities. The zero value waits for the others.
const (
	Routine Priority = iota // progress, and what went well
	Failure                 // what somebody should look at
	Waiting                 // a person waits for it: approvals, answers, rollbacks
)

type priorityKey struct{}

// WithPriority says how urgent the writes under this context are. Part of the budget is kept free for the urgent ones, so that they
// are not queued behind a hundred progress reports.
func WithPriority(ctx context.Context, p Priority) context.Context {
	return context.WithValue(ctx, priorityKey{}, p)
}

func priorityOf(ctx context.Context) Priority {
	p, _ := ctx.Value(priorityKey{}).(Priority)
	return p
}

// kept is the share of a bucket's burst that a priority leaves to those above it.
func (p Priority) kept() float64 {
	switch {
	case p >= Waiting:
		return 0
	case p == Failure:
		return 0.1
	}
	return 0.25
}

const (
	firstWait = time.Minute // GitHub: "wait for at least one minute", and longer each time
	lastWait  = time.Hour
)

// meter keeps one identity within GitHub's limits. It never waits: it refuses to send, and says until when.
type meter struct {
	next    http.RoundTripper
	clock   app.Clock
	log     *slog.Logger
	buckets []*rate.Limiter

	mu    sync.Mutex
	until time.Time     // nothing is sent before
	wait  time.Duration // the last wait that GitHub gave no length for
}

func newMeter(next http.RoundTripper, clock app.Clock, log *slog.Logger, b Budget) *meter {
	m := &meter{next: next, clock: clock, log: log}
	// A bucket that holds h and fills with f in a time lets h+f through in any such time; so the two add up to the limit.
	m.bucket(b.PerMinute, 0.5, time.Minute)
	m.bucket(b.PerHour, 0.2, time.Hour)
	return m
}

func (m *meter) bucket(limit int, burst float64, in time.Duration) {
	if limit < 0 {
		return
	}
	holds := max(1, int(float64(limit)*burst))
	fills := max(1, limit-holds)
	m.buckets = append(m.buckets, rate.NewLimiter(rate.Limit(float64(fills)/in.Seconds()), holds))
}

// RoundTrip sends if the limits allow it, and learns from the answer. An answer that is a limit becomes an error of kind ErrLimited.
func (m *meter) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := m.admit(req); err != nil {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, err
	}
	resp, err := m.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if err := m.learn(resp); err != nil {
		resp.Body.Close()
		return nil, err
	}
	// go-github would hold back later requests by these, judged by the machine's clock and not by ours.
	for _, name := range []string{"X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Ratelimit-Reset", "Retry-After"} {
		resp.Header.Del(name)
	}
	return resp, nil
}

func (m *meter) admit(req *http.Request) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.clock.Now()
	if now.Before(m.until) {
		return limited("GitHub asked us to wait", m.until)
	}
	if req.Method == http.MethodGet || req.Method == http.MethodHead {
		return nil
	}
	if until := m.spend(priorityOf(req.Context()), now); until.After(now) {
		return limited("the budget of writes is used up", until)
	}
	return nil
}

// spend takes one write out of every bucket, or out of none and says when there will be room.
func (m *meter) spend(p Priority, now time.Time) time.Time {
	until := now
	for _, b := range m.buckets {
		short := 1 + math.Floor(p.kept()*float64(b.Burst())) - b.TokensAt(now)
		if short > 1e-6 {
			wait := time.Duration(math.Ceil(short/float64(b.Limit())*1000)) * time.Millisecond
			until = latest(until, now.Add(wait))
		}
	}
	if !until.After(now) {
		for _, b := range m.buckets {
			b.ReserveN(now, 1) // there is room: it was just seen, under the lock
		}
	}
	return until
}

// learn notes what an answer says about limits.
func (m *meter) learn(resp *http.Response) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.clock.Now()
	reset, spent := resetOf(resp.Header)
	if resp.StatusCode != http.StatusForbidden && resp.StatusCode != http.StatusTooManyRequests {
		if spent {
			m.until = latest(m.until, reset)
		}
		if resp.StatusCode < 400 {
			m.wait = 0
		}
		return nil
	}
	until, told := retryAfter(resp.Header, now)
	switch {
	case told:
	case spent && reset.After(now):
		until = reset
	case resp.StatusCode == http.StatusTooManyRequests || spent || isSecondary(resp):
		until = m.double(now)
	default:
		return nil // an honest 403
	}
	m.until = latest(m.until, until)
	m.log.Warn("GitHub limits our requests", "until", m.until, "status", resp.StatusCode)
	return limited("GitHub's rate limit", m.until)
}

// double is the wait when GitHub names none. Requests that were under way together count as one.
func (m *meter) double(now time.Time) time.Time {
	if now.Before(m.until) {
		return m.until
	}
	m.wait = min(max(firstWait, 2*m.wait), lastWait)
	return now.Add(m.wait)
}

// resetOf reads the primary limit: when it starts anew, and whether it is used up.
func resetOf(h http.Header) (reset time.Time, spent bool) {
	at, err := strconv.ParseInt(h.Get("X-Ratelimit-Reset"), 10, 64)
	if h.Get("X-Ratelimit-Remaining") != "0" || err != nil {
		return time.Time{}, false
	}
	return time.Unix(at, 0), true
}

func retryAfter(h http.Header, now time.Time) (time.Time, bool) {
	value := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil && seconds >= 0 {
		return now.Add(max(time.Second, time.Duration(seconds)*time.Second)), true
	}
	at, err := http.ParseTime(value)
	return at, err == nil && at.After(now)
}

// isSecondary tells a secondary limit from a plain 403. GitHub promises no header for it, only a message and the page it points to.
func isSecondary(resp *http.Response) bool {
	head, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(head), resp.Body), resp.Body}
	var said struct {
		Message string `json:"message"`
		Page    string `json:"documentation_url"`
	}
	if err != nil || json.Unmarshal(head, &said) != nil {
		return false
	}
	return strings.HasSuffix(said.Page, "secondary-rate-limits") || strings.HasSuffix(said.Page, "#abuse-rate-limits") ||
		strings.Contains(strings.ToLower(said.Message), "secondary rate limit")
}

func limited(why string, until time.Time) error {
	return &app.Error{Op: fmt.Sprintf("waiting until %s", until.UTC().Format(time.RFC3339)), Kind: app.ErrLimited, Until: until, Err: errors.New(why)}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
