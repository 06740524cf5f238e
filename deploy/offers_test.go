package deploy

import (
	"testing"

	"github.com/slipway-cd/slipway/app"
)

// What a failed release left can be undone from the card of the attempt that follows it, for that is the card that people are shown.
func TestRollbackFromTheCardOfTheNextAttempt(t *testing.T) {
	for _, c := range []struct {
		name   string
		then   func(*story)
		offers []app.Verb
	}{
		{"while it waits", func(*story) {}, []app.Verb{app.VerbCancel, app.VerbRollback}},
		{"when it was given up", func(s *story) { s.word(app.VerbCancel, 2) }, []app.Verb{app.VerbRetry, app.VerbRollback}},
		{"when it was left out of the file", func(s *story) { s.say(app.Removed{Commit: commit(3)}) }, []app.Verb{app.VerbRollback}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(t)
			s.good(1)
			s.start(2)
			s.deployed(2, app.OutcomeUnknown)
			s.word(app.VerbCancel, 2)
			s.is(2, Failed)
			s.offers(2, app.VerbRetry, app.VerbRollback)
			s.word(app.VerbRetry, 2)
			s.is(2, Gating)
			c.then(s)
			s.offers(2, c.offers...)
			s.word(app.VerbRollback, 2)
			s.is(2, RollingBack)
		})
	}
}
