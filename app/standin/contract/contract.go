package contract

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
)

// Reporter is told of violations. A testing.TB is one.
type Reporter interface {
	Helper()
	Errorf(format string, args ...any)
}

// Contract checks exchanges with GitHub for one test. It is safe for concurrent use.
type Contract struct {
	*loaded
	reporter Reporter

	mu       sync.Mutex
	ended    bool
	reported map[string]bool
	seen     map[string]int
	unknown  map[string]bool
}

// New gives a contract that reports to r. If r has a Cleanup method, as a testing.TB has, nothing is reported after it ran: a server
// that outlives its test must not make the whole test binary panic. So New comes before what starts the server.
func New(r Reporter) *Contract {
	r.Helper()
	c := &Contract{reporter: r, reported: map[string]bool{}, seen: map[string]int{}, unknown: map[string]bool{}}
	var err error
	if c.loaded, err = description(); err != nil {
		r.Errorf("contract: loading GitHub's descriptions: %v", err)
		c.loaded = &loaded{schemas: newLibrary(nil, nil)}
	}
	if t, ok := r.(interface{ Cleanup(func()) }); ok {
		t.Cleanup(c.end)
	}
	return c
}

func (c *Contract) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
}

// Examples gives the payloads that GitHub shows as examples of an event, unchanged and in GitHub's order; none for an event that
// slipway does not read, or that has none.
func (c *Contract) Examples(event string) []json.RawMessage {
	c.reporter.Helper()
	examples, err := readExamples(event)
	if err != nil {
		c.report("examples of "+event, []string{err.Error()})
	}
	return examples
}

// Seen counts what was checked: exchanges as "POST /repos/{owner}/{repo}/check-runs 201", webhooks as "webhook check_run completed".
// With it a test shows that its contract was not idle.
func (c *Contract) Seen() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.seen)
}

// Unknown lists, in order, the events of webhooks that have no schema, and so were let pass.
func (c *Contract) Unknown() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(maps.Keys(c.unknown))
}

func (c *Contract) count(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[what]++
}

// report tells of violations, each once. It holds the lock while it does, so that the test can't end in between.
func (c *Contract) report(where string, violations []string) {
	c.reporter.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, violation := range violations {
		text := fmt.Sprintf("contract: %s: %s", where, violation)
		if c.ended || c.reported[text] {
			continue
		}
		c.reported[text] = true
		c.reporter.Errorf("%s", text)
	}
}
