package policies

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-cd/slipway/app"
)

// ask is what a rule wants of people. One approval may meet several asks.
type ask struct {
	rule  string
	need  need
	intro string // why it is asked, said before all else; "" is that the policy wants it
	by    string // which file asks, where the two files do not ask for the same
}

// asks is everything that is wanted of people, whether or not it has been given. What is not known asks nothing here: it holds by its own rule.
func (f Facts) asks() []ask {
	var all []ask
	if f.loses() {
		intro := fmt.Sprintf("Does not contain what is live, %s, and would lose %s. ", short(f.Live), f.lost())
		seen := atLeastOne()
		seen.live = true
		all = append(all, ask{rule: RuleContainsLive, need: seen, intro: intro})
	}
	if f.First {
		all = append(all, ask{rule: RuleFirstRelease, need: atLeastOne(), intro: "First release here. "})
	} else if f.Live == "" && f.Gate.Live.Known && f.Gate.Live.Value.Mode == ModeUnknown {
		all = append(all, ask{rule: RuleFirstRelease, need: atLeastOne(), intro: "Nobody can say what is live here. "})
	}
	for _, name := range f.unprovable() {
		all = append(all, ask{rule: RuleApproval, need: atLeastOne(), intro: fmt.Sprintf("Can't be proven in %s. ", name)})
	}
	return merged(append(all, f.gateAsks()...))
}

// merged says once what is asked of the same people: it is met by the same approvals. Why it is asked leaves no question which file does.
func merged(asks []ask) []ask {
	all := make([]ask, 0, len(asks))
	for _, a := range asks {
		i := slices.IndexFunc(all, func(b ask) bool { return a.need.equal(b.need) })
		if i < 0 {
			all = append(all, a)
			continue
		}
		all[i].intro += a.intro
		all[i].need.live = all[i].need.live || a.need.live
		if all[i].by != a.by {
			all[i].by = ""
		}
	}
	return all
}

// gateAsks is what the two files want. Where they want the same, it is said once; which of them asks is said only where they are known to
// differ.
func (f Facts) gateAsks() []ask {
	live, head := f.asksOf(f.Gate.Live, " (so says the file that is live)"), f.asksOf(f.Gate.Head, " (so says the default branch's file)")
	same := slices.EqualFunc(live, head, func(a, b ask) bool { return a.need.equal(b.need) })
	if same {
		head = nil
	}
	judges := func(p app.Fact[Policy]) bool { return p.Known && p.Value.Mode != ModeUnknown }
	if len(live) == 0 && !judges(f.Gate.Live) || len(head) == 0 && (same || !judges(f.Gate.Head)) {
		for i := range live {
			live[i].by = ""
		}
		for i := range head {
			head[i].by = ""
		}
	}
	return append(live, head...)
}

// AsksPeople says whether anybody is asked for an approval, as far as is known.
func (f Facts) AsksPeople() bool { return len(f.asks()) > 0 }

// asksOf is what one file wants.
func (f Facts) asksOf(gate app.Fact[Policy], by string) (all []ask) {
	if p := gate.Value; gate.Known && p.Mode == Delivery && !p.Review {
		needs := f.needs(p)
		all = make([]ask, 0, len(needs))
		for _, n := range needs {
			all = append(all, ask{rule: RuleApproval, need: n, by: by})
		}
	}
	return all
}

// judgeApprovals wants each ask met.
func judgeApprovals(f Facts) []finding {
	f = f.weigh()
	asks := f.asks()
	all := make([]finding, 0, len(asks)+1)
	for _, a := range asks {
		all = append(all, f.judgeAsk(a))
	}
	asked := func(p Policy) bool { return p.Mode != Deployment }
	if len(asks) == 0 && f.Gate.Live.Known && f.Gate.Head.Known && !slices.ContainsFunc(f.Gate.policies(), asked) {
		all = append(all, finds(Allow, RuleApproval, "Nobody has to approve: the policy is deployment"))
	}
	return all
}

func (f Facts) judgeAsk(a ask) finding {
	m := f.meet(a.need)
	if m.ok {
		return until(finds(Allow, a.rule, "%sApproved by %s", a.intro, approvedBy(m.by)), m.until)
	}
	if !m.dated.IsZero() {
		return f.awaits(a, m)
	}
	found := finds(Hold, a.rule, "%s", f.missing(a, m))
	found.Asks = !m.unread
	found.Unread = m.unread || (f.Gate.notAuthor() || f.Gate.notTeams()) && !f.Excluded.Known || f.uncompared()
	return found
}

// approvedBy is who approved, and when.
func approvedBy(by []Approval) string {
	var all []string
	for _, a := range by {
		if said := fmt.Sprintf("@%s, %s%s", a.By.Login, clock(a.At), remarks(a.Approval)); !slices.Contains(all, said) {
			all = append(all, said)
		}
	}
	return both(all)
}

// remarks is what else is worth knowing of an approval, in brackets.
func remarks(a app.Approval) string {
	var all []string
	if a.Ahead.Pull != 0 {
		all = append(all, fmt.Sprintf("on #%d before its merge", a.Ahead.Pull))
	}
	if a.Edited != (app.Edited{}) {
		all = append(all, "what they wrote was "+altered(a.Edited))
	}
	if len(all) == 0 {
		return ""
	}
	return " (" + strings.Join(all, "; ") + ")"
}

