package pages

import (
	"testing"
	"time"
)

func TestTimesAreTold(t *testing.T) {
	now := moment{time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	berlin := time.FixedZone("CET", 3600)
	for _, c := range []struct {
		at   time.Time
		want string
	}{
		{time.Date(2026, 11, 24, 11, 56, 0, 0, time.UTC), "11:56:00 UTC, 4 min ago"},
		{time.Date(2026, 11, 24, 12, 59, 30, 0, berlin), "11:59:30 UTC, 30 s ago"},
		{time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC), "23 Nov 10:00 UTC, 26 h ago"},
		{time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC), "1 Nov 10:00 UTC"},
		{time.Date(2025, 11, 24, 12, 0, 0, 0, time.UTC), "24 Nov 2025 12:00 UTC"},
		{time.Date(2026, 11, 24, 13, 0, 0, 0, time.UTC), "13:00:00 UTC"},
		{time.Time{}, ""},
	} {
		if got := now.when(c.at); got != c.want {
			t.Errorf("%v is told as %q, want %q", c.at, got, c.want)
		}
	}
	for d, want := range map[time.Duration]string{
		0: "less than a second", 999 * time.Millisecond: "less than a second", 42 * time.Second: "42 s", 95 * time.Second: "1 min 35 s", time.Hour: "1 h",
		90 * time.Minute: "1 h 30 min", 50 * time.Hour: "2 days 2 h",
	} {
		if got := span(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
