package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// shown is how much of somebody's text a sentence repeats, in characters.
const shown = 60

// quote repeats somebody's text in a sentence: cut, and with nothing in it that a terminal or a page could take for a command.
func quote(s string) string { return strconv.QuoteToGraphic(cut(s)) }

// cut is as much of somebody's text as is shown.
func cut(s string) string {
	if utf8.RuneCountInString(s) > shown {
		return string([]rune(s)[:shown]) + "…"
	}
	return s
}

// article puts a or an before a word.
func article(word string) string {
	if word != "" && strings.ContainsRune("aeiou", rune(word[0])) {
		return "an " + word
	}
	return "a " + word
}

// listed is how many names a sentence holds before it counts the rest.
const listed = 3

// list joins names for a sentence: a, b and c, or a, b, c and 12 more.
func list(names []string) string {
	if len(names) > listed+1 {
		names = append(slices.Clone(names[:listed]), fmt.Sprintf("%d more", len(names)-listed))
	}
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// or joins words for a choice: a, b or c.
func or(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// all joins words for a sentence, and leaves none out.
func all(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return fmt.Sprintf("%s and %s", strings.Join(words[:len(words)-1], ", "), words[len(words)-1])
}
