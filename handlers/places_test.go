package handlers

import (
	"strings"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/handlers/pages"
)

// returned is a lane that went back to its first release: the second and the third were rolled back.
func returned() deploy.Lane {
	promotion := func(digits string, p app.Place, s deploy.State) deploy.Promotion {
		return deploy.Promotion{
			Commit: app.Commit{SHA: sha(digits), Place: p}, Attempt: app.Key(10 * p), State: s, Put: app.Key(10*p + 1),
			Deployed: received.Add(time.Duration(p-5) * time.Hour), Ended: received.Add(time.Duration(p-5)*time.Hour + time.Minute),
		}
	}
	first, second, third := promotion("a1", 1, deploy.Live), promotion("a2", 2, deploy.RolledBack), promotion("a3", 3, deploy.RolledBack)
	second.To, second.Undone = first.Commit.SHA, 25
	third.To, third.Undone, third.Ended = first.Commit.SHA, 35, received.Add(-7*time.Second)
	return deploy.Lane{
		Repo: 42, Service: "web", Environment: "production", Live: first.Commit, Last: first.Commit, Newest: 3,
		Promotions: []deploy.Promotion{first, second, third},
	}
}

// page is the words of an address.
func (w *world) page(address string) string { return wordsOf(w.get(address).Body.String()) }

func (w *world) lacks(t *testing.T, page string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not in %s", want, page)
		}
	}
}

func TestLanePageAfterARollback(t *testing.T) {
	w := newWorld(t)
	l := returned()
	w.states.lanes = []deploy.Lane{l}
	w.lacks(t, w.page(w.Signer.Lane(l.Address())), "put back 09:29:53 UTC, 7 s ago", "None: every other release here was rolled back or failed.")

	again := l.Promotions[2] // while what came back is being looked at, nobody noted since when it is there
	again.Commit.SHA, again.State, again.Undone, again.Restored, again.Ended = sha("a4"), deploy.RollingBack, 45, true, time.Time{}
	l.Promotions = append(l.Promotions, again)
	w.states.lanes = []deploy.Lane{l}
	if page := w.page(w.Signer.Lane(l.Address())); strings.Contains(page, "put back") {
		t.Error(page)
	}

	l.Promotions = l.Promotions[:1]
	w.states.lanes = []deploy.Lane{l}
	w.lacks(t, w.page(w.Signer.Lane(l.Address())), "05:30:00 UTC, 4 h ago", "None yet: nothing else was good here.")
}

func TestRepositoryPageSaysHowToLiftAHold(t *testing.T) {
	w := newWorld(t)
	l := returned()
	for want, hold := range map[string]deploy.Hold{
		"Stopped by @dana. A maintainer lifts it with /unhold web production.": {Key: 3, By: app.Person{Login: "dana"}},
		"Stopped by @dana until 11:30:00 UTC. A maintainer lifts it earlier with /unhold web production.": {
			Key: 3, By: app.Person{Login: "dana"}, Until: received.Add(2 * time.Hour)},
		"Stopped by a rollback. A maintainer lifts it with /unhold web production.": {Key: 3},
	} {
		l.Hold = hold
		w.states.lanes = []deploy.Lane{l}
		w.lacks(t, w.page(w.Signer.Repository(42)), want)
	}
}

func TestTitlesOfLogs(t *testing.T) {
	w := newWorld(t)
	l := returned()
	l.Promotions[2].Tried = []deploy.Try{{Key: 30, Commit: sha("a3")}, {Key: 34, Commit: sha("a1")}}
	w.states.lanes = []deploy.Lane{l}
	short := app.SHA.Short
	for key, want := range map[string]string{
		pages.LogKey(l.Address(), deploy.Put{}, 31):     "Deployment log · " + short(sha("a3")) + " · web → production",
		pages.LogKey(l.Address(), deploy.Put{}, 30):     "Deployment log · " + short(sha("a3")) + " · web → production",
		pages.LogKey(l.Address(), deploy.Restore{}, 35): "Rollback log · " + short(sha("a1")) + " · web → production",
		pages.LogKey(l.Address(), deploy.Restore{}, 34): "Rollback log · " + short(sha("a1")) + " · web → production",
		pages.LogKey(l.Address(), deploy.Put{}, 99):     "Deployment log · web → production",
	} {
		w.logs.put(key, "lines\n", true)
		if page := w.get(w.Signer.Log(key)).Body.String(); !strings.Contains(page, "<title>"+want+"</title>") {
			t.Errorf("%s: %q is not the title of %s", key, want, page)
		}
	}
}

func TestRunPageOfABrokenFile(t *testing.T) {
	w := newWorld(t)
	run := checks.Run{
		Repo: 42, Commit: head, State: checks.Red, Planned: true, Opened: received.Add(-time.Minute), Ended: received,
		Plan: checks.Plan{Problems: []app.Problem{{File: "f", Line: 1, Sentence: "No."}}},
	}
	w.states.runs = map[app.Address]checks.Run{run.Address(): run}
	page := w.page(w.Signer.Run(42, head))
	w.lacks(t, page, "\nBegan ", "None was run, as the file has mistakes.")
	if strings.Contains(page, "None concern this change.") || strings.Contains(page, "\n · ") {
		t.Error(page)
	}
	run.Causes = []checks.Cause{{Kind: checks.PullRequest, Pull: 412}}
	run.Plan.Problems[0].Service = "web"
	w.states.runs[run.Address()] = run
	w.lacks(t, w.page(w.Signer.Run(42, head)), "\npull request #412 · began ", "None was run, as the file has mistakes.")
}
