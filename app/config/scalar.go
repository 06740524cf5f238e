package config

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/slipway-cd/slipway/app"
)

// The forms of numbers and durations. Neither has another: 0x10, 1_000 and 1.0 are numbers to YAML, but not ones that people write here.
const (
	wholeForm    = `^(0|-?[1-9][0-9]*)$`
	durationForm = `^([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?([0-9]{1,6}ms)?$`
	shortestForm = 2 // characters
)

func (r *reader) scalar(n *yaml.Node, s shape, subject string, at pos) value {
	tag := n.ShortTag()
	isText := tag == "!!str" || tag == "!!timestamp"
	switch {
	case s.kind == kindText && isText:
		return r.text(n.Value, s, subject, at)
	case s.kind == kindDuration && isText:
		return r.duration(n.Value, s, subject, at)
	case s.kind == kindDuration && tag == "!!int":
		r.say(at, "%s is %s, without a unit. Write one such as %s.", subject, cut(n.Value), s.like)
	case s.kind == kindBoolean && tag == "!!bool":
		return value{yes: n.Value == "true" || n.Value == "True" || n.Value == "TRUE"}
	case s.kind == kindNumber && (tag == "!!int" || tag == "!!float"):
		return r.number(n.Value, s, subject, at)
	default:
		r.wrong(n, s, subject, at)
	}
	return value{bad: true}
}

func (r *reader) text(t string, s shape, subject string, at pos) value {
	switch word := near(t, s.words); {
	case len(s.words) > 0 && slices.Contains(s.words, t):
		return value{text: t}
	case strings.Trim(t, " \t\r\n") == "":
		r.say(at, "%s is empty. Write %s, such as %s.", subject, s.is, s.like)
	case s.soon != "" && r.matches(s.soon, t):
		r.say(at, s.soonSay, quote(t))
	case word != "":
		r.say(at, "%s is %s. Did you mean %s?", subject, quote(t), word)
	case len(s.words) > 0:
		r.say(at, "%s is %s. Write %s.", subject, quote(t), or(s.words))
	case s.high > 0 && utf8.RuneCountInString(t) > s.high:
		r.say(at, "%s has %d characters, and at most %d are read.", subject, utf8.RuneCountInString(t), s.high)
	case !r.matches(s.pattern, t):
		r.say(at, "%s is %s. %s", subject, quote(t), s.must)
	default:
		return value{text: t}
	}
	return value{bad: true}
}

// goodName judges a name that people chose. Commands and addresses use names, so they must not be taken for anything else.
func (r *reader) goodName(name string, s shape, at pos) bool {
	switch {
	case slices.ContainsFunc(s.reserved, func(w string) bool { return strings.EqualFold(w, name) }):
		r.say(at, "%s can't be %s: slipway uses that word itself. Choose another.", quote(name), s.is)
	case len(name) >= 7 && app.IsHex(strings.ToLower(name)):
		r.say(at, "%s can't be %s: it reads like a commit's SHA. Choose another.", quote(name), s.is)
	case utf8.RuneCountInString(name) > s.high:
		r.say(at, "%s can't be %s: it has %d characters, and at most %d are read.", quote(name), s.is, utf8.RuneCountInString(name), s.high)
	case !r.matches(s.pattern, name):
		r.say(at, "%s can't be %s. %s", quote(name), s.is, s.must)
	default:
		return true
	}
	return false
}

func (r *reader) number(t string, s shape, subject string, at pos) value {
	n, err := strconv.Atoi(t)
	switch {
	case s.soon != "" && r.matches(s.soon, t):
		r.say(at, s.soonSay, cut(t))
	case !r.matches(wholeForm, t):
		r.beyond(at, "%s is %s. Write it as a plain number, such as %s.", subject, cut(t), s.like)
	case (err != nil || n < s.low || n > s.high) && s.low == s.high:
		r.say(at, "%s is %s, and it can only be %d.", subject, cut(t), s.low)
	case err != nil || n < s.low || n > s.high:
		r.say(at, "%s is %s, and it must lie between %d and %d.", subject, cut(t), s.low, s.high)
	default:
		return value{number: n}
	}
	return value{bad: true}
}

func (r *reader) duration(t string, s shape, subject string, at pos) value {
	d, err := time.ParseDuration(t)
	switch {
	case len(t) < shortestForm || !r.matches(durationForm, t) || err != nil:
		r.say(at, "%s is %s. Write hours, minutes and seconds, such as 10s, 15m or 1h30m.", subject, quote(t))
	case d < s.least || d > s.most:
		r.beyond(at, "%s is %s, and it must lie between %s and %s.", subject, t, app.Span(s.least), app.Span(s.most))
	default:
		return value{span: d}
	}
	return value{bad: true}
}

// wrong says that something is not written as it must be.
func (r *reader) wrong(n *yaml.Node, s shape, subject string, at pos) {
	is := describe(n)
	switch {
	case empty(n) && s.kind <= kindList:
		r.say(at, "%s has nothing below it. Leave it out, or write %s.", subject, s.like)
	case empty(n):
		r.say(at, "%s is empty. Write %s, such as %s.", subject, s.is, s.like)
	case s.kind == kindMapping && s.or != nil && len(s.or.words) > 0:
		r.say(at, "%s is %s. It takes keys, such as %s, or %s.", subject, is, s.like, or(s.or.words))
	case s.kind == kindMapping || s.kind == kindNamed:
		r.say(at, "%s is %s. It takes keys, such as %s.", subject, is, s.like)
	case s.kind == kindList:
		r.say(at, "%s is %s. It takes a list, such as %s.", subject, is, s.like)
	case len(s.words) > 0:
		r.say(at, "%s is %s. Write %s.", subject, is, or(s.words))
	case s.kind == kindText && n.Kind == yaml.ScalarNode:
		r.say(at, "%s is %s, which YAML does not read as text. Put it in quotes, or write %s such as %s.", subject, is, s.is, s.like)
	default:
		r.say(at, "%s is %s. Write %s, such as %s.", subject, is, s.is, s.like)
	}
}

func describe(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.ShortTag() == "!!str":
		return "the text " + quote(n.Value)
	}
	return cut(n.Value) // a number, yes or no, a date: nothing that needs quotes
}
