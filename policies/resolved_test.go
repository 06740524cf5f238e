package policies_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

// drawAsked is anybody asking for anything in a repository in any state.
func drawAsked(t *rapid.T) policies.Asked {
	word := rapid.SampledFrom([]string{"", " web", " payments", " production", " staging", " all", " 9b1e2c7d40aa", " c0ffee123456", " nonsense",
		" because x", " until 2h"})
	verb := rapid.SampledFrom([]string{"approve", "approve", "approve", "approve", "unapprove", "hold", "unhold", "rollback", "retry", "cancel", "status", "help",
		"override", "aprove"})
	var body string
	for range rapid.SampledFrom([]int{1, 1, 1, 1, 2, 3}).Draw(t, "lines") {
		body += "/" + verb.Draw(t, "verb") + word.Draw(t, "word") + word.Draw(t, "word") + "\n"
	}
	a := policies.Asked{
		Source: "comment/1", By: people().Draw(t, "asker"),
		Role:  drawFact(t, "role", rapid.SampledFrom([]string{"maintain", "maintain", "admin", "write", "read", "boss"})),
		Lines: policies.Parse(body, names()), Written: now(), Received: now().Add(time.Duration(rapid.SampledFrom([]int{0, 1, 5, 600, 601, 900}).Draw(t, "seconds")) * time.Second), Guard: 10 * time.Second,
		Repo: 42, Personal: rapid.Bool().Draw(t, "personal"),
	}
	if rapid.Bool().Draw(t, "gave ahead") {
		a.Given = []policies.GivenAhead{{Service: "web", Environment: "staging", Commit: newer, By: a.By}, {Service: "payments", Environment: "staging", Commit: full, By: eli()}}
	}
	a.Pull = rapid.SampledFrom([]policies.PullView{{}, {Number: 1, Open: true, Head: newer}, {Number: 1}, {Number: 1, Commit: full, MergedAt: now()},
		{Number: 1, Commit: full, Head: newer, MergedAt: now().Add(-time.Hour)}}).Draw(t, "pull")
	for _, s := range []string{"web", "payments"} {
		for _, e := range []string{"staging", "production"} {
			a.Lanes = append(a.Lanes, drawLane(t, a.By, s, e))
		}
	}
	for _, c := range []app.SHA{full, newer} {
		a.Runs = append(a.Runs, policies.RunView{Commit: c, State: "red", Retryable: rapid.Bool().Draw(t, "r"), Cancelable: rapid.Bool().Draw(t, "c")})
	}
	return a
}

func drawLane(t *rapid.T, asker app.Person, service, environment string) policies.LaneView {
	l := policies.LaneView{Service: service, Environment: environment, Live: live}
	if rapid.Bool().Draw(t, "held") {
		l.Hold = &policies.HoldView{Key: 3, By: eli(), Since: now().Add(time.Duration(rapid.IntRange(-5, 5).Draw(t, "since")) * time.Second)}
	}
	states := []policies.PromotionState{"", policies.Waiting, policies.Waiting, policies.Deploying, policies.Verifying, policies.RollingBack,
		policies.Attention, policies.EndedLive, policies.RolledBack, policies.Failed, policies.Denied, policies.Canceled, policies.Superseded}
	for i, c := range []app.SHA{full, newer} {
		f := ready(rapid.SampledFrom([]policies.Policy{delivery(), fourEyes()}).Draw(t, "policy"))
		f.Approvals = rapid.SliceOfN(rapid.Custom(drawApproval), 0, 2).Draw(t, "approvals")
		if rapid.Bool().Draw(t, "approved by the asker") {
			f.Approvals = append(f.Approvals, yes(asker, "maintain"))
		}
		if rapid.IntRange(0, 2).Draw(t, "wild") == 0 {
			f = drawFacts(t)
		}
		f.Service, f.Environment, f.Commit = service, environment, c
		l.Promotions = append(l.Promotions, policies.PromotionView{
			Commit: app.Commit{SHA: c, Place: app.Place(i + 1)}, State: rapid.SampledFrom(states).Draw(t, "state"), Attempt: app.Key(10 + i), Question: 20,
			Retryable: rapid.Bool().Draw(t, "retryable"), Cancelable: rapid.Bool().Draw(t, "cancelable"),
			Rollbackable: i == 1 && rapid.Bool().Draw(t, "rollbackable"), SupersededBy: rapid.SampledFrom([]app.SHA{"", full, newer, live}).Draw(t, "by"),
			Decision: policies.Judge(f), Facts: f,
		})
		if p := &l.Promotions[i]; c == newer && rapid.IntRange(0, 3).Draw(t, "ahead") > 0 {
			*p = policies.PromotionView{Commit: app.Commit{SHA: newer}, State: policies.Ahead, Facts: ready(delivery())}
			p.Facts.Service, p.Facts.Environment, p.Facts.Commit = service, environment, newer
			p.Facts.Pin.Commit = newer
		}
		if rapid.Bool().Draw(t, "offered") {
			l.Offers = append(l.Offers, policies.Offer{Commit: c, From: now().Add(time.Duration(rapid.IntRange(-20, 5).Draw(t, "from")) * time.Second)})
		}
	}
	return l
}

