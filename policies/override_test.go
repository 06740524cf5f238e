package policies_test

import (
	"strings"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

func against(by app.Person, role string) policies.Override {
	return policies.Override{
		Override: app.Override{By: by, Role: role, At: now(), Source: "comment/" + by.Login, Because: "it `burns`", Pin: app.Pin{Commit: full}},
		RoleNow:  known(role),
	}
}

func alone(by app.Person, role string) policies.Override {
	o := against(by, role)
	o.Alone = true
	return o
}

// TestAnOverrideNeedsAnAdminAndAnother holds who may override, and what is never skipped.
func TestAnOverrideNeedsAnAdminAndAnother(t *testing.T) {
	const allow, hold, deny = policies.Allow, policies.Hold, policies.Deny
	shut := hours(policies.Window{Allow: true, Text: "00:00-01:00", Days: 127}, 0, 1)
	late := func(f *policies.Facts) {}
	for _, test := range []struct {
		name   string
		said   []policies.Override
		change func(*policies.Facts)
		want   policies.Verdict
		words  string
	}{
		{"nobody", nil, late, hold, "Window opens"},
		{"an admin", []policies.Override{against(eli(), "admin")}, late, hold,
			"@eli (`it 'burns'`) asks to skip window and approval. @ben or @dana can second it: `/override payments production 9b1e2c7d40aa because …`."},
		{"an admin alone", []policies.Override{alone(eli(), "admin")}, late, allow, "Overridden by @eli (`it 'burns'`): window and approval are skipped."},
		{"an admin and a maintainer", []policies.Override{against(eli(), "admin"), against(dana(), "maintain")}, late, allow,
			"Overridden by @eli (`it 'burns'`) and @dana (`it 'burns'`): window and approval are skipped."},
		{"two maintainers", []policies.Override{against(ben(), "maintain"), against(dana(), "maintain")}, late, hold, "ask to skip window and approval. @eli can second it"},
		{"a maintainer alone", []policies.Override{alone(dana(), "maintain")}, late, hold, "asks to skip"},
		{"an admin twice", []policies.Override{against(eli(), "admin"), against(eli(), "admin")}, late, hold, "asks to skip"},
		{"a bot", []policies.Override{alone(bot(), "admin")}, late, hold, "Window opens"},
		{"an admin whose role is gone", []policies.Override{{Override: alone(eli(), "admin").Override, RoleNow: known("write")}}, late, hold, "Window opens"},
		{"an admin whose role is not known", []policies.Override{{Override: alone(eli(), "admin").Override}}, late, hold, "Window opens"},
		{"of another commit", []policies.Override{alone(eli(), "admin")}, func(f *policies.Facts) { f.Overrides[0].Pin.Commit = newer }, hold, "Window opens"},
		{"whose change it is, as the second", []policies.Override{against(eli(), "admin"), against(ben(), "maintain")},
			func(f *policies.Facts) { f.Gate.Head.Value.Not.Author = true }, hold, "@dana can second it"},
		{"red checks", []policies.Override{alone(eli(), "admin")}, func(f *policies.Facts) { f.Green = known(false) }, hold, "Checks have not passed"},
		{"red checks, which one file gives up", []policies.Override{alone(eli(), "admin")}, func(f *policies.Facts) {
			f.Green, f.Gate.Head.Value.OverrideChecks = known(false), true
		}, hold, "Checks have not passed"},
		{"red checks, which both files give up", []policies.Override{alone(eli(), "admin")}, func(f *policies.Facts) {
			f.Green, f.Gate.Head.Value.OverrideChecks, f.Gate.Live.Value.OverrideChecks = known(false), true, true
		}, allow, "checks, window and approval are skipped."},
		{"what is not on the branch", []policies.Override{alone(eli(), "admin")}, func(f *policies.Facts) { f.OnBranch = known(false) }, deny, "No longer on the default branch"},
		{"what slipway may not deploy", []policies.Override{alone(eli(), "admin")}, func(f *policies.Facts) { f.Blocked = "No secrets" }, hold, "No secrets"},
		{"what failed before, and one asks", []policies.Override{against(eli(), "admin")}, func(f *policies.Facts) {
			f.Gate.Head.Value.After, f.Standings = "staging", map[string]app.Fact[policies.Standing]{"staging": known(policies.StandingLost)}
		}, hold, "asks to skip after, window and approval"},
		{"what failed before", []policies.Override{alone(eli(), "admin")}, func(f *policies.Facts) {
			f.Gate.Head.Value.After, f.Standings = "staging", map[string]app.Fact[policies.Standing]{"staging": known(policies.StandingLost)}
		}, allow, "after, window and approval are skipped."},
		{"a maintainer before the admin", []policies.Override{against(dana(), "maintain"), against(eli(), "admin")}, late, hold, "@ben or @dana can second it"},
		{"a loss that the admin saw", []policies.Override{alone(eli(), "admin")}, func(f *policies.Facts) {
			f.Contains, f.Pin.Live, f.Overrides[0].Pin.Live = known(false), live, live
		}, allow, "window and contains-live are skipped."},
		{"a loss that the admin did not see", []policies.Override{alone(eli(), "admin")}, func(f *policies.Facts) {
			f.Contains, f.Pin.Live, f.Overrides[0].Pin.Live = known(false), live, older
		}, hold, "window is skipped."},
		{"a loss that nobody can tell", []policies.Override{alone(eli(), "admin")}, func(f *policies.Facts) {
			f.Contains, f.Pin.Live, f.Overrides[0].Pin.Live = app.Unknown[bool](""), live, live
		}, hold, "window and approval are skipped."},
		{"what nothing stands in the way of", []policies.Override{alone(eli(), "admin")}, func(f *policies.Facts) {
			f.Gate = both(policies.Policy{Mode: policies.Deployment})
		}, allow, "Nobody has to approve"},
	} {
		gate := delivery()
		gate.Windows = []policies.Window{shut}
		f := ready(gate)
		f.Overrides = test.said
		test.change(&f)
		d := policies.Judge(f)
		if d.Verdict != test.want || !strings.Contains(sentences(d), test.words) {
			t.Errorf("%s: %s, %s", test.name, d.Verdict, sentences(d))
		}
		if _, against := d.Overridden(); against && !strings.Contains(sentences(d), "Overridden by") {
			t.Errorf("%s: it is overridden, and nobody says so", test.name)
		}
	}
}

func TestResolveOverride(t *testing.T) {
	const neither = " in the same comment contradict each other, so neither was carried out. Say the one that you mean."
	word := func(by app.Person, role, because, more string) string {
		return `lane/42/payments/production overrode {"Commit":"` + full + `","Key":7,"By":{"ID":` + map[string]string{"eli": "4", "dana": "3"}[by.Login] + `,"Login":"` + by.Login +
			`","Bot":false},"Role":"` + role + `","At":"2027-03-01T10:12:01Z","Source":"comment/99","Text":"","Because":"` + because + `","Alone":` + more +
			`,"Pin":{"Commit":"","Tree":"","Head":"","Live":"","Artifact":""}}` + "\n"
	}
	asked := func(a *policies.Asked) {
		o := against(eli(), "admin")
		o.Pin = app.Pin{}
		a.Lanes[1].Promotions[0].Facts.Overrides = []policies.Override{o}
	}
	resolve(t, []asking{
		{"an admin", eli(), "admin", "/override payments because it burns", nil, word(eli(), "admin", "it burns", "false") +
			"(+1) @eli, `9b1e2c7d40aa` goes against the gate of payments/production once a second person says so. @dana can second it: " +
			"`/override payments production 9b1e2c7d40aa because …`. An admin alone says `/override payments production 9b1e2c7d40aa alone because …`, which all approvers are told of."},
		{"an admin alone", eli(), "admin", "/override alone because it burns", nil, word(eli(), "admin", "it burns", "true") +
			"(+1) @eli, `9b1e2c7d40aa` goes against the gate of payments/production: overridden by @eli (`it burns`): approval is skipped. Once it goes out, it counts as override number 1 of this lane."},
		{"seconded", dana(), "maintain", "/override because it does", asked, word(dana(), "maintain", "it does", "false") +
			"(+1) @dana, `9b1e2c7d40aa` goes against the gate of payments/production: overridden by @eli (`it 'burns'`) and @dana (`it does`): approval is skipped. Once it goes out, it counts as override number 1 of this lane."},
		{"seconded by whose change it is", ben(), "maintain", "/override because it does", asked,
			"(-1) @ben, your word does not second it: #412 is your change, and payments/production asks for someone else. Nothing changed."},
		{"a maintainer first", dana(), "maintain", "/override because x", nil, "(-1) @dana, `/override` asks for an admin, and your role is `maintain`. @eli can. Nothing changed."},
		{"a maintainer alone", dana(), "maintain", "/override alone because x", asked, "(-1) @dana, `/override` asks for an admin, and your role is `maintain`. @eli can. Nothing changed."},
		{"a writer second", cy(), "write", "/override because x", asked, "(-1) @cy, to second an override takes a maintainer, and your role is `write`. Nothing changed."},
		{"without a reason", eli(), "admin", "/override payments", nil, "(-1) @eli, `/override` wants a reason after `because`, which everybody will read. Nothing changed."},
		{"of what may go", eli(), "admin", "/override because x", ungated, "(-1) @eli, nothing stands in the way of `9b1e2c7d40aa` in payments/production, so there is nothing to override."},
		{"of what does not wait", eli(), "admin", "/override web because x", nil, "(-1) @eli, nothing of `9b1e2c7d40aa` waits for its gate here, so there is nothing to override."},
		{"of which", eli(), "admin", "/override because `x`", staging, "(-1) @eli, `9b1e2c7d40aa` waits in 2 places, so nothing was overridden. Say which:\n" +
			"- `/override payments production 9b1e2c7d40aa because …`\n- `/override payments staging 9b1e2c7d40aa because …`"},
		{"alone where nobody can be told", eli(), "admin", "/override alone because x", func(a *policies.Asked) { a.Lanes[1].Promotions[0].Pull = 0 },
			"(-1) @eli, `9b1e2c7d40aa` came without a pull request, so there is nowhere to tell all approvers of an override by one person alone. " +
				"A second person has to say so too. You can ask with `/override payments production 9b1e2c7d40aa because …`."},
		{"alone where nobody else is", eli(), "admin", "/override alone because it burns", func(a *policies.Asked) {
			a.Lanes[1].Promotions[0].Pull = 0
			a.Lanes[1].Promotions[0].Facts.Candidates.Value = []policies.Candidate{{Person: eli(), Role: "admin"}, {Person: cy(), Role: "write"}}
		}, word(eli(), "admin", "it burns", "true") +
			"(+1) @eli, `9b1e2c7d40aa` goes against the gate of payments/production: overridden by @eli (`it burns`): approval is skipped. Once it goes out, it counts as override number 1 of this lane."},
		{"written before the merge", eli(), "admin", "/override because x", func(a *policies.Asked) { a.Pull.MergedAt = a.Written.Add(time.Second) },
			"(-1) @eli, nothing waited yet when you wrote this, so nothing was overridden. If you mean what waits now, say:\n- `/override payments production 9b1e2c7d40aa because …`"},
		{"alone and not", eli(), "admin", "/override because x\n/override alone because x", nil, "(-1) @eli, one by one:\n\n`/override because x`: this and " +
			"`/override alone because x`" + neither + "\n\n`/override alone because x`: this and `/override because x`" + neither},
		{"late", eli(), "admin", "/override because x", func(a *policies.Asked) { a.Received = now().Add(11 * time.Minute) },
			"(-1) @eli, this arrived late (written 2027-03-01 10:12 UTC, received 2027-03-01 10:23 UTC), so it was not carried out. If you still mean it, say it again."},
		{"taken back", eli(), "admin", "/unapprove", asked,
			`lane/42/payments/production unapproved {"Commit":"` + full + `","By":{"ID":4,"Login":"eli","Bot":false}}` + "\n" +
				"(+1) @eli, your approval of `9b1e2c7d40aa` for payments/production is taken back."},
		{"alone with another verb", eli(), "admin", "/approve alone", nil, "(confused) @eli, `/approve alone` was not carried out: `alone` goes with `/override` only, not with `/approve`."},
	})
}
