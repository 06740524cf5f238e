package main

import "time"

// clock is the machine's time, the only place where it is read.
type clock struct{}

// Now is the present, in UTC.
func (clock) Now() time.Time { return time.Now().UTC() }

// Timer fires once, at the given time.
func (clock) Timer(at time.Time) (<-chan time.Time, func()) {
	t := time.NewTimer(time.Until(at))
	return t.C, func() { t.Stop() }
}
