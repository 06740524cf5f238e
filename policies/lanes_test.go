package policies_test

import (
	"strings"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

func TestResolveHold(t *testing.T) {
	const web, payments = "lane/42/web/production", "lane/42/payments/production"
	const goesOn = ": what has begun goes on, nothing new starts, and `/rollback` still works. "
	one := func(a *policies.Asked) { a.Lanes[1].Hold = held(4, eli(), now().Add(-time.Hour)) }
	two := func(a *policies.Asked) {
		one(a)
		a.Lanes[0].Hold = &policies.HoldView{Key: 5, Because: "@eli rolled it back: `too slow`.", Undoes: full, Since: now().Add(-time.Hour), Until: now().Add(time.Hour)}
	}
	resolve(t, []asking{
		{"alone stops every lane", dana(), "maintain", "/hold", nil, said(web, "hold", "", 0, noMore) + said(payments, "hold", "", 0, noMore) +
			"(+1) @dana, web/production and payments/production are held" + goesOn + "`/unhold all` lifts it."},
		{"with an end and a reason", dana(), "maintain", "/hold web until 2h because the `bank` is down", nil,
			said(web, "hold", "", 0, `"Until":"2027-03-01T12:12:00Z","Because":"the `+"`bank`"+` is down"`) +
				"(+1) @dana, web/production is held until 2027-03-01 12:12 UTC" + goesOn + "`/unhold web production` lifts it sooner."},
		{"of an environment", dana(), "maintain", "/hold production", nil, said(web, "hold", "", 0, noMore) + said(payments, "hold", "", 0, noMore) +
			"(+1) @dana, web/production and payments/production are held" + goesOn + "`/unhold production all` lifts it."},
		{"on a held lane changes nothing", dana(), "maintain", "/hold payments until 1h", one,
			"(-1) @dana, payments/production was held already by @eli because `the bank is 'down'`: that stays as it is. " +
				"`/unhold payments production` lifts it."},
		{"all, of which one is held", dana(), "maintain", "/hold", one, said(web, "hold", "", 0, noMore) +
			"(+1) @dana, web/production is held: what has begun goes on, nothing new starts, and `/rollback` still works. `/unhold all` lifts it. " +
			"payments/production was held already by @eli because `the bank is 'down'`: that stays as it is. `/unhold payments production` lifts it."},
		{"a lane that is no longer in the file", dana(), "maintain", "/hold payments", func(a *policies.Asked) { a.Lanes[1].Closed = true },
			"(-1) @dana, there is no lane to hold."},
		{"until the past", dana(), "maintain", "/hold until 2027-03-01 10:00", nil,
			"(-1) @dana, 2027-03-01 10:00 UTC is over already, so nothing is held."},
		{"until the far future", dana(), "maintain", "/hold until 2037-03-01 10:00", nil,
			"(-1) @dana, 2037-03-01 10:00 UTC is more than 366 days away. Without `until` a hold lasts until somebody lifts it."},
		{"by a writer", cy(), "write", "/hold", nil,
			"(-1) @cy, `/hold` asks for a maintainer, and your role is `write`. @ben, @dana or @eli can. Nothing changed."},
		{"by an invented role", cy(), "boss", "/hold", nil,
			"(-1, once) @cy, `/hold` asks for a maintainer, and slipway does not know your role `boss`. @ben, @dana or @eli can. Nothing changed."},
		{"by a role that can't be read", dana(), "maintain", "/hold", func(a *policies.Asked) { a.Role = app.Unknown[string]("no answer") },
			"(-1) @dana, your role in this repository can't be read now (no answer), so `/hold` was not carried out. Say it again in a moment."},
		{"unhold of nothing", dana(), "maintain", "/unhold", nil, "(-1) @dana, nothing is held here."},
		{"unhold alone lifts the only one", dana(), "maintain", "/unhold", one, said(payments, "unhold", "", 4, noMore) +
			"(+1) @dana, payments/production is no longer held. `9b1e2c7d40aa` waits: needs an approval from a maintainer. Not @ben or @cy: it is " +
			"their change."},
		{"unhold alone of two", dana(), "maintain", "/unhold", two,
			"(-1) @dana, 2 lanes are held, so nothing was lifted. Say which, or `/unhold all`:\n- `/unhold web production`, held by slipway, because @eli " +
				"rolled `9b1e2c7d40aa` back: `too slow` until 2027-03-01 11:12 UTC\n- `/unhold payments production`, held by @eli because `the bank is 'down'`"},
		{"unhold all", dana(), "maintain", "/unhold all", two, said(web, "unhold", "", 5, noMore) + said(payments, "unhold", "", 4, noMore) +
			"(+1) @dana, one by one:\n- web/production is no longer held. Nothing waits.\n- payments/production is no longer held. `9b1e2c7d40aa` " +
			"waits: needs an approval from a maintainer. Not @ben or @cy: it is their change."},
		{"unhold of a hold that nobody had seen", dana(), "maintain", "/unhold payments", func(a *policies.Asked) {
			a.Lanes[1].Hold = held(4, app.Person{}, now().Add(3*time.Second))
		}, "(-1) @dana, payments/production has been held anew since you wrote this, by slipway, because a commit was rolled back. If you still " +
			"mean it, say `/unhold payments production`."},
		{"unhold says what goes after a rollback that runs", dana(), "maintain", "/unhold web", func(a *policies.Asked) {
			a.Lanes[0].Hold = &policies.HoldView{Key: 4, Because: "@dana rolled it back.", Undoes: full, Since: now().Add(-time.Hour)}
			returning(a, policies.RollingBack)
			next := waits(newer, 7, "production")
			next.Decision.Verdict = policies.Allow
			a.Lanes[0].Promotions = append(a.Lanes[0].Promotions, next)
		}, said(web, "unhold", "", 4, noMore) + "(+1) @dana, web/production is no longer held. First comes `9b1e2c7d40aa`, which is being rolled " +
			"back. Next goes `c0ffee123456`, which has the changes of `9b1e2c7d40aa` too unless they were reverted."},
		{"unhold says what goes after a rollback", dana(), "maintain", "/unhold web", func(a *policies.Asked) {
			a.Lanes[0].Hold = &policies.HoldView{Key: 4, Because: "@dana rolled it back.", Undoes: full, Since: now().Add(-time.Hour)}
			returning(a, policies.RolledBack)
			next := waits(newer, 7, "production")
			a.Lanes[0].Promotions = append(a.Lanes[0].Promotions, next)
		}, said(web, "unhold", "", 4, noMore) + "(+1) @dana, web/production is no longer held. `c0ffee123456`, which has the changes of " +
			"`9b1e2c7d40aa` too unless they were reverted, waits: needs an approval from a maintainer. Not @ben or @cy: it is their change."},
		{"unhold after a rollback of what a force-push took off the branch", dana(), "maintain", "/unhold web", func(a *policies.Asked) {
			a.Lanes[0].Hold = &policies.HoldView{Key: 4, Undoes: full, Since: now().Add(-time.Hour)}
			returning(a, policies.RolledBack)
			a.Lanes[0].Promotions[0].Gone = true
			next := waits(newer, 7, "production")
			next.Decision.Verdict = policies.Allow
			a.Lanes[0].Promotions = append(a.Lanes[0].Promotions, next)
		}, said(web, "unhold", "", 4, noMore) + "(+1) @dana, web/production is no longer held. Next goes `c0ffee123456`."},
		{"unhold while another is watched", dana(), "maintain", "/unhold web", func(a *policies.Asked) {
			a.Lanes[0].Hold = held(4, eli(), now().Add(-time.Hour))
			a.Lanes[0].Promotions[0].State = policies.Verifying
		}, said(web, "unhold", "", 4, noMore) + "(+1) @dana, web/production is no longer held. First comes `9b1e2c7d40aa`, which is deployed and " +
			"being watched. Nothing else waits."},
		{"unhold says what goes next", dana(), "maintain", "/unhold web", func(a *policies.Asked) {
			a.Lanes[0].Hold = held(4, eli(), now().Add(-time.Hour))
			old, next := waits(live, 6, "production"), waits(newer, 7, "production")
			old.Decision.Verdict, next.Decision.Verdict = policies.Allow, policies.Allow
			a.Lanes[0].Promotions = append(a.Lanes[0].Promotions, old, next)
		}, said(web, "unhold", "", 4, noMore) + "(+1) @dana, web/production is no longer held. Next goes `c0ffee123456`."},
	})
}

// returning has web on its way back, or to be once its program has ended.
func returning(a *policies.Asked, s policies.PromotionState) {
	p := &a.Lanes[0].Promotions[0]
	p.State, p.Rollbackable, p.Back = s, false, live
}

func TestResolveRollback(t *testing.T) {
	const web = "lane/42/web/production"
	const done = "(+1) @dana, `9b1e2c7d40aa` in web/production is being rolled back to `71f0aa93be12`. That holds the lane: nothing newer " +
		"starts there until `/unhold web production`."
	resolve(t, []asking{
		{"alone", dana(), "maintain", "/rollback", nil, said(web, "rollback", full, 3, noMore) + done},
		{"from any pull request, by its lane", dana(), "maintain", "/rollback web because it is slow", open,
			said(web, "rollback", full, 3, `"Until":"0001-01-01T00:00:00Z","Because":"it is slow"`) + done},
		{"from any pull request, alone", dana(), "maintain", "/rollback", open,
			"(-1) @dana, `c0ffee123456` was never deployed here. What can be rolled back:\n- `/rollback web production 9b1e2c7d40aa`"},
		{"while its program runs", dana(), "maintain", "/rollback web", func(a *policies.Asked) {
			a.Lanes[0].Promotions[0].State, a.Lanes[0].Hold = policies.Deploying, held(1, eli(), now())
		}, said(web, "rollback", full, 3, noMore) + "(+1) @dana, `9b1e2c7d40aa` in web/production goes back to `71f0aa93be12` as soon as its deployment's " +
			"program has ended, for two never run at once. The lane stays held: nothing newer starts there until `/unhold web production`."},
		{"where the file lets newer commits go on", dana(), "maintain", "/rollback", func(a *policies.Asked) {
			a.Lanes[0].Promotions[0].HoldsAfter = false
		}, said(web, "rollback", full, 3, noMore) + "(+1) @dana, `9b1e2c7d40aa` in web/production is being rolled back to `71f0aa93be12`. Newer " +
			"commits go on afterwards, as its file says (`after_rollback: continue`)."},
		{"two lanes at once", dana(), "maintain", "/rollback production", func(a *policies.Asked) { a.Lanes[1].Promotions[0].Rollbackable = true },
			"(-1) @dana, 2 lanes could be rolled back, so nothing was. Say which:\n- `/rollback web production 9b1e2c7d40aa`\n- `/rollback payments " +
				"production 9b1e2c7d40aa`"},
		{"what is being rolled back", dana(), "maintain", "/rollback", func(a *policies.Asked) {
			returning(a, policies.RollingBack)
		}, "(-1) @dana, `9b1e2c7d40aa` in web/production is already going back to `71f0aa93be12`."},
		{"what is being rolled back, by its lane", dana(), "maintain", "/rollback web", func(a *policies.Asked) {
			returning(a, policies.RollingBack)
		}, "(-1) @dana, `9b1e2c7d40aa` in web/production is already going back to `71f0aa93be12`."},
		{"what goes back once its program has ended", dana(), "maintain", "/rollback web", func(a *policies.Asked) {
			returning(a, policies.Deploying)
		}, "(-1) @dana, `9b1e2c7d40aa` in web/production already goes back to `71f0aa93be12` as soon as its deployment's program has ended."},
		{"what is being rolled back in two lanes", dana(), "maintain", "/rollback", func(a *policies.Asked) {
			returning(a, policies.RollingBack)
			a.Lanes[1].Promotions[0].State = policies.RolledBack
			a.Lanes[1].Promotions[0].Back = live
		}, "(-1) @dana, nothing of `9b1e2c7d40aa` can be rolled back:\n- `9b1e2c7d40aa` in web/production is already going back to `71f0aa93be12`" +
			"\n- `9b1e2c7d40aa` in payments/production was rolled back already, to `71f0aa93be12`"},
		{"without a way back", dana(), "maintain", "/rollback web", func(a *policies.Asked) {
			a.Lanes[0].Promotions[0].Rollbackable, a.Lanes[0].WayBack = false, ""
		}, "(-1) @dana, `9b1e2c7d40aa` in web/production has no way back yet: no other release there counts as good."},
		{"where nothing is live", dana(), "maintain", "/rollback production", func(a *policies.Asked) {
			a.Lanes[0].Promotions, a.Lanes[0].Live, a.Lanes[1].Live, a.Lanes[1].Unclear = nil, "", "", true
		}, "(-1) @dana, nothing can be rolled back:\n- nothing is live in web/production that could be rolled back\n- nobody can say what is " +
			"live in payments/production, and no release there counts as good"},
		{"what is not what was deployed last", dana(), "maintain", "/rollback web 9b1e2c7d40aa", func(a *policies.Asked) {
			a.Lanes[0].Promotions[0].Rollbackable = false
		}, "(-1) @dana, `9b1e2c7d40aa` in web/production can't be rolled back: it is not what was deployed last."},
		{"what waits", dana(), "maintain", "/rollback payments 9b1e2c7d40aa", nil,
			"(-1) @dana, `9b1e2c7d40aa` in payments/production is not deployed: it is waiting."},
		{"what began after it was written", dana(), "maintain", "/rollback web", func(a *policies.Asked) {
			a.Lanes[0].Promotions[0].Started = now().Add(3 * time.Second)
		}, "(-1) @dana, the deployment of `9b1e2c7d40aa` in web/production started after you wrote this. If you mean that one, say " +
			"`/rollback web production 9b1e2c7d40aa`."},
		{"what started after it was written, by its name", dana(), "maintain", "/rollback 9b1e2c7d40aa", func(a *policies.Asked) {
			a.Lanes[0].Promotions[0].Started = now().Add(3 * time.Second)
		}, said(web, "rollback", full, 3, noMore) + done},
		{"by a writer", cy(), "write", "/rollback", nil,
			"(-1) @cy, `/rollback` asks for a maintainer, and your role is `write`. @ben, @dana or @eli can. Nothing changed."},
		{"by a writer of a personal repository", dana(), "write", "/rollback", func(a *policies.Asked) { a.Personal = true },
			said(web, "rollback", full, 3, noMore) + done},
	})
}

func TestResolveRetryAndCancel(t *testing.T) {
	const payments, run = "lane/42/payments/production", "run/42/"
	failed := func(a *policies.Asked) {
		a.Runs[0].Retryable = true // which a green run's end must not take from the promotion
		p := &a.Lanes[1].Promotions[0]
		p.State, p.Retryable, p.Cancelable = policies.Failed, true, false
	}
	over := func(a *policies.Asked, s policies.PromotionState) {
		a.Lanes[1].Promotions[0].State, a.Lanes[1].Promotions[0].Cancelable = s, false
	}
	resolve(t, []asking{
		{"retry of the checks of an open pull request", dana(), "write", "/retry", open,
			said(run+string(newer), "retry", newer, 0, noMore) + "(+1) @dana, the checks of `c0ffee123456` that did not pass run again."},
		{"retry of one check, by its button", dana(), "write", "/retry", func(a *policies.Asked) { a.Check = "payments/test" },
			strings.Replace(said(run+full, "retry", full, 0, noMore), `"Check":""`, `"Check":"payments/test"`, 1) +
				"(+1) @dana, the check `payments/test` of `9b1e2c7d40aa` runs again."},
		{"retry of a promotion", dana(), "write", "/retry", failed, said(payments, "retry", full, 8, noMore) +
			"(+1) @dana, `9b1e2c7d40aa` in payments/production is tried again: it goes through its gate anew, approvals included."},
		{"retry in a lane that is held", dana(), "write", "/retry payments", func(a *policies.Asked) {
			failed(a)
			a.Lanes[1].Hold = held(4, eli(), now())
		}, said(payments, "retry", full, 8, noMore) + "(+1) @dana, `9b1e2c7d40aa` in payments/production is tried again: it goes through its gate " +
			"anew, approvals included. The lane is held by @eli because `the bank is 'down'`, so it waits until `/unhold payments production`."},
		{"retry of a way back", dana(), "write", "/retry payments", func(a *policies.Asked) {
			failed(a)
			a.Lanes[1].Promotions[0].State, a.Lanes[1].Promotions[0].Was = policies.Attention, policies.RollingBack
		}, said(payments, "retry", full, 8, noMore) + "(+1) @dana, the way back from `9b1e2c7d40aa` in payments/production is tried again."},
		{"retry of what was being watched", dana(), "write", "/retry payments", func(a *policies.Asked) {
			failed(a)
			a.Lanes[1].Promotions[0].State, a.Lanes[1].Promotions[0].Was = policies.Attention, policies.Verifying
		}, said(payments, "retry", full, 8, noMore) + "(+1) @dana, `9b1e2c7d40aa` in payments/production is watched again."},
		{"retry of what was being deployed", dana(), "write", "/retry payments", func(a *policies.Asked) {
			failed(a)
			a.Lanes[1].Promotions[0].State, a.Lanes[1].Promotions[0].Was = policies.Attention, policies.Deploying
		}, said(payments, "retry", full, 8, noMore) + "(+1) @dana, `9b1e2c7d40aa` in payments/production is deployed again if its gate still " +
			"allows it."},
		{"retry of what is no longer on the branch", dana(), "write", "/retry payments production 9b1e2c7d40aa", func(a *policies.Asked) {
			over(a, policies.RolledBack)
			a.Lanes[1].Promotions[0].Gone = true
		}, "(-1) @dana, `9b1e2c7d40aa` in payments/production can't be tried again: a force-push took it off the default branch. Push the " +
			"change as a new commit."},
		{"retry of what a newer one came after", dana(), "write", "/retry payments production 9b1e2c7d40aa", func(a *policies.Asked) {
			over(a, policies.RolledBack)
			a.Lanes[1].Newest = app.Commit{SHA: newer, Place: 6}
		}, "(-1) @dana, `9b1e2c7d40aa` in payments/production can't be tried again: `c0ffee123456`, which is newer, has been started there since."},
		{"retry of a commit whose checks passed, alone", dana(), "write", "/retry", func(a *policies.Asked) {
			over(a, policies.Failed)
			a.Lanes[1].Closed = true
		}, "(-1) @dana, `9b1e2c7d40aa` in payments/production can't be tried again: the file does not name this lane any more."},
		{"retry of what needs a person, in a lane that is held", dana(), "write", "/retry payments", func(a *policies.Asked) {
			over(a, policies.Attention)
			a.Lanes[1].Hold = held(4, eli(), now())
		}, "(-1) @dana, `9b1e2c7d40aa` in payments/production can't be tried again while the lane is held by @eli because `the bank is 'down'`. Say " +
			"`/unhold payments production` first."},
		{"retry of what is good", dana(), "write", "/retry web", nil,
			"(-1) @dana, `9b1e2c7d40aa` in web/production need not be tried again: it is good here."},
		{"retry of what never came to a lane", dana(), "write", "/retry web", func(a *policies.Asked) {
			a.Lanes[0].Promotions = nil
			a.Runs[0] = policies.RunView{Commit: full, State: "red", Retryable: true}
		}, "(-1) @dana, `9b1e2c7d40aa` is not in `web`: its checks are red."},
		{"retry of what a lane does not know", dana(), "write", "/retry web production", func(a *policies.Asked) { a.Lanes[0].Promotions = nil },
			"(-1) @dana, `9b1e2c7d40aa` is not in `web/production`: it changes nothing there, or slipway has not come to it yet."},
		{"retry of the head of a pull request that was squashed", dana(), "write", "/retry payments c0ffee123456", nil,
			"(-1) @dana, `c0ffee123456` is #412 before its merge: it was merged as `9b1e2c7d40aa`."},
		{"retry of checks that run", dana(), "write", "/retry", func(a *policies.Asked) {
			open(a)
			a.Runs = []policies.RunView{{Commit: newer, State: "running", Cancelable: true}}
		}, "(-1) @dana, nothing of `c0ffee123456` has to be tried again: its checks are running."},
		{"retry of nothing", dana(), "write", "/retry", nil, "(-1) @dana, nothing of `9b1e2c7d40aa` has to be tried again: its checks are green."},
		{"retry of several", dana(), "write", "/retry", func(a *policies.Asked) { failed(a); a.Lanes[0].Promotions[0].Retryable = true },
			"(-1) @dana, 2 promotions could be tried again, so none was. Say which:\n- `/retry web production 9b1e2c7d40aa`\n- `/retry payments " +
				"production 9b1e2c7d40aa`"},
		{"retry of what has changed since", dana(), "write", "/retry", func(a *policies.Asked) {
			failed(a)
			a.Lanes[1].Promotions[0].Since = now().Add(3 * time.Second)
		}, "(-1) @dana, `9b1e2c7d40aa` in payments/production has changed since you wrote this: it is failed now. If you still mean it, say " +
			"`/retry payments production 9b1e2c7d40aa`."},
		{"retry of a lane on an open pull request", dana(), "write", "/retry payments", func(a *policies.Asked) { failed(a); open(a) },
			"(-1) @dana, name the commit. What can be tried again:\n- `/retry payments production 9b1e2c7d40aa`"},
		{"retry by a reader", cy(), "triage", "/retry", failed,
			"(-1, once) @cy, `/retry` asks for someone with write access, and your role is `triage`. @ben, @cy, @dana or @eli can. Nothing changed."},
		{"cancel of what waits", dana(), "write", "/cancel", nil,
			said(payments, "cancel", full, 7, noMore) + "(+1) @dana, `9b1e2c7d40aa` in payments/production is given up."},
		{"cancel of checks", dana(), "write", "/cancel", func(a *policies.Asked) { open(a); a.Runs[0].Cancelable = true },
			said(run+string(newer), "cancel", newer, 0, noMore) + "(+1) @dana, the checks of `c0ffee123456` are given up."},
		{"cancel in need of a person", dana(), "write", "/cancel payments", func(a *policies.Asked) {
			a.Lanes[1].Promotions[0].State = policies.Attention
		}, said(payments, "cancel", full, 7, noMore) + "(+1) @dana, `9b1e2c7d40aa` in payments/production counts as failed, and what it left there " +
			"stays as it is."},
		{"cancel of what has begun", dana(), "write", "/cancel payments", func(a *policies.Asked) {
			a.Lanes[1].Promotions[0].State, a.Lanes[1].Promotions[0].Cancelable = policies.Deploying, false
		}, "(-1) @dana, `9b1e2c7d40aa` in payments/production is being deployed, which `/cancel` does not stop. " +
			"`/rollback payments production 9b1e2c7d40aa` undoes it."},
		{"cancel of nothing", dana(), "write", "/cancel web", nil, "(-1) @dana, nothing of `9b1e2c7d40aa` waits that could be given up."},
		{"cancel of an attempt that nobody had seen", dana(), "write", "/cancel", func(a *policies.Asked) {
			a.Lanes[1].Promotions[0].Arrived = now().Add(3 * time.Second)
		}, "(-1) @dana, this attempt at `9b1e2c7d40aa` in payments/production began after you wrote this. If you still mean it, say " +
			"`/cancel payments production 9b1e2c7d40aa`."},
		{"cancel of several", dana(), "write", "/cancel", staging,
			"(-1) @dana, 2 promotions could be given up, so none was. Say which:\n- `/cancel payments production 9b1e2c7d40aa`\n- `/cancel payments " +
				"staging 9b1e2c7d40aa`"},
	})
}
