package report

import "github.com/slipway-cd/slipway/app"

// Answered is a check run with the answer to who pressed its button last, or wrote on its commit; "" is none.
func Answered(v app.CheckRun, answer string) app.CheckRun {
	if answer != "" {
		v.Summary = cut(paragraphs(answer, v.Summary), maxText)
	}
	return v
}
