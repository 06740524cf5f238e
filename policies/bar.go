package policies

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-cd/slipway/app"
)

// bar is what keeps a person's approval from counting.
type bar int

const (
	barNotAsked      bar = iota // somebody else is asked; the zero value, so that nobody passes by being forgotten
	barBot                      // a machine
	barRoleUnread               // their role can't be read now
	barRoleStrange              // their role is none of GitHub's own
	barTeamsUnread              // who is in a team can't be read now
	barAuthorsUnread            // whose change it is can't be told now
	barNamed                    // the file names them as one who may not
	barTeam                     // they are in a team with somebody whose change it is, and the file excludes that
	barExcluded                 // it is their change, and the file asks for four eyes
	barNone                     // nothing
)

// bar says what keeps this person's approval from meeting a need of these people, if anything.
func (f Facts) bar(from []Selector, by app.Person, role app.Fact[string]) bar {
	if b := f.excluded(by); b != barNone {
		return b
	}
	return f.meant(from, by, role)
}

// meant says whether a need asks this person.
func (f Facts) meant(from []Selector, by app.Person, role app.Fact[string]) bar {
	switch {
	case !role.Known:
		return barRoleUnread
	case f.selects(from, by, role.Value):
		return barNone
	case f.unreadTeam(from):
		return barTeamsUnread
	case rank(role.Value, f.Personal) < 0:
		return barRoleStrange
	}
	return barNotAsked
}

// excluded says what keeps this person from approving anything here.
func (f Facts) excluded(by app.Person) bar {
	people := f.Gate.notPeople()
	switch {
	case isBot(by):
		return barBot
	case (f.Gate.notAuthor() || f.Gate.notTeams()) && !f.Excluded.Known:
		return barAuthorsUnread
	case f.Gate.notAuthor() && f.did(by) != "":
		return barExcluded
	case f.selects(people, by, ""):
		return barNamed
	case f.unreadTeam(people) || f.Gate.notTeams() && f.unreadTeam(f.named()):
		return barTeamsUnread
	case f.Gate.notTeams() && f.shares(by) != "":
		return barTeam
	}
	return barNone
}

// named is everybody whom either file names.
func (f Facts) named() (all []Selector) {
	for _, p := range f.Gate.policies() {
		all = append(all, p.selectors()...)
	}
	return all
}

// shares is the team that somebody is in with one whose change it is, or "".
func (f Facts) shares(by app.Person) string {
	for _, team := range f.Gate.Teams() {
		if !f.inTeam(team, by) {
			continue
		}
		for _, c := range f.Excluded.Value {
			if p := (app.Person{ID: c.ID, Login: c.Login}); (c.ID != 0 || c.Login != "") && f.inTeam(team, p) {
				return fmt.Sprintf("in %s with @%s, whose change it is", team, c.Login)
			}
		}
	}
	return ""
}

// did is what somebody did of what goes out, or "": opened #412 and wrote 9b1e2c7d40aa.
func (f Facts) did(by app.Person) string {
	var whys []string
	for _, c := range f.Excluded.Value {
		if !same(c.ID, c.Login, by) {
			continue
		}
		why := oneLine(c.Why)
		if why == "" {
			why = "took part"
		}
		if !slices.Contains(whys, why) {
			whys = append(whys, why)
		}
	}
	return both(whys)
}

// theirs is why an approval that was given does not count, for everybody to read.
func (f Facts) theirs(b bar, by app.Person, role app.Fact[string]) string {
	s := "@" + by.Login + "'s approval does not count: "
	switch b {
	case barBot:
		return s + "it is a bot"
	case barRoleUnread:
		return "@" + by.Login + "'s approval can't be counted now, because their role is not known: " + oneLine(role.Why)
	case barRoleStrange:
		return s + fmt.Sprintf("slipway does not know the role %s", Quote(role.Value))
	case barAuthorsUnread:
		return "@" + by.Login + "'s approval can't be counted now, because it is not known whose change it is"
	case barTeamsUnread:
		return "@" + by.Login + "'s approval can't be counted now, because it is not known who is in the teams: " + f.teamsWhy()
	case barNamed:
		return s + "the file excludes them"
	case barTeam:
		return s + "they are " + f.shares(by)
	case barExcluded:
		return s + "they " + f.did(by)
	}
	return s + fmt.Sprintf("they have the role %s now", Quote(role.Value))
}

// yours is why an approval does not count, for who gave it.
func (f Facts) yours(b bar, by app.Person, role app.Fact[string]) string {
	at := place(f.Service, f.Environment)
	switch b {
	case barBot:
		return "bots never approve"
	case barRoleUnread:
		return "your role in this repository can't be read now (" + oneLine(role.Why) + "), so say it again in a moment"
	case barRoleStrange:
		return fmt.Sprintf("slipway does not know your role %s, and %s asks for %s", Quote(role.Value), at, f.asked())
	case barAuthorsUnread:
		return "it can't be told now whose change it is (" + oneLine(f.Excluded.Why) + "), so say it again in a moment"
	case barTeamsUnread:
		return "it can't be told now who is in the teams (" + f.teamsWhy() + "), so say it again in a moment"
	case barNamed:
		return "the file excludes you at " + at
	case barTeam:
		return "you are " + f.shares(by) + ", and " + at + " asks for someone else"
	case barExcluded:
		return f.change(by) + ", and " + at + " asks for someone else"
	}
	return fmt.Sprintf("your role is %s, and %s asks for %s", Quote(role.Value), at, f.asked())
}

