package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/deploy"
)

// Promotion is the check run of a commit's promotion in one lane. While it waits and deploys it is one completed, neutral run whose title says
// where it is: buttons show only on completed runs, and a commit that nobody has to repair is not red. Its end is another run.
func Promotion(s Scene, l deploy.Lane, commit app.SHA, pull *app.Pull) (app.CheckRun, bool) {
	p, ok := l.Promotion(commit)
	if !ok {
		return app.CheckRun{}, false
	}
	conclusion, phase := concluded(p)
	v := app.CheckRun{
		Name: "promote: " + l.Name(), Commit: commit, External: fmt.Sprintf("promotion/%d%s", p.Attempt, phase), Status: "completed",
		Conclusion: conclusion, DetailsURL: s.Links.Lane(l.Address()), Title: clip(plainText(title(l, p)), maxTitle), Buttons: buttons(l, p),
	}
	v.Summary = cut(card(s, l, p, pull, Outgoing{}), maxText)
	if p.Tail != "" {
		v.Text = tail(p.Tail)
	}
	return v, true
}

// concluded is the conclusion of a promotion's check run and which of its runs it is.
func concluded(p deploy.Promotion) (conclusion, phase string) {
	switch p.State {
	case deploy.Live:
		return "success", fmt.Sprintf("/end/%d", p.Key)
	case deploy.RolledBack, deploy.Failed, deploy.Denied:
		return "failure", fmt.Sprintf("/end/%d", p.Key)
	case deploy.Canceled:
		return "cancelled", fmt.Sprintf("/end/%d", p.Key)
	case deploy.Superseded:
		return "skipped", fmt.Sprintf("/end/%d", p.Key)
	case deploy.Attention:
		return "action_required", fmt.Sprintf("/attention/%d", p.Key)
	case deploy.RollingBack:
		return "neutral", fmt.Sprintf("/back/%d", p.Undone)
	}
	return "neutral", fmt.Sprintf("/%d", p.Calls)
}

// title says in a few words where a promotion is, and why if that is not what it was meant to be.
func title(l deploy.Lane, p deploy.Promotion) string {
	switch p.State {
	case deploy.Attention, deploy.Failed, deploy.Denied, deploy.Canceled:
		return headline(l, p) + ": " + p.Why
	}
	return headline(l, p)
}

// headline is the title without the reason, in Markdown.
func headline(l deploy.Lane, p deploy.Promotion) string {
	switch p.State {
	case deploy.Gating, deploy.Held:
		if l.Behind(p) {
			return "Waiting behind newer commits"
		}
		return waits(l, p)
	case deploy.Reviewing:
		if p.Then != deploy.Absent {
			return "Taking its request for a review back"
		}
		return "Waiting for GitHub's review"
	case deploy.Deploying:
		return "Deploying" + asking(l, p)
	case deploy.Verifying:
		return "Deployed; it is being watched"
	case deploy.RollingBack:
		if p.Restored {
			return "Back at " + code(p.To) + ", which is being watched"
		}
		return "Rolling back to " + code(p.To) + asking(l, p)
	case deploy.Attention:
		return "Somebody must say what to do"
	case deploy.Retrying:
		return "Asking the gate about the retry"
	case deploy.Live:
		return "Live"
	case deploy.RolledBack:
		return "Rolled back to " + code(p.To)
	case deploy.Superseded:
		return "Went out with " + code(p.By.SHA)
	case deploy.Failed:
		return "Failed"
	case deploy.Denied:
		return "Denied"
	}
	return "Canceled"
}

// asking says who has to move before a workflow goes on: GitHub's reviewers, or whoever can start it.
func asking(l deploy.Lane, p deploy.Promotion) string {
	switch {
	case p.Asking:
		return ", once GitHub's reviewers let its workflow go"
	case l.AwaitsStart(p):
		return ", once somebody starts its workflow on GitHub"
	}
	return ""
}

// waits says in a few words what a promotion waits for.
func waits(l deploy.Lane, p deploy.Promotion) string {
	if deploy.AsksApproval(p) {
		return "Waiting for an approval"
	}
	if l.Hold.Key != 0 {
		return "The lane is on hold"
	}
	if busy, ok := l.Busy(); ok {
		return "Waiting until " + code(busy.Commit.SHA) + " is through"
	}
	if asked, ok := l.Reviewing(); ok && p.Eligible {
		return "Waiting while GitHub asks about " + code(asked.Commit.SHA)
	}
	for _, r := range p.Decision.Reasons {
		if r.Verdict == p.Decision.Verdict && !p.Eligible {
			if rest, is := strings.CutPrefix(r.Sentence, "Waits "); is {
				return "Waiting " + rest
			}
			return "Waiting: " + r.Sentence
		}
	}
	return "Asking the gate"
}

// buttons is what a person can press: three at most, the most useful first.
func buttons(l deploy.Lane, p deploy.Promotion) []app.Button {
	if l.Behind(p) {
		return nil
	}
	var all []app.Button
	offers := l.Offers(p)
	add := func(v app.Verb, label, description string) {
		if len(all) < 3 {
			all = append(all, app.Button{Label: label, Description: description, Identifier: string(v)})
		}
	}
	if p.State.Waits() && deploy.AsksApproval(p) && p.Decision.Opens(app.DoorButton) {
		add(app.VerbApprove, "Approve", "Let this commit go")
	}
	if slices.Contains(offers, app.VerbRollback) {
		add(app.VerbRollback, "Roll back", "Return to the last good release")
	}
	if slices.Contains(offers, app.VerbRetry) {
		add(app.VerbRetry, "Retry", "Try this commit again")
	}
	if p.State.Waits() && l.Hold.Key == 0 {
		add(app.VerbHold, "Hold", "Stop this lane")
	}
	if p.State.Waits() && l.Hold.Key != 0 {
		add(app.VerbUnhold, "Unhold", "Lift the hold of this lane")
	}
	if slices.Contains(offers, app.VerbCancel) {
		add(app.VerbCancel, "Cancel", "Give this commit up")
	}
	return all
}
