package report

import (
	"fmt"
	"strings"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/policies"
)

// maxAnswer is how many characters GitHub takes of an answer to what it asks, less what it may count otherwise.
const maxAnswer = 1000

// Question is what slipway says to what GitHub asks about a commit, by the number of the deployment that waits: how things stand while the gate
// holds it, and no where it never goes. The yes is not here: it is the deployment.
func Question(s Scene, l deploy.Lane, commit app.SHA, deployment int64, pull *app.Pull) (app.Answer, bool) {
	p, ask, ok := l.Question(commit, deployment)
	if !ok || ask == p.LetGo {
		return app.Answer{}, false
	}
	a := app.Answer{Run: ask.Run, Environment: ask.Environment, Link: s.Links.Lane(l.Address())}
	switch first := ask == p.Ask(); {
	case p.State == deploy.Gating && first:
		return app.Answer{}, false // it is about to be judged
	case p.State.Waits() && first:
		a.Text = holding(l, p, pull)
	case p.State.Waits():
		a.State, a.Text = "rejected", "Another run asks for this commit already."
	case p.State == deploy.Attention || p.State == deploy.Retrying:
		a.State, a.Text = "rejected", headline(l, p)+": "+told(p.Why)+" After that, start this again."
	case p.Put == 0:
		a.State, a.Text = "rejected", strings.TrimSpace(headline(l, p)+". "+told(p.Why))
	case !p.Release.Spec.GateOnly:
		a.State, a.Text = "rejected", "slipway deploys this commit by itself: "+headline(l, p)+"."
	default:
		a.State, a.Text = "rejected", goneOnce(l, p)
	}
	a.Text = shorten(strings.TrimSpace(a.Text), maxAnswer-len(a.Link))
	return a, true
}

// holding is what a promotion waits for, and what a person can do.
func holding(l deploy.Lane, p deploy.Promotion, pull *app.Pull) string {
	lines := []string{headline(l, p) + "."}
	for _, r := range p.Decision.Reasons {
		if r.Verdict != policies.Allow {
			lines = append(lines, "• "+quiet(sentence(r.Sentence)))
		}
	}
	if l.Hold.Key != 0 && deploy.AsksApproval(p) { // else the headline says it
		lines = append(lines, "• The lane is on hold.")
	}
	text := strings.Join(lines, "\n")
	if deploy.AsksApproval(p) && spoken(pull) {
		text += "\n\n" + howToApprove(l, p, pull)
	}
	return text
}

// goneOnce says why what was released before is not let go again.
func goneOnce(l deploy.Lane, p deploy.Promotion) string {
	if !p.State.Ended() {
		return "Another run is deploying this commit: " + headline(l, p) + "."
	}
	text := "This commit was released here before (" + headline(l, p) + "), and slipway lets a commit go once. Start only the jobs again that failed."
	if p.Commit.SHA != l.Live.SHA && p.State == deploy.Live {
		text += fmt.Sprintf(" To go back to it, say `/rollback%s` first, and then start this again.", words(l))
	}
	return text
}
