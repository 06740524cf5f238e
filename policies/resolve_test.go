package policies_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

// waits is a promotion of a commit that waits for an approval.
func waits(c app.SHA, place app.Place, environment string) policies.PromotionView {
	f := ready(fourEyes())
	f.Commit, f.Environment = c, environment
	return policies.PromotionView{
		Commit: app.Commit{SHA: c, Place: place}, State: policies.Waiting, Attempt: 7, Question: 8,
		Arrived: now().Add(-time.Hour), Since: now().Add(-time.Hour), Cancelable: true, Pull: 412, Decision: policies.Judge(f), Facts: f,
	}
}

// shop is what somebody asks on #412, which became commit full: payments waits in production, web has gone out.
func shop(by app.Person, role, body string) policies.Asked {
	gone := policies.PromotionView{
		Commit: app.Commit{SHA: full, Place: 5}, State: policies.EndedLive, Attempt: 3, Question: 4, Arrived: now().Add(-time.Hour),
		Since: now().Add(-time.Hour), Rollbackable: true, HoldsAfter: true, Pull: 412,
	}
	return policies.Asked{
		Source: "comment/99", By: by, Role: known(role), Lines: policies.Parse(body, names()),
		Written: now(), Received: now().Add(time.Second), Guard: 10 * time.Second, Repo: 42,
		Pull: policies.PullView{Number: 412, Title: "Round up", Commit: full, Head: newer, MergedAt: now().Add(-2 * time.Hour)},
		Lanes: []policies.LaneView{
			{Service: "web", Environment: "production", Live: full, WayBack: live, Promotions: []policies.PromotionView{gone}},
			{Service: "payments", Environment: "production", Live: live, Promotions: []policies.PromotionView{waits(full, 5, "production")}},
		},
		Runs:       []policies.RunView{{Commit: full, State: "green", Green: true}},
		Candidates: candidates(),
	}
}

// staging adds a second lane of payments where the commit waits.
func staging(a *policies.Asked) {
	a.Lanes = append(a.Lanes, policies.LaneView{Service: "payments", Environment: "staging",
		Promotions: []policies.PromotionView{waits(full, 5, "staging")}})
}

// ungated lets payments go without anybody's approval.
func ungated(a *policies.Asked) {
	p := &a.Lanes[1].Promotions[0]
	p.Facts.Gate = both(policies.Policy{Mode: policies.Deployment})
	p.Decision = policies.Judge(p.Facts)
}

// open is #412 before it is merged.
func open(a *policies.Asked) {
	a.Pull = policies.PullView{Number: 412, Open: true, Head: newer}
	a.Runs = []policies.RunView{{Commit: newer, State: "red", Retryable: true}}
}

func held(key app.Key, by app.Person, since time.Time) *policies.HoldView {
	return &policies.HoldView{Key: key, By: by, Because: "the bank is `down`", Since: since}
}

// came is letters and an answer, to be read.
func came(letters []app.Letter, answer policies.Answer) string {
	var b strings.Builder
	for _, l := range letters {
		data, _ := json.Marshal(l.Message)
		data = regexp.MustCompile(`,"Proof":("[^"]*"|\{[^}]*\})`).ReplaceAll(data, nil) // held by TestWordsCarryTheirProof
		fmt.Fprintf(&b, "%s %s %s\n", l.To, l.Message.Name(), data)
	}
	fmt.Fprintf(&b, "(%s", answer.Reaction)
	if answer.OncePerPull {
		b.WriteString(", once")
	}
	return b.String() + ") " + answer.Body
}

type asking struct {
	name   string
	by     app.Person
	role   string
	body   string
	change func(*policies.Asked)
	want   string
}

func resolve(t *testing.T, tests []asking) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := shop(test.by, test.role, test.body)
			if test.change != nil {
				test.change(&a)
			}
			if got := came(policies.Resolve(a)); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// approvedBy is the letter by which dana's approval reaches a lane.
func approvedBy(environment string) string {
	return "lane/42/payments/" + environment + ` approved {"Commit":"` + full + `","Key":7,"By":{"ID":3,"Login":"dana","Bot":false},` +
		`"Role":"maintain","At":"2027-03-01T10:12:01Z","Source":"comment/99"}` + "\n"
}

