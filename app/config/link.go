package config

import (
	"slices"
	"strings"

	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/policies"
)

// linker makes a File of what was read, and judges what no table can say: what refers to what. Its problems are beyond any schema.
type linker struct {
	*reader
	top   value
	globs int // so far, of the whole file

	freezes map[string][]policies.Window // of the file's calendars, by name
}

func (l *linker) file() *File {
	l.calendars()
	shared := l.top.entries("checks")
	l.differ(shared)
	l.produces(shared, nil)
	f := &File{Checks: l.checks("", shared, nil)}
	services := l.top.entries("services")
	if !l.top.has("services") {
		f.Services = []Service{{Environments: l.environments("", l.top.entries("environments"))}}
	}
	for i, e := range services {
		l.service = e.name
		if t := twin(services[:i], e.name); t != nil {
			l.beyond(e.at, "%s and %s, at %s, are the same but for their case. Choose another name.", quote(e.name), quote(t.name), lineOf(t.at.line))
		}
		if s := l.oneService(e, shared); !e.broken {
			f.Services = append(f.Services, s)
		}
	}
	l.service = ""
	l.onGitHub()
	return f
}

func (l *linker) oneService(e entry, shared []entry) Service {
	own, environments := e.entries("checks"), e.entries("environments")
	l.differ(own)
	for _, c := range own {
		if t := twin(shared, c.name); t != nil {
			l.beyond(c.at, "%s is the name of a shared check too, at %s. Choose another.", quote(c.name), lineOf(t.at.line))
		}
	}
	for _, n := range environments {
		if t := twin(l.top.entries("services"), n.name); t != nil {
			l.beyond(n.at, "%s is the name of a service too, at %s, and commands could not tell them apart. Choose another.",
				quote(n.name), lineOf(t.at.line))
		}
	}
	l.produces(own, shared)
	return Service{
		Name:         e.name,
		Paths:        l.patternsOf(e.value, "paths"),
		Shared:       l.patternsOf(e.value, "shared"),
		Checks:       l.checks(e.name, own, shared),
		Environments: l.environments(e.name, environments),
	}
}

// twin is the entry of that name, whatever the case, or nil.
func twin(entries []entry, name string) *entry {
	for i := range entries {
		if strings.EqualFold(entries[i].name, name) {
			return &entries[i]
		}
	}
	return nil
}

// namedEntry is the entry of exactly that name, or nil.
func namedEntry(entries []entry, name string) *entry {
	if t := twin(entries, name); t != nil && t.name == name {
		return t
	}
	return nil
}

func namesOf(entries []entry) []string {
	var names []string
	for _, e := range entries {
		names = append(names, e.name)
	}
	return names
}

// differ says which names are the same but for their case: GitHub and people would take them for one.
func (l *linker) differ(entries []entry) {
	for i, e := range entries {
		if t := twin(entries[:i], e.name); t != nil {
			l.beyond(e.at, "%s and %s, at %s, are the same but for their case. Choose another name.", quote(e.name), quote(t.name), lineOf(t.at.line))
		}
	}
}

// produces holds each service to one artifact, whether its own or a shared check's.
func (l *linker) produces(own, shared []entry) {
	first := ""
	for _, c := range shared {
		if c.has("produces") && first == "" {
			first = c.name
		}
	}
	for _, c := range own {
		p, ok := c.get("produces")
		switch {
		case !ok:
		case first != "":
			l.beyond(p.at, "%s produces something already, and a service has one artifact. Let one check put it all into one folder.", quote(first))
		default:
			first = c.name
		}
	}
}

// checks are the checks of one section, what is needed first.
func (l *linker) checks(service string, own, shared []entry) []checks.Spec {
	specs := map[string]checks.Spec{}
	for _, e := range own {
		s := checks.Spec{
			Name:     e.name,
			Service:  service,
			Run:      e.str("run"),
			Timeout:  e.within("timeout", defaultCheckTimeout),
			Produces: l.folder(e),
			Required: e.flag("required"),
		}
		if x, ok := e.get("external"); ok {
			s.External = checks.External{App: x.str("app"), Name: x.str("name")}
		}
		needs, _ := e.get("needs")
		for _, n := range needs.items {
			if id := l.needed(e, n, own, shared); id != "" {
				s.Needs = append(s.Needs, id)
			}
		}
		specs[e.name] = s
	}
	var ordered []checks.Spec
	for _, e := range l.inOrder(own, needs, "needs") {
		ordered = append(ordered, specs[e.name])
	}
	return ordered
}

// needed is the id of the check that an entry of needs names, or "".
func (l *linker) needed(e entry, n value, own, shared []entry) string {
	switch {
	case n.bad:
	case namedEntry(own, n.text) != nil:
		return checks.Spec{Name: n.text, Service: l.service}.ID()
	case namedEntry(shared, n.text) != nil:
		return n.text
	default:
		known := append(namesOf(own), namesOf(shared)...)
		l.stranger(n, slices.DeleteFunc(known, func(name string) bool { return name == e.name }))
	}
	return ""
}

// stranger says what is wrong with a need that names none of the known checks.
func (l *linker) stranger(n value, known []string) {
	other := ""
	for _, s := range l.top.entries("services") {
		for _, c := range s.entries("checks") {
			if c.name == n.text || s.name+"/"+c.name == n.text || s.name+" / "+c.name == n.text {
				other = s.name
			}
		}
	}
	switch {
	case other != "" && other == l.service:
		l.beyond(n.at, "%s is written without its service here.", quote(n.text))
	case other != "" && l.service == "":
		l.beyond(n.at, "%s is a check of service %s. A shared check can need only shared ones.", quote(n.text), quote(other))
	case other != "":
		l.beyond(n.at, "%s is a check of service %s. A check can need those of its own service and shared ones.", quote(n.text), quote(other))
	default:
		l.noSuch("check", n, known, "Take it out.")
	}
}

// noSuch says that nothing of this kind has the name that stands there, and which one may have been meant, or what to do where there is none.
func (l *linker) noSuch(kind string, name value, known []string, otherwise string) {
	switch word := near(name.text, known); {
	case word != "":
		l.beyond(name.at, "There is no %s %s. Did you mean %s?", kind, quote(name.text), word)
	case len(known) == 0:
		l.beyond(name.at, "There is no %s %s. %s", kind, quote(name.text), otherwise)
	default:
		l.beyond(name.at, "There is no %s %s. Known are %s.", kind, quote(name.text), list(known))
	}
}
