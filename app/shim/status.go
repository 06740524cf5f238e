package shim

import (
	"encoding/json"
	"fmt"
	"time"
)

// State is how a key stands. The zero value is Unknown: a forgotten state is nobody's success.
type State int

const (
	// Unknown means that it was started and that its outcome can never be known: the shim was killed or interrupted, or the
	// machine restarted.
	Unknown State = iota
	// Absent means that it was never started.
	Absent
	// Running means that its shim lives and that there is no outcome yet.
	Running
	// Ended means that Status.Exit says how it ended.
	Ended
)

// String is the state in one word.
func (s State) String() string {
	switch s {
	case Absent:
		return "absent"
	case Running:
		return "running"
	case Ended:
		return "ended"
	default:
		return "unknown"
	}
}

// Status is how a key stands at one moment.
type Status struct {
	State State
	// Started is when the key was claimed; zero while Absent.
	Started time.Time
	// Exit is set when State is Ended, and zero otherwise.
	Exit Exit
	// Reason says why an outcome is unknown, where more can be said than that the shim is gone.
	Reason string
}

// Outcome is in which way a program ended. The zero value is none of them.
type Outcome string

const (
	// Exited means that it ended by itself, with Exit.Code.
	Exited Outcome = "exited"
	// Signaled means that Exit.Signal ended it, and that the shim did not send it.
	Signaled Outcome = "signaled"
	// TimedOut means that it was stopped at its time limit, whatever code it then returned.
	TimedOut Outcome = "timed out"
	// Canceled means that it was stopped by Cancel, or never started because of it.
	Canceled Outcome = "canceled"
	// NotStarted means that it could not be started, and that nothing ran; Exit.Reason says why.
	NotStarted Outcome = "not started"
)

// Exit is how a program ended. The zero value is no success.
type Exit struct {
	Outcome Outcome `json:"outcome"`
	// Code is the exit code when Outcome is Exited.
	Code int `json:"code"`
	// Signal is the name, like SIGSEGV, of what ended the program, if a signal did.
	Signal string `json:"signal,omitempty"`
	// Reason is a sentence for people: why it was not started, which time limit it reached, what could not be killed.
	Reason string `json:"reason,omitempty"`
	// Started and Ended are the shim's own times. Started is zero when nothing was started, and Ended too when a Cancel was
	// there before any shim.
	Started time.Time `json:"started,omitzero"`
	Ended   time.Time `json:"ended,omitzero"`
	// LogBytes is the size of the log when it ended. LogProblem says what is missing in it, if anything is.
	LogBytes   int64  `json:"log_bytes"`
	LogProblem string `json:"log_problem,omitempty"`
}

// OK reports whether the program ran to its end and exited with 0.
func (e Exit) OK() bool { return e.Outcome == Exited && e.Code == 0 }

// String tells the outcome in a few words.
func (e Exit) String() string {
	text := string(e.Outcome)
	switch e.Outcome {
	case Exited:
		text = fmt.Sprintf("exit code %d", e.Code)
	case Signaled:
		text = "killed by " + e.Signal
	case "":
		text = "unknown"
	}
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return text
}

// recordSize is the size of every exit record. It is reserved before the program starts.
const recordSize = 8192

// maxReason keeps an exit record within recordSize even when every byte of a reason is escaped as six.
const maxReason = 600

// encode makes the record, padded to its reserved size.
func (e Exit) encode() ([]byte, error) {
	e.Reason = clip(e.Reason)
	e.LogProblem = clip(e.LogProblem)
	data, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encoding the exit record: %w", err)
	}
	if len(data) > recordSize {
		return nil, fmt.Errorf("the exit record of %d bytes is larger than %d", len(data), recordSize)
	}
	record := blankRecord()
	copy(record, data)
	return record, nil
}

func blankRecord() []byte {
	record := make([]byte, recordSize)
	for i := range record {
		record[i] = ' '
	}
	record[recordSize-1] = '\n'
	return record
}

func clip(s string) string {
	if len(s) <= maxReason {
		return s
	}
	return s[:maxReason] + "…"
}

// decodeExit refuses a record that names no outcome: what can't be understood is unknown.
func decodeExit(data []byte) (Exit, error) {
	var e Exit
	if err := json.Unmarshal(data, &e); err != nil {
		return Exit{}, fmt.Errorf("the exit record can't be read: %w", err)
	}
	switch e.Outcome {
	case Exited, Signaled, TimedOut, Canceled, NotStarted:
		return e, nil
	default:
		return Exit{}, fmt.Errorf("the exit record names an unknown outcome %q", e.Outcome)
	}
}
