package policies_test

import (
	"strings"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

const older = app.SHA("0ddba11d40aa0ddba11d40aa0ddba11d40aa0dd0")

// unmerged is #412 while it is open, with what it would bring to payments.
func unmerged(a *policies.Asked) {
	open(a)
	a.Pull.Heads = []app.SHA{older, newer}
	f := ready(fourEyes())
	f.Commit, f.Pin = newer, app.Pin{Commit: newer, Tree: "7ree", Head: full, Live: live}
	a.Lanes[1].Promotions = append(a.Lanes[1].Promotions, policies.PromotionView{Commit: app.Commit{SHA: newer}, State: policies.Ahead, Pull: 412, Facts: f})
	a.Lanes[1].Offers = []policies.Offer{{Commit: older, From: now().Add(-time.Hour)}, {Commit: newer, From: now().Add(-time.Minute)}}
}

// gaveAhead has dana's approval of what the pull request would bring.
func gaveAhead(a *policies.Asked) {
	unmerged(a)
	f := &a.Lanes[1].Promotions[1].Facts
	f.Approvals = append(f.Approvals, yes(dana(), "maintain"))
	a.Given = []policies.GivenAhead{{Service: "payments", Environment: "production", Commit: newer, By: dana()}}
}

// gaveBefore has one of dana's of a head that was replaced.
func gaveBefore(a *policies.Asked) {
	gaveAhead(a)
	a.Given[0].Commit, a.Lanes[1].Promotions[1].Facts.Approvals = older, nil
}

const yesAhead = `repository/42 approved.ahead {"Pull":412,"Service":"payments","Environment":"production","By":{"ID":3,"Login":"dana","Bot":false},` +
	`"Role":"maintain","At":"2027-03-01T10:12:01Z","Source":"comment/99","Pin":{"Commit":"c0ffee123456c0ffee123456c0ffee123456c0ff","Tree":"7ree",` +
	`"Head":"9b1e2c7d40aa9b1e2c7d40aa9b1e2c7d40aa9b1e","Live":"71f0aa93be1271f0aa93be1271f0aa93be1271f0","Artifact":""},` +
	`"Ahead":{"Pull":412,"Pin":{"Commit":"c0ffee123456c0ffee123456c0ffee123456c0ff","Tree":"7ree","Head":"9b1e2c7d40aa9b1e2c7d40aa9b1e2c7d40aa9b1e",` +
	`"Live":"71f0aa93be1271f0aa93be1271f0aa93be1271f0","Artifact":""}}}` + "\n"

const takesBack = `repository/42 unapproved.ahead {"Pull":412,"Service":"payments","Environment":"production","By":{"ID":3,"Login":"dana","Bot":false}}` + "\n"

const isAhead = "`c0ffee123456` is approved for payments/production. It counts once #412 is merged, if its files and its gate are then what they are now."

func TestResolveAhead(t *testing.T) {
	resolve(t, []asking{
		{"alone means the head", dana(), "maintain", "/approve", unmerged, yesAhead + "(+1) @dana, " + isAhead},
		{"by its name", dana(), "maintain", "/approve payments production c0ffee123456", unmerged, yesAhead + "(+1) @dana, " + isAhead},
		{"whose change it is", ben(), "maintain", "/approve", unmerged,
			"(-1) @ben, this approval doesn't count: #412 is your change, and payments/production asks for someone else. @dana or @eli can approve. Nothing else changed."},
		{"what was pushed just before", dana(), "maintain", "/approve", func(a *policies.Asked) {
			unmerged(a)
			a.Lanes[1].Offers[1].From = now().Add(-9 * time.Second)
		}, "(-1) @dana, what the card offers was replaced just before you wrote this, or since, so nothing was approved. If you mean what waits now, say:\n" +
			"- `/approve payments production c0ffee123456`"},
		{"a line of a head that was replaced", dana(), "maintain", "/approve", func(a *policies.Asked) {
			unmerged(a)
			a.Source, a.On = "review_comment/99", older
		}, "(-1) @dana, what the card offers was replaced just before you wrote this, or since, so nothing was approved. If you mean what waits now, say:\n" +
			"- `/approve payments production c0ffee123456`"},
		{"a head that was replaced, by its name", dana(), "maintain", "/approve 0ddba11d40aa", unmerged,
			"(-1) @dana, `0ddba11d40aa` was the head of #412 until something else was pushed. Now it is:\n- `/approve payments production c0ffee123456`"},
		{"a head that was replaced by one that is not read yet", dana(), "maintain", "/approve 0ddba11d40aa", func(a *policies.Asked) {
			unmerged(a)
			a.Lanes[1].Promotions, a.Lanes[1].Offers, a.Pull.Unread = a.Lanes[1].Promotions[:1], nil, true
		}, "(-1) @dana, `0ddba11d40aa` was the head of #412 until something else was pushed. What its new head, `c0ffee123456`, changes is being found out: " +
			"look at that before you approve it."},
		{"a head that was replaced by one that changes nothing", dana(), "maintain", "/approve 0ddba11d40aa", func(a *policies.Asked) {
			unmerged(a)
			a.Lanes[1].Promotions, a.Lanes[1].Offers = a.Lanes[1].Promotions[:1], nil
		}, "(-1) @dana, `0ddba11d40aa` was the head of #412 until something else was pushed, and its new head, `c0ffee123456`, changes nothing that is deployed."},
		{"twice", dana(), "maintain", "/approve", func(a *policies.Asked) {
			gaveAhead(a)
			f := &a.Lanes[1].Promotions[1].Facts
			f.Gate = both(policies.Policy{Mode: policies.Delivery, Count: 2})
		}, "(-1) @dana, you have approved `c0ffee123456` for payments/production already, so nothing changed. @ben or @eli can approve."},
		{"taken back", dana(), "maintain", "/unapprove", gaveAhead,
			takesBack + "(+1) @dana, your approval of `c0ffee123456` for payments/production is taken back."},
		{"taken back, whatever was pushed since", dana(), "maintain", "/unapprove", gaveBefore, takesBack + "(+1) @dana, your approval of `c0ffee123456` for payments/production is taken back."},
		{"taken back, before it is known what it changes now", dana(), "maintain", "/unapprove", func(a *policies.Asked) {
			gaveBefore(a)
			a.Lanes[1].Promotions = a.Lanes[1].Promotions[:1]
			a.Pull.Unread = true
		}, takesBack + "(+1) @dana, your approval of #412 for payments/production is taken back."},
		{"taken back, after the merge and before the checks", dana(), "maintain", "/unapprove", func(a *policies.Asked) {
			gaveAhead(a)
			a.Lanes[1].Promotions, a.Pull.Open, a.Pull.Commit, a.Pull.MergedAt = nil, false, full, now()
		}, takesBack + "(+1) @dana, your approval of `9b1e2c7d40aa` for payments/production is taken back."},
		{"taken back, after it was closed", dana(), "maintain", "/unapprove payments", func(a *policies.Asked) {
			gaveAhead(a)
			a.Lanes[1].Promotions, a.Pull.Open, a.Pull.Commit, a.Pull.MergedAt = nil, false, "", time.Time{}
		}, takesBack + "(+1) @dana, your approval of #412 for payments/production is taken back."},
		{"somebody else's", eli(), "admin", "/unapprove", gaveAhead, "(-1) @eli, you have approved nothing of `c0ffee123456` that still waits."},
		{"another lane's", dana(), "maintain", "/unapprove web", gaveAhead, "(-1) @dana, you have approved nothing of `c0ffee123456` that still waits."},
		{"both at once", dana(), "maintain", "/approve\n/unapprove", unmerged,
			"(-1) @dana, one by one:\n\n`/approve`: this and `/unapprove` in the same comment contradict each other, so neither was carried out. Say the " +
				"one that you mean.\n\n`/unapprove`: this and `/approve` in the same comment contradict each other, so neither was carried out. Say the one that you mean."},
		{"before it is known what it changes", dana(), "maintain", "/approve", func(a *policies.Asked) {
			open(a)
			a.Pull.Unread = true
		}, "(-1) @dana, slipway is finding out what #412 changes. Say it again in a moment."},
		{"rolled back", dana(), "maintain", "/rollback c0ffee123456", unmerged,
			"(-1) @dana, `c0ffee123456` in payments/production is not deployed: it is not merged yet. What can be rolled back:\n- `/rollback web production 9b1e2c7d40aa`"},
	})
}

func TestStatusOfWhatIsNotMerged(t *testing.T) {
	a := shop(dana(), "maintain", "/status")
	unmerged(&a)
	_, answer := policies.Resolve(a)
	if want := "`c0ffee123456` (#412) is not merged yet. Needs an approval from a maintainer. Not @ben or @cy: it is their change."; !strings.Contains(answer.Body, want) {
		t.Errorf("it is said that\n%s\nand not %s", answer.Body, want)
	}
}

func TestAnEarlierApprovalIsToldOf(t *testing.T) {
	early := func(d policies.Drift) policies.Earlier {
		yes := app.Approval{By: dana(), Source: "comment/7", Pin: app.Pin{Commit: older}, Ahead: app.Ahead{Pull: 412, Pin: app.Pin{Commit: older}}}
		return policies.Earlier{Approval: yes, Drift: d}
	}
	for _, test := range []struct {
		drift policies.Drift
		want  string
	}{
		{policies.Drift{Files: []string{"pay.go"}}, "`pay.go` differs since."},
		{policies.Drift{Files: []string{"a", "b", "c", "d`e", "f"}, Gate: true}, "`a`, `b`, `c` and 2 more differ and its gate changed since."},
		{policies.Drift{Section: true, Commits: policies.Rewritten{Same: 2, Changed: []string{"One"}, Added: []string{"@everyone"}, Dropped: []string{"Two"}}},
			"how it is built or deployed changed since (of its commits 2 stayed the same; changed: `One`; new: `@everyone`; dropped: `Two`)."},
		{policies.Drift{Lost: true}, "GitHub does not have that commit any more."},
		{policies.Drift{Unread: "reading the files"}, "it can't be told now what changed since (reading the files)."},
	} {
		f := ready(delivery())
		f.Earlier = []policies.Earlier{early(test.drift)}
		d := policies.Judge(f)
		want := " @dana approved `0ddba11d40aa` on #412, which does not count here: " + test.want
		if d.Verdict != policies.Hold || !strings.Contains(sentences(d), want) {
			t.Errorf("the gate says %v, and not that%s", d, want)
		}
		if unread := test.drift.Unread != ""; unread == d.Recheck.IsZero() {
			t.Errorf("%+v: it is looked at again at %v", test.drift, d.Recheck)
		}
		f.Approvals = []policies.Approval{yes(dana(), "maintain")}
		if d := policies.Judge(f); d.Verdict != policies.Allow || strings.Contains(sentences(d), "0ddba11d40aa") {
			t.Errorf("with another approval of hers it is %v", d)
		}
	}
}

func sentences(d policies.Decision) string {
	var all []string
	for _, r := range d.Reasons {
		all = append(all, r.Sentence)
	}
	return strings.Join(all, "\n") + "."
}

func TestAnApprovalIsForOneArtifact(t *testing.T) {
	f := ready(delivery())
	f.Pin = app.Pin{Commit: full, Artifact: "sha256:2222222222223333"}
	given := yes(dana(), "maintain")
	given.Pin = app.Pin{Commit: full, Artifact: "sha256:1111111111112222"}
	f.Approvals = []policies.Approval{given}
	want := "@dana's approval does not count: it is for another artifact: the checks ran again since, and made `222222222222…` and not `111111111111…`."
	if d := policies.Judge(f); d.Verdict != policies.Hold || !strings.Contains(sentences(d), want[1:]) {
		t.Errorf("it is %v", d)
	}
	f.Pin.Artifact = given.Pin.Artifact
	if d := policies.Judge(f); d.Verdict != policies.Allow {
		t.Errorf("of the same artifact it is %v", d)
	}
	f.Approvals[0].Pin.Commit = older
	if d := policies.Judge(f); d.Verdict != policies.Hold {
		t.Errorf("of another commit it is %v", d)
	}
}

func TestAReviewCountsWhereTheFileAsksForIt(t *testing.T) {
	takes := policies.Policy{Mode: policies.Delivery, Doors: []app.Door{app.DoorComment, app.DoorReview}}
	for _, test := range []struct {
		name   string
		by     app.Person
		role   string
		change func(*policies.Asked)
		counts bool
	}{
		{"approved", dana(), "maintain", nil, true},
		{"where reviews are no door", dana(), "maintain", func(a *policies.Asked) { a.Lanes[1].Promotions[1].Facts.Gate = both(delivery()) }, false},
		{"where one of the files does not ask for reviews", dana(), "maintain", func(a *policies.Asked) {
			a.Lanes[1].Promotions[1].Facts.Gate.Live = known(delivery())
		}, false},
		{"by who may not", cy(), "write", nil, false},
		{"by a bot", bot(), "maintain", nil, false},
		{"of another commit", dana(), "maintain", func(a *policies.Asked) { a.On = older }, false},
		{"by who has approved", dana(), "maintain", func(a *policies.Asked) {
			a.Lanes[1].Promotions[1].Facts.Approvals = []policies.Approval{yes(dana(), "maintain")}
		}, false},
	} {
		a := shop(test.by, test.role, "")
		unmerged(&a)
		a.Source, a.On = "review/5", newer
		a.Lanes[1].Promotions[1].Facts.Gate = both(takes)
		if test.change != nil {
			test.change(&a)
		}
		if letters := policies.Assess(a); (len(letters) == 1) != test.counts {
			t.Errorf("%s: it comes to %v", test.name, letters)
		}
	}
}

// A review counts for as long as GitHub says that it approves.
func TestAReviewStands(t *testing.T) {
	gate := policies.Policy{Mode: policies.Delivery, Doors: []app.Door{app.DoorReview}}
	for _, test := range []struct {
		stands app.Fact[bool]
		want   policies.Verdict
		words  string
	}{
		{known(true), policies.Allow, "Approved by @dana"},
		{known(false), policies.Hold, "does not count: it was a review, which does not approve the pull request any more"},
		{app.Unknown[bool]("listing the reviews of #412"), policies.Hold, "it can't be told whether their review still approves: listing the reviews of #412"},
	} {
		f := ready(gate)
		given := yes(dana(), "maintain")
		given.Source, given.Stands = "review/5", test.stands
		f.Approvals = []policies.Approval{given}
		if d := policies.Judge(f); d.Verdict != test.want || !strings.Contains(sentences(d), test.words) || d.Recheck.IsZero() != test.stands.Known {
			t.Errorf("%+v: %+v", test.stands, d)
		}
	}
}

// Whoever approved before what would be lost was live has not accepted that.
func TestALossIsAcceptedByWhoHasSeenIt(t *testing.T) {
	f := ready(policies.Policy{Mode: policies.Delivery})
	f.Contains, f.Lost, f.Pin = known(false), []string{"71f0aa93be12 Two"}, app.Pin{Commit: full, Live: live}
	given := yes(dana(), "maintain")
	for _, test := range []struct {
		pin   app.Pin
		ahead app.Ahead
		want  policies.Verdict
	}{
		{app.Pin{Commit: full, Live: live}, app.Ahead{}, policies.Allow},
		{app.Pin{Commit: full, Live: older}, app.Ahead{}, policies.Hold},
		{app.Pin{Commit: full, Live: live}, app.Ahead{Pull: 412, Pin: app.Pin{Commit: newer, Live: older}}, policies.Hold},
	} {
		given.Pin, given.Ahead = test.pin, test.ahead
		f.Approvals = []policies.Approval{given}
		if d := policies.Judge(f); d.Verdict != test.want {
			t.Errorf("%+v, %+v: %+v", test.pin, test.ahead, d)
		}
	}
}
