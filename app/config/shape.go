package config

import (
	"slices"
	"time"
)

// kind is how a thing is written.
type kind int

const (
	kindMapping  kind = iota // of keys that slipway knows
	kindNamed                // of names that people choose
	kindList                 //
	kindText                 //
	kindNumber               // whole
	kindDuration             // 10s, 15m, 1h30m
	kindBoolean              //
)

// shape says what may stand at one place of the file. The parser judges by it, and the schema is written from it.
type shape struct {
	kind kind
	is   string // what it is, for sentences: a check, a shell command
	like string // how it may be written, for sentences and editors
	def  string // what the schema calls it, where it is worth a name

	keys  []key  // of a mapping
	rules []rule // of a mapping: what its keys allow each other
	or    *shape // of a mapping: text that may stand for it
	orKey string // the key that it then says; "" is the first

	name  *shape // of what is named: what a name must be
	each  *shape // of what is named, and of lists
	scope bool   // of what is named: these are services, and a problem in one concerns that one alone

	words    []string // of text: the only ones, or any
	pattern  string   // of text: what it must match
	must     string   // of text: the pattern in words
	reserved []string // of text: what it must not be, whatever the case

	low, high   int           // of numbers; high is also how many characters or entries there may be
	least, most time.Duration // of durations

	soon    string // what text or a number matches that belongs to a later issue
	soonSay string // what is said then; %s is what was written
}

// key is a key of a mapping.
type key struct {
	name string
	doc  string // a sentence for editors
	must bool
	late bool // it must be there once what the file extends has filled it in: no schema can see that
	shape
}

// rule says what the keys of one mapping allow each other.
type rule struct {
	kind  ruleKind
	key   string
	other string // the other key
	third string // of either: one more key, or ""
	value string // of never: what the other key says
	say   string
}

type ruleKind int

const (
	either ruleKind = iota // exactly one of key, other and third
	apart                  // key and other never together
	never                  // no key where other says value
)

// takes says whether a text could stand here: of what is one of a few words, only those.
func (s shape) takes(text string) bool { return len(s.words) == 0 || slices.Contains(s.words, text) }

// find is the key of that name.
func (s shape) find(name string) (key, bool) {
	for _, k := range s.keys {
		if k.name == name {
			return k, true
		}
	}
	return key{}, false
}

func (s shape) names() []string {
	var names []string
	for _, k := range s.keys {
		names = append(names, k.name)
	}
	return names
}

// owners are the mappings within s, itself among them, that have a key of that name, each once: deploy, a check.
func (s shape) owners(name string, found []string) []string {
	if _, ok := s.find(name); ok {
		found = append(found, s.is)
	}
	for _, k := range s.keys {
		found = k.owners(name, found)
	}
	if s.each != nil {
		found = s.each.owners(name, found)
	}
	return found
}
