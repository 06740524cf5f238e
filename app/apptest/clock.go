// Package apptest holds what tests of several rooms share.
package apptest

import (
	"sync"
	"time"
)

// Clock is a clock that only moves when it is told to. It is safe for concurrent use.
type Clock struct {
	mu     sync.Mutex
	now    time.Time
	timers map[*timer]bool
	moved  chan struct{} // closed and replaced whenever a timer is set
}

type timer struct {
	at    time.Time
	fired chan time.Time
}

// NewClock starts a clock that stands still at start.
func NewClock(start time.Time) *Clock {
	return &Clock{now: start, timers: map[*timer]bool{}, moved: make(chan struct{})}
}

// Now is the time that the clock was last moved to.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Timer fires when the clock is moved to or past at.
func (c *Clock) Timer(at time.Time) (<-chan time.Time, func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &timer{at: at, fired: make(chan time.Time, 1)}
	if !at.After(c.now) {
		t.fired <- c.now
		return t.fired, func() {}
	}
	c.timers[t] = true
	close(c.moved)
	c.moved = make(chan struct{})
	return t.fired, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.timers, t)
	}
}

// Advance moves the clock on and fires what has become due.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	for t := range c.timers {
		if !t.at.After(c.now) {
			t.fired <- c.now
			delete(c.timers, t)
		}
	}
}

// Next is when the earliest timer fires, and whether there is one.
func (c *Clock) Next() (at time.Time, any bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for t := range c.timers {
		if !any || t.at.Before(at) {
			at, any = t.at, true
		}
	}
	return at, any
}

// Set returns a channel that is closed when the next timer is set: how a test waits for somebody to begin waiting.
func (c *Clock) Set() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.moved
}
