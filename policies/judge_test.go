package policies_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

const (
	live  = app.SHA("71f0aa93be1271f0aa93be1271f0aa93be1271f0")
	newer = app.SHA("c0ffee123456c0ffee123456c0ffee123456c0ff")
)

func now() time.Time { return time.Date(2027, 3, 1, 10, 12, 0, 0, time.UTC) }

func known[T any](v T) app.Fact[T] { return app.Known(v, now()) }

func person(id int64, login string) app.Person { return app.Person{ID: id, Login: login} }

func ben() app.Person  { return person(1, "ben") }
func cy() app.Person   { return person(2, "cy") }
func dana() app.Person { return person(3, "dana") }
func eli() app.Person  { return person(4, "eli") }
func bot() app.Person  { return app.Person{ID: 9, Login: "renovate[bot]", Bot: true} }

func yes(by app.Person, role string) policies.Approval {
	return policies.Approval{
		Approval: app.Approval{By: by, Role: role, At: now(), Source: fmt.Sprintf("comment/%d", by.ID)},
		RoleNow:  known(role),
	}
}

func delivery() policies.Policy { return policies.Policy{Mode: policies.Delivery} }

func fourEyes() policies.Policy {
	return policies.Policy{Mode: policies.Delivery, Not: policies.Not{Author: true}}
}

func both(p policies.Policy) policies.Gate { return policies.Gate{Live: known(p), Head: known(p)} }

func candidates() app.Fact[[]policies.Candidate] {
	return known([]policies.Candidate{{ben(), "maintain"}, {cy(), "write"}, {dana(), "maintain"}, {eli(), "admin"}, {bot(), "maintain"}})
}

// ready is the facts of a commit that lacks nothing but an approval.
func ready(p policies.Policy) policies.Facts {
	return policies.Facts{
		Now: now(), Commit: full, Service: "payments", Environment: "production", Gate: both(p),
		Green: known(true), OnBranch: known(true), Live: live, Contains: known(true),
		Excluded: known([]policies.Contributor{
			{ID: 1, Login: "ben", Pull: 412, Why: "opened #412"},
			{ID: 1, Login: "ben", Pull: 412, Why: "wrote 9b1e2c7d40aa"},
			{ID: 2, Login: "cy", Why: "co-wrote 9b1e2c7d40aa"},
		}),
		Candidates: candidates(),
	}
}

func spoken(d policies.Decision) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s", d.Verdict)
	if !d.Recheck.IsZero() {
		fmt.Fprintf(&b, ", again in %s", d.Recheck.Sub(now()))
	}
	for _, r := range d.Reasons {
		fmt.Fprintf(&b, "\n%s %s: %s", r.Verdict, r.Rule, r.Sentence)
	}
	return b.String()
}

type judged struct {
	name   string
	policy policies.Policy
	change func(*policies.Facts)
	want   string
}

func judge(t *testing.T, tests []judged) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := ready(test.policy)
			if test.change != nil {
				test.change(&f)
			}
			if got := spoken(policies.Judge(f)); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

const (
	passed     = "\nallow checks: Checks passed"
	nobodyAsks = "\nallow approval: Nobody has to approve: the policy is deployment"
)

