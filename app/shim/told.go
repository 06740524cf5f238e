package shim

import (
	"fmt"
	"strings"

	"github.com/slipway-cd/slipway/app"
)

// How much of a log's end is told with an outcome.
const (
	toldLines = 50
	toldBytes = 8 << 10
)

// Tell is a key's status in the words that all rooms share, with the end of its log once it has ended. Timeout is that of its spec. The
// reason goes on from "Its step".
func (h *Host) Tell(key string, s Status, timeout fmt.Stringer) app.Status {
	switch s.State {
	case Absent, Running:
		return app.Status{Running: true, Began: s.Started}
	case Unknown:
		return app.Status{Outcome: app.OutcomeUnknown, Reason: "ended without anybody knowing how", Began: s.Started, Tail: h.told(key)}
	}
	t := app.Status{
		Outcome: app.Failed, ExitCode: s.Exit.Code, Began: s.Exit.Started, Ended: s.Exit.Ended, Tail: h.told(key), Reason: s.Exit.ending(timeout),
	}
	if s.Exit.OK() {
		t.Outcome, t.Reason = app.Succeeded, ""
	}
	return t
}

// ending says how a program ended, as it goes on from "Its step".
func (e Exit) ending(timeout fmt.Stringer) string {
	switch e.Outcome {
	case Exited:
		return fmt.Sprintf("exited with code %d", e.Code)
	case Signaled:
		return "was killed by " + e.Signal
	case TimedOut:
		return fmt.Sprintf("timed out after %s", timeout)
	case Canceled:
		return "was canceled"
	}
	return "could not be started: " + e.Reason
}

func (h *Host) told(key string) string {
	tail, err := h.Tail(key, toldLines, toldBytes)
	if err != nil {
		return ""
	}
	return strings.ToValidUTF8(string(tail), "�")
}
