package pages

import (
	"strings"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/policies"
)

// says is where a promotion is and why, in a sentence.
func says(l deploy.Lane, p deploy.Promotion) string {
	switch {
	case p.State == deploy.Superseded && p.By.SHA != "":
		return "Went out with `" + p.By.SHA.Short() + "`."
	case l.AwaitsStart(p):
		return p.Why + " It goes back once somebody starts the workflow of `" + p.To.Short() + "` again on GitHub."
	case p.Asking:
		return strings.TrimSpace(p.Why + " GitHub asks its reviewers before its workflow goes on.")
	case p.Why != "":
		return p.Why
	case p.State == deploy.Reviewing && p.Then != deploy.Absent:
		return "Its request for a review is being taken back."
	case p.State == deploy.Reviewing:
		return "GitHub asks its reviewers, and the workflow goes on once one has answered."
	case p.State == deploy.Held && l.Hold.Key != 0 && p.Eligible:
		return "It may go, and the lane is on hold."
	case p.State == deploy.Held && p.Eligible:
		return "It may go, once the lane is free."
	case p.State == deploy.Held:
		return waitsFor(p)
	case p.State == deploy.Deploying && p.Began.IsZero():
		return "In line for its turn."
	case p.State == deploy.Verifying:
		return "It is there, and watched until it counts as good."
	case p.State == deploy.RollingBack && p.To != "":
		return "`" + p.To.Short() + "` comes back."
	}
	return ""
}

// waitsFor is what the first rule says that does not let a promotion go.
func waitsFor(p deploy.Promotion) string {
	for _, r := range p.Decision.Reasons {
		if r.Verdict != policies.Allow {
			return r.Sentence
		}
	}
	return ""
}

// ways is what a person can do about a promotion, as comments on a pull request.
func ways(l deploy.Lane, p deploy.Promotion) []string {
	var all []string
	if p.State.Waits() && deploy.AsksApproval(p) && p.Decision.Opens(app.DoorComment) {
		all = append(all, "To approve, comment on its pull request: `"+command(app.VerbApprove, l, p.Commit.SHA)+"`")
	}
	if p.State != deploy.Attention {
		return all
	}
	does := map[app.Verb]string{
		app.VerbRetry: "tries it again", app.VerbCancel: "leaves the environment as it is", app.VerbRollback: "returns to the last good release",
	}
	for _, v := range l.Offers(p) {
		all = append(all, "`"+command(v, l, p.Commit.SHA)+"` "+does[v])
	}
	return all
}

// about is one promotion in a line.
func about(l deploy.Lane, p deploy.Promotion) string {
	is := "is " + words(p.State)
	switch p.State {
	case deploy.Held:
		is = "waits"
	case deploy.Attention:
		is = "needs a person"
	}
	text := "`" + p.Commit.SHA.Short() + "` " + is
	if why := says(l, p); why != "" {
		return text + ": " + why
	}
	return text + "."
}

// command is a lane and a commit as a command names them.
func command(verb app.Verb, l deploy.Lane, c app.SHA) string {
	parts := []string{"/" + string(verb)}
	if l.Service != "" {
		parts = append(parts, l.Service)
	}
	parts = append(parts, l.Environment)
	if c != "" {
		parts = append(parts, c.Short())
	}
	return strings.Join(parts, " ")
}
