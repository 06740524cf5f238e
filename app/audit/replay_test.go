package audit

import (
	"encoding/json"
	"testing"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

// ready is the facts of a commit that lacks nothing but what the policy asks of people.
func ready(p policies.Policy) policies.Facts {
	return policies.Facts{
		Now: noon, Commit: "9b1e2c7d40aa", Environment: "production", Gate: policies.Gate{Live: app.Known(p, noon), Head: app.Known(p, noon)},
		Green: app.Known(true, noon), OnBranch: app.Known(true, noon), Live: "71f0aa93be12", Contains: app.Known(true, noon),
	}
}

// decided is a row of the decision on some facts.
func decided(t *testing.T, n int64, f policies.Facts) Row {
	t.Helper()
	facts, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	d := policies.Judge(f)
	rows, err := Link(Row{Row: n - 1}, []Receipt{{Kind: Decided, Environment: f.Environment, Decision: &d, Facts: facts}})
	if err != nil {
		t.Fatal(err)
	}
	return rows[0]
}

func TestReplay(t *testing.T) {
	delivery, deployment := policies.Policy{Mode: policies.Delivery}, policies.Policy{Mode: policies.Deployment}
	owned := policies.Policy{Mode: policies.Delivery, From: []policies.Selector{{Kind: policies.KindOwners}}}
	authors := policies.Policy{Mode: policies.Delivery, Not: policies.Not{Author: true}}
	proven := policies.Policy{Mode: policies.Deployment, After: "staging"}
	inTeam := policies.Policy{Mode: policies.Delivery, From: []policies.Selector{{Kind: policies.KindTeam, Value: "Acme/Release"}}}
	nothingLive := ready(delivery)
	nothingLive.Live, nothingLive.Gate.Live, nothingLive.First = "", app.Known(policies.Policy{}, noon), true
	elsewhere := ready(delivery)
	elsewhere.Environment = "gone"
	withTeam, withStaging, unread := ready(delivery), ready(delivery), ready(delivery)
	withTeam.Teams = map[string]app.Fact[[]app.Person]{"acme/release": app.Known([]app.Person{}, noon)}
	withStaging.Standings = map[string]app.Fact[policies.Standing]{"staging": app.Known(policies.StandingProven, noon)}
	unread.Owners = app.Unknown[[]policies.Owned]("GitHub did not answer")
	for _, c := range []struct {
		name  string
		facts policies.Facts
		by    *policies.Policy
		want  string
	}{
		{"by its own gate", ready(delivery), nil, "1 recorded decision judged again: none differs."},
		{"by the same", ready(delivery), &delivery, "1 recorded decision judged again: none differs."},
		{"looser", ready(delivery), &deployment, "1 recorded decision judged again: 1 differs, and 1 of those would go that did not."},
		{"stricter", ready(deployment), &delivery, "1 recorded decision judged again: 1 differs."},
		{"the first release asks whatever the file says", nothingLive, &deployment, "1 recorded decision judged again: none differs."},
		{"of an environment that is not in the file", elsewhere, &delivery, "0 of 1 recorded decision judged again. 1 is of environments that this file does not have."},
		{"owners that were not read", ready(deployment), &owned, "0 of 1 recorded decision judged again. Of 1 it can't be told: facts that only this file asks for were not read then."},
		{"owners that could not be read", unread, &owned, "1 recorded decision judged again: none differs."},
		{"authors that were not read", ready(deployment), &authors, "0 of 1 recorded decision judged again. Of 1 it can't be told: facts that only this file asks for were not read then."},
		{"an environment that was not asked", ready(deployment), &proven, "0 of 1 recorded decision judged again. Of 1 it can't be told: facts that only this file asks for were not read then."},
		{"an environment that was", withStaging, &proven, "1 recorded decision judged again: 1 differs, and 1 of those would go that did not."},
		{"a team that was not read", ready(delivery), &inTeam, "0 of 1 recorded decision judged again. Of 1 it can't be told: facts that only this file asks for were not read then."},
		{"a team that was", withTeam, &inTeam, "1 recorded decision judged again: none differs."},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p Replay
			if c.by != nil {
				p.Gate = func(_, environment string) (policies.Policy, bool) { return *c.by, environment == "production" }
			}
			if err := p.Next(decided(t, 1, c.facts)); err != nil {
				t.Fatal(err)
			}
			if got := p.Summary(); got != c.want {
				t.Errorf("it says %q, not %q", got, c.want)
			}
		})
	}
	var none Replay
	if got := none.Summary(); got != "No decisions were recorded." {
		t.Error(got)
	}
}

// What would go that did not comes first, the newest before older ones; a verdict that a receipt claims falsely is found.
func TestReplaySorts(t *testing.T) {
	delivery, deployment := policies.Policy{Mode: policies.Delivery}, policies.Policy{Mode: policies.Deployment}
	p := Replay{Gate: func(_, environment string) (policies.Policy, bool) {
		if environment == "staging" {
			return delivery, true
		}
		return deployment, true
	}}
	for n, f := range []policies.Facts{ready(delivery), ready(deployment), ready(delivery)} {
		if n == 1 {
			f.Environment = "staging"
		}
		if err := p.Next(decided(t, int64(n+1), f)); err != nil {
			t.Fatal(err)
		}
	}
	var rows []int64
	for _, d := range p.Sorted() {
		rows = append(rows, d.Row)
	}
	if len(rows) != 3 || rows[0] != 3 || rows[1] != 1 || rows[2] != 2 {
		t.Errorf("sorted as %v", rows)
	}
	facts, err := json.Marshal(ready(delivery))
	if err != nil {
		t.Fatal(err)
	}
	lie, err := Link(Row{}, []Receipt{{Kind: Decided, Decision: &policies.Decision{Verdict: policies.Allow}, Facts: facts}})
	if err != nil {
		t.Fatal(err)
	}
	var own Replay
	if err := own.Next(lie[0]); err != nil || len(own.Differ) != 1 {
		t.Errorf("a verdict that its facts don't give is taken: %v", err)
	}
}
