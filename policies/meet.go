package policies

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slipway-cd/slipway/app"
)

// How far what is needed is met by the approvals that there are.

// leaves are the parts of a need that people can meet.
func (n need) leaves() (all []need) {
	for _, part := range slices.Concat(n.all, n.any) {
		all = append(all, part.leaves()...)
	}
	if len(n.all)+len(n.any) == 0 && n.unread == "" {
		all = []need{n}
	}
	return all
}

// leaves are the parts of a need that people can meet, of those that are not met.
func (f Facts) leaves(n need) (all []need) {
	if f.meet(n).ok || n.unread != "" {
		return nil
	}
	for _, part := range slices.Concat(n.all, n.any) {
		all = append(all, f.leaves(part)...)
	}
	if len(n.all)+len(n.any) == 0 {
		all = []need{n}
	}
	return all
}

// selectors is whom any part of a need names.
func (n need) selectors() []Selector {
	all := slices.Clone(n.from)
	for _, part := range slices.Concat(n.all, n.any) {
		all = append(all, part.selectors()...)
	}
	return all
}

// met is how far a need is met.
type met struct {
	ok      bool
	by      []Approval
	missing string    // an approval from a maintainer, as part of a sentence
	unread  bool      // it can't be told, for a fact can't be read
	until   time.Time // when it will not be met any more, by time alone
	dated   time.Time // when it will be, by approvals that count from then on; zero is not
	datedBy []Approval
	refused []string // why what was said does not count
}

// meet says how far a need is met by the approvals that there are.
func (f Facts) meet(n need) met {
	switch {
	case n.unread != "":
		return met{unread: true, missing: "an approval from the owners of the files. Not known: " + n.unread}
	case len(n.all) > 0:
		return f.meetAll(n.all)
	case len(n.any) > 0:
		return f.meetAny(n.any)
	}
	return f.meetLeaf(n)
}

func (f Facts) meetAll(parts []need) met {
	m := met{ok: true}
	var missing []string
	dated := true
	for _, part := range parts {
		p := f.meet(part)
		dated = dated && (p.ok || !p.dated.IsZero())
		if m.datedBy = append(m.datedBy, p.datedBy...); p.dated.After(m.dated) {
			m.dated = p.dated
		}
		m.ok, m.unread = m.ok && p.ok, m.unread || p.unread
		m.by, m.refused = append(m.by, p.by...), append(m.refused, p.refused...)
		if !p.ok {
			missing = append(missing, p.missing)
		}
		if !p.until.IsZero() && (m.until.IsZero() || p.until.Before(m.until)) {
			m.until = p.until
		}
	}
	if m.missing = both(missing); !dated {
		m.dated = time.Time{}
	}
	return m
}

// meetAny is met by the part that lasts longest.
func (f Facts) meetAny(parts []need) met {
	var best, m met
	var missing []string
	for _, part := range parts {
		p := f.meet(part)
		if p.ok && (!best.ok || p.until.IsZero() || !best.until.IsZero() && p.until.After(best.until)) {
			best = p
		}
		m.unread, m.refused = m.unread || p.unread, append(m.refused, p.refused...)
		missing = append(missing, p.missing)
		if !p.dated.IsZero() && (m.dated.IsZero() || p.dated.Before(m.dated)) {
			m.dated, m.datedBy = p.dated, p.datedBy
		}
	}
	if best.ok {
		return best
	}
	m.missing = either(missing)
	return m
}

func (f Facts) meetLeaf(n need) met {
	var m met
	var ends []time.Time
	var dated []Approval
	unreadable := ""
	for i, given := range f.Approvals {
		if slices.ContainsFunc(m.by, func(a Approval) bool { return same(a.By.ID, a.By.Login, given.By) }) {
			continue
		}
		excluded, end := f.standing(i)
		b := excluded
		if b == barNone {
			b = f.meant(n.from, given.By, given.RoleNow)
		}
		not := cmp.Or(f.shut(given.Door()), f.another(given.Pin), f.unseen(n, given.Approval), f.retracted(given))
		switch {
		case b == barNone && given.reviewed() && !given.Stands.Known:
			unreadable = "@" + given.By.Login + "'s approval can't be counted now, because it can't be told whether their review still approves: " + oneLine(given.Stands.Why)
		case b == barNone && not != "":
			m.refused = append(m.refused, "@"+given.By.Login+"'s approval does not count: it "+not)
		case b == barNone && f.Now.Before(given.From):
			if !slices.ContainsFunc(dated, func(a Approval) bool { return same(a.By.ID, a.By.Login, given.By) }) {
				dated = append(dated, given)
			}
		case b == barNone && !end.IsZero() && !f.Now.Before(end):
			m.refused = append(m.refused, "@"+given.By.Login+"'s approval does not count: it has expired, at "+clock(end))
		case b == barNone:
			m.by, ends = append(m.by, given), append(ends, end)
		case b == barRoleUnread, b == barAuthorsUnread, b == barTeamsUnread:
			unreadable = f.theirs(b, given.By, given.RoleNow)
		default:
			m.refused = append(m.refused, f.theirs(b, given.By, given.RoleNow))
		}
	}
	if m.ok = len(m.by) >= n.count; m.ok {
		m.until = last(ends, n.count)
		return m
	}
	m.dated, m.datedBy = f.amounts(n, m.by, dated)
	if unreadable != "" {
		m.unread, m.refused = true, append(m.refused, unreadable)
	}
	m.missing = n.wants(m.by)
	return m
}

