package policies

import (
	"fmt"
	"slices"
	"time"

	"github.com/slipway-cd/slipway/app"
)

// Window is a time in which something may start, or may not: each week again, or once, from one day's hour to another's. It is half-open, and
// counted on the clock on the wall of its zone: a time that a clock change skips means the next instant, and a doubled hour lies inside both times.
type Window struct {
	Allow      bool // else it forbids
	Text       string
	Zone       Zone
	Days       Days      // on which it begins
	From, To   int       // minutes from midnight; To at or before From is on the next day
	Begin, End time.Time // of one that comes once: on the wall, written as if in UTC; else zero
	When       When
}

// Zone is a time zone by its name in the tz database. The zero value is UTC.
type Zone struct{ place *time.Location }

// LoadZone finds a zone by its name, such as Europe/Berlin.
func LoadZone(name string) (Zone, error) {
	place, err := time.LoadLocation(name)
	if err != nil {
		return Zone{}, fmt.Errorf("loading the time zone %q: %w", name, err)
	}
	return Zone{place}, nil
}

// String is its name.
func (z Zone) String() string { return z.location().String() }

func (z Zone) location() *time.Location {
	if z.place == nil {
		return time.UTC
	}
	return z.place
}

// MarshalText writes its name.
func (z Zone) MarshalText() ([]byte, error) { return []byte(z.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (z *Zone) UnmarshalText(text []byte) (err error) {
	*z, err = LoadZone(string(text))
	return err
}

// Equal says whether two are the same zone.
func (z Zone) Equal(o Zone) bool { return z.String() == o.String() }

// Wall is what the clock on the wall says, as if in UTC.
func (z Zone) Wall(t time.Time) time.Time {
	t = t.In(z.location())
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// Days are days of the week, one bit each, Sunday's first.
type Days uint8

// On says whether a day is one of them.
func (d Days) On(day time.Weekday) bool { return d&(1<<day) != 0 }

// With adds a day.
func (d Days) With(day time.Weekday) Days { return d | 1<<day }

// inside says whether a time lies in the window.
func (w Window) inside(t time.Time) bool { return w.covers(w.Zone.Wall(t)) }

// covers says whether a time on the wall lies in the window.
func (w Window) covers(wall time.Time) bool {
	if !w.Begin.IsZero() {
		return !wall.Before(w.Begin) && wall.Before(w.End)
	}
	return w.weekly(wall.Weekday(), 60*wall.Hour()+wall.Minute())
}

// weekly says whether a minute of a weekday lies in the window.
func (w Window) weekly(day time.Weekday, minute int) bool {
	if w.To > w.From {
		return w.Days.On(day) && w.From <= minute && minute < w.To
	}
	return w.Days.On(day) && minute >= w.From || w.Days.On((day+6)%7) && minute < w.To
}

// horizon is how far ahead a window that comes each week must turn, if it ever does.
const horizon = 9 * 24 * time.Hour

// turns is the next time at which the window begins or ends, zero if it never does again.
func (w Window) turns(now time.Time) time.Time {
	if !w.Begin.IsZero() {
		return w.first(now, slices.Concat(w.instants(w.Begin), w.instants(w.End)))
	}
	here := now.In(w.Zone.location())
	if begin, end := here.ZoneBounds(); (end.IsZero() || end.Sub(now) > horizon) && (begin.IsZero() || now.Sub(begin) > 48*time.Hour) {
		return w.steady(now, w.Zone.Wall(now))
	}
	return w.unsteady(now)
}

// steady is the next turn while no clock is changed: it is as far away as on the wall.
func (w Window) steady(now, wall time.Time) time.Time {
	minute := 60*wall.Hour() + wall.Minute()
	midnight := now.Add(-wall.Sub(wall.Truncate(24 * time.Hour)))
	for days := range 9 {
		day := (wall.Weekday() + time.Weekday(days)) % 7
		for _, at := range w.bounds() {
			if days == 0 && at <= minute || at == 24*60 && days == 8 {
				continue
			}
			before, beforeDay := at-1, day
			if at == 0 {
				before, beforeDay = 24*60-1, (day+6)%7
			}
			after, afterDay := at%(24*60), (day+time.Weekday(at/(24*60)))%7
			if w.weekly(afterDay, after) != w.weekly(beforeDay, before) {
				return midnight.Add(time.Duration(days)*24*time.Hour + time.Duration(at)*time.Minute)
			}
		}
	}
	return time.Time{}
}

// bounds are the minutes of a day at which it may turn, in order; midnight too, where it goes on from one day to another.
func (w Window) bounds() [2]int {
	if w.From < w.To {
		return [2]int{w.From, w.To}
	}
	return [2]int{w.To, w.From}
}

// unsteady is the next turn around a clock's change.
func (w Window) unsteady(now time.Time) time.Time {
	today := w.Zone.Wall(now).Truncate(24 * time.Hour)
	var all []time.Time
	for day := -1; day <= 15; day++ { // a week more, for a clock's change may skip all of it
		midnight := today.AddDate(0, 0, day)
		if !w.Days.On(midnight.Weekday()) {
			continue
		}
		to := w.To
		if to <= w.From {
			to += 24 * 60
		}
		for _, minute := range []int{w.From, to} {
			all = append(all, w.instants(midnight.Add(time.Duration(minute)*time.Minute))...)
		}
		if found := w.first(now, all); !found.IsZero() && w.Zone.Wall(found).Before(midnight) { // a day more, for clocks are changed
			return found
		}
	}
	return w.first(now, all)
}

// first is the first of these instants after now at which the window begins or ends.
func (w Window) first(now time.Time, instants []time.Time) (found time.Time) {
	for _, t := range instants {
		if t.After(now) && (found.IsZero() || t.Before(found)) && w.inside(t) != w.inside(t.Add(-time.Nanosecond)) {
			found = t
		}
	}
	return found
}

// instants are those that a time on the wall may mean: two where an hour is doubled; and the clock's change, where it is skipped.
func (w Window) instants(wall time.Time) []time.Time {
	place := w.Zone.location()
	var all []time.Time
	for _, around := range []time.Duration{-26 * time.Hour, 26 * time.Hour} {
		_, offset := wall.Add(around).In(place).Zone()
		t := wall.Add(-time.Duration(offset) * time.Second)
		begin, end := t.In(place).ZoneBounds()
		all = append(all, t, begin, end)
	}
	return all
}

// judgeWindows wants the time to lie in one of the windows that allow, where there are any, and in none that forbids. Each file has its own.
func judgeWindows(f Facts) []finding {
	var all []finding
	files := f.Gate.policies()
	if len(files) == 2 && slices.EqualFunc(files[0].Windows, files[1].Windows, Window.equal) {
		files = files[:1]
	}
	for _, p := range files {
		for _, found := range p.judgeWindows(f) {
			said := func(o finding) bool { return o.Sentence == found.Sentence && o.Until.Equal(found.Until) }
			if !slices.ContainsFunc(all, said) {
				all = append(all, found)
			}
		}
	}
	return all
}

// equal says whether two windows are the same.
func (w Window) equal(o Window) bool {
	return w.Allow == o.Allow && w.Text == o.Text && w.Zone.Equal(o.Zone) && w.Days == o.Days && w.From == o.From && w.To == o.To &&
		w.Begin.Equal(o.Begin) && w.End.Equal(o.End) && w.When.equal(o.When)
}

func (p Policy) judgeWindows(f Facts) []finding {
	var all []finding
	var allowing []Window
	allows := false
	for _, w := range p.Windows {
		allows = allows || w.Allow
		switch {
		case !w.When.applies(f, w.Allow):
		case w.Allow:
			allowing = append(allowing, w)
		default:
			all = append(all, w.forbidding(f.Now))
		}
	}
	if allows {
		all = append(all, opening(allowing, f.Now))
	}
	return all
}

// forbidding holds inside a window that forbids, and outside says nothing but when it begins.
func (w Window) forbidding(now time.Time) finding {
	turn := w.turns(now)
	if !w.inside(now) {
		return finding{Reason: Reason{Rule: RuleWindow, Verdict: Allow}, Until: turn}
	}
	if turn.IsZero() {
		return finds(Hold, RuleWindow, "Nothing starts during %s", w.named())
	}
	return until(finds(Hold, RuleWindow, "Nothing starts during %s, which ends %s", w.named(), moment(turn, w.Zone)), turn)
}

// opening allows inside one of the windows, and holds until the next one begins.
func opening(windows []Window, now time.Time) finding {
	var next time.Time
	var opens Zone
	for _, w := range windows {
		turn := w.turns(now)
		if w.inside(now) {
			return until(finds(Allow, RuleWindow, "Inside the window %s", w.named()), turn)
		}
		if !turn.IsZero() && (next.IsZero() || turn.Before(next)) {
			next, opens = turn, w.Zone
		}
	}
	if next.IsZero() {
		return finds(Hold, RuleWindow, "No window opens for it any more")
	}
	return until(finds(Hold, RuleWindow, "Window opens %s", moment(next, opens)), next)
}

// named is the window as the file has it, with its zone.
func (w Window) named() string { return fmt.Sprintf("%s (%s)", Quote(w.Text), w.Zone) }

// moment is a time as people in a zone read it.
func moment(t time.Time, z Zone) string {
	return fmt.Sprintf("%s, %s", t.In(z.location()).Format("Monday 2 January 2006 15:04"), z)
}

// judgeWait wants a promotion to have waited for as long as either file says since it came.
func judgeWait(f Facts) []finding {
	var wait time.Duration
	for _, p := range f.Gate.policies() {
		wait = max(wait, p.Wait)
	}
	if wait == 0 {
		return nil
	}
	if end := f.Arrived.Add(wait); f.Arrived.IsZero() || f.Now.Before(end) {
		return []finding{until(finds(Hold, RuleWait, "Waits %s from when it came, until %s", app.Span(wait), clock(end)), end)}
	}
	return []finding{finds(Allow, RuleWait, "Waited %s", app.Span(wait))}
}
