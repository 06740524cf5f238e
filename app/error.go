package app

import (
	"errors"
	"fmt"
	"time"
)

// ErrorKind says what can be done about an error. The zero value means that nobody knows: it is tried again with backoff.
type ErrorKind int

// The kinds of errors.
const (
	ErrOther       ErrorKind = iota
	ErrNotFound              // 404, 410, an unknown commit: it is not there, or we may not see it
	ErrDenied                // 401, 403: we may not
	ErrConflict              // 409, or a compare-and-set that was lost: read again
	ErrInvalid               // 422: it will never be accepted like this
	ErrLimited               // a rate limit: not before Until
	ErrUnreachable           // 5xx, or no answer: whether it was done is not known
	ErrNotYet                // not there yet, but expected: waiting is not a failed attempt
)

// Error is an error whose kind is known. Match the kind, never the text.
type Error struct {
	Op    string // what was being done
	Kind  ErrorKind
	Until time.Time // of ErrLimited and ErrNotYet: when to try again
	Err   error
}

// Error says what was being done and what went wrong.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Op
	}
	return fmt.Sprintf("%s: %v", e.Op, e.Err)
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf is the kind of an error, found through wrapping; ErrOther if it has none.
func KindOf(err error) ErrorKind {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e.Kind
	}
	return ErrOther
}

// RetryAt is when an error says to try again; zero if it does not say.
func RetryAt(err error) time.Time {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e.Until
	}
	return time.Time{}
}
