package deploy

import "strings"

// Diagram is the table of legal moves as a Mermaid state diagram: README shows it, and a test holds the two together.
func Diagram() string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n")
	for _, s := range States() {
		for _, to := range s.Moves() {
			from := string(s)
			if s == Absent {
				from = "[*]"
			}
			b.WriteString("    " + from + " --> " + string(to) + "\n")
		}
	}
	for _, s := range States() {
		if s.Ended() {
			b.WriteString("    " + string(s) + " --> [*]\n")
		}
	}
	return b.String()
}
