package policies

import (
	"fmt"
	"strings"

	"github.com/slipway-cd/slipway/app"
)

// status says for each lane what is live, what is on its way or waits and why, and for the pull request how its checks are.
func (a Asked) status(c Command, lanes []LaneView) part {
	var b strings.Builder
	b.WriteString("this is how it stands:")
	for _, r := range a.Runs {
		if c.Service == "" && c.Environment == "" && (c.Commit == "" || string(r.Commit) == c.Commit) {
			what := "Checks of %s: " + r.State
			if r.Broken {
				what = "Of %s, `.github/slipway.yml` can't be used"
			}
			fmt.Fprintf(&b, "\n- "+what, short(r.Commit))
		}
	}
	for _, l := range lanes {
		fmt.Fprintf(&b, "\n- **%s**: %s", app.LaneName(l.Service, l.Environment), l.stands())
		for _, p := range l.Promotions {
			if text := a.promotion(p); text != "" {
				fmt.Fprintf(&b, "\n  - %s", text)
			}
		}
	}
	if len(a.Lanes) == 0 {
		b.WriteString("\n- Nothing is deployed from this repository yet")
	}
	return part{text: b.String() + "\n"}
}

// stands says what is live in a lane, and what stops it.
func (l LaneView) stands() string {
	s := "nothing is live"
	switch {
	case l.Live != "":
		s = short(l.Live) + " is live"
	case l.Unclear:
		s = "nobody can say what is live"
	}
	if l.Closed {
		s += ". It is not in the file any more"
	}
	if l.Hold != nil {
		s += fmt.Sprintf(". Held %s; %s", l.Hold.how(), lifts(l.say(app.VerbUnhold, ""), l.Hold.Until))
	}
	return s
}

// promotion is a line about what has not ended, or is this pull request's; "" about all others.
func (a Asked) promotion(p PromotionView) string {
	who := short(p.Commit.SHA)
	if p.Pull != 0 {
		who += fmt.Sprintf(" (#%d)", p.Pull)
	}
	switch p.State {
	case Ahead:
		return who + p.waitsForMerge()
	case Waiting:
		if p.Review {
			return who + " waits for GitHub's review"
		}
		if p.Decision.Verdict == Allow {
			return who + " may go, and waits for its turn"
		}
		return who + " waits: " + lower(p.Decision.why())
	case Deploying, Verifying, RollingBack, Attention:
		return who + " is " + p.doing()
	}
	if p.Commit.SHA != a.Pull.Commit || a.Pull.Commit == "" {
		return ""
	}
	if p.State == Superseded && p.SupersededBy != "" {
		return who + " was superseded by " + short(p.SupersededBy)
	}
	return who + " is " + p.doing()
}

// help is every command with one sentence.
func help() string {
	return `these are the commands. Each stands on a line of its own and may name a service, an environment and a commit (12 digits or more):
- ` + "`/approve`" + ` says yes to the one promotion of this commit that waits; ` + "`/approve all`" + ` to all that you may. With ` + "`at 2027-03-01 09:00`" + ` it counts from then on. Of an open pull request it counts once that is merged.
- ` + "`/unapprove`" + ` takes your own approval back, until the deployment starts.
- ` + "`/hold [until 2h] [because …]`" + ` stops lanes, all if none is named: what has begun goes on, nothing new starts. For maintainers.
- ` + "`/unhold`" + ` lifts the hold. For maintainers.
- ` + "`/rollback`" + ` goes back to the last good release; no gate, hold or window stops it. For maintainers.
- ` + "`/retry`" + ` lets failed checks, or what was denied, failed or rolled back, try again. For whoever can write.
- ` + "`/cancel`" + ` gives up what waits; it does not stop what has begun. For whoever can write.
- ` + "`/override [alone] because …`" + ` lets a commit go against its gate, never against its checks unless the file says so: an admin, with a second maintainer, or alone, which all approvers are told of.
- ` + "`/what-if approve by @login`" + ` says what that approval would do, and does nothing.
- ` + "`/status`" + ` says what is live, what waits, and why.
- ` + "`/help`" + ` says this. ` + "`/slipway approve`" + ` is ` + "`/approve`" + `, where another bot listens too.
`
}
