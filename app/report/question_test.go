package report

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/policies"
)

// asked is a lane in whose newest promotion GitHub asks: 8 is what it asked first, and 7 what it asks beside that.
func asked(s deploy.State) deploy.Lane {
	l := theLane(s)
	p := &l.Promotions[len(l.Promotions)-1]
	p.Questions = []deploy.Ask{{Run: 80, Deployment: 8, Environment: "production"}, {Run: 70, Deployment: 7, Environment: "production"}}
	p.Release.Spec.GateOnly = true
	p.Decision = policies.Decision{Verdict: policies.Hold, Reasons: []policies.Reason{
		{Rule: policies.RuleChecks, Verdict: policies.Allow, Sentence: "Checks passed"},
		{Rule: policies.RuleApproval, Verdict: policies.Hold, Sentence: "Needs an approval from a maintainer", Asks: true}}}
	if s.Waits() || s == deploy.Canceled || s == deploy.Superseded || s == deploy.Denied {
		p.Put = 0
	}
	return l
}

// TestQuestion says to GitHub what becomes of its question: nothing, how things stand, or no.
func TestQuestion(t *testing.T) {
	for name, c := range map[string]struct {
		state      deploy.State
		deployment int64
		change     func(l *deploy.Lane, p *deploy.Promotion)
		want       string // the state and a part of the text; "" is that nothing is said
	}{
		"held":                  {deploy.Held, 8, nil, ": Needs an approval from a maintainer"},
		"how to approve":        {deploy.Held, 8, nil, ": To approve, comment on #412: `/approve"},
		"on hold":               {deploy.Held, 8, func(l *deploy.Lane, _ *deploy.Promotion) { l.Hold.Key = 5 }, ": The lane is on hold"},
		"being judged":          {deploy.Gating, 8, nil, ""},
		"another run beside it": {deploy.Held, 7, nil, "rejected: Another run asks for this commit already"},
		"nobody asked that":     {deploy.Held, 9, nil, ""},
		"canceled":              {deploy.Canceled, 8, func(_ *deploy.Lane, p *deploy.Promotion) { p.Why = "@dana gave it up." }, "rejected: Canceled. @dana gave it up."},
		"let go":                {deploy.Deploying, 8, func(_ *deploy.Lane, p *deploy.Promotion) { p.LetGo = p.Questions[0] }, ""},
		"another is let go":     {deploy.Deploying, 8, func(_ *deploy.Lane, p *deploy.Promotion) { p.LetGo = p.Questions[1] }, "rejected: Another run is deploying this commit"},
		"slipway deploys it":    {deploy.Deploying, 8, func(_ *deploy.Lane, p *deploy.Promotion) { p.Release.Spec.GateOnly = false }, "rejected: slipway deploys this commit by itself"},
		"attention":             {deploy.Attention, 8, func(_ *deploy.Lane, p *deploy.Promotion) { p.LetGo = p.Questions[1] }, "rejected: Somebody must say what to do: Nobody knows how its deploy step ended. After that, start this again."},
		"released before":       {deploy.RolledBack, 8, func(_ *deploy.Lane, p *deploy.Promotion) { p.LetGo = p.Questions[1] }, "rejected: This commit was released here before"},
		"again, what is live": {deploy.Live, 8, func(l *deploy.Lane, p *deploy.Promotion) {
			p.LetGo, l.Live = deploy.Ask{Run: 80, Deployment: 6, Environment: "production"}, p.Commit
		}, "rejected: This commit was released here before (Live), and slipway lets a commit go once. Start only the jobs again that failed."},
	} {
		t.Run(name, func(t *testing.T) {
			l := asked(c.state)
			l.Hold = deploy.Hold{}
			p := &l.Promotions[len(l.Promotions)-1]
			if c.change != nil {
				c.change(&l, p)
			}
			a, ok := Question(scene(), l, p.Commit.SHA, c.deployment, ben())
			state, part, _ := strings.Cut(c.want, ": ")
			switch {
			case c.want == "" && ok:
				t.Errorf("says %+v", a)
			case c.want != "" && (a.State != state || !strings.Contains(a.Text, part)):
				t.Errorf("says %q: %q", a.State, a.Text)
			case ok && (a.Run != 10*c.deployment || a.Environment != "production" || a.Link == ""):
				t.Errorf("answers %+v", a)
			}
		})
	}
}

// TestQuestionIsShort: GitHub takes so many characters, and all of what others wrote is text.
func TestQuestionIsShort(t *testing.T) {
	l := asked(deploy.Held)
	p := &l.Promotions[len(l.Promotions)-1]
	for range 50 {
		p.Decision.Reasons = append(p.Decision.Reasons, policies.Reason{Verdict: policies.Hold, Sentence: strings.Repeat("ü", 100)})
	}
	a, ok := Question(scene(), l, p.Commit.SHA, 8, ben())
	if n := utf8.RuneCountInString(a.Text + "\n\n" + a.Link); !ok || n > 1024 || n < 900 {
		t.Errorf("%d characters", n)
	}
	l = asked(deploy.Canceled)
	p = &l.Promotions[len(l.Promotions)-1]
	p.Why = "@dana gave it up for <img src=x> and @ben."
	if a, _ := Question(scene(), l, p.Commit.SHA, 8, ben()); strings.Contains(a.Text, "<img") || strings.Contains(a.Text, " @ben") {
		t.Error(a.Text)
	}
}