// altered says what was done to what somebody had written: edited by @eve at …
func altered(e app.Edited) string {
	did := "edited"
	if e.Deleted {
		did = "deleted"
	}
	return fmt.Sprintf("%s by @%s at %s", did, e.By.Login, clock(e.At))
}

// missing is the sentence of an ask that is not met: who is asked, who is not, and why what was said does not count.
func (f Facts) missing(a ask, m met) string {
	s := fmt.Sprintf("%sNeeds %s%s", a.intro, m.missing, a.by)
	var more string
	if f.Gate.notAuthor() || f.Gate.notTeams() {
		more = f.notThem()
	}
	more += f.notNamed()
	for i, r := range m.refused {
		if !slices.Contains(m.refused[:i], r) {
			more += " " + sentence(r)
		}
	}
	more += f.lapsed() + f.emptyTeams(a.need) + f.nobody(a.need)
	if more == "" {
		return s
	}
	return s + "." + more
}

// notNamed names who is excluded by name.
func (f Facts) notNamed() string {
	var names []string
	for _, s := range f.Gate.notPeople() {
		if name := s.String(); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return " Not " + either(names) + "."
}

// emptyTeams names the teams of which GitHub shows nobody.
func (f Facts) emptyTeams(n need) string {
	var names []string
	for _, s := range n.selectors() {
		if t := f.members(s.Value); s.Kind == KindTeam && t.Known && len(t.Value) == 0 && !slices.Contains(names, Quote(s.Value)) {
			names = append(names, Quote(s.Value))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf(" GitHub shows slipway nobody in the team %s.", both(names))
}

// notThem names who is excluded, and what they did.
func (f Facts) notThem() string {
	if !f.Excluded.Known {
		return " Whose change it is is not known: " + oneLine(f.Excluded.Why) + "."
	}
	var logins []string
	for _, c := range f.Excluded.Value {
		if c.Login != "" && !slices.Contains(logins, c.Login) && !strings.HasSuffix(c.Login, "[bot]") {
			logins = append(logins, c.Login)
		}
	}
	if len(logins) == 0 {
		return f.emails()
	}
	return fmt.Sprintf(" Not %s: it is their change.", people(logins, "or")) + f.emails()
}

// nobody says at once that too few are left who could meet a need, with the reason of each who else would.
func (f Facts) nobody(n need) string {
	switch {
	case len(n.any) > 0:
		first := ""
		for _, part := range n.any {
			said := f.nobody(part)
			if said == "" {
				return ""
			}
			first = cmp.Or(first, said)
		}
		return first
	case len(n.all) > 0:
		for _, part := range n.all {
			if said := f.nobody(part); said != "" {
				return said
			}
		}
		return ""
	}
	return f.tooFew(n)
}

// tooFew says the same of one need.
func (f Facts) tooFew(n need) string {
	excludes := f.Gate.notAuthor() || f.Gate.notTeams()
	if !f.Candidates.Known || excludes && !f.Excluded.Known || n.unread != "" || f.unreadTeam(n.from) {
		return ""
	}
	var reasons []string
	could := 0
	for _, c := range f.candidates(n.from) {
		switch b := f.bar(n.from, c.Person, app.Known(c.Role, f.Candidates.At)); b {
		case barNone:
			could++
		case barExcluded, barTeam, barNamed:
			if f.selects(n.from, c.Person, c.Role) {
				reasons = append(reasons, fmt.Sprintf("@%s (%s)", c.Login, f.because(b, c.Person)))
			}
		}
	}
	switch {
	case could >= n.count:
		return ""
	case could > 0 && len(reasons) == 0:
		return fmt.Sprintf(" Only %d may, as far as GitHub tells.", could)
	case could > 0:
		return fmt.Sprintf(" Only %d is left who may: the others that could are %s.", could, both(reasons))
	case len(reasons) == 0:
		return fmt.Sprintf(" Nobody may: the repository has not got %s who is a person.", describe(n.from))
	}
	return fmt.Sprintf(" Nobody is left who may: all that could are %s.", both(reasons))
}

// because is what excludes somebody, in brackets behind their name.
func (f Facts) because(b bar, by app.Person) string {
	switch b {
	case barTeam:
		return f.shares(by)
	case barNamed:
		return "excluded by the file"
	}
	return f.did(by)
}

// candidates is who could meet a need: those that GitHub tells, and whoever is named or in a team, with any access or none.
func (f Facts) candidates(from []Selector) []Candidate {
	all := slices.Clone(f.Candidates.Value)
	add := func(p app.Person) {
		if !slices.ContainsFunc(all, func(c Candidate) bool { return strings.EqualFold(c.Login, p.Login) }) {
			all = append(all, Candidate{Person: p, Role: "none"})
		}
	}
	for _, s := range from {
		switch {
		case s.Kind == KindUser && s.Value != "":
			add(app.Person{Login: s.Value})
		case s.Kind == KindTeam:
			for _, p := range f.members(s.Value).Value {
				add(p)
			}
		}
	}
	return all
}