func TestJudgeWhatGoes(t *testing.T) {
	deployment := policies.Policy{Mode: policies.Deployment}
	staged := policies.Policy{Mode: policies.Deployment, After: "staging"}
	standing := func(s policies.Standing) func(*policies.Facts) {
		return func(f *policies.Facts) {
			f.Standings = map[string]app.Fact[policies.Standing]{"staging": known(s)}
		}
	}
	judge(t, []judged{
		{"green goes by itself", deployment, nil, "allow" + passed + nobodyAsks},
		{"red waits", deployment, func(f *policies.Facts) { f.Green = known(false) }, "hold\nhold checks: Checks have not passed" + nobodyAsks},
		{"nobody knows whether it is green", deployment, func(f *policies.Facts) { f.Green = app.Unknown[bool]("GitHub does not answer") },
			"hold, again in 1m0s\nhold checks: Not known: whether the checks passed (GitHub does not answer)" + nobodyAsks},
		{"no longer on the branch", deployment, func(f *policies.Facts) { f.OnBranch = known(false) },
			"deny" + passed + "\ndeny branch: No longer on the default branch" + nobodyAsks},
		{"nobody knows whether it is on the branch", deployment, func(f *policies.Facts) { f.OnBranch = app.Unknown[bool]("the mirror is locked") },
			"hold, again in 1m0s" + passed + "\nhold branch: Not known: whether the commit is still on the default branch (the mirror is locked)" + nobodyAsks},
		{"nobody knows whether something would be lost", deployment, func(f *policies.Facts) { f.Contains = app.Unknown[bool]("") },
			"hold, again in 1m0s" + passed + "\nhold contains-live: Not known: whether the commit contains what is live (nobody has said why)" + nobodyAsks},
		{"slipway must not deploy here", deployment, func(f *policies.Facts) { f.Blocked = "The secrets folder is still called acme/old" },
			"hold, again in 1m0s\nhold blocked: The secrets folder is still called acme/old" + passed + nobodyAsks},
		{"open in staging", staged, standing(policies.StandingOpen),
			"hold" + passed + "\nhold after: Waits until it is healthy in staging" + nobodyAsks},
		{"proven in staging", staged, standing(policies.StandingProven), "allow" + passed + "\nallow after: Healthy in staging" + nobodyAsks},
		{"lost in staging", staged, standing(policies.StandingLost),
			"deny" + passed + "\ndeny after: Failed in staging. A fix has to go through staging first, or `/retry` there" + nobodyAsks},
		{"nobody knows how staging does", staged, nil,
			"hold, again in 1m0s" + passed + "\nhold after: Not known: how the commit does in staging (nobody has said why)" + nobodyAsks},
		{"staging was removed, so a maintainer is asked", staged, standing(policies.StandingRemoved),
			"hold" + passed + "\nallow after: Can't be proven in staging, which is not in the file any more: a maintainer is asked instead" +
				"\nhold approval: Can't be proven in staging. Needs an approval from a maintainer"},
		{"no policy", policies.Policy{}, nil,
			"deny\ndeny gate: The default branch's file has no policy for payments/production that slipway knows" +
				"\ndeny gate: The file of what is live, `71f0aa93be12`, has no policy for payments/production that slipway knows" + passed},
		{"a policy that nobody knows", policies.Policy{Mode: "yolo"}, nil,
			"deny\ndeny gate: The default branch's file has no policy for payments/production that slipway knows" +
				"\ndeny gate: The file of what is live, `71f0aa93be12`, has no policy for payments/production that slipway knows" + passed},
		{"neither file can be read", deployment, func(f *policies.Facts) { f.Gate = policies.Gate{} },
			"hold, again in 1m0s\nhold gate: Not known: the gate in the default branch's file (nobody has said why)" +
				"\nhold gate: Not known: the gate in the file of what is live (nobody has said why)" + passed},
	})
}

