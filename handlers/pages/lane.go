package pages

import (
	"cmp"
	"slices"
	"time"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/deploy"
)

// Lane is the page of an environment's lane: what is live, what it can go back to, what is on its way, what waits and why, and what was.
// All is every lane of the repository.
func (v View) Lane(repo app.Repo, l deploy.Lane, all []deploy.Lane) []byte {
	top := Top{Title: l.Name() + " · " + repo.FullName(), Crumbs: v.Home(repo), Refresh: Later}
	var busy, waiting, past g.Group
	for _, p := range slices.Backward(l.Promotions) {
		switch {
		case p.State.Busy():
			busy = append(busy, v.promotion(l, p))
		case p.State.Waits():
			waiting = append(waiting, v.promotion(l, p))
		default:
			past = append(past, v.ended(l, p))
		}
		if p.State.Busy() && p.State != deploy.Attention || p.State == deploy.Gating || p.State == deploy.Reviewing {
			top.Refresh = Soon
		}
	}
	if len(past) == 0 {
		past = g.Group{h.P(h.Class("soft"), g.Text("Nothing has ended here yet."))}
	}
	return document(top,
		h.H1(g.Text(l.Name())),
		g.If(l.Hold.Key != 0, v.hold(l)),
		g.If(l.Closed, notice(h.P(h.Strong(g.Text("Closed.")), g.Text(" The repository's file does not name this lane any more, or slipway may not serve the repository. What is live is left as it is.")))),
		h.Div(h.Class("card"), h.Dl(h.Dt(g.Text("Live now")), h.Dd(v.live(l)), h.Dt(g.Text("Way back")), h.Dd(v.back(l)))),
		section("On its way", busy),
		section("Waiting", waiting),
		h.H2(g.Text("History")), h.Div(h.Class("list"), past),
		v.others(l, all),
	)
}

// section is what stands under a heading; without it, nothing.
func section(heading string, what g.Group) g.Node {
	if len(what) == 0 {
		return nil
	}
	return g.Group{h.H2(g.Text(heading)), what}
}

// hold is who stops a lane, why, and how it goes on.
func (v View) hold(l deploy.Lane) g.Node {
	who, because := "A rollback", some(l.Hold.Because, inline)
	if l.Hold.By.Login != "" {
		who, because = "@"+l.Hold.By.Login, some(l.Hold.Because, func(s string) g.Node { return g.Text("“" + s + "”") })
	}
	until := "."
	if !l.Hold.Until.IsZero() {
		until = ", until " + v.moment().day(l.Hold.Until) + "."
	}
	return notice(
		h.P(h.Strong(g.Text("On hold.")), g.Text(" "+who+" stopped this lane "), v.when(l.Hold.Since), g.Text(until+" "), because),
		h.P(g.Text("A maintainer lifts it with "), h.Code(g.Text(command(app.VerbUnhold, l, ""))), g.Text(" on a pull request.")),
	)
}

// live is what is known to be there.
func (v View) live(l deploy.Lane) g.Node {
	switch {
	case l.Live.SHA == "" && l.Newest != 0:
		return g.Text("Nobody can say: the last program did not end well.")
	case l.Live.SHA == "":
		return g.Text("Nothing has been released here by slipway yet.")
	}
	since, returned, address := liveSince(l)
	put := ""
	if returned {
		put = "put back "
	}
	return g.Group{
		v.commit(l.Repo, l.Live.SHA),
		g.If(!since.IsZero(), g.Group{g.Text(" "), h.Span(h.Class("soft"), g.Text(put), v.when(since))}),
		g.If(isWeb(address), g.Group{g.Text(" · "), away(address, address)}),
	}
}

// liveSince is since when what is live is there, whether a rollback put it there, and its address. The time is zero where it is not known.
func liveSince(l deploy.Lane) (since time.Time, returned bool, address string) {
	newest := app.Key(0) // the program that put it there
	for _, p := range l.Promotions {
		if p.Commit.SHA == l.Live.SHA && p.Put > newest {
			newest, since, returned, address = p.Put, p.Deployed, false, p.Release.Spec.URL
		}
		if p.To == l.Live.SHA && p.Undone > newest {
			newest, since, returned = p.Undone, time.Time{}, p.State == deploy.RolledBack
			if returned {
				since = p.Ended // before, only that it came back is known, not when
			}
		}
	}
	return since, returned, address
}

// back is what a rollback would bring back now.
func (v View) back(l deploy.Lane) g.Node {
	p, ok := l.WayBack(cmp.Or(l.Last.SHA, l.Live.SHA))
	if ok {
		return g.Group{v.commit(l.Repo, p.Commit.SHA), g.Text(" "), h.Span(h.Class("soft"), g.Text("good since "+v.moment().day(p.Ended)))}
	}
	if slices.ContainsFunc(l.Promotions, func(p deploy.Promotion) bool { return p.State.Bad() }) {
		return g.Text("None: every other release here was rolled back or failed.")
	}
	return g.Text("None yet: nothing else was good here.")
}

// promotion is one that has not ended.
func (v View) promotion(l deploy.Lane, p deploy.Promotion) g.Node {
	says, reasons := says(l, p), p.Decision.Reasons
	switch {
	case !p.State.Waits():
		reasons = nil
	case len(reasons) > 0 && !p.Eligible && p.State != deploy.Reviewing:
		says = "" // the rules say it
	}
	return h.Div(h.Class("card"),
		row(v.logs(l, p), h.H3(v.commit(l.Repo, p.Commit.SHA)), state(p.State), soft(v.when(latest(p.Arrived, p.Began, p.Deployed, p.Ended)))),
		some(says, func(s string) g.Node { return h.P(inline(s)) }),
		rules(reasons),
		v.approvals(p.Approvals),
		g.Map(ways(l, p), aside),
		some(p.Tail, output),
	)
}

func latest(times ...time.Time) time.Time { return slices.MaxFunc(times, time.Time.Compare) }

// ended is a promotion of the past.
func (v View) ended(l deploy.Lane, p deploy.Promotion) g.Node {
	var now any = p.State
	if p.State == deploy.Live && p.Commit.SHA != l.Live.SHA {
		now = wasGood
	}
	return h.Div(
		row(v.logs(l, p), v.commit(l.Repo, p.Commit.SHA), state(now), soft(v.when(p.Ended))),
		some(p.Why, aside),
		g.If(p.By.SHA != "", aside("Went out with `"+p.By.SHA.Short()+"`.")),
		g.If(p.State == deploy.Denied, rules(p.Decision.Reasons)),
		v.approvals(p.Approvals),
		some(p.Tail, output),
	)
}

// others leads to the repository's other lanes.
func (v View) others(l deploy.Lane, all []deploy.Lane) g.Node {
	var other g.Group
	for _, o := range all {
		if o.Address() != l.Address() {
			other = append(other, h.Li(link(v.Links.Lane(o.Address()), g.Text(o.Name()))))
		}
	}
	if len(other) == 0 {
		return nil
	}
	return g.Group{h.H2(g.Text("Other lanes")), h.Ul(other)}
}

// Home is the way to a page of a repository.
func (v View) Home(repo app.Repo) []Crumb {
	return []Crumb{{repo.FullName(), v.Links.Repository(repo.ID)}}
}
