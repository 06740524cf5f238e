package checks

import "slices"

// State says where a run is.
type State string

// The states of a run. The zero value has not begun.
const (
	Absent     State = ""
	Open       State = "open"
	Green      State = "green"       // every check passed
	Red        State = "red"         // all have ended, and not all passed
	Canceled   State = "canceled"    // given up before its end
	PassedOver State = "passed_over" // one of several pushes that were missed: never built, for a newer one was
)

// Ended says that nothing more happens to the run by itself.
func (s State) Ended() bool { return s != Absent && s != Open }

// Moves is the table of legal moves.
func (s State) Moves() []State {
	switch s {
	case Absent:
		return []State{Open, PassedOver}
	case Open:
		return []State{Green, Red, Canceled}
	case Green, Red, Canceled, PassedOver:
		return []State{Open} // a retry, or another cause that asks for more
	}
	return nil
}

// CheckState says where a check is.
type CheckState string

// The states of a check. An outcome that can't be known is no state: the check is tried again under a new number, and has failed after
// the third.
const (
	Waiting       CheckState = "waiting" // for what it needs
	Running       CheckState = "running" // or in line for a slot; or, someone else's, not reported yet
	Passed        CheckState = "passed"
	Failed        CheckState = "failed"
	Skipped       CheckState = "skipped" // what it needs did not pass
	CheckCanceled CheckState = "canceled"
)

// Ended says that nothing more happens to the check by itself.
func (s CheckState) Ended() bool {
	return slices.Contains([]CheckState{Passed, Failed, Skipped, CheckCanceled}, s)
}