// TestPropertyResolve: no letter without the right to it, and no line without an answer.
func TestPropertyResolve(t *testing.T) {
	sent := map[string]int{}
	property := func(t *rapid.T) {
		a := drawAsked(t)
		letters, answer := policies.Resolve(a)
		if a.By.Bot || strings.HasSuffix(a.By.Login, "[bot]") {
			if len(letters) != 0 || answer != (policies.Answer{}) {
				t.Fatalf("a bot is heard: %s", came(letters, answer))
			}
			return
		}
		if !strings.HasPrefix(answer.Body, "@"+a.By.Login+", ") || answer.Reaction == "" || len(answer.Body) > 60000 {
			t.Fatalf("%s", came(letters, answer))
		}
		for _, l := range a.Lines {
			if several(a.Lines) && !strings.Contains(answer.Body, "`"+l.Text+"`") {
				t.Fatalf("%q gets no answer in %s", l.Text, answer.Body)
			}
		}
		words := map[string]bool{}
		for _, l := range letters {
			sent[l.Message.Name()]++
			if _, back := l.Message.(app.Unapproved); !back || !words[l.To.String()+" approved"] { // what the same comment has just given may be taken back
				entitled(t, a, l)
			}
			words[l.To.String()+" "+l.Message.Name()] = true
			if s, ok := l.Message.(app.Said); ok {
				words[l.To.String()+" "+string(s.Verb)] = true
				if words[l.To.String()+" hold"] && words[l.To.String()+" unhold"] {
					t.Fatalf("%s is held and freed at once", l.To)
				}
			}
		}
	}
	for range 2 { // what is rare has to come
		often(t, property)
	}
	for _, name := range []string{"approved", "unapproved", "approved.ahead", "unapproved.ahead", "said"} {
		if sent[name] == 0 {
			t.Errorf("no letter %q was ever sent: the generator tests nothing", name)
		}
	}
}

// several says that not all lines ask for the same.
func several(lines []policies.Line) bool {
	return slices.ContainsFunc(lines, func(l policies.Line) bool { return l.Command != lines[0].Command || l.Problem != lines[0].Problem })
}

// entitled says once more who may say what, and when.
func entitled(t *rapid.T, a policies.Asked, l app.Letter) {
	late := a.Received.Sub(a.Written) > 10*time.Minute
	strong := []string{"maintain", "admin"}
	if a.Personal {
		strong = append(strong, "write")
	}
	switch m := l.Message.(type) {
	case app.Approved:
		p := at(a, l.To, m.Commit)
		ok, why := policies.MayApprove(p.Facts, a.By, a.Role)
		if !ok || late || p.State != policies.Waiting && p.State != policies.Attention || m.Key != p.Attempt || m.By != a.By {
			t.Fatalf("approved in %s, %s, late %v, because %s", l.To, p.State, late, why)
		}
		head := a.Pull.Open && m.Commit == a.Pull.Head // it may have been pushed to the branch already
		if m.Commit != a.Pull.Commit && !head && !strings.Contains(told(a.Lines), m.Commit.Short()) {
			t.Fatalf("approved %s, which nobody named", m.Commit)
		}
	case app.Unapproved:
		given := at(a, l.To, m.Commit).Facts.Approvals
		if m.By != a.By || !slices.ContainsFunc(given, func(g policies.Approval) bool { return g.By.Login == a.By.Login }) {
			t.Fatalf("took back what was never given, in %s", l.To)
		}
	case app.ApprovedAhead:
		p := at(a, app.LaneAddress(42, m.Service, m.Environment), newer)
		ok, why := policies.MayApprove(p.Facts, a.By, a.Role)
		if !ok || late || p.State != policies.Ahead || m.By != a.By || m.Pin.Commit != newer || m.Ahead.Pin != m.Pin || l.To != app.RepositoryAddress(42) {
			t.Fatalf("approved ahead %+v, %s, late %v, because %s", m, p.State, late, why)
		}
	case app.UnapprovedAhead:
		theirs := func(g policies.GivenAhead) bool {
			return g.By.Login == a.By.Login && g.Service == m.Service && g.Environment == m.Environment
		}
		if m.By != a.By || !slices.ContainsFunc(a.Given, theirs) {
			t.Fatalf("took back what was never given ahead: %+v", m)
		}
	case app.Said:
		switch m.Verb {
		case app.VerbHold, app.VerbUnhold, app.VerbRollback:
			if !a.Role.Known || !slices.Contains(strong, a.Role.Value) || late && m.Verb != app.VerbHold {
				t.Fatalf("%s by %+v, late %v", m.Verb, a.Role, late)
			}
		case app.VerbRetry, app.VerbCancel:
			if !a.Role.Known || !slices.Contains(append(strong, "write"), a.Role.Value) || late {
				t.Fatalf("%s by %+v, late %v", m.Verb, a.Role, late)
			}
		default:
			t.Fatalf("%s was carried out", m.Verb)
		}
	}
}

func at(a policies.Asked, to app.Address, c app.SHA) policies.PromotionView {
	for _, l := range a.Lanes {
		for _, p := range l.Promotions {
			if to == app.LaneAddress(42, l.Service, l.Environment) && p.Commit.SHA == c {
				return p
			}
		}
	}
	return policies.PromotionView{}
}
