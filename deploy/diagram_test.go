package deploy

import (
	"strings"
	"testing"
)

// The diagram holds each legal move once, and no other; what a walk makes is held to the same table.
func TestDiagram(t *testing.T) {
	lines := map[string]bool{}
	for line := range strings.Lines(Diagram()) {
		line = strings.TrimSpace(line)
		if lines[line] {
			t.Errorf("%q is drawn twice", line)
		}
		lines[line] = true
	}
	moves := 1 // the heading
	for _, s := range States() {
		for _, to := range s.Moves() {
			moves++
			move := string(s) + " --> " + string(to)
			if s == Absent {
				move = "[*]" + move
			}
			if !lines[move] {
				t.Errorf("%q is not drawn", move)
			}
		}
		if s.Ended() {
			moves++
		}
	}
	if len(lines) != moves || !lines["stateDiagram-v2"] || !lines["superseded --> [*]"] || !lines["live --> rolling_back"] {
		t.Errorf("%d lines for %d moves:\n%s", len(lines), moves, Diagram())
	}
}
