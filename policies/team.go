package policies

import (
	"slices"
	"strings"

	"github.com/slipway-cd/slipway/app"
)

// Teams is every team that either file names, in lower case: org/team.
func (g Gate) Teams() []string {
	var names []string
	for _, p := range g.policies() {
		for _, s := range p.selectors() {
			if name := strings.ToLower(s.Value); s.Kind == KindTeam && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// selectors is everybody whom a policy names.
func (p Policy) selectors() []Selector {
	all := slices.Concat(p.From, p.Not.People)
	for _, r := range p.requirements() {
		all = append(all, r.From...)
	}
	return all
}

// requirements is every part of what a policy wants.
func (p Policy) requirements() (all []Requirement) {
	parts := slices.Concat(p.All, p.Any)
	for len(parts) > 0 {
		r := parts[0]
		all, parts = append(all, r), slices.Concat(parts[1:], r.All, r.Any)
	}
	return all
}

// members is who is in a team, as far as it is known.
func (f Facts) members(team string) app.Fact[[]app.Person] { return f.Teams[strings.ToLower(team)] }

// inTeam says whether somebody is known to be in a team.
func (f Facts) inTeam(team string, by app.Person) bool {
	return slices.ContainsFunc(f.members(team).Value, func(p app.Person) bool { return same(p.ID, p.Login, by) })
}

// unreadTeam says whether any of the teams among these can't be read.
func (f Facts) unreadTeam(from []Selector) bool {
	return slices.ContainsFunc(from, func(s Selector) bool { return s.Kind == KindTeam && !f.members(s.Value).Known })
}