// change says what makes it somebody's own change: #412 is your change, or what they did.
func (f Facts) change(by app.Person) string {
	var pulls []string
	for _, c := range f.Excluded.Value {
		if n := fmt.Sprintf("#%d", c.Pull); same(c.ID, c.Login, by) && c.Pull != 0 && !slices.Contains(pulls, n) {
			pulls = append(pulls, n)
		}
	}
	switch len(pulls) {
	case 0:
		return "you " + f.did(by)
	case 1:
		return pulls[0] + " is your change"
	}
	return both(pulls) + " are your changes"
}

// asked is everybody whom any ask names, as part of a sentence.
func (f Facts) asked() string {
	var from []Selector
	for _, a := range f.asks() {
		for _, s := range a.need.selectors() {
			if !slices.Contains(from, s) {
				from = append(from, s)
			}
		}
	}
	return describe(from)
}

// MayApprove says whether this person's approval would count for at least one of the approvals that are wanted, and if not, why, in a
// sentence that goes on from "this approval doesn't count:". What can't be read now refuses.
func MayApprove(f Facts, by app.Person, role app.Fact[string]) (bool, string) {
	if found := judgeGate(f); len(found) > 0 {
		return false, lower(found[0].Sentence)
	}
	asks := f.asks()
	if len(asks) == 0 {
		if f.Live != "" && !f.Contains.Known {
			return false, lower(judgeContains(f)[0].Sentence)
		}
		if f.Gate.Review() {
			return false, place(f.Service, f.Environment) + " asks nobody here: the reviewers of its environment decide, on GitHub's own page of the workflow's run"
		}
		return false, place(f.Service, f.Environment) + " asks nobody for an approval"
	}
	best := f.best(by, role)
	if best == barNone {
		return true, ""
	}
	return false, f.yours(best, by, role)
}

// proof is what of the gate asks for this person, as a file writes it; "" if nothing does.
func (f Facts) proof(by app.Person, role app.Fact[string]) string {
	for _, a := range f.asks() {
		for _, n := range a.need.leaves() {
			for _, s := range n.from {
				if f.bar([]Selector{s}, by, role) == barNone {
					return s.Kind + ":" + s.Value
				}
			}
		}
	}
	return ""
}

// best says what keeps this person's approval from counting for any of those that are wanted, if anything.
func (f Facts) best(by app.Person, role app.Fact[string]) bar {
	best := barNotAsked
	for _, a := range f.asks() {
		for _, n := range a.need.leaves() {
			best = max(best, f.bar(n.from, by, role))
		}
	}
	return best
}

// Approvers is the logins of those who may approve, as far as GitHub tells who there is: for cards, and for whoever is refused. Those
// whose approval counts already are left out.
func Approvers(f Facts) []string {
	var logins []string
	if len(judgeGate(f)) > 0 {
		return nil
	}
	for _, a := range f.asks() {
		for _, n := range f.leaves(a.need) {
			logins = append(logins, f.left(n)...)
		}
	}
	slices.SortFunc(logins, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return slices.Compact(logins)
}

// left is who could still meet a need: those whose approval counts already can't give another.
func (f Facts) left(n need) (logins []string) {
	by := f.meet(n).by
	for _, c := range f.candidates(n.from) {
		gave := slices.ContainsFunc(by, func(a Approval) bool { return same(a.By.ID, a.By.Login, c.Person) })
		if !gave && f.bar(n.from, c.Person, app.Known(c.Role, f.Candidates.At)) == barNone {
			logins = append(logins, c.Login)
		}
	}
	return logins
}

// teamsWhy is why a team can't be read.
func (f Facts) teamsWhy() string {
	for _, name := range f.Gate.Teams() {
		if t := f.members(name); !t.Known {
			return oneLine(cmp.Or(t.Why, "nobody has said why"))
		}
	}
	return "nobody has said why"
}

// wantsMore says whether an approval is still missing that nobody has given for later either.
func (f Facts) wantsMore() bool {
	return slices.ContainsFunc(f.asks(), func(a ask) bool { m := f.meet(a.need); return !m.ok && m.dated.IsZero() })
}

// wantsApproval says whether an approval is still missing, of those that are wanted now.
func (f Facts) wantsApproval() bool {
	return slices.ContainsFunc(f.asks(), func(a ask) bool { return f.judgeAsk(a).Verdict != Allow })
}

// lower starts a sentence with a small letter, to be gone on with.
func lower(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
