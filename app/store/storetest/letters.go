package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/engine"
	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/policies"
)

func lane(environment string) app.Address { return app.LaneAddress(42, "payments", environment) }

// numbered is a letter that is known by its number.
func numbered(to app.Address, n int) app.Letter {
	return app.Letter{To: to, Message: deploy.Lapsed{Hold: app.Key(n)}}
}

func post(t *testing.T, s Store, letters ...app.Letter) {
	t.Helper()
	update(t, s, func(tx engine.Tx) error { return tx.Post(letters, noon()) })
}

func mailAt(t *testing.T, s Store, limit int, at time.Time) []engine.Mail {
	t.Helper()
	return read(t, s, func(tx engine.Tx) ([]engine.Mail, error) { return tx.Mail(limit, at) })
}

func numbers(mail []engine.Mail) (found []int) {
	for _, m := range mail {
		found = append(found, int(m.Message.(deploy.Lapsed).Hold))
	}
	return found
}

func testMail(t *testing.T, s Store) {
	a, b := lane("a"), lane("b")
	post(t, s, numbered(a, 1), numbered(b, 2), numbered(a, 3))
	post(t, s, numbered(b, 4))
	mail := mailAt(t, s, 3, noon())
	same(t, "the oldest three", numbers(mail), []int{1, 2, 3})
	same(t, "the first", mail[0], engine.Mail{ID: mail[0].ID, Letter: numbered(a, 1), At: noon()})
	update(t, s, func(tx engine.Tx) error { return tx.Stepped(mail[0].ID) })
	same(t, "after a step", numbers(mailAt(t, s, 10, noon())), []int{2, 3, 4})
	fails(t, s, app.ErrNotFound, func(tx engine.Tx) error { return tx.Stepped(mail[0].ID) })
	for _, m := range mailAt(t, s, 10, noon()) {
		update(t, s, func(tx engine.Tx) error { return tx.Stepped(m.ID) })
	}
	post(t, s, numbered(a, 5))
	if next := mailAt(t, s, 10, noon()); next[0].ID <= mail[2].ID {
		t.Errorf("letter %d comes after letter %d, which is gone", next[0].ID, mail[2].ID)
	}
}

func testDelay(t *testing.T, s Store) {
	a, b := lane("a"), lane("b")
	post(t, s, numbered(a, 1), numbered(a, 2), numbered(b, 3), numbered(a, 4), numbered(b, 5))
	mail := mailAt(t, s, 10, noon())
	due := after(time.Minute)
	update(t, s, func(tx engine.Tx) error { return tx.Delay(mail[1].ID, "GitHub is down", due) })
	same(t, "what comes before it, and what is of others", numbers(mailAt(t, s, 10, noon())), []int{1, 3, 5})
	same(t, "what comes before it, and what is of others, two of it", numbers(mailAt(t, s, 2, noon())), []int{1, 3})
	post(t, s, numbered(a, 6))
	same(t, "just before it is due", numbers(mailAt(t, s, 10, due.Add(-1))), []int{1, 3, 5})
	again := mailAt(t, s, 10, due)
	same(t, "when it is due", numbers(again), []int{1, 2, 3, 4, 5, 6})
	same(t, "what is known of it", []any{again[1].Attempts, again[1].Reason}, []any{1, "GitHub is down"})
	update(t, s, func(tx engine.Tx) error { return tx.Delay(mail[1].ID, "still down", due.Add(time.Minute)) })
	same(t, "once more delayed", numbers(mailAt(t, s, 10, due)), []int{1, 3, 5})
	update(t, s, func(tx engine.Tx) error { return tx.SetAside(mail[1].ID, "it makes no sense") })
	same(t, "set aside it holds back nobody", numbers(mailAt(t, s, 10, noon())), []int{1, 3, 4, 5, 6})
	fails(t, s, app.ErrNotFound, func(tx engine.Tx) error { return tx.Delay(mail[1].ID, "", due) })
}

