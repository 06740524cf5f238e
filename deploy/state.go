package deploy

import "slices"

// State says where a promotion is.
type State string

// The states, in the order of a long life. The zero value was never heard of.
const (
	Absent      State = ""
	Gating      State = "gating"       // a question is out: its facts are being gathered and judged
	Held        State = "held"         // judged, and waiting for a person, a time, a fact or the lane
	Reviewing   State = "reviewing"    // its workflow is stopped until GitHub's reviewers have answered
	Deploying   State = "deploying"    // a program is putting it there
	Verifying   State = "verifying"    // it is there, and watched
	RollingBack State = "rolling_back" // a program is putting the last good release there, or that one is being looked at
	Attention   State = "attention"    // a person must say what to do
	Retrying    State = "retrying"     // a person said /retry, and the gate is asked again; not gating, for hands are on the environment
	Live        State = "live"         // was good for its whole bake
	RolledBack  State = "rolled_back"
	Failed      State = "failed"
	Denied      State = "denied"
	Canceled    State = "canceled"
	Superseded  State = "superseded"
)

// States is every state, in order.
func States() []State {
	return []State{Absent, Gating, Held, Reviewing, Deploying, Verifying, RollingBack, Attention, Retrying,
		Live, RolledBack, Failed, Denied, Canceled, Superseded}
}

// Waits says that nothing has been touched yet.
func (s State) Waits() bool { return s == Gating || s == Held || s == Reviewing }

// Busy says that somebody has, or may have, their hands on the environment.
func (s State) Busy() bool {
	return slices.Contains([]State{Deploying, Verifying, RollingBack, Attention, Retrying}, s)
}

// Ended says that nothing more happens to it by itself.
func (s State) Ended() bool { return s != Absent && !s.Waits() && !s.Busy() }

// Bad says that it was started and did not end well.
func (s State) Bad() bool { return s == RolledBack || s == Failed }

// Again says that a person may let it in again as a new attempt.
func (s State) Again() bool { return s.Bad() || s == Denied || s == Canceled }

// Moves is the table of legal moves, from which README's diagram is drawn. What has ended is left by a person's word alone: by /rollback,
// as here, or by /retry, which is a new attempt with a row of its own.
func (s State) Moves() []State {
	return map[State][]State{
		Absent:      {Gating, Canceled, Superseded},
		Gating:      {Held, Reviewing, Deploying, Denied, Canceled, Superseded},
		Held:        {Gating, Canceled, Superseded},
		Reviewing:   {Gating, Deploying, RollingBack, Failed, Denied, Canceled},
		Deploying:   {Verifying, Live, RollingBack, Failed, Attention},
		Verifying:   {Live, RollingBack, Failed, Attention},
		RollingBack: {RolledBack, Failed, Attention},
		Attention:   {Retrying, Verifying, RollingBack, Failed},
		Retrying:    {Deploying, Attention, RollingBack, Failed},
		Live:        {RollingBack, RolledBack},
		Failed:      {RollingBack},
	}[s]
}
