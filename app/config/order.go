package config

import "strings"

// link is what one entry says of another: a need, or the environment that comes before.
type link struct {
	to string
	at pos
}

// needs are the links of a check.
func needs(e entry) []link {
	var links []link
	v, _ := e.get("needs")
	for _, n := range v.items {
		links = append(links, link{n.text, n.at})
	}
	return links
}

// after is the link of an environment.
func after(e entry) []link {
	v, _ := e.get("after")
	if n, ok := v.get("environment"); ok && !n.bad {
		return []link{{n.text, n.value.at}}
	}
	return nil
}

// inOrder puts what is linked to first, and else keeps the order of the file. Where links go in a circle it says so once, at the link that
// closes it; verb is what a link means: needs, comes after.
func (l *linker) inOrder(entries []entry, links func(entry) []link, verb string) []entry {
	o := order{linker: l, entries: entries, links: links, verb: verb, done: map[string]bool{}}
	for _, e := range entries {
		o.visit(e)
	}
	return o.ordered
}

// order is a walk along the links.
type order struct {
	*linker
	entries []entry
	links   func(entry) []link
	verb    string
	path    []string // from where the walk began to where it is
	done    map[string]bool
	ordered []entry
}

func (o *order) visit(e entry) {
	if o.done[e.name] {
		return
	}
	o.done[e.name] = true
	o.path = append(o.path, e.name)
	for _, n := range o.links(e) {
		to := namedEntry(o.entries, n.to)
		switch {
		case to == nil:
		case o.circle(n.to) != nil:
			o.beyond(n.at, "This goes in a circle: %s. Take one of them out.", o.chain(o.circle(n.to)))
		default:
			o.visit(*to)
		}
	}
	o.path = o.path[:len(o.path)-1]
	o.ordered = append(o.ordered, e)
}

// circle is the part of the path from a name on, or nil if the name is not on it.
func (o *order) circle(name string) []string {
	for i, p := range o.path {
		if p == name {
			return o.path[i:]
		}
	}
	return nil
}

// chain says a circle in words: a needs b, b needs a.
func (o *order) chain(circle []string) string {
	if len(circle) == 1 {
		return quote(circle[0]) + " " + o.verb + " itself"
	}
	var parts []string
	for i, from := range circle {
		parts = append(parts, quote(from)+" "+o.verb+" "+quote(circle[(i+1)%len(circle)]))
	}
	if len(parts) > 2*listed {
		parts = append(append(parts[:listed:listed], "…"), parts[len(parts)-listed:]...)
	}
	return strings.Join(parts, ", ")
}
