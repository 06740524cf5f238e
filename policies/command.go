package policies

import (
	"time"

	"github.com/slipway-cd/slipway/app"
)

// Command is one thing that a person asks for. It is typed: nothing of it but Because is free text, and that is never parsed again.
type Command struct {
	Verb        app.Verb
	Service     string // "" is not said
	Environment string // "" is not said
	Commit      string // 12 to 40 lower-case hex digits; "" is not said
	All         bool
	Until       Until
	At          Moment
	Alone       bool   // of /override: without a second person
	By          string // of /what-if: logins, by blanks
	Because     string // one line
}

// Moment is when an approval begins to count: an instant, or a time on the clock on the wall of a zone, or of the gate's where none is said. The
// zero value is at once.
type Moment struct {
	At   time.Time
	Wall time.Time // as if in UTC
	Zone string    // "" is the gate's
}

// Until is when a hold ends by itself: after a time that counts from the moment when it was written, or at a moment. The zero value is
// never.
type Until struct {
	For time.Duration
	At  time.Time
}

// Line is one line of a comment that begins with a command word of ours. Each gets an answer.
type Line struct {
	Text    string  // as it was written, without invisible characters, cut
	Command Command // only if there is no Problem
	Problem string  // why it is not carried out, in words for who wrote it; "" if it can be
}

// Names are the services and environments that a repository's lanes have. They are disjoint.
type Names struct {
	Services     []string
	Environments []string
}
