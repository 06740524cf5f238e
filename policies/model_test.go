package policies_test

import (
	"slices"
	"strings"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

// should is the gate as one condition.
func should(f policies.Facts) bool {
	files := []policies.Policy{f.Gate.Head.Value}
	ask := f.First
	if l := f.Gate.Live.Value; l.Mode != "" || f.Live != "" {
		files = append(files, l)
	} else {
		ask = true
	}
	ok := f.Gate.Head.Known && f.Gate.Live.Known && f.Blocked == "" && f.Green.Value && f.OnBranch.Value
	if f.Live != "" {
		ok = ok && f.Contains.Known
		ask = ask || !f.Contains.Value
	}
	four := false
	for _, p := range files {
		s := f.Standings[p.After].Value
		ask = ask || p.After != "" && s == policies.StandingRemoved
		ok = ok && (p.After == "" || s == policies.StandingProven || s == policies.StandingRemoved)
		ok = ok && (p.Mode == policies.Deployment || p.Mode == policies.Delivery)
		four = four || p.Not.Author
	}
	var bars excluding
	for _, p := range files {
		bars = append(bars, p)
	}
	several := func(from []policies.Selector, count int) bool {
		people := map[string]bool{}
		for _, a := range f.Approvals {
			if counts(f, a, from, four) && !bars.bar(f, a) {
				people[strings.ToLower(a.By.Login)] = true
			}
		}
		return len(people) >= max(count, 1)
	}
	asked := func(from []policies.Selector) bool { return several(from, 1) }
	maintainer := []policies.Selector{{Kind: "role", Value: "maintain"}}
	for _, p := range files {
		from := p.From
		if len(from) == 0 {
			from = maintainer
		}
		if p.Mode == policies.Delivery && p.Review {
			guarded := f.Protection.Known && f.Protection.Value.Exists && len(f.Protection.Value.Reviewers) > 0 && p.Environment == f.Protection.Value.Environment
			ok = ok && f.Workflow != "" && guarded
			continue
		}
		whole := policies.Requirement{Count: p.Count, From: from, All: p.All, Any: p.Any}
		ok = ok && (p.Mode != policies.Delivery || wanted(f, whole, several))
	}
	return ok && (!ask || asked(maintainer))
}

// excluding is the files that may keep people out.
type excluding []policies.Policy

// bar says whether a file keeps the giver of an approval out, for whatever they approve, or that can't be told.
func (e excluding) bar(f policies.Facts, a policies.Approval) bool {
	in := func(team string, login string) bool {
		return slices.ContainsFunc(f.Teams[team].Value, func(p app.Person) bool { return strings.EqualFold(p.Login, login) })
	}
	teams, shared, named := map[string]bool{}, false, []policies.Selector{}
	for _, p := range e {
		shared = shared || p.Not.Teams
		named = append(named, p.Not.People...)
		for s := range everybody(p) {
			if s.Kind == "team" {
				teams[s.Value] = true
			}
		}
		if p.Expires > 0 && a.From.IsZero() && !f.Now.Before(a.At.Add(p.Expires)) {
			return true
		}
		door, _, _ := strings.Cut(a.Source, "/")
		if len(p.Doors) == 0 && door == "review" || len(p.Doors) > 0 && !slices.Contains(p.Doors, app.Door(door)) {
			return true
		}
	}
	if shared && !f.Excluded.Known {
		return true
	}
	for _, s := range named {
		if s.Kind == "user" && strings.EqualFold(s.Value, a.By.Login) || s.Kind == "team" && (in(s.Value, a.By.Login) || !f.Teams[s.Value].Known) {
			return true
		}
	}
	for team := range teams {
		if shared && !f.Teams[team].Known {
			return true
		}
		for _, c := range f.Excluded.Value {
			if shared && in(team, a.By.Login) && c.Login != "" && in(team, c.Login) {
				return true
			}
		}
	}
	return false
}

// everybody is whom a policy names.
func everybody(p policies.Policy) map[policies.Selector]bool {
	all := map[policies.Selector]bool{}
	var walk func(r policies.Requirement)
	walk = func(r policies.Requirement) {
		for _, s := range r.From {
			all[s] = true
		}
		for _, part := range slices.Concat(r.All, r.Any) {
			walk(part)
		}
	}
	walk(policies.Requirement{From: slices.Concat(p.From, p.Not.People), All: p.All, Any: p.Any})
	return all
}

// wanted says whether a requirement is met, all of it.
func wanted(f policies.Facts, r policies.Requirement, several func([]policies.Selector, int) bool) bool {
	is := func(part policies.Requirement) bool { return wanted(f, part, several) }
	not := func(part policies.Requirement) bool { return !is(part) }
	owners := func(s policies.Selector) bool { return s.Kind == "codeowners" }
	switch {
	case len(r.All) > 0:
		return !slices.ContainsFunc(r.All, not)
	case len(r.Any) > 0:
		return slices.ContainsFunc(r.Any, is)
	case !slices.ContainsFunc(r.From, owners):
		if len(r.From) == 0 {
			return several([]policies.Selector{{Kind: "role", Value: "maintain"}}, r.Count)
		}
		return several(r.From, r.Count)
	case !f.Owners.Known:
		return false
	}
	others := slices.DeleteFunc(slices.Clone(r.From), owners)
	for _, o := range f.Owners.Value {
		if !several(slices.Concat(o.Owners, others), 1) {
			return false
		}
	}
	return len(f.Owners.Value) > 0 || several(append(others, policies.Selector{Kind: "role", Value: "maintain"}), 1)
}

func counts(f policies.Facts, a policies.Approval, from []policies.Selector, four bool) bool {
	if a.By.Bot || strings.Contains(a.By.Login, "[bot]") || !a.RoleNow.Known || four && !f.Excluded.Known {
		return false
	}
	if f.Now.Before(a.From) || strings.HasPrefix(a.Source, "review/") && !a.Stands.Value {
		return false
	}
	if a.Pin != (app.Pin{}) && a.Pin != f.Pin {
		return false
	}
	for _, c := range f.Excluded.Value {
		if four && c.Login == a.By.Login {
			return false
		}
	}
	for _, s := range from {
		if s.Kind == "user" && strings.EqualFold(s.Value, a.By.Login) {
			return true
		}
		if s.Kind == "team" && slices.ContainsFunc(f.Teams[s.Value].Value, func(p app.Person) bool { return p.Login == a.By.Login }) {
			return true
		}
		if s.Kind == "role" && s.Value == "boss" && a.RoleNow.Value == "boss" {
			return true
		}
		strong := a.RoleNow.Value == "maintain" || a.RoleNow.Value == "admin" || f.Personal && a.RoleNow.Value == "write"
		if s.Kind == "role" && (s.Value == "maintain" && strong || s.Value == "write" && (strong || a.RoleNow.Value == "write")) {
			return true
		}
	}
	return false
}
