package policies

import (
	"testing"
	"time"
)

// TestARuleThatFailsDenies: it takes nobody else along, and the others still speak.
func TestARuleThatFailsDenies(t *testing.T) {
	fine := func(Facts) []finding { return []finding{finds(Allow, RuleChecks, "Fine")} }
	broken := func(Facts) []finding { panic("nobody thought of this") }
	d := judgeBy([]rule{broken, fine}, Facts{})
	if d.Verdict != Deny || len(d.Reasons) != 2 || d.Reasons[0].Rule != RuleFailed {
		t.Errorf("%+v", d)
	}
}

// TestNoRuleDenies: should no rule ever speak, nothing goes.
func TestNoRuleDenies(t *testing.T) {
	if d := sum(nil, time.Time{}); d.Verdict != Deny {
		t.Errorf("no rule at all: %s", d.Verdict)
	}
}