// said is the letter of a person's word.
func said(to string, verb app.Verb, commit app.SHA, key app.Key, more string) string {
	return fmt.Sprintf(`%s said {"Verb":%q,"Commit":%q,"Key":%d,"Check":"","By":{"ID":3,"Login":"dana","Bot":false},%s}`+"\n", to, verb, commit, key, more)
}

const noMore = `"Until":"0001-01-01T00:00:00Z","Because":""`

func TestResolveApprove(t *testing.T) {
	const goes = "`9b1e2c7d40aa` is approved for payments/%s. It goes as soon as the rest of its gate allows"
	resolve(t, []asking{
		{"alone approves the one that waits", dana(), "maintain", "/approve", nil,
			approvedBy("production") + "(+1) @dana, " + fmt.Sprintf(goes, "production") + "."},
		{"by lane and commit", dana(), "maintain", "/approve payments production 9b1e2c7d40aa", nil,
			approvedBy("production") + "(+1) @dana, " + fmt.Sprintf(goes, "production") + "."},
		{"a commit of another pull request, by its name", dana(), "maintain", "/approve 9b1e2c7d40aa", open,
			approvedBy("production") + "(+1) @dana, " + fmt.Sprintf(goes, "production") + "."},
		{"in a lane that is held", dana(), "maintain", "/approve", func(a *policies.Asked) { a.Lanes[1].Hold = held(4, eli(), now()) },
			approvedBy("production") + "(+1) @dana, `9b1e2c7d40aa` is approved for payments/production. The lane is held by @eli because " +
				"`the bank is 'down'`, so it waits until `/unhold payments production`."},
		{"several wait, so nothing is approved", dana(), "maintain", "/approve", staging,
			"(-1) @dana, `9b1e2c7d40aa` waits in 2 places, so nothing was approved. Say which, or `/approve all`:" +
				"\n- `/approve payments production 9b1e2c7d40aa`\n- `/approve payments staging 9b1e2c7d40aa`"},
		{"all", dana(), "maintain", "/approve all", staging,
			approvedBy("production") + approvedBy("staging") + "(+1) @dana, 2 of 2:\n- " + fmt.Sprintf(goes, "production") + "\n- " +
				fmt.Sprintf(goes, "staging")},
		{"all that one may, with who can do the rest", dana(), "maintain", "/approve all", func(a *policies.Asked) {
			staging(a)
			a.Lanes[2].Promotions[0].Facts.Gate = both(policies.Policy{Mode: policies.Delivery, From: []policies.Selector{{Kind: "role", Value: "admin"}}})
		}, approvedBy("production") + "(+1) @dana, 1 of 2:\n- " + fmt.Sprintf(goes, "production") +
			"\n\nNot approved:\n- payments/staging: your role is `maintain`, and payments/staging asks for an admin. @eli can approve."},
		{"the author", ben(), "admin", "/approve", nil,
			"(-1) @ben, this approval doesn't count: #412 is your change, and payments/production asks for someone else. @dana or @eli can " +
				"approve. Nothing else changed."},
		{"an author without a pull request", cy(), "maintain", "/approve", nil,
			"(-1) @cy, this approval doesn't count: you co-wrote 9b1e2c7d40aa, and payments/production asks for someone else. @dana or @eli can " +
				"approve. Nothing else changed."},
		{"a contributor", person(8, "hal"), "write", "/approve", nil,
			"(-1) @hal, this approval doesn't count: your role is `write`, and payments/production asks for a maintainer. @dana or @eli can " +
				"approve. Nothing else changed."},
		{"a stranger is answered once", person(8, "hal"), "read", "/approve", nil,
			"(-1, once) @hal, this approval doesn't count: your role is `read`, and payments/production asks for a maintainer. @dana or @eli " +
				"can approve. Nothing else changed."},
		{"a stranger who is named is none", person(8, "hal"), "read", "/approve", func(a *policies.Asked) {
			a.Lanes[1].Promotions[0].Facts.Gate.Head.Value.From = []policies.Selector{{Kind: "user", Value: "hal"}}
		}, "lane/42/payments/production approved {\"Commit\":\"" + full + "\",\"Key\":7,\"By\":{\"ID\":8,\"Login\":\"hal\",\"Bot\":false}," +
			"\"Role\":\"read\",\"At\":\"2027-03-01T10:12:01Z\",\"Source\":\"comment/99\"}\n(+1) @hal, `9b1e2c7d40aa` is approved for " +
			"payments/production. One more approval is needed: @dana or @eli can approve."},
		{"an invented role", person(8, "hal"), "release-manager", "/approve", nil,
			"(-1, once) @hal, this approval doesn't count: slipway does not know your role `release-manager`, and payments/production asks for a " +
				"maintainer. @dana or @eli can approve. Nothing else changed."},
		{"a role that can't be read", dana(), "maintain", "/approve", func(a *policies.Asked) { a.Role = app.Unknown[string]("GitHub does not answer") },
			"(-1) @dana, this approval doesn't count: your role in this repository can't be read now (GitHub does not answer), so say it again in " +
				"a moment. @eli can approve. Nothing else changed."},
		{"nobody is left", ben(), "admin", "/approve", func(a *policies.Asked) {
			a.Lanes[1].Promotions[0].Facts.Candidates = known([]policies.Candidate{{Person: ben(), Role: "admin"}})
		}, "(-1) @ben, this approval doesn't count: #412 is your change, and payments/production asks for someone else. Nobody is left who may: " +
			"all that could are @ben (opened #412 and wrote 9b1e2c7d40aa). Nothing else changed."},
		{"who can is not known", ben(), "admin", "/approve", func(a *policies.Asked) {
			a.Lanes[1].Promotions[0].Facts.Candidates = app.Unknown[[]policies.Candidate]("")
		}, "(-1) @ben, this approval doesn't count: #412 is your change, and payments/production asks for someone else. It takes a maintainer. " +
			"Nothing else changed."},
		{"an open pull request", dana(), "maintain", "/approve", open, "(-1) @dana, nothing waits yet; it will after the merge."},
		{"a pull request to elsewhere", dana(), "maintain", "/approve", func(a *policies.Asked) { open(a); a.Pull.Elsewhere = true },
			"(-1) @dana, nothing waits: #412 goes into a branch from which nothing is deployed."},
		{"a pull request that was closed", dana(), "maintain", "/approve", func(a *policies.Asked) { a.Pull = policies.PullView{Number: 412} },
			"(-1) @dana, nothing waits: #412 was closed without being merged."},
		{"a merge that has not been seen", dana(), "maintain", "/approve", func(a *policies.Asked) { a.Pull.Commit = "" },
			"(-1) @dana, slipway has not seen yet which commit #412 became. Say it again in a moment."},
		{"written before the merge", dana(), "maintain", "/approve", func(a *policies.Asked) { a.Pull.MergedAt = now().Add(time.Second) },
			"(-1) @dana, nothing waited yet when you wrote this, so nothing was approved. If you mean what waits now, say:\n- `/approve payments production 9b1e2c7d40aa`"},
		{"checks that are not green", dana(), "maintain", "/approve", func(a *policies.Asked) {
			a.Lanes = nil
			a.Runs = []policies.RunView{{Commit: full, State: "red"}}
		}, "(-1) @dana, `9b1e2c7d40aa` does not wait: its checks are red."},
		{"a file that can't be used", dana(), "maintain", "/approve", func(a *policies.Asked) {
			a.Lanes = nil
			a.Runs = []policies.RunView{{Commit: full, State: "red", Broken: true}}
		}, "(-1) @dana, `9b1e2c7d40aa` does not wait: its `.github/slipway.yml` can't be used."},
		{"the head of a pull request that was squashed", dana(), "maintain", "/approve c0ffee123456", nil,
			"(-1) @dana, `c0ffee123456` is #412 before its merge: it was merged as `9b1e2c7d40aa`. What waits:" +
				"\n- `/approve payments production 9b1e2c7d40aa`"},
		{"the head of a pull request of which nothing waits", dana(), "maintain", "/approve web c0ffee123456", nil,
			"(-1) @dana, `c0ffee123456` is #412 before its merge: it was merged as `9b1e2c7d40aa`."},
		{"in a lane that is held for a while", dana(), "maintain", "/approve", func(a *policies.Asked) {
			a.Lanes[1].Hold = held(4, eli(), now())
			a.Lanes[1].Hold.Until = now().Add(2 * time.Hour)
		}, approvedBy("production") + "(+1) @dana, `9b1e2c7d40aa` is approved for payments/production. The lane is held by @eli because " +
			"`the bank is 'down'` until 2027-03-01 12:12 UTC, so it waits until then, or until `/unhold payments production`."},
		{"what needs no approval, in a lane that is held", dana(), "maintain", "/approve payments", func(a *policies.Asked) {
			ungated(a)
			a.Lanes[1].Hold = held(4, eli(), now())
		}, "(-1) @dana, `9b1e2c7d40aa` in payments/production waits for no approval. The lane is held by @eli because `the bank is 'down'`, so it " +
			"waits until `/unhold payments production`."},
		{"what needs no approval", dana(), "maintain", "/approve payments", ungated,
			"(-1) @dana, `9b1e2c7d40aa` in payments/production waits for no approval, only for its turn."},
		{"what needs no approval, but more", dana(), "maintain", "/approve payments", func(a *policies.Asked) {
			ungated(a)
			p := &a.Lanes[1].Promotions[0]
			p.Facts.Green = known(false)
			p.Decision = policies.Judge(p.Facts)
		}, "(-1) @dana, `9b1e2c7d40aa` in payments/production waits for no approval: checks have not passed."},
		{"what has its approval, in a lane that is held", dana(), "maintain", "/approve payments", func(a *policies.Asked) {
			a.Lanes[1].Promotions[0].Facts.Approvals = []policies.Approval{yes(eli(), "admin")}
			a.Lanes[1].Hold = held(4, eli(), now())
		}, "(-1) @dana, `9b1e2c7d40aa` in payments/production has the approval that it needs: approved by @eli, 2027-03-01 10:12 UTC. The lane is " +
			"held by @eli because `the bank is 'down'`, so it waits until `/unhold payments production`."},
		{"all, of which one may none", ben(), "admin", "/approve all", staging,
			"(-1) @ben, nothing was approved:\n- payments/production: #412 is your change, and payments/production asks for someone else. @dana or " +
				"@eli can approve.\n- payments/staging: #412 is your change, and payments/staging asks for someone else. @dana or @eli can approve."},
		{"a commit that deploys nothing, while others wait", dana(), "maintain", "/approve", func(a *policies.Asked) { a.Pull.Commit = live },
			"(-1) @dana, `71f0aa93be12` does not wait here: it changes nothing that is deployed, or slipway has not come to it yet. What waits:" +
				"\n- `/approve payments production 9b1e2c7d40aa`"},
		{"what has gone out", dana(), "maintain", "/approve web", nil,
			"(-1) @dana, `9b1e2c7d40aa` in web/production does not wait for an approval: it is good here."},
		{"what somebody has approved", dana(), "maintain", "/approve payments", func(a *policies.Asked) {
			a.Lanes[1].Promotions[0].Facts.Approvals = []policies.Approval{yes(eli(), "admin")}
		}, "(-1) @dana, `9b1e2c7d40aa` in payments/production has the approval that it needs: approved by @eli, 2027-03-01 10:12 UTC."},
		{"what one has approved oneself", dana(), "maintain", "/approve payments", func(a *policies.Asked) {
			a.Lanes[1].Promotions[0].Facts.Approvals = []policies.Approval{yes(dana(), "maintain")}
		}, "(-1) @dana, `9b1e2c7d40aa` in payments/production has the approval that it needs: approved by @dana, 2027-03-01 10:12 UTC."},
		{"what needs a person", dana(), "maintain", "/approve payments", func(a *policies.Asked) {
			a.Lanes[1].Promotions[0].State = policies.Attention
		}, approvedBy("production") + "(+1) @dana, `9b1e2c7d40aa` is approved for payments/production. It counts once somebody says " +
			"`/retry payments production 9b1e2c7d40aa`."},
	})
}

