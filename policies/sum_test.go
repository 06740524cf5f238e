package policies

import (
	"testing"
	"time"
)

// TestNoRuleDenies: should no rule ever speak, nothing goes.
func TestNoRuleDenies(t *testing.T) {
	if d := sum(nil, time.Time{}); d.Verdict != Deny {
		t.Errorf("no rule at all: %s", d.Verdict)
	}
}
