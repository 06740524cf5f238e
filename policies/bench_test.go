package policies_test

import (
	"fmt"
	"testing"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

// BenchmarkJudge is one decision by a policy of fifty rules: windows, requirements with predicates, and what every gate wants. A decision has to
// cost less than 50 µs.
func BenchmarkJudge(b *testing.B) {
	z := berlin(b)
	p := policies.Policy{Mode: policies.Delivery, After: "staging", Not: policies.Not{Author: true, People: []policies.Selector{named("bob")}}}
	for i := range 20 {
		w := hours(policies.Window{Allow: i == 0, Text: fmt.Sprintf("window %d", i), Zone: z, Days: 127}, 9, 23)
		if i > 0 {
			w = hours(policies.Window{Text: fmt.Sprintf("window %d", i), Zone: z, Days: 127}, i%8, 8)
		}
		p.Windows = append(p.Windows, w)
	}
	for i := range 24 {
		r := policies.Requirement{Count: 1 + i%2, From: []policies.Selector{role("maintain"), team(fmt.Sprintf("acme/team%d", i%6))}}
		if i%3 == 0 {
			r.When.Paths = []string{fmt.Sprintf("part%d/**", i)}
		}
		p.All = append(p.All, r)
	}
	f := ready(p)
	f.Standings = map[string]app.Fact[policies.Standing]{"staging": known(policies.StandingProven)}
	f.Paths = known([]string{"part0/a.go", "web/index.html", "part3/b.go"})
	f.Teams = map[string]app.Fact[[]app.Person]{}
	for i := range 6 {
		f.Teams[fmt.Sprintf("acme/team%d", i)] = known([]app.Person{dana(), eli()})
	}
	f.Approvals = []policies.Approval{yes(dana(), "maintain"), yes(eli(), "admin")}
	if d := policies.Judge(f); d.Verdict != policies.Allow {
		b.Fatal(spoken(d))
	}
	b.ReportAllocs()
	for b.Loop() {
		policies.Judge(f)
	}
}
