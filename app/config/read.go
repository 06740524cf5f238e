package config

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// reader walks a document along the grammar and gathers all that is wrong.
type reader struct {
	grammar  shape
	problems []problem
	service  string // the service whose section is being read, or ""
	left     int    // how many more values are read: aliases can make few lines very long
	spent    bool   // that has been said
	partial  bool   // what the file extends is not there, so what it leaves out may be there
	patterns map[string]*regexp.Regexp
}

// problem is what is wrong at a place.
type problem struct {
	pos
	service  string
	sentence string
	beyond   bool // no schema can see it
}

// say notes a problem that the schema sees too.
func (r *reader) say(at pos, format string, args ...any) {
	r.problems = append(r.problems, problem{pos: at, service: r.service, sentence: fmt.Sprintf(format, args...)})
}

// beyond notes a problem that no schema can see.
func (r *reader) beyond(at pos, format string, args ...any) {
	r.say(at, format, args...)
	r.problems[len(r.problems)-1].beyond = true
}

func (r *reader) matches(pattern, s string) bool {
	return r.compiled(pattern).MatchString(s)
}

// compiled is a pattern, made once.
func (r *reader) compiled(pattern string) *regexp.Regexp {
	p, ok := r.patterns[pattern]
	if !ok {
		p = regexp.MustCompile(pattern)
		r.patterns[pattern] = p
	}
	return p
}

// read judges a node by a shape. Sentences call it by its subject; owner is the place of the key that it stands at.
func (r *reader) read(n *yaml.Node, s shape, subject string, owner pos) value {
	at := pos{n.Line, n.Column}
	if empty(n) {
		at = owner
	}
	if r.left--; r.left < 0 {
		if !r.spent {
			r.beyond(at, "The file says more than %d things once its aliases are followed. Make it shorter.", maxValues)
		}
		r.spent = true
		return value{at: at, bad: true}
	}
	if n.Kind == yaml.AliasNode {
		return r.alias(n, s, subject, at)
	}
	if n.Style&yaml.TaggedStyle != 0 {
		r.beyond(at, "YAML takes %s for a tag, and tags mean nothing here. Take it out, or put it in quotes.", quote(n.Tag))
		return value{at: at, bad: true}
	}
	v := r.judge(n, s, subject, at)
	v.at = at
	return v
}

// alias reads what an alias stands for. What is wrong there is told where it is written. An alias within itself comes to an end: the
// grammar does.
func (r *reader) alias(n *yaml.Node, s shape, subject string, at pos) value {
	if n.Alias == nil {
		r.beyond(at, "This alias stands for nothing. Write it out.")
		return value{at: at, bad: true}
	}
	return r.read(n.Alias, s, subject, at)
}

func (r *reader) judge(n *yaml.Node, s shape, subject string, at pos) value {
	scalar := n.Kind == yaml.ScalarNode && !empty(n)
	switch {
	case s.kind == kindMapping && n.Kind == yaml.MappingNode:
		return r.mapping(n, s, subject, at)
	case s.kind == kindMapping && scalar && s.or != nil && s.or.takes(n.Value):
		v := r.read(n, *s.or, subject, at)
		return value{bad: v.bad, keys: []entry{{name: cmp.Or(s.orKey, s.keys[0].name), at: at, value: v}}}
	case s.kind == kindMapping && scalar && s.soon != "" && r.matches(s.soon, n.Value):
		r.say(at, s.soonSay, quote(n.Value))
		return value{bad: true}
	case s.kind == kindNamed && n.Kind == yaml.MappingNode:
		return r.named(n, s, subject, at)
	case s.kind == kindList && n.Kind == yaml.SequenceNode:
		return r.list(n, s, subject, at)
	case scalar && s.kind > kindList:
		return r.scalar(n, s, subject, at)
	}
	r.wrong(n, s, subject, at)
	return value{bad: true}
}

func empty(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// name is the text of a key; seen holds the lines of those before it.
func (r *reader) name(k *yaml.Node, seen map[string]int) (string, bool) {
	at := pos{k.Line, k.Column}
	if k.Kind != yaml.ScalarNode || k.Style&yaml.TaggedStyle != 0 {
		r.beyond(at, "A key must be plain text here.")
		return "", false
	}
	if line, again := seen[k.Value]; again {
		r.beyond(at, "%s is there already, at %s. Take one of them out.", quote(k.Value), lineOf(line))
		return k.Value, false
	}
	seen[k.Value] = k.Line
	return k.Value, true
}

func (r *reader) mapping(n *yaml.Node, s shape, subject string, at pos) value {
	var v value
	seen, meant := map[string]int{}, []string(nil)
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, ok := r.name(n.Content[i], seen)
		if !ok {
			continue
		}
		keyAt := pos{n.Content[i].Line, n.Content[i].Column}
		k, ok := s.find(name)
		if !ok {
			meant = append(meant, r.unknown(name, n.Content[i+1], s, keyAt)...)
			continue
		}
		v.keys = append(v.keys, entry{name: name, at: keyAt, value: r.read(n.Content[i+1], k.shape, name, keyAt)})
	}
	for _, k := range s.keys {
		missing := !v.has(k.name) && !slices.Contains(meant, k.name)
		switch {
		case missing && k.must:
			r.say(at, "%s needs %s, such as %s: %s.", subject, k.name, k.name, k.like)
		case missing && k.late && !r.partial:
			r.beyond(at, "%s needs %s, such as %s: %s.", subject, k.name, k.name, k.like)
		}
	}
	for _, rule := range s.rules {
		r.rule(rule, v, meant, at)
	}
	return v
}

