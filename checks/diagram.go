package checks

import (
	"slices"
	"strings"
)

// Diagram is the table of a run's legal moves as a Mermaid state diagram, for documentation that a test can hold to the table.
func Diagram() string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n")
	states := []State{Absent}
	for i := 0; i < len(states); i++ {
		for _, to := range states[i].Moves() {
			b.WriteString("    " + drawn(states[i]) + " --> " + drawn(to) + "\n")
			if !slices.Contains(states, to) {
				states = append(states, to)
			}
		}
	}
	for _, s := range states {
		if s.Ended() {
			b.WriteString("    " + drawn(s) + " --> " + drawn(Absent) + "\n")
		}
	}
	return b.String()
}

// drawn is a state as Mermaid knows it: where a life begins and ends has no name of its own.
func drawn(s State) string {
	if s == Absent {
		return "[*]"
	}
	return string(s)
}
