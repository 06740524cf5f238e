package policies_test

import (
	"testing"
	"time"

	"github.com/slipway-cd/slipway/policies"
)

// TestResolveTogether: the commands of one comment are judged together.
func TestResolveTogether(t *testing.T) {
	const web, payments = "lane/42/web/production", "lane/42/payments/production"
	one := func(a *policies.Asked) { a.Lanes[1].Hold = held(4, eli(), now().Add(-time.Hour)) }
	const goesOn = "held: what has begun goes on, nothing new starts, and `/rollback` still works. "
	const going = "`9b1e2c7d40aa` in web/production is being rolled back to `71f0aa93be12`. That holds the lane: nothing newer starts there until " +
		"`/unhold web production`."
	const oneByOne, neither = "@dana, one by one:\n\n", " in the same comment contradict each other, so neither was carried out. Say the one that you mean."
	const notHeld = "this is how it stands:\n- **payments → production**: `71f0aa93be12` is live\n  - `9b1e2c7d40aa` (#412) waits: needs an approval " +
		"from a maintainer. Not @ben or @cy: it is their change"
	resolve(t, []asking{
		{"hold and unhold", dana(), "maintain", "/hold payments\n/unhold payments", nil,
			"(-1) " + oneByOne + "`/hold payments`: this and `/unhold payments`" + neither + "\n\n`/unhold payments`: this and `/hold payments`" + neither},
		{"hold and unhold of what is held, and how it stands", dana(), "maintain", "/hold payments\n/unhold\n/status payments", one,
			"(-1) " + oneByOne + "`/hold payments`: this and `/unhold`" + neither + "\n\n`/unhold`: this and `/hold payments`" + neither +
				"\n\n`/status payments`: this is how it stands:\n- **payments → production**: `71f0aa93be12` is live. Held by @eli because `the bank is " +
				"'down'`; `/unhold payments production` lifts it\n  - `9b1e2c7d40aa` (#412) waits: needs an approval from a maintainer. Not @ben or @cy: " +
				"it is their change"},
		{"hold of one lane and unhold of another", dana(), "maintain", "/hold web\n/unhold payments", one,
			said(web, "hold", "", 0, noMore) + said(payments, "unhold", "", 4, noMore) + "(+1) " + oneByOne + "`/hold web`: web/production is " + goesOn +
				"`/unhold web production` lifts it.\n\n`/unhold payments`: payments/production is no longer held. `9b1e2c7d40aa` waits: needs an " +
				"approval from a maintainer. Not @ben or @cy: it is their change."},
		{"hold of one lane and unhold of all others", dana(), "maintain", "/hold web\n/unhold all", one,
			said(web, "hold", "", 0, noMore) + said(payments, "unhold", "", 4, noMore) + "(+1) " + oneByOne + "`/hold web`: web/production is " + goesOn +
				"`/unhold web production` lifts it.\n\n`/unhold all`: payments/production is no longer held. `9b1e2c7d40aa` waits: needs an " +
				"approval from a maintainer. Not @ben or @cy: it is their change."},
		{"unhold of the only one, and hold of all", dana(), "maintain", "/unhold\n/hold", one,
			"(-1) " + oneByOne + "`/unhold`: this and `/hold`" + neither + "\n\n`/hold`: this and `/unhold`" + neither},
		{"hold, late, which still counts", dana(), "maintain", "/hold web\n/unhold web", func(a *policies.Asked) { a.Received = now().Add(11 * time.Minute) },
			said(web, "hold", "", 0, noMore) + "(-1) " + oneByOne + "`/hold web`: web/production is " + goesOn + "`/unhold web production` lifts it.\n\n" +
				"`/unhold web`: this arrived late (written 2027-03-01 10:12 UTC, received 2027-03-01 10:23 UTC), so it was not carried out. If you still " +
				"mean it, say it again."},
		{"unhold, and how it stands", dana(), "maintain", "/unhold payments\n/status payments", one, said(payments, "unhold", "", 4, noMore) + "(+1) " +
			oneByOne + "`/unhold payments`: payments/production is no longer held. `9b1e2c7d40aa` waits: needs an approval from a maintainer. Not @ben or " +
			"@cy: it is their change.\n\n`/status payments`: " + notHeld},
		{"a repeat", dana(), "maintain", "/rollback web\n/rollback web", nil, said(web, "rollback", full, 3, noMore) + "(+1) @dana, " + going},
		{"a repeat in other words", dana(), "maintain", "/rollback web production\n/rollback production web\n/unhold", nil,
			said(web, "rollback", full, 3, noMore) + "(-1) " + oneByOne + "`/rollback web production`, `/rollback production web`: " + going +
				"\n\n`/unhold`: `/rollback web production`, `/rollback production web` in the same comment goes before, so this was not carried out. If " +
				"you still mean it afterwards, say it again."},
		{"retry and cancel of checks", dana(), "write", "/retry\n/cancel", func(a *policies.Asked) { open(a); a.Runs[0].Cancelable = true },
			"(-1) " + oneByOne + "`/retry`: this and `/cancel`" + neither + "\n\n`/cancel`: this and `/retry`" + neither},
		{"a repeat that names more", dana(), "maintain", "/rollback web\n/rollback web production", nil, said(web, "rollback", full, 3, noMore) + "(-1) " +
			oneByOne + "`/rollback web`: " + going + "\n\n`/rollback web production`: `/rollback web` in the same comment says that already."},
		{"hold, and approve what it stops", dana(), "maintain", "/hold payments\n/approve payments", nil, said(payments, "hold", "", 0, noMore) +
			approvedBy("production") + "(+1) " + oneByOne + "`/hold payments`: payments/production is " + goesOn + "`/unhold payments production` lifts it." +
			"\n\n`/approve payments`: `9b1e2c7d40aa` is approved for payments/production. The lane is held by @dana, so it waits until `/unhold payments " +
			"production`."},
		{"approve and take back", dana(), "maintain", "/approve payments\n/unapprove", nil, "(-1) " + oneByOne + "`/approve payments`: this and `/unapprove`" +
			neither + "\n\n`/unapprove`: this and `/approve payments`" + neither},
		{"approve and give up", dana(), "maintain", "/approve payments\n/cancel payments", nil, "(-1) " + oneByOne + "`/approve payments`: this and `/cancel " +
			"payments`" + neither + "\n\n`/cancel payments`: this and `/approve payments`" + neither},
		{"nothing stands in the way of a way back", dana(), "maintain", "/unhold web\n/rollback web", func(a *policies.Asked) {
			a.Lanes[0].Hold = held(4, eli(), now().Add(-time.Hour))
		}, said(web, "rollback", full, 3, noMore) + "(-1) " + oneByOne + "`/unhold web`: `/rollback web` in the same comment goes before, so this was not " +
			"carried out. If you still mean it afterwards, say it again.\n\n`/rollback web`: `9b1e2c7d40aa` in web/production is being rolled back to " +
			"`71f0aa93be12`. The lane stays held: nothing newer starts there until `/unhold web production`."},
		{"a slip, and how it stands without what is not done", dana(), "maintain", "/hold payments\n/hold payments production\n/aprove\n/status payments", nil,
			"(-1) " + oneByOne + "`/hold payments`: not carried out, for not all of this comment could be.\n\n`/hold payments production`: `/hold payments` in the " +
				"same comment says that already.\n\n`/aprove`: not carried out. There is no such command. Did you mean `/approve`?\n\n`/status payments`: " + notHeld},
		{"what is so already stands in nobody's way", dana(), "maintain", "/hold payments\n/rollback web", one, said(web, "rollback", full, 3, noMore) +
			"(-1) " + oneByOne + "`/hold payments`: payments/production was held already by @eli because `the bank is 'down'`: that stays as it is. " +
			"`/unhold payments production` lifts it.\n\n`/rollback web`: " + going},
		{"by whom neither is taken", cy(), "write", "/hold web\n/unhold web", nil, "(-1) @cy, one by one:\n\n`/hold web`: `/hold` asks for a maintainer, and " +
			"your role is `write`. @ben, @dana or @eli can. Nothing changed.\n\n`/unhold web`: `/unhold` asks for a maintainer, and your role is `write`. " +
			"@ben, @dana or @eli can. Nothing changed."},
	})
}