func TestResolveApproveIsBoundToWhatWasShown(t *testing.T) {
	offers := func(ago time.Duration) func(*policies.Asked) {
		return func(a *policies.Asked) {
			a.Lanes[1].Offers = []policies.Offer{{Commit: live, From: now().Add(-time.Hour)}, {Commit: full, From: now().Add(-ago)}}
		}
	}
	const refused = "(-1) @dana, what the card offers was replaced just before you wrote this, or since, so nothing was approved. If you mean what " +
		"waits now, say:\n- `/approve payments production 9b1e2c7d40aa`"
	const approved = "(+1) @dana, `9b1e2c7d40aa` is approved for payments/production. It goes as soon as the rest of its gate allows."
	superseded := func(state policies.PromotionState) func(*policies.Asked) {
		return func(a *policies.Asked) {
			next := waits(newer, 6, "production")
			next.State = state
			p := &a.Lanes[1].Promotions[0]
			p.State, p.SupersededBy = policies.Superseded, newer
			a.Lanes[1].Promotions = append(a.Lanes[1].Promotions, next)
		}
	}
	resolve(t, []asking{
		{"replaced within the guard before it was written", dana(), "maintain", "/approve", offers(9 * time.Second), refused},
		{"replaced after it was written", dana(), "maintain", "/approve", offers(-time.Second), refused},
		{"replaced long before", dana(), "maintain", "/approve", offers(11 * time.Second), approvedBy("production") + approved},
		{"replaced, but named by its commit", dana(), "maintain", "/approve 9b1e2c7d40aa", offers(time.Second), approvedBy("production") + approved},
		{"first offered just now", dana(), "maintain", "/approve", func(a *policies.Asked) {
			a.Lanes[1].Offers = []policies.Offer{{Commit: full, From: now().Add(-time.Second)}}
		}, approvedBy("production") + approved},
		{"the same commit offered again", dana(), "maintain", "/approve", func(a *policies.Asked) {
			a.Lanes[1].Offers = []policies.Offer{{Commit: full, From: now().Add(-time.Hour)}, {Commit: full, From: now()}}
		}, approvedBy("production") + approved},
		{"the card offers another one by now", dana(), "maintain", "/approve", func(a *policies.Asked) {
			a.Lanes[1].Offers = []policies.Offer{{Commit: full, From: now().Add(-time.Hour)}, {Commit: newer, From: now().Add(-time.Minute)}}
		}, refused},
		{"superseded by one that is on its way", dana(), "maintain", "/approve payments", superseded(policies.Verifying),
			"(-1) @dana, `9b1e2c7d40aa` in payments/production was superseded by `c0ffee123456`, which is deployed and being watched."},
		{"superseded by one that waits again", dana(), "maintain", "/approve payments", superseded(policies.Waiting),
			"(-1) @dana, `9b1e2c7d40aa` in payments/production was superseded by `c0ffee123456`, which waits: " +
				"`/approve payments production c0ffee123456`."},
		{"a commit that nobody knows", dana(), "maintain", "/approve deadbeef1234", nil,
			"(confused) @dana, slipway knows no commit that begins with `deadbeef1234`."},
		{"a beginning of two commits", dana(), "maintain", "/approve c0ffee123456", func(a *policies.Asked) {
			a.Runs = append(a.Runs, policies.RunView{Commit: "c0ffee123456000000000000000000000000dead"})
		}, "(confused) @dana, more than one commit begins with `c0ffee123456`: write all 40 digits."},
		{"a lane that is not there", dana(), "maintain", "/approve web staging", staging,
			"(confused) @dana, there is no `web/staging`. There are web/production, payments/production and payments/staging."},
	})
}

