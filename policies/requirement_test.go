package policies_test

import (
	"strings"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

func team(name string) policies.Selector   { return policies.Selector{Kind: "team", Value: name} }
func role(name string) policies.Selector   { return policies.Selector{Kind: "role", Value: name} }
func named(login string) policies.Selector { return policies.Selector{Kind: "user", Value: login} }

// TestRequirements holds who has to approve, how many of them, and for what.
func TestRequirements(t *testing.T) {
	owners := policies.Selector{Kind: "codeowners"}
	one := func(from ...policies.Selector) policies.Requirement { return policies.Requirement{From: from} }
	list := func(all ...policies.Selector) []policies.Selector { return all }
	teams := func(f *policies.Facts) {
		f.Teams = map[string]app.Fact[[]app.Person]{
			"acme/release": known([]app.Person{eli(), ben()}), "acme/ops": known([]app.Person{dana()}), "acme/empty": known([]app.Person{}),
			"acme/lost": app.Unknown[[]app.Person]("no answer"),
		}
	}
	paths := func(all ...string) func(*policies.Facts) {
		return func(f *policies.Facts) { f.Paths = known(all) }
	}
	owned := func(all ...policies.Owned) func(*policies.Facts) {
		return func(f *policies.Facts) { f.Owners = known(all) }
	}
	dba := policies.Requirement{From: list(named("eli")), When: policies.When{Paths: []string{"db/**"}}}
	for name, c := range map[string]struct {
		policy policies.Policy
		facts  func(*policies.Facts)
		given  []policies.Approval
		want   policies.Verdict
		says   string
	}{
		"two of two":                {policies.Policy{Count: 2}, nil, []policies.Approval{yes(dana(), "maintain"), yes(eli(), "admin")}, policies.Allow, "Approved by @dana, 2027-03-01 10:12 UTC and @eli, 2027-03-01 10:12 UTC"},
		"one of two":                {policies.Policy{Count: 2}, nil, []policies.Approval{yes(dana(), "maintain")}, policies.Hold, "Needs 2 approvals from a maintainer, of which @dana's is given"},
		"twice the same":            {policies.Policy{Count: 2}, nil, []policies.Approval{yes(dana(), "maintain"), yes(dana(), "maintain")}, policies.Hold, "of which @dana's is given"},
		"more than there are":       {policies.Policy{Count: 4}, nil, nil, policies.Hold, "as far as GitHub tells."},
		"a team":                    {policies.Policy{From: list(team("Acme/Release"))}, teams, []policies.Approval{yes(eli(), "read")}, policies.Allow, "Approved by @eli"},
		"not of the team":           {policies.Policy{From: list(team("acme/ops"))}, teams, []policies.Approval{yes(eli(), "admin")}, policies.Hold, "Needs an approval from someone from acme/ops. @eli's approval does not count"},
		"a team of nobody":          {policies.Policy{From: list(team("acme/empty"))}, teams, []policies.Approval{yes(eli(), "admin")}, policies.Hold, "GitHub shows slipway nobody in the team `acme/empty`."},
		"a team unread":             {policies.Policy{From: list(team("acme/lost"))}, teams, []policies.Approval{yes(eli(), "admin")}, policies.Hold, "can't be counted now, because it is not known who is in the teams: no answer"},
		"a team never heard of":     {policies.Policy{From: list(team("acme/x"))}, nil, []policies.Approval{yes(eli(), "admin")}, policies.Hold, "nobody has said why"},
		"all":                       {policies.Policy{All: []policies.Requirement{one(role("maintain")), one(team("acme/ops"))}}, teams, []policies.Approval{yes(eli(), "admin")}, policies.Hold, "allow approval: Approved by @eli, 2027-03-01 10:12 UTC\nhold approval: Needs an approval from someone from acme/ops"},
		"any, by the first":         {policies.Policy{Any: []policies.Requirement{one(named("ben")), {Count: 2}}}, nil, []policies.Approval{yes(ben(), "read")}, policies.Allow, "Approved by @ben"},
		"any, by the second":        {policies.Policy{Any: []policies.Requirement{one(named("ben")), {Count: 2}}}, nil, []policies.Approval{yes(eli(), "admin"), yes(dana(), "maintain")}, policies.Allow, "Approved by @eli"},
		"any, by none":              {policies.Policy{Any: []policies.Requirement{one(named("ben")), {Count: 2}}}, nil, []policies.Approval{yes(eli(), "admin")}, policies.Hold, "Needs an approval from @ben or 2 approvals from a maintainer, of which @eli's is given"},
		"all within any":            {policies.Policy{Any: []policies.Requirement{one(named("ben")), {All: []policies.Requirement{one(named("cy")), one(named("eli"))}}}}, nil, []policies.Approval{yes(eli(), "admin")}, policies.Hold, "Needs an approval from @ben or an approval from @cy"},
		"for these paths":           {policies.Policy{All: []policies.Requirement{one(), dba}}, paths("db/1.sql"), []policies.Approval{yes(dana(), "maintain")}, policies.Hold, "Needs an approval from @eli"},
		"not for those":             {policies.Policy{All: []policies.Requirement{one(), dba}}, paths("web/a"), []policies.Approval{yes(dana(), "maintain")}, policies.Allow, "Approved by @dana"},
		"for all that is not known": {policies.Policy{All: []policies.Requirement{one(), dba}}, nil, []policies.Approval{yes(dana(), "maintain")}, policies.Hold, "Needs an approval from @eli"},
		"nothing counts":            {policies.Policy{All: []policies.Requirement{dba}}, paths("web/a"), nil, policies.Hold, "Needs an approval from a maintainer"},
		"no way that is not known":  {policies.Policy{Any: []policies.Requirement{dba, {Count: 2}}}, nil, []policies.Approval{yes(eli(), "admin")}, policies.Hold, "Needs 2 approvals from a maintainer"},
		"not these people":          {policies.Policy{Not: policies.Not{People: list(named("dana"), team("acme/release"))}}, teams, []policies.Approval{yes(dana(), "maintain"), yes(eli(), "admin")}, policies.Hold, "Not @dana or someone from acme/release. @dana's approval does not count: the file excludes them. @eli's approval does not count: the file excludes them"},
		"not the author's team":     {policies.Policy{From: list(role("maintain"), team("acme/release")), Not: policies.Not{Teams: true}}, teams, []policies.Approval{yes(eli(), "admin")}, policies.Hold, "@eli's approval does not count: they are in acme/release with @ben, whose change it is"},
		"of another team":           {policies.Policy{From: list(role("maintain"), team("acme/release")), Not: policies.Not{Teams: true}}, teams, []policies.Approval{yes(dana(), "maintain")}, policies.Allow, "Approved by @dana"},
		"expired":                   {policies.Policy{Expires: time.Hour}, func(f *policies.Facts) { f.Now = now().Add(time.Hour) }, []policies.Approval{yes(dana(), "maintain")}, policies.Hold, "@dana's approval does not count: it has expired, at 2027-03-01 11:12 UTC"},
		"about to expire":           {policies.Policy{Expires: time.Hour}, nil, []policies.Approval{yes(dana(), "maintain")}, policies.Allow, "again in 1h0m0s"},
		"by a comment":              {policies.Policy{Doors: []app.Door{"comment"}}, nil, []policies.Approval{yes(dana(), "maintain")}, policies.Allow, "Approved by @dana"},
		"by another door":           {policies.Policy{Doors: []app.Door{"button"}}, nil, []policies.Approval{yes(dana(), "maintain")}, policies.Hold, "@dana's approval does not count: it came by comment, and payments/production asks for a button"},
		"an owner":                  {policies.Policy{From: list(owners)}, owned(policies.Owned{Owners: list(named("eli")), File: "a.go", Files: 3}), []policies.Approval{yes(eli(), "read")}, policies.Allow, "Approved by @eli"},
		"one owner for each file":   {policies.Policy{From: list(owners)}, owned(policies.Owned{Owners: list(named("eli")), File: "a.go", Files: 3}, policies.Owned{Owners: list(named("cy")), File: "b.go", Files: 1}), []policies.Approval{yes(eli(), "read")}, policies.Hold, "Needs an approval from @cy for `b.go`"},
		"an owner, or another":      {policies.Policy{From: list(owners, role("admin"))}, owned(policies.Owned{Owners: list(named("cy")), File: "a.go", Files: 3}), []policies.Approval{yes(eli(), "admin")}, policies.Allow, "Approved by @eli"},
		"no owner":                  {policies.Policy{From: list(owners)}, owned(), []policies.Approval{yes(cy(), "write")}, policies.Hold, "Needs an approval from a maintainer for files without an owner"},
		"owners unread":             {policies.Policy{From: list(owners)}, nil, []policies.Approval{yes(eli(), "admin")}, policies.Hold, "Needs an approval from the owners of the files. Not known: whose files change (nobody has said why)"},
	} {
		t.Run(name, func(t *testing.T) {
			c.policy.Mode = policies.Delivery
			f := ready(c.policy)
			f.Approvals = c.given
			if c.facts != nil {
				c.facts(&f)
			}
			if d := policies.Judge(f); d.Verdict != c.want || !strings.Contains(spoken(d), c.says) {
				t.Errorf("%s", spoken(d))
			}
		})
	}
}

// TestTwoFilesTwoTeams: what both files want is said once, and whoever approved for one of two asks is not called again.
func TestTwoFilesTwoTeams(t *testing.T) {
	f := ready(policies.Policy{Mode: policies.Delivery, Count: 2})
	f.Approvals = []policies.Approval{yes(dana(), "maintain")}
	if d := policies.Judge(f); strings.Count(spoken(d), "Needs 2") != 1 || strings.Contains(spoken(d), "so says") {
		t.Error(spoken(d))
	}
	if left := policies.Approvers(f); strings.Join(left, " ") == "" || strings.Contains(strings.Join(left, " "), "dana") {
		t.Errorf("left are %v", left)
	}
}
