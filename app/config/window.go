package config

import (
	"strconv"
	"strings"
	"time"

	"github.com/slipway-cd/slipway/policies"
)

// The forms of a window: days of the week, a time of the day, or both; and of one that comes once, days or hours of the calendar.
const (
	dayForm    = `(?:mon|tue|wed|thu|fri|sat|sun)`
	daysForm   = dayForm + `(?:-` + dayForm + `)?(?:,` + dayForm + `(?:-` + dayForm + `)?)*`
	weeklyForm = `^(?i)(` + daysForm + `)?(?:(?:^| )(\d\d:\d\d)-(\d\d:\d\d))?$`
	periodForm = `^(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d))?(?:\.\.(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d))?)?$`
)

// windows are an environment's own, and the freezes of the calendars that it names.
func (l *linker) windows(e entry) []policies.Window {
	var all []policies.Window
	list, _ := e.get("windows")
	for _, v := range list.items {
		zone, ok := l.zone(v)
		for _, kind := range []string{"allow", "forbid"} {
			if text, has := v.get(kind); has && ok && !text.bad {
				w, good := l.window(text.value, zone)
				w.Allow, w.When = kind == "allow", l.when(v)
				if good {
					all = append(all, w)
				}
			}
		}
	}
	named, _ := e.get("calendars")
	known := l.top.entries("calendars")
	for _, name := range named.items {
		calendar := namedEntry(known, name.text)
		if calendar == nil && !name.bad {
			l.noSuch("calendar", name, namesOf(known), "Write one under calendars: at the top of the file.")
		}
		if calendar != nil {
			all = append(all, l.freezes[calendar.name]...)
		}
	}
	return all
}

// calendars reads all that the file has, named by an environment or not.
func (l *linker) calendars() {
	l.freezes = map[string][]policies.Window{}
	for _, c := range l.top.entries("calendars") {
		l.freezes[c.name] = l.calendar(c)
	}
}

// calendar is its periods.
func (l *linker) calendar(calendar entry) []policies.Window {
	zone, ok := l.zone(calendar.value)
	list, _ := calendar.get("freeze")
	var all []policies.Window
	for _, v := range list.items {
		if v.bad || !ok {
			continue
		}
		w, good := l.window(v, zone)
		if w.Text = calendar.name + ": " + w.Text; good {
			all = append(all, w)
		}
	}
	return all
}

// zone is the time zone at a key. One that is not known is said once for each place.
func (l *linker) zone(v value) (policies.Zone, bool) {
	e, ok := v.get("zone")
	if !ok || e.bad {
		return policies.Zone{}, false
	}
	zone, err := policies.LoadZone(e.text)
	if err != nil || e.text == "Local" {
		l.beyond(e.value.at, "There is no time zone %s. Write one such as Europe/Berlin or UTC.", quote(e.text))
		return zone, false
	}
	return zone, true
}

// window reads one, whether it comes each week or once.
func (l *linker) window(v value, zone policies.Zone) (policies.Window, bool) {
	w := policies.Window{Text: v.text, Zone: zone}
	ok := false
	if m := l.compiled(periodForm).FindStringSubmatch(v.text); m != nil {
		w.Begin, w.End, ok = period(m[1], m[2], m[3], m[4])
	} else if m := l.compiled(weeklyForm).FindStringSubmatch(v.text); m != nil && v.text != "" {
		var from, to bool
		w.Days = days(m[1])
		w.From, from = minutes(m[2], 0)
		w.To, to = minutes(m[3], 24*60)
		ok = from && to && w.From < 24*60
	}
	if !ok {
		l.beyond(v.at, "%s is no window. Write days, hours or both, such as Mon-Thu 09:00-16:00, or a period such as 2026-12-20..2027-01-04.", quote(v.text))
	}
	return w, ok
}

// days are those of a list of days and spans of days, all of them if there is none.
func days(text string) policies.Days {
	if text == "" {
		return 127
	}
	var all policies.Days
	for _, part := range strings.Split(strings.ToLower(text), ",") {
		first, last, is := strings.Cut(part, "-")
		if !is {
			last = first
		}
		for day := weekday(first); ; day = (day + 1) % 7 {
			all = all.With(day)
			if day == weekday(last) {
				break
			}
		}
	}
	return all
}

func weekday(text string) time.Weekday {
	return time.Weekday(strings.Index("sunmontuewedthufrisat", text) / 3)
}

// minutes is a time of the day, from 00:00 to 24:00.
func minutes(text string, otherwise int) (int, bool) {
	if text == "" {
		return otherwise, true
	}
	hour, _ := strconv.Atoi(text[:2])
	minute, _ := strconv.Atoi(text[3:])
	n := 60*hour + minute
	return n, minute < 60 && n <= 24*60
}

// period is from one day or hour to another; a day at its end is part of it.
func period(fromDay, fromTime, toDay, toTime string) (begin, end time.Time, ok bool) {
	begin, ok = wall(fromDay, fromTime, 0)
	if toDay == "" {
		toDay, toTime = fromDay, ""
	}
	end, good := wall(toDay, toTime, 24*60)
	return begin, end, ok && good && begin.Before(end)
}

func wall(day, clock string, otherwise int) (time.Time, bool) {
	midnight, err := time.Parse(time.DateOnly, day)
	minute, ok := minutes(clock, otherwise)
	return midnight.Add(time.Duration(minute) * time.Minute), err == nil && ok
}

// when is for which changes something counts.
func (l *linker) when(v value) policies.When {
	e, _ := v.get("when")
	w := policies.When{Labels: e.texts("label"), Authors: e.texts("author")}
	w.Paths = l.patternsOf(e.value, "paths")
	w.Branches = l.patternsOf(e.value, "branch")
	return w
}