func TestResolveUnapprove(t *testing.T) {
	given := func(a *policies.Asked) {
		a.Lanes[1].Promotions[0].Facts.Approvals = []policies.Approval{yes(dana(), "maintain"), yes(eli(), "admin")}
	}
	const letter = `lane/42/payments/production unapproved {"Commit":"` + full + `","By":{"ID":3,"Login":"dana","Bot":false}}` + "\n"
	resolve(t, []asking{
		{"one's own", dana(), "maintain", "/unapprove", given, letter + "(+1) @dana, your approval of `9b1e2c7d40aa` for payments/production is taken back."},
		{"without the role any more", dana(), "read", "/unapprove", given,
			letter + "(+1, once) @dana, your approval of `9b1e2c7d40aa` for payments/production is taken back."},
		{"nobody else's", ben(), "admin", "/unapprove", given, "(-1) @ben, you have approved nothing of `9b1e2c7d40aa` that still waits."},
		{"too late", dana(), "maintain", "/unapprove payments", func(a *policies.Asked) {
			given(a)
			a.Lanes[1].Promotions[0].State = policies.Deploying
		}, "(-1) @dana, the deployment of `9b1e2c7d40aa` in payments/production has started, so nothing can be taken back. " +
			"`/rollback payments production 9b1e2c7d40aa` undoes it."},
	})
}

