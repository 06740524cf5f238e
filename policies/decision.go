// Package policies answers one question: may it go? Facts go in, a decision with one sentence per rule comes out. It also reads what
// people command and resolves it, given the facts, into messages and one answer. Nothing here reads a clock, a file or the network.
package policies

import (
	"strings"
	"time"

	"github.com/slipway-cd/slipway/app"
)

// Verdict is what a gate says. The zero value denies: a forgotten decision lets nothing pass.
type Verdict int

// The verdicts. Deny is what only a person's /retry can change; hold waits for a person, a time or a fact.
const (
	Deny Verdict = iota
	Hold
	Allow
)

// String is deny, hold or allow.
func (v Verdict) String() string {
	switch v {
	case Hold:
		return "hold"
	case Allow:
		return "allow"
	}
	return "deny"
}

// Reason is what one rule says, in words that people are shown. A rule that does not concern the promotion says nothing.
type Reason struct {
	Rule     string // a stable name, one of the Rule constants
	Verdict  Verdict
	Sentence string // Markdown; one line, safe to show as it is
	Asks     bool   // it waits for a person's approval, rather than for a fact or for time
	Skipped  bool   `json:",omitempty"` // it would not allow, and was overridden
}

// The names of the rules, in the order in which they speak.
const (
	RuleGate         = "gate"          // both files that judge can be read, and have a policy
	RuleBlocked      = "blocked"       // slipway itself may deploy here
	RuleChecks       = "checks"        // the commit's checks are green
	RuleBranch       = "branch"        // the commit is still on the default branch
	RuleContainsLive = "contains-live" // nothing that is live would be lost, or a maintainer accepts it
	RuleAfter        = "after"         // the commit is proven in the environment before
	RuleWait         = "wait"          // it has waited for as long as the policy says
	RuleWindow       = "window"        // the time lies in a window that allows, and in none that forbids
	RuleFirstRelease = "first-release" // a maintainer has let in what no way back exists for
	RuleApproval     = "approval"      // whoever the policy asks has approved
	RuleDate         = "date"          // the time has come for which they have
	RuleStarted      = "started"       // a workflow of the team's own waits to deploy it, where slipway is the gate alone
	RuleOverride     = "override"      // people let it go against its gate, or ask for that
	RuleFailed       = "failed"        // no rule: one that could not be judged, by a fault of slipway's own
	RuleReview       = "review"        // GitHub asks its reviewers before a workflow deploys, where they decide
)

// Decision is what all rules amount to: the strictest of them. One without reasons denies.
type Decision struct {
	Verdict Verdict
	Reasons []Reason
	Recheck time.Time  // when the answer may change by time alone, or a fact may be readable again; zero is never
	Doors   []app.Door `json:",omitempty"` // by which an approval may come; none is by any but a review
}

// Opens says whether an approval may come by this door.
func (d Decision) Opens(door app.Door) bool { return Policy{Doors: d.Doors}.opens(door) }

// Sentence is why, in one line: what the rules say that stand in the way, or all of them where nothing does.
func (d Decision) Sentence() string {
	var all []string
	for _, r := range d.Reasons {
		if r.Verdict == d.Verdict && !r.Skipped {
			all = append(all, strings.TrimSuffix(r.Sentence, "."))
		}
	}
	if len(all) == 0 {
		return "No rule allows it"
	}
	return strings.Join(all, ". ")
}