// unknown says what is wrong with a key that the mapping does not have, and gives the keys that were most likely meant.
func (r *reader) unknown(name string, n *yaml.Node, s shape, at pos) (meant []string) {
	word := near(name, s.names())
	owners := r.grammar.owners(name, nil)
	slices.Sort(owners)
	owners = slices.Compact(owners)
	before, after, colon := strings.Cut(name, ":")
	_, known := s.find(before)
	switch {
	case slices.Contains(later(), name):
		r.say(at, "%s is not here yet: a later version of slipway brings it. Take it out for now.", quote(name))
		return s.names()
	case name == "<<":
		r.say(at, "Merging (<<) is not done here. Write the keys out, or use an alias for the whole of it.")
		return s.names()
	case colon && known && empty(n):
		r.say(at, "YAML needs a blank after the colon: write %s.", quote(before+": "+after))
		return []string{before}
	case len(owners) > 0 && (word == "" || distance(name, word) > 1):
		r.say(at, "%s is a key of %s, not of %s. Move it, or take it out.", quote(name), or(owners), s.is)
	case word != "":
		r.say(at, "%s is not a key of %s. Did you mean %s?", quote(name), s.is, word)
		return []string{word}
	default:
		r.say(at, "%s is not a key of %s. It has %s.", quote(name), s.is, all(s.names()))
	}
	return nil
}

// rule holds a mapping to what its keys allow each other. Where a key was written wrongly it says nothing of what seems to be missing.
func (r *reader) rule(rule rule, v value, meant []string, at pos) {
	first, has := v.get(rule.key)
	other, both := v.get(rule.other)
	switch {
	case rule.kind == either:
		r.exactlyOne(rule, v, meant, at)
	case rule.kind == never && has && both && !other.bad && other.text == rule.value, rule.kind == apart && has && both:
		r.say(first.at, "%s", rule.say)
	}
}

// exactlyOne wants one of a rule's keys, and no more.
func (r *reader) exactlyOne(rule rule, v value, meant []string, at pos) {
	var there []entry
	for _, name := range rule.names() {
		if e, has := v.get(name); has {
			there = append(there, e)
		} else if slices.Contains(meant, name) {
			return
		}
	}
	if len(there) == 0 {
		r.say(at, "%s", rule.say)
	}
	if len(there) > 1 {
		r.say(there[0].at, "%s", rule.say)
	}
}

// names are the keys of which there has to be one.
func (r rule) names() []string {
	if r.third == "" {
		return []string{r.key, r.other}
	}
	return []string{r.key, r.other, r.third}
}

func (r *reader) named(n *yaml.Node, s shape, subject string, at pos) value {
	var v value
	if len(n.Content) == 0 || len(n.Content)/2 > s.high {
		r.size(s, subject, at, len(n.Content)/2)
		return value{bad: true}
	}
	seen, what := map[string]int{}, s.name.like
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if s.scope {
			r.service = k.Value
		}
		keyAt := pos{k.Line, k.Column}
		if name, ok := r.name(k, seen); ok {
			good := r.goodName(name, *s.name, keyAt)
			child := r.read(n.Content[i+1], *s.each, what+" "+quote(name), keyAt)
			v.keys = append(v.keys, entry{name: name, at: keyAt, broken: !good, value: child})
		}
		if s.scope {
			r.service = ""
		}
	}
	return v
}

func (r *reader) list(n *yaml.Node, s shape, subject string, at pos) value {
	var v value
	if len(n.Content) == 0 || len(n.Content) > s.high {
		r.size(s, subject, at, len(n.Content))
		return value{bad: true}
	}
	seen := map[string]bool{}
	for _, c := range n.Content {
		item := r.read(c, *s.each, "An entry of "+subject, at)
		if !item.bad && s.each.kind != kindMapping && seen[item.text] {
			r.say(item.at, "%s stands twice in %s. Take one of them out.", quote(item.text), subject)
			continue
		}
		seen[item.text] = true
		v.items = append(v.items, item)
	}
	return v
}

// size says that there are no entries, or too many.
func (r *reader) size(s shape, subject string, at pos, entries int) {
	if entries == 0 {
		r.say(at, "%s is empty. Leave it out, or write %s.", subject, s.like)
		return
	}
	r.say(at, "%s has %d entries, and at most %d are read.", subject, entries, s.high)
}