func TestJudgeLossAndFirstRelease(t *testing.T) {
	deployment := policies.Policy{Mode: policies.Deployment}
	loses := func(f *policies.Facts) {
		f.Contains, f.Lost = known(false), []string{"#409 Round to cents (@cy)", "5ca1ab1e0000 `x` @everyone"}
	}
	const lost = "Does not contain what is live, `71f0aa93be12`, and would lose `#409 Round to cents (@cy)` and `5ca1ab1e0000 'x' @everyone`. "
	judge(t, []judged{
		{"a loss asks a maintainer", deployment, loses, "hold" + passed + "\nhold contains-live: " + lost + "Needs an approval from a maintainer"},
		{"a maintainer accepts a loss", deployment, func(f *policies.Facts) {
			loses(f)
			f.Approvals = []policies.Approval{yes(dana(), "maintain")}
		}, "allow" + passed + "\nallow contains-live: " + lost + "Approved by @dana, 2027-03-01 10:12 UTC"},
		{"which also counts for the gate", delivery(), func(f *policies.Facts) {
			loses(f)
			f.Approvals = []policies.Approval{yes(dana(), "maintain")}
		}, "allow" + passed + "\nallow contains-live: " + lost + "Approved by @dana, 2027-03-01 10:12 UTC"},
		{"which is said once, though a file asks for the same", policies.Policy{}, func(f *policies.Facts) {
			loses(f)
			f.Gate = policies.Gate{Live: known(delivery()), Head: known(deployment)}
		}, "hold" + passed + "\nhold contains-live: " + lost + "Needs an approval from a maintainer"},
		{"the first release asks a maintainer, whatever the policy", deployment, func(f *policies.Facts) {
			f.First, f.Live, f.Gate.Live = true, "", known(policies.Policy{})
		}, "hold" + passed + "\nhold first-release: First release here. Needs an approval from a maintainer"},
		{"an approved first release", deployment, func(f *policies.Facts) {
			f.First, f.Live, f.Gate.Live = true, "", known(policies.Policy{})
			f.Approvals = []policies.Approval{yes(ben(), "maintain")}
		}, "allow" + passed + "\nallow first-release: First release here. Approved by @ben, 2027-03-01 10:12 UTC"},
		{"a first release under delivery asks once", fourEyes(), func(f *policies.Facts) {
			f.First, f.Live, f.Gate.Live = true, "", known(policies.Policy{})
		}, "hold" + passed + "\nhold first-release: First release here. Needs an approval from a maintainer. Not @ben or @cy: it is their change."},
		{"a first release from whom the only file names", policies.Policy{Mode: policies.Delivery, From: []policies.Selector{{Kind: "role", Value: "admin"}}},
			func(f *policies.Facts) { f.First, f.Live, f.Gate.Live = true, "", known(policies.Policy{}) },
			"hold" + passed + "\nhold first-release: First release here. Needs an approval from a maintainer\nhold approval: Needs an approval from " +
				"an admin"},
		{"whoever is named is not enough for a first release",
			policies.Policy{Mode: policies.Delivery, From: []policies.Selector{{Kind: "user", Value: "cy"}}}, func(f *policies.Facts) {
				f.First, f.Live, f.Gate.Live = true, "", known(policies.Policy{})
				f.Approvals = []policies.Approval{yes(cy(), "read")}
			}, "hold" + passed + "\nhold first-release: First release here. Needs an approval from a maintainer. " +
				"@cy's approval does not count: they have the role `read` now.\nallow approval: Approved by @cy, 2027-03-01 10:12 UTC"},
		{"what is live is not known", deployment, func(f *policies.Facts) { f.Live, f.Gate.Live = "", known(policies.Policy{}) },
			"hold" + passed + "\nhold first-release: Nobody can say what is live here. Needs an approval from a maintainer"},
		{"what is live is not known, but what was judges on", deployment, func(f *policies.Facts) { f.Live = "" }, "allow" + passed + nobodyAsks},
	})
}