func TestResolveAnswers(t *testing.T) {
	late := func(a *policies.Asked) { a.Received = now().Add(11 * time.Minute) }
	resolve(t, []asking{
		{"late", dana(), "maintain", "/approve", late,
			"(-1) @dana, this arrived late (written 2027-03-01 10:12 UTC, received 2027-03-01 10:23 UTC), so it was not carried out. If you still " +
				"mean it, say it again."},
		{"of no known time", dana(), "maintain", "/rollback", func(a *policies.Asked) { a.Written = time.Time{} },
			"(-1) @dana, this arrived late or nobody knows when it was written, so it was not carried out. If you still mean it, say it again."},
		{"late, but it only stops", dana(), "maintain", "/hold web", late, said("lane/42/web/production", "hold", "", 0, noMore) +
			"(+1) @dana, web/production is held: what has begun goes on, nothing new starts, and `/rollback` still works. " +
			"`/unhold web production` lifts it."},
		{"late, and over", dana(), "maintain", "/hold web until 5m", late, "(-1) @dana, 2027-03-01 10:17 UTC is over already, so nothing is held."},
		{"late, and taken back", dana(), "maintain", "/unapprove", late, "(-1) @dana, you have approved nothing of `9b1e2c7d40aa` that still waits."},
		{"of a later issue", dana(), "admin", "/ok-to-test", nil,
			"(-1) @dana, `/ok-to-test`: not yet. A later version of slipway brings it."},
		{"a slip", dana(), "admin", "/aprove", nil, "(confused) @dana, `/aprove` was not carried out: there is no such command. Did you mean `/approve`?"},
		{"several, each with its part", dana(), "maintain", "/approve payments\n/hold wbe\n/rollback payments", nil,
			"(-1) @dana, one by one:\n\n`/approve payments`: not carried out, for not all of this comment could be.\n\n`/hold wbe`: not carried out. There is no `wbe`. Did you mean `/hold web`?\n\n`/rollback payments`: `71f0aa93be12` in payments/production has no way back yet: no other release there counts as good."},
		{"a bot's", bot(), "admin", "/approve", nil, "() "},
		{"nothing", dana(), "admin", "Nice work", nil, "() "},
		{"status", person(8, "hal"), "read", "/status", func(a *policies.Asked) { a.Lanes[1].Hold = held(4, eli(), now()) },
			"(eyes, once) @hal, this is how it stands:\n- Checks of `9b1e2c7d40aa`: green\n- **web → production**: `9b1e2c7d40aa` is live\n  - " +
				"`9b1e2c7d40aa` (#412) is good here\n- **payments → production**: `71f0aa93be12` is live. Held by @eli because `the bank is 'down'`; " +
				"`/unhold payments production` lifts it\n  - `9b1e2c7d40aa` (#412) waits: needs an approval from a maintainer. Not @ben or @cy: it " +
				"is their change"},
		{"status of a file that can't be used", dana(), "write", "/status", func(a *policies.Asked) {
			a.Lanes, a.Runs = nil, []policies.RunView{{Commit: full, State: "red", Broken: true}, {Commit: newer, State: "running"}}
		}, "(eyes) @dana, this is how it stands:\n- Of `9b1e2c7d40aa`, `.github/slipway.yml` can't be used\n- Checks of `c0ffee123456`: running\n" +
			"- Nothing is deployed from this repository yet"},
		{"status of one lane", dana(), "read", "/status web", func(a *policies.Asked) { a.Lanes[0].Live, a.Lanes[0].Unclear = "", true },
			"(eyes, once) @dana, this is how it stands:\n- **web → production**: nobody can say what is live\n  - `9b1e2c7d40aa` (#412) is good here"},
		{"status of nothing", dana(), "write", "/status", func(a *policies.Asked) { a.Lanes, a.Runs = nil, nil },
			"(eyes) @dana, this is how it stands:\n- Nothing is deployed from this repository yet"},
	})
}