func testAside(t *testing.T, s Store) {
	post(t, s, numbered(lane("a"), 1), numbered(lane("a"), 2), numbered(lane("b"), 3))
	mail := mailAt(t, s, 10, noon())
	update(t, s, func(tx engine.Tx) error { return tx.SetAside(mail[1].ID, "second, first") })
	update(t, s, func(tx engine.Tx) error { return tx.SetAside(mail[0].ID, "first, second") })
	aside := func(limit int) []engine.Mail {
		return read(t, s, func(tx engine.Tx) ([]engine.Mail, error) { return tx.Aside(limit) })
	}
	same(t, "aside, newest first", numbers(aside(10)), []int{1, 2})
	same(t, "the newest aside", aside(1), []engine.Mail{{ID: mail[0].ID, Letter: mail[0].Letter, At: noon(), Attempts: 1, Reason: "first, second"}})
	same(t, "what is left in the line", numbers(mailAt(t, s, 10, noon())), []int{3})
	fails(t, s, app.ErrNotFound, func(tx engine.Tx) error { return tx.SetAside(mail[0].ID, "again") })
	fails(t, s, app.ErrNotFound, func(tx engine.Tx) error { return tx.Stepped(mail[0].ID) })
}

// testMessages sends the largest messages there are; that the store knows every kind is for the store's own tests.
func testMessages(t *testing.T, s Store) {
	commit := app.Commit{SHA: sha('a'), Place: 7}
	person := app.Person{ID: 9, Login: "dana", Bot: true}
	messages := []app.Message{
		app.Commented{Repo: app.Repo{ID: 42, Owner: "acme", Name: "pay", Personal: true}, Pull: 3, Comment: 1 << 40, By: person,
			Body: "/approve\n<b>“so”</b> \u2028 \x00 &", Written: noon(), Received: after(time.Second)},
		app.PullChanged{Pull: app.Pull{Number: 3, Head: sha('b'), Merged: true, MergedAt: noon()}},
		app.Said{Verb: app.VerbHold, By: person, Until: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), Because: "why not"},
		app.Approved{Commit: sha('a'), Key: 1 << 60, Approval: app.Approval{By: person, Role: "maintain", At: noon(), Source: "comment/1"}},
		app.Ready{Commit: commit, Artifact: "sha256:x", Environments: []string{"staging", "production"}},
		checks.Planned{Key: 3, Plan: checks.Plan{Problems: []app.Problem{{File: "slipway.yml", Line: 3, Sentence: "no"}},
			Checks:  []checks.Spec{{Name: "build", Timeout: time.Hour, Needs: []string{"lint"}, External: checks.External{App: "x", Name: "y"}}},
			Removed: []app.Address{lane("old")}}},
		deploy.Judged{Commit: sha('a'), Key: 5, Decision: policies.Decision{Verdict: policies.Hold, Recheck: noon(),
			Reasons: []policies.Reason{{Rule: policies.RuleApproval, Verdict: policies.Hold, Sentence: "1 of 2"}}},
			Release: deploy.Release{Artifact: "sha256:x", Spec: deploy.Spec{Run: "x", Timeout: time.Minute, Verify: deploy.Verify{HTTP: "http://x"}}}},
		deploy.Restored{Commit: sha('a'), Key: 5, Status: app.Status{Outcome: app.Failed, ExitCode: -1, Began: noon(), Tail: "x\ny"}},
	}
	var letters []app.Letter
	for _, m := range messages {
		letters = append(letters, app.Letter{To: lane("a"), Message: m})
	}
	post(t, s, letters...)
	for i, m := range mailAt(t, s, 100, noon()) {
		same(t, fmt.Sprintf("message %d", i), m.Message, messages[i])
	}
	if err := s.Update(t.Context(), func(tx engine.Tx) error { return tx.Post([]app.Letter{{To: lane("a")}}, noon()) }); err == nil {
		t.Error("a letter without a message is stored")
	}
	if err := s.Update(t.Context(), func(tx engine.Tx) error { return tx.Post([]app.Letter{{To: lane("a"), Message: stranger{}}}, noon()) }); err == nil {
		t.Error("a message that can't be read again is stored")
	}
}

// stranger is a message that no store knows.
type stranger struct{}

// Name of stranger.
func (stranger) Name() string { return "stranger" }
