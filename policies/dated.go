package policies

import (
	"fmt"
	"slices"
	"time"

	"github.com/slipway-cd/slipway/app"
)

// An approval may be for later: it counts from a moment on. Nothing else of the gate is put off or skipped by it.

// zones is the time zones by which a gate's clocks go, each once.
func (g Gate) zones() (all []Zone) {
	for _, p := range g.policies() {
		for _, w := range p.Windows {
			if !slices.ContainsFunc(all, w.Zone.Equal) {
				all = append(all, w.Zone)
			}
		}
	}
	return all
}

// Zone is that of the gate's clocks, if they all go by one; UTC where it has none.
func (g Gate) Zone() Zone {
	if all := g.zones(); len(all) == 1 {
		return all[0]
	}
	return Zone{}
}

// Instant is when the clock on the wall first shows a time, or has passed it where a clock change skips it. Wall is written as if in UTC.
func (z Zone) Instant(wall time.Time) (first time.Time) {
	for _, t := range (Window{Zone: z}).instants(wall) {
		if !t.IsZero() && !z.Wall(t).Before(wall) && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first
}

// from is when an approval of a promotion begins to count, or what is wrong with that.
func (a Asked) from(m Moment, t target) (from time.Time, problem string) {
	if m == (Moment{}) {
		return from, ""
	}
	zone := t.Facts.Gate.Zone()
	switch zones := t.Facts.Gate.zones(); {
	case !m.At.IsZero():
		from = m.At
	case m.Zone != "":
		var err error
		if zone, err = LoadZone(m.Zone); err != nil {
			return from, fmt.Sprintf("there is no time zone %s", Quote(m.Zone))
		}
	case len(zones) > 1:
		return from, fmt.Sprintf("the gate of %s has clocks in %s and %s, so say which: `at %s %s`", t.lane.name(), zones[0], zones[1],
			m.Wall.Format("2006-01-02 15:04"), zones[0])
	}
	if from.IsZero() {
		from = zone.Instant(m.Wall)
	}
	switch {
	case !from.After(a.Received):
		return from, fmt.Sprintf("%s is over already, so nothing is approved", moment(from, zone))
	case from.After(a.Received.AddDate(0, 0, maxHold)):
		return from, fmt.Sprintf("%s is more than %d days away", moment(from, zone), maxHold)
	}
	return from.UTC(), ""
}

// counts is when an approval begins to, at the earliest when it was given.
func counts(a app.Approval) time.Time {
	if a.From.After(a.At) {
		return a.From
	}
	return a.At
}

// amounts is when a need is met by approvals of which some count from then on: the first moment at which there are enough that count together. Zero
// if there is none.
func (f Facts) amounts(n need, given, dated []Approval) (at time.Time, by []Approval) {
	slices.SortStableFunc(dated, func(a, b Approval) int { return a.From.Compare(b.From) })
	for i := range dated {
		at, by = dated[i].From, nil
		for _, g := range slices.Concat(given, dated[:i+1]) {
			if end := f.expires(g.Approval); end.IsZero() || at.Before(end) {
				by = append(by, g)
			}
		}
		if len(by) >= n.count {
			return at, by
		}
	}
	return time.Time{}, nil
}

// awaits holds until the time comes for which it was approved.
func (f Facts) awaits(a ask, m met) finding {
	return until(finds(Hold, RuleDate, "%sWaits until %s, as approved by %s", a.intro, moment(m.dated, f.Gate.Zone()), approvedBy(m.datedBy)), m.dated)
}

// closed says what stands in the way of a promotion by then, as far as the clock tells, as the end of a sentence.
func (t target) closed(from time.Time) string {
	f := t.Facts
	f.Now = from
	for _, found := range judgeWindows(f) {
		if found.Verdict == Hold {
			return ". Even then: " + lower(found.Sentence)
		}
	}
	return ""
}