func TestHelpNamesEveryVerbOnceItWorks(t *testing.T) {
	_, answer := policies.Resolve(shop(dana(), "read", "/help"))
	for _, verb := range []string{"approve", "unapprove", "hold", "unhold", "rollback", "retry", "cancel", "override", "what-if", "status", "help"} {
		if !strings.Contains(answer.Body, "- `/"+verb) {
			t.Errorf("/help does not name /%s", verb)
		}
	}
	if strings.Contains(answer.Body, "ok-to-test") || answer.Reaction != "eyes" {
		t.Errorf("/help: %+v", answer)
	}
}

// TestResolveButton: a button is a command on the lane and the commit that its check run stands on, and its sender is judged like a
// commenter.
func TestResolveButton(t *testing.T) {
	a := shop(dana(), "maintain", "")
	c, _ := policies.ParseButton("approve")
	c.Service, c.Environment, c.Commit = "payments", "production", full
	a.Lines, a.Source, a.Pull = []policies.Line{{Command: c}}, "button/1-2-3", policies.PullView{}
	letters, answer := policies.Resolve(a)
	if len(letters) != 1 || letters[0].Message.(app.Approved).Source != "button/1-2-3" || answer.Reaction != "+1" {
		t.Errorf("%s", came(letters, answer))
	}
	a.By, a.Role = ben(), known("admin")
	if letters, answer := policies.Resolve(a); len(letters) != 0 || !strings.Contains(answer.Body, "#412 is your change") {
		t.Errorf("%s", came(letters, answer))
	}
}