func TestJudgeWhoMay(t *testing.T) {
	given := func(all ...policies.Approval) func(*policies.Facts) {
		return func(f *policies.Facts) { f.Approvals = all }
	}
	from := func(selectors ...policies.Selector) policies.Policy {
		return policies.Policy{Mode: policies.Delivery, From: selectors}
	}
	const needs, by = "hold" + passed + "\nhold approval: Needs an approval from a maintainer", "\nallow approval: Approved by @%s, 2027-03-01 10:12 UTC"
	const notThem = ". Not @ben or @cy: it is their change."
	judge(t, []judged{
		{"nobody yet", delivery(), nil, needs},
		{"a maintainer", delivery(), given(yes(dana(), "maintain")), "allow" + passed + fmt.Sprintf(by, "dana")},
		{"an admin, for roles are minimums", delivery(), given(yes(eli(), "admin")), "allow" + passed + fmt.Sprintf(by, "eli")},
		{"the author, where four eyes are not asked for", delivery(), given(yes(ben(), "maintain")), "allow" + passed + fmt.Sprintf(by, "ben")},
		{"a writer", delivery(), given(yes(cy(), "write")), needs + ". @cy's approval does not count: they have the role `write` now."},
		{"a writer of a personal repository", delivery(), func(f *policies.Facts) {
			f.Personal, f.Approvals = true, []policies.Approval{yes(cy(), "write")}
		}, "allow" + passed + fmt.Sprintf(by, "cy")},
		{"a role that an organisation invented", delivery(), given(yes(cy(), "release-manager")),
			needs + ". @cy's approval does not count: slipway does not know the role `release-manager`."},
		{"a bot", delivery(), given(yes(bot(), "admin")), needs + ". @renovate[bot]'s approval does not count: it is a bot."},
		{"somebody whose role can't be read now", delivery(), func(f *policies.Facts) {
			f.Approvals = []policies.Approval{yes(dana(), "maintain")}
			f.Approvals[0].RoleNow = app.Unknown[string]("GitHub does not answer")
		}, "hold, again in 1m0s" + passed + "\nhold approval: Needs an approval from a maintainer. " +
			"@dana's approval can't be counted now, because their role is not known: GitHub does not answer."},
		{"four eyes: nobody yet", fourEyes(), nil, needs + notThem},
		{"four eyes: the author", fourEyes(), given(yes(ben(), "admin")),
			needs + notThem + " @ben's approval does not count: they opened #412 and wrote 9b1e2c7d40aa."},
		{"four eyes: the author, renamed", fourEyes(), given(yes(person(1, "benjamin"), "admin")),
			needs + notThem + " @benjamin's approval does not count: they opened #412 and wrote 9b1e2c7d40aa."},
		{"four eyes: somebody else", fourEyes(), given(yes(ben(), "admin"), yes(dana(), "maintain")), "allow" + passed + fmt.Sprintf(by, "dana")},
		{"four eyes: nobody knows whose change it is", fourEyes(), func(f *policies.Facts) {
			f.Excluded = app.Unknown[[]policies.Contributor]("GitHub does not answer")
			f.Approvals = []policies.Approval{yes(dana(), "maintain")}
		}, "hold, again in 1m0s" + passed + "\nhold approval: Needs an approval from a maintainer. Whose change it is is not known: GitHub does " +
			"not answer. @dana's approval can't be counted now, because it is not known whose change it is."},
		{"four eyes: an e-mail that no login has", fourEyes(), func(f *policies.Facts) {
			f.Excluded = known([]policies.Contributor{{Email: "x@`evil`.example", Why: "wrote 9b1e2c7d40aa"}})
		}, needs + ". Nobody could be excluded for `x@'evil'.example`, which no login has."},
		{"four eyes: an e-mail that wrote more than once", fourEyes(), func(f *policies.Facts) {
			f.Excluded = known([]policies.Contributor{{Email: "x@a.example", Why: "wrote 9b1e2c7d40aa"}, {Email: "X@a.example", Why: "wrote " +
				"c0ffee123456"}, {Email: "y@a.example", Why: "wrote 71f0aa93be12"}, {Email: "x@a.example", Why: "wrote 5ca1ab1e0000"}})
		}, needs + ". Nobody could be excluded for `x@a.example`, `y@a.example`, which no login has."},
		{"four eyes: nobody is left", fourEyes(), func(f *policies.Facts) {
			f.Candidates = known([]policies.Candidate{{ben(), "maintain"}, {cy(), "write"}, {bot(), "admin"}})
		}, needs + notThem + " Nobody is left who may: all that could are @ben (opened #412 and wrote 9b1e2c7d40aa)."},
		{"nobody has the role", delivery(), func(f *policies.Facts) {
			f.Candidates = known([]policies.Candidate{{cy(), "write"}, {bot(), "admin"}})
		}, needs + ". Nobody may: the repository has not got a maintainer who is a person."},
		{"who could is not known, which costs only words", fourEyes(), func(f *policies.Facts) {
			f.Candidates = app.Unknown[[]policies.Candidate]("")
		}, needs + notThem},
		{"somebody who is named, with any access", from(policies.Selector{Kind: "user", Value: "Cy"}), given(yes(cy(), "read")),
			"allow" + passed + fmt.Sprintf(by, "cy")},
		{"a maintainer where somebody is named", from(policies.Selector{Kind: "user", Value: "cy"}), given(yes(dana(), "maintain")),
			"hold" + passed + "\nhold approval: Needs an approval from @cy. @dana's approval does not count: they have the role `maintain` now."},
		{"one of several that are named", from(policies.Selector{Kind: "user", Value: "cy"}, policies.Selector{Kind: "role", Value: "admin"}), nil,
			"hold" + passed + "\nhold approval: Needs an approval from @cy or an admin"},
		{"whoever can write", from(policies.Selector{Kind: "role", Value: "write"}), given(yes(cy(), "write")),
			"allow" + passed + fmt.Sprintf(by, "cy")},
		{"a selector that nobody knows selects nobody", from(policies.Selector{Kind: "group", Value: "all"}, policies.Selector{Kind: "role", Value: "none"}),
			given(yes(eli(), "admin"), yes(cy(), "owner")),
			"hold" + passed + "\nhold approval: Needs an approval from `group:all` (which slipway cannot judge) or `role:none` (which slipway " +
				"cannot judge). @eli's approval does not count: they have the role `admin` now. @cy's approval does not count: slipway does not know " +
				"the role `owner`. Nobody may: the repository has not got `group:all` (which slipway cannot judge) or `role:none` (which slipway " +
				"cannot judge) who is a person."},
		{"a role of the organisation's own, by its exact name", from(policies.Selector{Kind: "role", Value: "owner"}),
			given(yes(eli(), "admin"), yes(cy(), "owner")), "allow" + passed + fmt.Sprintf(by, "cy")},
	})
}