// another says why an approval is for something else than what would go out, as it goes on from "it"; "" if it is not.
func (f Facts) another(pin app.Pin) string {
	switch {
	case pin.Commit == "": // stored before approvals were pinned; its lane holds it to the commit
	case pin.Commit != f.Commit:
		return "is for " + short(pin.Commit)
	case pin.Artifact != f.Pin.Artifact:
		return "is for another artifact: the checks ran again since, and made " + artifact(f.Pin.Artifact) + " and not " + artifact(pin.Artifact)
	}
	return ""
}

// unseen says of an approval where the loss of what is live has to be accepted, that its giver has not seen that, as it goes on from "it"; "" if they
// have.
func (f Facts) unseen(n need, given app.Approval) string {
	saw := given.Pin
	if given.Ahead.Pull != 0 {
		saw = given.Ahead.Pin
	}
	if !n.live || saw.Commit == "" || saw.Live == f.Pin.Live {
		return ""
	}
	return "was given before " + short(f.Live) + " was live"
}

// retracted says of a review that it does not approve the pull request any more, as it goes on from "it"; "" of all else.
func (f Facts) retracted(given Approval) string {
	if !given.reviewed() || given.Stands.Value {
		return ""
	}
	return "was a review, which does not approve the pull request any more"
}

// reviewed says that an approval is a review of the pull request. GitHub's own review of an environment is none.
func (a Approval) reviewed() bool {
	return a.Door() == app.DoorReview && a.Source != string(app.DoorReview)
}

// artifact is a digest as people are shown it.
func artifact(digest string) string {
	if digest == "" {
		return "nothing"
	}
	return Quote(cut(strings.TrimPrefix(digest, "sha256:"), app.ShortLen+1))
}

// weighed is what is so of an approval whatever is needed: who gave it may not approve here, and when it expires.
type weighed struct {
	bar bar
	end time.Time
}

// weigh looks at each approval once, for many needs.
func (f Facts) weigh() Facts {
	all := make([]weighed, len(f.Approvals))
	for i, a := range f.Approvals {
		all[i] = weighed{f.excluded(a.By), f.expires(a.Approval)}
	}
	f.weighed = all
	return f
}

// standing is what is so of one approval.
func (f Facts) standing(i int) (bar, time.Time) {
	if i < len(f.weighed) && len(f.weighed) == len(f.Approvals) {
		return f.weighed[i].bar, f.weighed[i].end
	}
	return f.excluded(f.Approvals[i].By), f.expires(f.Approvals[i].Approval)
}

// equal says whether two needs are the same.
func (n need) equal(o need) bool {
	return n.count == o.count && n.of == o.of && n.unread == o.unread && slices.Equal(n.from, o.from) &&
		slices.EqualFunc(n.all, o.all, need.equal) && slices.EqualFunc(n.any, o.any, need.equal)
}

// last is when only n-1 of these are left: the n-th of them, counted from the latest. Zero is never.
func last(ends []time.Time, n int) time.Time {
	ends = slices.DeleteFunc(slices.Clone(ends), func(t time.Time) bool { return t.IsZero() })
	slices.SortFunc(ends, func(a, b time.Time) int { return b.Compare(a) })
	if len(ends) < n {
		return time.Time{}
	}
	return ends[n-1]
}

// wants is what is missing, as part of a sentence.
func (n need) wants(by []Approval) string {
	s := "an approval from " + describe(n.from)
	if n.count > 1 {
		s = fmt.Sprintf("%d approvals from %s", n.count, describe(n.from))
	}
	if n.of != "" {
		s += " for " + n.of
	}
	if len(by) > 0 {
		s += fmt.Sprintf(", of which %s given", has(by))
	}
	return s
}

// has is who has approved: @dana's is, or @dana's and @eli's are.
func has(by []Approval) string {
	var names []string
	for _, a := range by {
		names = append(names, "@"+a.By.Login+"'s")
	}
	if len(names) == 1 {
		return names[0] + " is"
	}
	return both(names) + " are"
}

// expires is when an approval stops counting, by the stricter of the two files; zero is never.
func (f Facts) expires(given app.Approval) (end time.Time) {
	for _, p := range f.Gate.policies() {
		if e := counts(given).Add(p.Expires); p.Expires > 0 && (end.IsZero() || e.Before(end)) {
			end = e
		}
	}
	return end
}
