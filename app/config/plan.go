package config

import (
	"fmt"
	"slices"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/slipway-cd/slipway/checks"
)

// Changes is what changed, by service. Each has a base of its own: a pull request its merge base, a push the service's last green run. A
// service that is missing has none, and what has no base is all new.
type Changes map[string]Change

// Change is what changed for one service since its base.
type Change struct {
	All   bool     // no base, or its section of the file differs: it is concerned whatever the paths are
	Paths []string // as git names them, with slashes
}

// Since is what changed when all services have the same base, as in a pull request: the file there, nil if it had none, and the paths
// that differ.
func (f *File) Since(base *File, paths []string) Changes {
	changes, concerned := Changes{}, Concerns(base, f)
	for _, s := range f.Services {
		changes[s.Name] = Change{All: slices.Contains(concerned, s.Name), Paths: paths}
	}
	return changes
}

// Change is what changed for one service since a base of its own.
func (f *File) Change(service string, base *File, paths []string) Change {
	return Change{All: slices.Contains(Concerns(base, f), service), Paths: paths}
}

// Plan is what a commit with this file asks for, given what it changes. Shared checks always run, as people expect of CI; a service's own
// run where the change concerns it. What is broken is not run, and counts as concerned whatever changed: which paths are its own is not
// known. Removed is left to the caller, who knows which lanes there are.
func (f *File) Plan(changes Changes) checks.Plan {
	p := checks.Plan{Problems: f.Problems}
	if !f.Broken {
		p.Checks = append(p.Checks, f.Checks...)
	}
	for _, s := range f.Services {
		switch c, known := changes[s.Name]; {
		case s.Broken || f.Broken:
			p.Services = append(p.Services, checks.Service{Name: s.Name, Environments: s.names(), Broken: true})
		case known && !s.concerned(c):
			p.Filtered = append(p.Filtered, s.Checks...)
		default:
			p.Checks = append(p.Checks, s.Checks...)
			p.Services = append(p.Services, checks.Service{Name: s.Name, Environments: s.names()})
		}
	}
	p.Notes = f.notes(changes)
	return p
}

func (s Service) names() []string {
	var names []string
	for _, e := range s.Environments {
		names = append(names, e.Name)
	}
	return names
}

// concerned says whether a change is one for the service. The file itself is judged by sections, never by globs: a change of gates alone
// releases nothing.
func (s Service) concerned(c Change) bool {
	return c.All || slices.ContainsFunc(c.Paths, func(p string) bool {
		return p != Path && (len(s.Paths) == 0 || matches(s.Paths, p) || matches(s.Shared, p))
	})
}

// matches says whether one of the globs matches the path. They are valid, or the service is broken.
func matches(globs []string, path string) bool {
	return slices.ContainsFunc(globs, func(g string) bool { return doublestar.MatchUnvalidated(g, path) })
}

func (f *File) notes(changes Changes) []string {
	if f.Broken {
		return nil
	}
	var notes []string
	if len(f.Checks) == 0 && !slices.ContainsFunc(f.Services, func(s Service) bool { return len(s.Checks) > 0 }) {
		notes = append(notes, "No checks are defined: a commit is green when this file is valid.")
	}
	if paths := f.outside(changes); len(paths) == 1 {
		notes = append(notes, fmt.Sprintf("%s lies outside every service, and no service's shared: globs match it.", paths[0]))
	} else if len(paths) > 1 {
		notes = append(notes, fmt.Sprintf("%s lie outside every service, and no service's shared: globs match them.", list(paths)))
	}
	return notes
}

// outside are the paths that concern no service. Bases differ, so only what every service sees as changed is looked at: the rest was told
// of on an earlier commit.
func (f *File) outside(changes Changes) []string {
	var paths []string
	for i, s := range f.Services {
		c, known := changes[s.Name]
		if !known || s.Broken || len(s.Paths) == 0 {
			return nil
		}
		if i == 0 {
			paths = slices.Clone(c.Paths)
		}
		changed := map[string]bool{}
		for _, p := range c.Paths {
			changed[p] = true
		}
		paths = slices.DeleteFunc(paths, func(p string) bool {
			return p == Path || !changed[p] || matches(s.Paths, p) || matches(s.Shared, p)
		})
	}
	return paths
}
