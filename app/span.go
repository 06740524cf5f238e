package app

import (
	"strings"
	"time"
)

// Span is a duration as people write it: 15m, not 15m0s.
type Span time.Duration

// String leaves out the units that are zero.
func (s Span) String() string {
	text := time.Duration(s).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
