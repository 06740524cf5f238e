package app

import "time"

// Clock is the one source of time. Timers, bakes, leases and windows all read it, so that a test can let a month pass at once.
// Implementations are safe for concurrent use.
type Clock interface {
	// Now is the present. Every stored time comes from here, never from git and never from a payload.
	Now() time.Time
	// Timer fires once, at the given time or at once if that has passed. Calling stop releases it; stop may be called more than once.
	Timer(at time.Time) (fired <-chan time.Time, stop func())
}
