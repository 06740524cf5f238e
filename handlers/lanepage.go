package handlers

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/policies"
)

// lanePageView is what a lane's page shows.
type lanePageView struct {
	top
	Lane          deploy.Lane
	Words         string       // the lane as a command names it
	Live, Back    *releaseView // nil: none
	Undone        bool         // something else was here and did not stay
	Busy, Waiting []promotionView
	Past          []promotionView // newest first
	Other         []laneView
}

// releaseView is what is live, or would be again.
type releaseView struct {
	Commit   app.SHA
	Run, URL string
	Since    time.Time
	Returned bool // a rollback put it there
}

// promotionView is one attempt as a lane's page shows it.
type promotionView struct {
	deploy.Promotion
	Shown               any // its state; of what was good and is not live any more, that it was good
	Run, Log, UndoneLog string
	Says                string // where it is and why
	Since               time.Time
	Rules               []policies.Reason // while they matter
	Ways                []string          // what a person can do
}

func (w *Web) lanePage(rw http.ResponseWriter, r *http.Request, subject string) {
	at, err := address(subject, app.KindLane)
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	repo, lane, err := w.States.ShowLane(r.Context(), at)
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	lanes, err := w.States.ShowLanes(r.Context(), at.Repo)
	if err != nil {
		w.fail(rw, r, err)
		return
	}
	view := lanePageView{Lane: lane, Words: strings.TrimPrefix(command("", lane, ""), "/"), Live: w.live(lane), Back: w.back(lane), Undone: slices.ContainsFunc(lane.Promotions, wentBadly)}
	view.top = top{Title: lane.Name() + " · " + repo.FullName(), Crumbs: w.crumbs(repo), Refresh: later}
	for _, p := range slices.Backward(lane.Promotions) {
		w.place(&view, lane, p)
	}
	for _, l := range lanes {
		if l.Address() != at {
			view.Other = append(view.Other, laneView{Name: l.Name(), Address: w.Signer.Lane(l.Address())})
		}
	}
	w.render(rw, http.StatusOK, "lane.html", view)
}

// place puts a promotion where the page shows it.
func (w *Web) place(view *lanePageView, l deploy.Lane, p deploy.Promotion) {
	v := w.promotion(l, p)
	switch {
	case p.State.Busy():
		view.Busy = append(view.Busy, v)
	case p.State.Waits():
		view.Waiting = append(view.Waiting, v)
	default:
		view.Past = append(view.Past, v)
	}
	if p.State.Busy() && p.State != deploy.Attention || p.State == deploy.Gating {
		view.Refresh = soon
	}
}

func (w *Web) promotion(l deploy.Lane, p deploy.Promotion) promotionView {
	v := promotionView{Promotion: p, Shown: p.State, Run: w.Signer.Run(l.Repo, p.Commit.SHA), Says: says(l, p), Ways: ways(l, p)}
	v.Since = latest(p.Arrived, p.Began, p.Deployed, p.Ended)
	if p.State == deploy.Live && p.Commit.SHA != l.Live.SHA {
		v.Shown = wasGood
	}
	if p.State.Waits() && len(p.Decision.Reasons) > 0 {
		v.Rules = p.Decision.Reasons
		if !p.Eligible {
			v.Says = "" // the rules say it
		}
	}
	if p.Put != 0 {
		v.Log = w.Signer.Log(logKey(l.Address(), deploy.Put{}, p.Put))
	}
	if p.Undone != 0 {
		v.UndoneLog = w.Signer.Log(logKey(l.Address(), deploy.Restore{}, p.Undone))
	}
	return v
}

func latest(times ...time.Time) time.Time { return slices.MaxFunc(times, time.Time.Compare) }

// live is what is known to be there; nil if nothing is.
func (w *Web) live(l deploy.Lane) *releaseView {
	if l.Live.SHA == "" {
		return nil
	}
	v := releaseView{Commit: l.Live.SHA, Run: w.Signer.Run(l.Repo, l.Live.SHA)}
	newest := app.Key(0) // the program that put it there
	for _, p := range l.Promotions {
		if p.Commit.SHA == l.Live.SHA && p.Put > newest {
			newest, v.Since, v.Returned, v.URL = p.Put, p.Deployed, false, webAddress(p.Release.Spec.URL)
		}
		if p.To == l.Live.SHA && p.Undone > newest {
			newest, v.Since, v.Returned = p.Undone, time.Time{}, p.State == deploy.RolledBack
			if v.Returned {
				v.Since = p.Ended // before, only that it came back is known, not when
			}
		}
	}
	return &v
}

func wentBadly(p deploy.Promotion) bool { return p.State.Bad() }

// back is what a rollback would bring back now; nil if nothing can.
func (w *Web) back(l deploy.Lane) *releaseView {
	p, ok := l.WayBack(cmp.Or(l.Last.SHA, l.Live.SHA))
	if !ok {
		return nil
	}
	return &releaseView{Commit: p.Commit.SHA, Run: w.Signer.Run(l.Repo, p.Commit.SHA), Since: p.Ended}
}

// webAddress is an address that a repository's file gives, if a browser may be sent there.
func webAddress(s string) string {
	if strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://") {
		return s
	}
	return ""
}

// says is where a promotion is and why, in a sentence.
func says(l deploy.Lane, p deploy.Promotion) string {
	switch {
	case p.State == deploy.Superseded && p.By.SHA != "":
		return "Went out with `" + p.By.SHA.Short() + "`."
	case p.Why != "":
		return p.Why
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
	if p.State.Waits() && deploy.AsksApproval(p) {
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
