package checks

import (
	"strings"
	"testing"
)

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
	for _, s := range []State{Absent, Open, Green, Red, Canceled, PassedOver} {
		for _, to := range s.Moves() {
			moves++
			if move := drawn(s) + " --> " + drawn(to); !lines[move] {
				t.Errorf("%q is not drawn", move)
			}
		}
		if s.Ended() {
			moves++
		}
	}
	if len(lines) != moves || !lines["stateDiagram-v2"] || !lines["green --> [*]"] {
		t.Errorf("%d lines for %d moves:\n%s", len(lines), moves, Diagram())
	}
}
