// Package policies answers one question: may it go? Facts go in, a decision with one sentence per rule comes out. It also reads what
// people command and resolves it, given the facts, into messages and one answer. Nothing here reads a clock, a file or the network.
package policies

import (
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

// Reason is what one rule says, in one sentence that people are shown.
type Reason struct {
	Rule     string // a stable name: checks, approval, after, first-release, contains-live, gate
	Verdict  Verdict
	Sentence string
}

// Decision is what all rules amount to: the strictest of them.
type Decision struct {
	Verdict Verdict
	Reasons []Reason
	Recheck time.Time // when the answer may change by time alone; zero is never
}

// Mode is how an environment is released.
type Mode string

// The modes. The zero value denies.
const (
	ModeUnknown Mode = ""
	Deployment  Mode = "deployment" // continuous deployment: green checks alone
	Delivery    Mode = "delivery"   // continuous delivery: a person decides
)

// Policy is the gate of one environment as one file describes it. The zero value denies.
type Policy struct {
	Mode             Mode
	After            string     // the environment in which the commit must be proven first; "" is none
	From             []Selector // who may approve under delivery; empty is one maintainer
	NotAuthor        bool       // not: [author], four eyes
	HoldsAfterReturn bool       // after_rollback: hold, which is the default: config sets it
}

// Selector names who may approve: role:maintain, or user:ada.
type Selector struct {
	Kind  string // role or user
	Value string
}

// Gate is what a promotion is judged by: the file of the release that is live in the lane, and the default branch's file now. Both must
// allow, so that a loosening has to pass the gate that it loosens.
type Gate struct {
	Live app.Fact[Policy] // known with Mode "" where nothing is live: then only the branch's counts, and a maintainer is asked
	Head app.Fact[Policy]
}
