package app

import (
	"fmt"
	"time"
)

// Fact is something that was read, and when. The zero value is not known, and what is not known holds: false is not unknown.
type Fact[T any] struct {
	Value T
	Known bool
	At    time.Time // when it was read, by the engine's clock
	Why   string    // of what is not known: why, in a few words that people are shown
}

// Known is a fact that was read at a time.
func Known[T any](v T, at time.Time) Fact[T] { return Fact[T]{Value: v, Known: true, At: at} }

// Unknown is a fact that could not be read.
func Unknown[T any](why string) Fact[T] { return Fact[T]{Why: why} }

// Problem is a mistake in a file that a person can mend: where it is, what is wrong and what to do about it.
type Problem struct {
	File         string
	Line, Column int    // both start at 1; 0 is the file as a whole
	Service      string // whose section it is in; "" concerns every service
	Sentence     string
}

// Error is file:line:column: sentence.
func (p Problem) Error() string {
	if p.Line == 0 {
		return fmt.Sprintf("%s: %s", p.File, p.Sentence)
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Sentence)
}
