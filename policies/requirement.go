package policies

import (
	"cmp"
	"fmt"
	"slices"
)

// Requirement is the approvals that a policy wants: so many from these people, or what its parts want. The zero value is one maintainer.
type Requirement struct {
	Count int        // how many; 0 is 1
	From  []Selector // who may; empty is a maintainer
	When  When       // for which changes it counts
	All   []Requirement
	Any   []Requirement
}

// Not is who may not approve, whoever else may.
type Not struct {
	Author bool       // who opened, wrote, co-wrote or pushed what goes out: four eyes
	Teams  bool       // who is in a team, of those that the policy names, with one of them
	People []Selector // users and teams
}

// Owned is files that change and have the same owners by CODEOWNERS.
type Owned struct {
	Owners []Selector
	File   string // one of them
	Files  int
}

// need is a requirement for this change: without what does not count for it, and with the owners of its files.
type need struct {
	count    int
	from     []Selector
	of       string // the files that it is for
	unread   string // why it can't be known what is wanted; then it is never met
	live     bool   // only those count who have seen what is live now
	all, any []need
}

// atLeastOne is one maintainer's approval.
func atLeastOne() need { return need{count: 1, from: maintainer()} }

// needs is what a policy wants for this change. Where nothing of it counts, one maintainer is asked.
func (f Facts) needs(p Policy) []need {
	top := []Requirement{{Count: p.Count, From: p.From}}
	switch {
	case len(p.All) > 0:
		top = p.All
	case len(p.Any) > 0:
		top = []Requirement{{Any: p.Any}}
	}
	all := f.resolveAll(top)
	if len(all) == 0 {
		return []need{atLeastOne()}
	}
	return all
}

// resolveAll is what all of several requirements want.
func (f Facts) resolveAll(parts []Requirement) []need {
	all := make([]need, 0, len(parts))
	for _, r := range parts {
		if r.When.applies(f, false) {
			all = append(all, f.resolve(r)...)
		}
	}
	return all
}

// resolve is what one requirement wants: all of it.
func (f Facts) resolve(r Requirement) []need {
	switch {
	case len(r.All) > 0:
		if all := f.resolveAll(r.All); len(all) > 0 {
			return all
		}
		return []need{atLeastOne()}
	case len(r.Any) > 0:
		return []need{f.resolveAny(r.Any)}
	case slices.ContainsFunc(r.From, Selector.isOwners):
		return f.owners(r)
	}
	n := need{count: max(r.Count, 1), from: r.From}
	if len(n.from) == 0 {
		n.from = maintainer()
	}
	return []need{n}
}

// resolveAny is what one of several requirements wants. One that does not count for this change, or of which that is not known, is no way.
func (f Facts) resolveAny(parts []Requirement) need {
	var any []need
	for _, r := range parts {
		if !r.When.applies(f, true) {
			continue
		}
		if all := f.resolve(r); len(all) == 1 {
			any = append(any, all[0])
		} else {
			any = append(any, need{all: all})
		}
	}
	switch len(any) {
	case 0:
		return atLeastOne()
	case 1:
		return any[0]
	}
	return need{any: any}
}

func (s Selector) isOwners() bool { return s.Kind == KindOwners }

// owners is one owner for each file, or whoever else is named. Where no file has one, they or a maintainer are asked.
func (f Facts) owners(r Requirement) []need {
	others := slices.DeleteFunc(slices.Clone(r.From), Selector.isOwners)
	if !f.Owners.Known {
		return []need{{unread: "whose files change (" + cmp.Or(oneLine(f.Owners.Why), "nobody has said why") + ")"}}
	}
	var all []need
	for _, o := range f.Owners.Value {
		n := need{count: 1, from: slices.Concat(o.Owners, others), of: Quote(o.File)}
		if more := o.Files - 1; more > 0 {
			n.of += fmt.Sprintf(" and %d more", more)
		}
		all = append(all, n)
	}
	if len(all) == 0 {
		return []need{{count: 1, from: slices.Concat(maintainer(), others), of: "files without an owner"}}
	}
	return all
}
