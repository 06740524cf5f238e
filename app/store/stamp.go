package store

import (
	"math"
	"time"
)

// stamp is a time as it is stored: nanoseconds since 1970, and 0 for none. What is beyond the years that fit, 1677 and 2262, becomes the
// nearest that does, so that a hold until 9999 does not end in the past.
func stamp(t time.Time) int64 {
	switch {
	case t.IsZero():
		return 0
	case t.After(time.Unix(0, math.MaxInt64)):
		return math.MaxInt64
	case t.Before(time.Unix(0, math.MinInt64)):
		return math.MinInt64
	}
	return t.UnixNano()
}

// unstamp is the time that was stored, in UTC.
func unstamp(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}
