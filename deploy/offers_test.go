package deploy

import (
	"testing"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

func TestOffers(t *testing.T) {
	cancel, retry, rollback := app.VerbCancel, app.VerbRetry, app.VerbRollback
	deny, allow := policies.Decision{}, policies.Decision{Verdict: policies.Allow}
	for _, c := range []struct {
		name string
		do   func(*story)
		want []app.Verb
	}{
		{"asked", func(s *story) { s.ready(2) }, []app.Verb{cancel}},
		{"held", func(s *story) { s.ready(2); s.judge(2, hold()) }, []app.Verb{cancel}},
		{"chosen", func(s *story) { s.ready(2); s.judge(2, allow) }, []app.Verb{cancel}},
		{"denied", func(s *story) { s.ready(2); s.judge(2, deny) }, []app.Verb{retry}},
		{"canceled", func(s *story) { s.ready(2); s.word(cancel, 2) }, []app.Verb{retry}},
		{"deploying", func(s *story) { s.start(2) }, []app.Verb{rollback}},
		{"deploying, to be undone", func(s *story) { s.start(2); s.word(rollback, 2) }, nil},
		{"verifying", func(s *story) { s.start(2); s.deployed(2, app.Succeeded) }, []app.Verb{rollback}},
		{"live", func(s *story) { s.good(2) }, []app.Verb{rollback}},
		{"not live any more", func(s *story) { s.good(2); s.good(3) }, nil},
		{"rolling back", func(s *story) { s.start(2); s.deployed(2, app.Failed) }, nil},
		{"rolled back", func(s *story) {
			s.start(2)
			s.deployed(2, app.Failed)
			s.restored(2, app.Succeeded)
			s.probed(2, app.Succeeded)
		}, []app.Verb{retry}},
		{"unclear", func(s *story) { s.start(2); s.deployed(2, app.OutcomeUnknown) }, []app.Verb{cancel, retry, rollback}},
		{"being retried", func(s *story) { s.start(2); s.deployed(2, app.OutcomeUnknown); s.word(retry, 2) }, []app.Verb{cancel, rollback}},
		{"left as it was", func(s *story) { s.start(2); s.deployed(2, app.OutcomeUnknown); s.word(cancel, 2) }, []app.Verb{retry, rollback}},
		{"failed, and gone from the branch", func(s *story) {
			s.start(2)
			s.deployed(2, app.OutcomeUnknown)
			s.word(cancel, 2)
			s.say(app.Gone{Commit: commit(2)})
		}, []app.Verb{rollback}},
		{"canceled, and older than what was started", func(s *story) { s.ready(2); s.word(cancel, 2); s.start(3) }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(t)
			s.good(1)
			c.do(s)
			s.offers(2, c.want...)
		})
	}
	first := tell(t)
	first.good(1)
	first.offers(1)
}

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