// TestAnswersAreNoCommands: what slipway says must never be taken for a command by slipway, or by who quotes it.
func TestAnswersAreNoCommands(t *testing.T) {
	for _, body := range []string{"/approve", "/approve all", "/status", "/help", "/hold", "/rollback", "/retry", "/cancel", "/aprove\n/hold x"} {
		a := shop(dana(), "maintain", body)
		staging(&a)
		_, answer := policies.Resolve(a)
		if lines := policies.Parse(answer.Body, names()); len(lines) != 0 {
			t.Errorf("the answer to %q holds commands: %s", body, told(lines))
		}
	}
}

// TestWordsCarryTheirProof: whatever is done is done with the proof of whose word it was.
func TestWordsCarryTheirProof(t *testing.T) {
	a := shop(dana(), "maintain", "/approve payments\n/hold web because x")
	a.Text, a.Event = "7e47", "delivery-1"
	letters, _ := policies.Resolve(a)
	proof := app.Proof{Role: "maintain", Source: "comment/99", Text: "7e47", Event: "delivery-1"}
	yes, is := letters[0].Message.(app.Approved)
	if !is || (app.Proof{Role: yes.Role, Source: yes.Source, Text: yes.Text, Event: yes.Event}) != proof || yes.Proof != "role:maintain" {
		t.Errorf("the approval is %+v", letters[0].Message)
	}
	if word, is := letters[1].Message.(app.Said); !is || word.Proof != proof {
		t.Errorf("the hold is %+v", letters[1].Message)
	}
}
