package config

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/slipway-cd/slipway/app"
)

// Extends names the file of another repository of the same owner that a file builds on. The zero value names none.
type Extends struct{ Owner, Name, Ref, Path string }

// String is it as files write it: owner/name@ref//path.
func (e Extends) String() string { return e.Owner + "/" + e.Name + "@" + e.Ref + "//" + e.Path }

// Shared is the text of such a file.
type Shared struct {
	Name   string // what problems call it
	Data   []byte
	Commit app.SHA // at which it was read, for whoever asks what a file was made of
}

func (s Shared) lines() []string {
	return strings.Split(strings.TrimPrefix(string(s.Data), "\ufeff"), "\n")
}

const extendsForm = `^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+@[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9._-]+)*//[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*\.ya?ml$`

// parseExtends reads what has the form.
func parseExtends(text string) Extends {
	owner, rest, _ := strings.Cut(text, "/")
	name, rest, _ := strings.Cut(rest, "@")
	ref, path, _ := strings.Cut(rest, "//")
	return Extends{owner, name, ref, path}
}

// elsewhere is where the lines of a shared file are counted from, so that a node tells by its line in which of the two files it stands.
const elsewhere = 1 << 24

// lineOf is a line as people are told of it.
func lineOf(line int) string {
	if line >= elsewhere {
		return fmt.Sprintf("line %d of the file that this one extends", line-elsewhere)
	}
	return fmt.Sprintf("line %d", line)
}

// move counts the lines of a node, and of all in it, from elsewhere.
func move(n *yaml.Node) {
	n.Line += elsewhere
	for _, c := range n.Content {
		move(c)
	}
}

// extend fills in what a file leaves out from the one that it extends. The file's own word counts: what both name, a check or a key of an environment,
// is the file's own, as a whole. In a file of services, the shared file's environments fill those of that name in each service.
func extend(own, shared *yaml.Node) *yaml.Node {
	own = filled(own, shared, func(name string) bool { return name == "checks" || name == "calendars" }, filledNames)
	environments := at(shared, "environments")
	if at(own, "services") == nil {
		own = filled(own, shared, func(name string) bool { return name == "environments" }, filledEnvironments)
		return filled(own, shared, func(name string) bool { return name == "services" }, keep)
	}
	own = filled(own, shared, func(name string) bool { return name == "services" }, filledServices)
	if environments == nil {
		return own
	}
	return each(own, "services", func(service *yaml.Node) *yaml.Node {
		return each(service, "environments", nil, environments)
	})
}

// keep is own as it is.
func keep(own, _ *yaml.Node) *yaml.Node { return own }

// filledNames adds the names that own does not have.
func filledNames(own, shared *yaml.Node) *yaml.Node { return filled(own, shared, anything, keep) }

// filledEnvironments adds environments, and to those that both have the keys that own leaves out.
func filledEnvironments(own, shared *yaml.Node) *yaml.Node {
	return filled(own, shared, anything, filledNames)
}

// filledServices adds services, and fills those that both have.
func filledServices(own, shared *yaml.Node) *yaml.Node {
	return filled(own, shared, anything, func(own, shared *yaml.Node) *yaml.Node {
		own = filled(own, shared, func(name string) bool { return name == "checks" }, filledNames)
		own = filled(own, shared, func(name string) bool { return name == "environments" }, filledEnvironments)
		return filledNames(own, shared)
	})
}

func anything(string) bool { return true }

// filled is own with the chosen keys of shared: those that it lacks as they are, and those that both have joined. What is no mapping stays as it is.
// Nothing is changed in place: an alias may stand for the same node elsewhere.
func filled(own, shared *yaml.Node, chosen func(string) bool, join func(own, shared *yaml.Node) *yaml.Node) *yaml.Node {
	m, from := mapping(own), mapping(shared)
	if m == nil || from == nil {
		return own
	}
	made := *m
	made.Anchor, made.Content = "", slices.Clone(m.Content)
	for i := 0; i+1 < len(from.Content); i += 2 {
		name := from.Content[i].Value
		if !chosen(name) {
			continue
		}
		if j := index(&made, name); j >= 0 {
			made.Content[j+1] = join(made.Content[j+1], from.Content[i+1])
			continue
		}
		made.Content = append(made.Content, from.Content[i], from.Content[i+1])
	}
	return &made
}

// each is a mapping in which every entry of the mapping at a key is changed, or, without a change, filled from the entry of that name in others.
func each(n *yaml.Node, key string, change func(*yaml.Node) *yaml.Node, others ...*yaml.Node) *yaml.Node {
	m := mapping(n)
	inner := mapping(at(n, key))
	if m == nil || inner == nil {
		return n
	}
	made, changed := *m, *inner
	made.Anchor, changed.Anchor = "", ""
	made.Content, changed.Content = slices.Clone(m.Content), slices.Clone(inner.Content)
	for i := 0; i+1 < len(changed.Content); i += 2 {
		if change != nil {
			changed.Content[i+1] = change(changed.Content[i+1])
		}
		for _, o := range others {
			if same := at(o, changed.Content[i].Value); same != nil {
				changed.Content[i+1] = filledNames(changed.Content[i+1], same)
			}
		}
	}
	made.Content[index(&made, key)+1] = &changed
	return &made
}

// mapping is the mapping that a node is, or stands for; nil if it is none.
func mapping(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	return n
}

// index is where a key stands in a mapping's content, or -1.
func index(m *yaml.Node, name string) int {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == name && m.Content[i].Kind == yaml.ScalarNode {
			return i
		}
	}
	return -1
}

// at is what stands at a key of a mapping; nil if nothing does.
func at(n *yaml.Node, name string) *yaml.Node {
	m := mapping(n)
	if m == nil {
		return nil
	}
	if i := index(m, name); i >= 0 {
		return m.Content[i+1]
	}
	return nil
}
