package pages

import (
	"fmt"
	"slices"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/deploy"
)

// Repository is the page of all lanes of a repository, each in a few lines. Without any, nothing is known of the repository either.
func (v View) Repository(repo app.Repo, all []deploy.Lane) []byte {
	top := Top{Title: "Repository", Refresh: Later}
	if len(all) > 0 {
		top.Title = repo.FullName()
	}
	if slices.ContainsFunc(all, func(l deploy.Lane) bool { _, busy := l.Busy(); return busy }) {
		top.Refresh = Soon
	}
	return document(top,
		h.H1(g.Text(top.Title)),
		each(all, v.summary, h.P(g.Text("Nothing has been on its way to an environment yet."))),
	)
}

// fewWaiting is of how many commits that wait a repository's page tells more than that they do: the newest of each lane.
const fewWaiting = 3

// summary tells of a lane what a person would ask first: what is there, what is on its way, what waits, and who stops it.
func (v View) summary(l deploy.Lane) g.Node {
	var states []any
	var sentences []string
	if l.Hold.Key != 0 {
		states, sentences = append(states, onHold), append(sentences, v.stopped(l))
	}
	if l.Closed {
		states = append(states, word("closed"))
	}
	if p, ok := l.Busy(); ok {
		states, sentences = append(states, p.State), append(sentences, about(l, p))
	}
	waiting := 0
	for _, p := range slices.Backward(l.Promotions) {
		if !p.State.Waits() {
			continue
		}
		if waiting++; waiting <= fewWaiting {
			sentences = append(sentences, about(l, p))
		}
	}
	if waiting > 0 {
		states = append(states, word(fmt.Sprintf("%d waiting", waiting)))
	}
	return h.Div(h.Class("card"),
		row(nil, h.H3(link(v.Links.Lane(l.Address()), g.Text(l.Name()))), g.Map(states, state)),
		h.P(g.Text("Live now: "), v.liveShort(l)),
		g.Map(sentences, aside),
	)
}

func (v View) liveShort(l deploy.Lane) g.Node {
	switch {
	case l.Live.SHA != "":
		return v.commit(l.Repo, l.Live.SHA)
	case l.Newest != 0: // something is there
		return g.Text("nobody can say")
	}
	return g.Text("nothing by slipway yet")
}

// stopped is who stops a lane, and how it goes on.
func (v View) stopped(l deploy.Lane) string {
	who, until, lifts := "a rollback", "", "lifts it"
	if l.Hold.By.Login != "" {
		who = "@" + l.Hold.By.Login
	}
	if !l.Hold.Until.IsZero() {
		until, lifts = " until "+v.moment().day(l.Hold.Until), "lifts it earlier"
	}
	return fmt.Sprintf("Stopped by %s%s. A maintainer %s with `%s`.", who, until, lifts, command(app.VerbUnhold, l, ""))
}