func TestJudgeByBothFiles(t *testing.T) {
	cyMay := policies.Policy{Mode: policies.Delivery, From: []policies.Selector{{Kind: "user", Value: "cy"}}}
	gate := func(live, head policies.Policy, given ...policies.Approval) func(*policies.Facts) {
		return func(f *policies.Facts) {
			f.Gate, f.Approvals = policies.Gate{Live: known(live), Head: known(head)}, given
		}
	}
	deployment := policies.Policy{Mode: policies.Deployment}
	judge(t, []judged{
		{"a loosening has to pass the gate that it loosens", policies.Policy{}, gate(delivery(), deployment),
			"hold" + passed + "\nhold approval: Needs an approval from a maintainer (so says the file that is live)"},
		{"a tightening holds at once", policies.Policy{}, gate(deployment, delivery()),
			"hold" + passed + "\nhold approval: Needs an approval from a maintainer (so says the default branch's file)"},
		{"four eyes that were dropped still count", policies.Policy{}, gate(fourEyes(), delivery(), yes(ben(), "admin")),
			"hold" + passed + "\nhold approval: Needs an approval from a maintainer. Not @ben or @cy: it is their change. @ben's approval does not " +
				"count: they opened #412 and wrote 9b1e2c7d40aa."},
		{"each file asks its own", policies.Policy{}, gate(cyMay, delivery(), yes(cy(), "write")),
			"hold" + passed + "\nallow approval: Approved by @cy, 2027-03-01 10:12 UTC\nhold approval: Needs an approval from a maintainer (so says " +
				"the default branch's file). @cy's approval does not count: they have the role `write` now."},
		{"both are given theirs", policies.Policy{}, gate(cyMay, delivery(), yes(cy(), "write"), yes(dana(), "maintain")),
			"allow" + passed + "\nallow approval: Approved by @cy, 2027-03-01 10:12 UTC\nallow approval: Approved by @dana, 2027-03-01 10:12 UTC"},
		{"each file names another environment", policies.Policy{}, func(f *policies.Facts) {
			a, b := deployment, deployment
			a.After, b.After = "staging", "canary"
			f.Gate = policies.Gate{Live: known(a), Head: known(b)}
			f.Standings = map[string]app.Fact[policies.Standing]{"staging": known(policies.StandingProven), "canary": known(policies.StandingOpen)}
		}, "hold" + passed + "\nallow after: Healthy in staging\nhold after: Waits until it is healthy in canary" + nobodyAsks},
	})
}

func TestZeroDenies(t *testing.T) {
	var d policies.Decision
	if d.Verdict != policies.Deny || policies.Verdict(7).String() != "deny" {
		t.Error("a forgotten decision does not deny")
	}
	if got := policies.Judge(policies.Facts{}).Verdict; got == policies.Allow {
		t.Errorf("no facts at all: %s", got)
	}
	f := ready(policies.Policy{})
	if got := policies.Judge(f).Verdict; got != policies.Deny {
		t.Errorf("no policy: %s", got)
	}
	if ok, _ := policies.MayApprove(policies.Facts{}, dana(), known("admin")); ok {
		t.Error("an approval counts without any facts")
	}
}

func TestNeeds(t *testing.T) {
	for _, test := range []struct {
		gate  policies.Gate
		want  string
		after string
	}{
		{policies.Gate{}, "[roles]", "[]"},
		{both(policies.Policy{Mode: policies.Deployment}), "[]", "[]"},
		{both(delivery()), "[roles]", "[]"},
		{policies.Gate{Live: known(fourEyes()), Head: known(policies.Policy{Mode: policies.Deployment, After: "staging"})},
			"[authors roles standing]", "[staging]"},
		{policies.Gate{Live: known(policies.Policy{Mode: policies.Deployment, After: "a"}), Head: known(policies.Policy{Mode: policies.Deployment, After: "b"})},
			"[standing]", "[a b]"},
	} {
		if got, after := fmt.Sprint(test.gate.Needs()), fmt.Sprint(test.gate.After()); got != test.want || after != test.after {
			t.Errorf("needs %s after %s, want %s after %s", got, after, test.want, test.after)
		}
	}
}
