package policies

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func zone(t testing.TB, name string) Zone {
	t.Helper()
	z, err := LoadZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

const everyDay = Days(127)

func at(t testing.TB, z Zone, text string) time.Time {
	t.Helper()
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02 15:04 -0700"} {
		if is, err := time.ParseInLocation(layout, text, z.location()); err == nil {
			return is
		}
	}
	t.Fatal(text)
	return time.Time{}
}

// TestWindowsOverClockChanges: a time that is skipped means the next instant, a doubled hour lies inside both times, and windows are half-open.
func TestWindowsOverClockChanges(t *testing.T) {
	for _, c := range []struct {
		zone     string
		from, to int // minutes
		inside   []string
		outside  []string
	}{
		// 2027-03-28: 02:00 becomes 03:00.
		{"Europe/Berlin", 2*60 + 30, 3*60 + 30, []string{"2027-03-28 03:00", "2027-03-28 03:29:59"}, []string{"2027-03-28 01:59:59", "2027-03-28 03:30"}},
		// 2026-10-25: 03:00 becomes 02:00.
		{"Europe/Berlin", 2 * 60, 2*60 + 30, []string{"2026-10-25 02:00 +0200", "2026-10-25 02:29 +0200", "2026-10-25 02:00 +0100", "2026-10-25 02:29 +0100"},
			[]string{"2026-10-25 02:30 +0200", "2026-10-25 02:59 +0200", "2026-10-25 02:30 +0100"}},
		// 2027-03-14: 02:00 becomes 03:00; the end is skipped.
		{"America/New_York", 60, 2*60 + 30, []string{"2027-03-14 01:59:59"}, []string{"2027-03-14 03:00", "2027-03-14 00:59:59"}},
		// 2027-04-04: 02:00 becomes 01:30.
		{"Australia/Lord_Howe", 60 + 30, 60 + 45, []string{"2027-04-04 01:30 +1100", "2027-04-04 01:44 +1100", "2027-04-04 01:30 +1030", "2027-04-04 01:44 +1030"},
			[]string{"2027-04-04 01:45 +1100", "2027-04-04 01:45 +1030"}},
		// 2026-09-06: midnight becomes 01:00, so the day begins at one.
		{"America/Santiago", 0, 60 + 30, []string{"2026-09-06 01:00", "2026-09-06 01:29"}, []string{"2026-09-05 23:59:59", "2026-09-06 01:30"}},
		{"Asia/Kolkata", 9 * 60, 24 * 60, []string{"2026-11-24 09:00", "2026-11-24 23:59:59"}, []string{"2026-11-24 08:59:59", "2026-11-25 00:00"}},
		{"UTC", 22 * 60, 4 * 60, []string{"2026-11-24 22:00", "2026-11-25 03:59:59"}, []string{"2026-11-25 04:00", "2026-11-25 21:59"}},
	} {
		z := zone(t, c.zone)
		w := Window{Days: everyDay, From: c.from, To: c.to, Zone: z}
		for _, text := range c.inside {
			if !w.inside(at(t, z, text)) {
				t.Errorf("%s: %s is outside %d-%d", c.zone, text, c.from, c.to)
			}
		}
		for _, text := range c.outside {
			if w.inside(at(t, z, text)) {
				t.Errorf("%s: %s is inside %d-%d", c.zone, text, c.from, c.to)
			}
		}
	}
}

// TestTurns holds the next turn of a window against a look at each minute, around the clock changes of several zones.
func TestTurns(t *testing.T) {
	zones := map[string][]string{
		"Europe/Berlin": {"2027-03-28", "2026-10-25"}, "America/New_York": {"2027-03-14", "2026-11-01"},
		"Australia/Lord_Howe": {"2027-04-04", "2026-10-04"}, "America/Santiago": {"2027-04-04", "2026-09-06"},
		"Africa/Cairo": {"2027-04-30", "2026-10-29"}, "Asia/Kolkata": {"2026-11-24"}, "Pacific/Auckland": {"2027-04-04", "2026-09-27"},
	}
	names := []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Africa/Cairo", "Asia/Kolkata", "Pacific/Auckland"}
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.SampledFrom(names).Draw(rt, "zone")
		z := zone(t, name)
		day := at(t, z, rapid.SampledFrom(zones[name]).Draw(rt, "day")+" 12:00")
		before := rapid.SampledFrom([]time.Duration{0, 30 * 24 * time.Hour}).Draw(rt, "near or far")
		now := day.Add(-before - time.Duration(rapid.IntRange(0, 60*60).Draw(rt, "before"))*time.Minute)
		w := Window{Zone: z, Days: Days(rapid.IntRange(1, 127).Draw(rt, "days")), From: rapid.IntRange(0, 24*60-1).Draw(rt, "from"), To: rapid.IntRange(1, 24*60).Draw(rt, "to")}
		if before == 0 && rapid.IntRange(0, 4).Draw(rt, "once") == 0 {
			w.Begin = z.Wall(day).Add(time.Duration(rapid.IntRange(-60*24, 60*24).Draw(rt, "begin")) * time.Minute)
			w.End = w.Begin.Add(time.Duration(rapid.IntRange(1, 60*24).Draw(rt, "length")) * time.Minute)
		}
		want := time.Time{}
		for minute, is := 1, w.inside(now); minute <= 16*24*60; minute++ {
			if next := now.Add(time.Duration(minute) * time.Minute); w.inside(next) != is {
				want = next
				break
			}
		}
		if got := w.turns(now); !got.Equal(want) {
			rt.Fatalf("%+v turns at %s after %s, not %s", w, got.In(z.location()), now, want)
		}
	})
}

func TestZone(t *testing.T) {
	z := zone(t, "Europe/Berlin")
	data, err := json.Marshal(Window{Zone: z})
	if err != nil {
		t.Fatal(err)
	}
	var w Window
	if err := json.Unmarshal(data, &w); err != nil || !w.Zone.Equal(z) || (Zone{}).String() != "UTC" {
		t.Errorf("%+v, %v", w, err)
	}
	if _, err := LoadZone("Europe/Atlantis"); err == nil {
		t.Error("there is such a zone")
	}
}
