package policies

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-cd/slipway/app"
)

// ask is one approval that a rule wants. One approval may meet several asks.
type ask struct {
	rule  string
	from  []Selector
	intro string // why it is asked, said before all else; "" is that the policy wants it
	by    string // which file asks, where the two files do not ask for the same
}

// asks is every approval that is wanted, whether or not it has been given. What is not known asks nothing here: it holds by its own rule.
func (f Facts) asks() []ask {
	var all []ask
	if f.loses() {
		intro := fmt.Sprintf("Does not contain what is live, %s, and would lose %s. ", short(f.Live), f.lost())
		all = append(all, ask{rule: RuleContainsLive, from: maintainer(), intro: intro})
	}
	if f.First {
		all = append(all, ask{rule: RuleFirstRelease, from: maintainer(), intro: "First release here. "})
	} else if f.Live == "" && f.Gate.Live.Known && f.Gate.Live.Value.Mode == ModeUnknown {
		all = append(all, ask{rule: RuleFirstRelease, from: maintainer(), intro: "Nobody can say what is live here. "})
	}
	for _, name := range f.unprovable() {
		all = append(all, ask{rule: RuleApproval, from: maintainer(), intro: fmt.Sprintf("Can't be proven in %s. ", name)})
	}
	return merged(append(all, f.Gate.asks()...))
}

// merged says once what is asked of the same people: one approval meets it all. Why it is asked leaves no question which file does.
func merged(asks []ask) []ask {
	var all []ask
	for _, a := range asks {
		i := slices.IndexFunc(all, func(b ask) bool { return slices.Equal(a.from, b.from) })
		if i < 0 {
			all = append(all, a)
			continue
		}
		all[i].intro += a.intro
	}
	return all
}

// asks is what the two files want. Where they want the same, it is said once; which of them asks is said only where they are known to
// differ.
func (g Gate) asks() []ask {
	var live, head *ask
	if p := g.Live.Value; g.Live.Known && p.Mode == Delivery && !p.Review {
		live = &ask{rule: RuleApproval, from: p.approvers(), by: " (so says the file that is live)"}
	}
	if p := g.Head.Value; g.Head.Known && p.Mode == Delivery && !p.Review {
		head = &ask{rule: RuleApproval, from: p.approvers(), by: " (so says the default branch's file)"}
	}
	judges := func(p app.Fact[Policy]) bool { return p.Known && p.Value.Mode != ModeUnknown }
	switch {
	case live == nil && head == nil:
		return nil
	case live == nil:
		if !judges(g.Live) {
			head.by = ""
		}
		return []ask{*head}
	case head == nil:
		if !judges(g.Head) {
			live.by = ""
		}
		return []ask{*live}
	case slices.Equal(live.from, head.from):
		live.by = ""
		return []ask{*live}
	}
	return []ask{*live, *head}
}

// approvers is who may approve by this policy: without anybody named, a maintainer.
func (p Policy) approvers() []Selector {
	if len(p.From) == 0 {
		return maintainer()
	}
	return p.From
}

// judgeApprovals wants each ask met.
func judgeApprovals(f Facts) []finding {
	asks := f.asks()
	var all []finding
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
	unreadable := ""
	var refused []string
	for _, given := range f.Approvals {
		switch b := f.bar(a, given.By, given.RoleNow); b {
		case barNone:
			return finds(Allow, a.rule, "%sApproved by @%s, %s", a.intro, given.By.Login, clock(given.At))
		case barRoleUnread, barAuthorsUnread:
			unreadable = f.theirs(b, given.By, given.RoleNow)
		default:
			refused = append(refused, f.theirs(b, given.By, given.RoleNow))
		}
	}
	if unreadable != "" {
		refused = append(refused, unreadable)
	}
	found := finds(Hold, a.rule, "%s", f.missing(a, refused))
	found.Asks = unreadable == ""
	found.Unread = unreadable != "" || f.Gate.notAuthor() && !f.Excluded.Known
	return found
}

// missing is the sentence of an ask that is not met: who is asked, who is not, and why what was said does not count.
func (f Facts) missing(a ask, refused []string) string {
	s := fmt.Sprintf("%sNeeds an approval from %s%s", a.intro, describe(a.from), a.by)
	var more string
	if f.Gate.notAuthor() {
		more = f.notThem()
	}
	for _, r := range refused {
		more += " " + sentence(r)
	}
	more += f.nobody(a)
	if more == "" {
		return s
	}
	return s + "." + more
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

// nobody says at once that nobody is left who could meet the ask, with the reason of each who else would.
func (f Facts) nobody(a ask) string {
	if !f.Candidates.Known || f.Gate.notAuthor() && !f.Excluded.Known {
		return ""
	}
	var reasons []string
	for _, c := range f.candidates(a.from) {
		b := f.bar(a, c.Person, app.Known(c.Role, f.Candidates.At))
		if b == barNone {
			return ""
		}
		if b == barExcluded && selects(a.from, c.Person, c.Role, f.Personal) {
			reasons = append(reasons, fmt.Sprintf("@%s (%s)", c.Login, f.did(c.Person)))
		}
	}
	if len(reasons) == 0 {
		return fmt.Sprintf(" Nobody may: the repository has not got %s who is a person.", describe(a.from))
	}
	return fmt.Sprintf(" Nobody is left who may: all that could are %s.", both(reasons))
}

// candidates is who could meet an ask: those that GitHub tells, and whoever is named, with any access or none.
func (f Facts) candidates(from []Selector) []Candidate {
	all := slices.Clone(f.Candidates.Value)
	for _, s := range from {
		listed := func(c Candidate) bool { return strings.EqualFold(c.Login, s.Value) }
		if s.Kind == KindUser && s.Value != "" && !slices.ContainsFunc(all, listed) {
			all = append(all, Candidate{Person: app.Person{Login: s.Value}, Role: "none"})
		}
	}
	return all
}
