package audit

import (
	"strings"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/policies"
)

const commit = app.SHA("9b1e2c7d40aa9b1e2c7d40aa9b1e2c7d40aa9b1e")

var dana = app.Person{ID: 3, Login: "dana"}

// book is a lane to which things happen, and its receipts.
type book struct {
	lane deploy.Lane
	at   time.Time
	all  []Receipt
}

func (b *book) say(m app.Message) []Receipt {
	b.at = b.at.Add(time.Minute)
	before := b.lane
	b.lane, _ = deploy.Step(before, m, b.at)
	made := Lane(before, b.lane, m, b.at)
	b.all = append(b.all, made...)
	return made
}

func (b *book) promotion() deploy.Promotion {
	p, _ := b.lane.Promotion(commit)
	return p
}

func (b *book) judge(d policies.Decision, facts string) []Receipt {
	p := b.promotion()
	return b.say(deploy.Judged{Commit: commit, Key: p.Key, Decision: d, Facts: facts, Release: deploy.Release{Head: commit, Artifact: "sha256:aa"}})
}

func kinds(all []Receipt) string {
	var names []string
	for _, c := range all {
		names = append(names, string(c.Kind)+" "+string(c.State))
	}
	return strings.Join(names, ",")
}

// TestReceiptsOfALane tells a release from its approval to its rollback: each thing that is decided or done leaves one receipt, and nothing else does.
func TestReceiptsOfALane(t *testing.T) {
	b := &book{lane: deploy.Lane{Repo: 42, Service: "payments", Environment: "production"}, at: noon}
	hold := policies.Decision{Verdict: policies.Hold, Reasons: []policies.Reason{{Rule: policies.RuleApproval, Verdict: policies.Hold, Sentence: "Needs an approval", Asks: true}}}
	allow := policies.Decision{Verdict: policies.Allow, Reasons: []policies.Reason{{Rule: policies.RuleChecks, Verdict: policies.Allow, Sentence: "Checks passed"}}}
	yes := app.Approval{By: dana, Role: "maintain", At: noon, Source: "comment/1", Text: "7e47", Event: "d-1", Proof: "role:maintain", Pin: app.Pin{Commit: commit, Tree: "7ree"}}
	word := func(v app.Verb, key app.Key) app.Said {
		return app.Said{Verb: v, Commit: commit, Key: key, By: dana, Because: "a fair", Proof: app.Proof{Role: "maintain", Source: "comment/2", Event: "d-2"}}
	}
	expect := func(what string, got []Receipt, want string) {
		t.Helper()
		if kinds(got) != want {
			t.Errorf("%s: %q, not %q", what, kinds(got), want)
		}
	}
	expect("a commit comes", b.say(app.Ready{Commit: app.Commit{SHA: commit, Place: 5}, Environments: []string{"production"}}), "")
	expect("the gate holds", b.judge(hold, `{"Pin":{"Tree":"7ree"}}`), "decided ")
	expect("it looks again", b.say(app.Changed{}), "")
	expect("and says the same", b.judge(hold, ""), "")
	expect("an approval", b.say(app.Approved{Commit: commit, Key: b.promotion().Attempt, Approval: yes}), "approved ")
	expect("the same again", b.say(app.Approved{Commit: commit, Key: b.promotion().Attempt, Approval: yes}), "")
	expect("taken back", b.say(app.Unapproved{Commit: commit, By: dana}), "withdrawn ")
	yes.Source = "comment/3"
	expect("given again", b.say(app.Approved{Commit: commit, Key: b.promotion().Attempt, Approval: yes}), "approved ")
	expect("against the gate", b.say(app.Overrode{Commit: commit, Key: b.promotion().Attempt, Override: app.Override{By: dana, Source: "comment/4", Because: "it burns"}}), "overrode ")
	expect("a hold", b.say(app.Said{Verb: app.VerbHold, By: dana, Because: "a fair"}), "held ")
	expect("a hold of what is held", b.say(app.Said{Verb: app.VerbHold, By: dana, Because: "another"}), "")
	expect("freed", b.say(word(app.VerbUnhold, b.lane.Hold.Key)), "freed ")
	expect("allowed", b.judge(allow, `{}`), "decided ")
	expect("and started", b.judge(allow, ""), "started deploying")
	expect("deployed", b.say(deploy.Deployed{Commit: commit, Key: b.promotion().Key, Status: app.Status{Outcome: app.Succeeded}}), "became live")

	last := b.all[len(b.all)-1]
	if last.Commit != commit || last.Place != 5 || last.Attempt == 0 || last.Service != "payments" || last.Repo != 42 || !last.At.Equal(b.at) {
		t.Errorf("the last receipt is %+v", last)
	}
	for _, c := range b.all {
		switch {
		case c.Kind == Approved && (c.Role != "maintain" || c.Proof != "role:maintain" || c.Text != "7e47" || c.Event != "d-1" || c.Pin.Tree != "7ree" || c.By != dana):
			t.Errorf("the approval is %+v", c)
		case c.Kind == Freed && (c.Role != "maintain" || c.Event != "d-2" || c.By != dana):
			t.Errorf("the end of the hold is %+v", c)
		case c.Kind == Started && (c.Release.Artifact != "sha256:aa" || c.Pin.Artifact != "sha256:aa" || c.Fence == 0 || c.Decision.Verdict != policies.Allow):
			t.Errorf("the start is %+v", c)
		}
	}
	if first := b.all[0]; first.Decision.Verdict != policies.Hold || string(first.Facts) != `{"Pin":{"Tree":"7ree"}}` || first.Pin.Tree != "7ree" {
		t.Errorf("the first decision is %+v", first)
	}
}
