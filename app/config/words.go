package config

import (
	"strings"

	"github.com/slipway-cd/slipway/app"
)

// Render writes problems for a terminal, one a line: file:line:column: sentence.
func Render(problems []app.Problem) string {
	var b strings.Builder
	for _, p := range problems {
		b.WriteString(p.Error() + "\n")
	}
	return b.String()
}
