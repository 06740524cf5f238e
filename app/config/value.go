package config

import "time"

// value is a piece of the file that was read. What is wrong in it is left out or marked, so that all the rest can be judged too.
type value struct {
	at     pos
	bad    bool // something is wrong with it; what it holds must not be used
	text   string
	number int
	span   time.Duration
	yes    bool
	keys   []entry // of mappings, in the order of the file, each name once
	items  []value // of lists
}

// entry is a key with its value.
type entry struct {
	name   string
	at     pos  // of the key
	broken bool // the name can't be used
	value
}

// get is the value of a key; the zero value if it is not there.
func (v value) get(name string) (entry, bool) {
	for _, e := range v.keys {
		if e.name == name {
			return e, true
		}
	}
	return entry{}, false
}

func (v value) has(name string) bool {
	_, ok := v.get(name)
	return ok
}

// str is the text at a key, or "".
func (v value) str(name string) string {
	e, _ := v.get(name)
	return e.text
}

// flag is the yes or no at a key; no if it is not there.
func (v value) flag(name string) bool {
	e, _ := v.get(name)
	return e.yes
}

// entries are the names at a key, and what they stand for.
func (v value) entries(name string) []entry {
	e, _ := v.get(name)
	return e.keys
}

// texts are the usable texts of the list at a key.
func (v value) texts(name string) []string {
	e, _ := v.get(name)
	var texts []string
	for _, i := range e.items {
		if !i.bad {
			texts = append(texts, i.text)
		}
	}
	return texts
}

// within is the duration at a key, or what it is if nothing usable is written.
func (v value) within(name string, otherwise time.Duration) time.Duration {
	if e, ok := v.get(name); ok && !e.bad {
		return e.span
	}
	return otherwise
}

// count is the number at a key, or what it is if nothing usable is written.
func (v value) count(name string, otherwise int) int {
	if e, ok := v.get(name); ok && !e.bad {
		return e.number
	}
	return otherwise
}
