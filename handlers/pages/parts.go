package pages

import (
	"time"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/policies"
)

// some is what a function makes of a text, and nothing of "".
func some(text string, draw func(string) g.Node) g.Node {
	if text == "" {
		return nil
	}
	return draw(text)
}

// each is what a function makes of all, or what else there is if there are none.
func each[T any](all []T, draw func(T) g.Node, none g.Node) g.Node {
	if len(all) == 0 {
		return none
	}
	return g.Map(all, draw)
}

// commit is a commit's short name, which leads to its run.
func (v View) commit(repo app.RepoID, c app.SHA) g.Node { return link(v.Links.Run(repo, c), short(c)) }

func short(c app.SHA) g.Node { return h.Code(g.Text(c.Short())) }

// state is a state or verdict as a colored word.
func state(s any) g.Node { return h.Span(h.Class("state "+tone(s)), g.Text(words(s))) }

// row is a line of which the last part stands at the right.
func row(last g.Node, what ...g.Node) g.Node {
	return h.Div(h.Class("row"), g.Group(what), g.Iff(last != nil, func() g.Node { return h.Span(h.Class("last small"), last) }))
}

// soft is what matters less than what it stands beside.
func soft(what ...g.Node) g.Node { return h.Span(h.Class("soft small"), g.Group(what)) }

// note is a line that matters less than others, and aside a sentence that does.
func note(text string) g.Node  { return h.P(h.Class("soft small"), g.Text(text)) }
func aside(text string) g.Node { return h.P(h.Class("small"), inline(text)) }

// output is the last lines of a program.
func output(text string) g.Node { return h.Pre(terminalText(text)) }

// notice is a card that must not be overlooked.
func notice(what ...g.Node) g.Node { return h.Div(h.Class("card notice"), g.Group(what)) }

// when is a time, and how long ago it was.
func (v View) when(t time.Time) g.Node {
	if t.IsZero() {
		return nil
	}
	return h.Time(h.DateTime(t.UTC().Format(time.RFC3339)), g.Text(v.moment().when(t)))
}

func (v View) moment() moment { return moment{v.Now} }

// rules is a decision, a line for each rule.
func rules(reasons []policies.Reason) g.Node {
	if len(reasons) == 0 {
		return nil
	}
	return h.Ul(h.Class("rules"), g.Map(reasons, func(r policies.Reason) g.Node {
		return h.Li(h.B(h.Class(tone(r.Verdict)), g.Text(mark(r.Verdict))), h.Span(inline(r.Sentence)))
	}))
}

// approvals is who approved, in which role and when.
func (v View) approvals(all []app.Approval) g.Node {
	return g.Map(all, func(a app.Approval) g.Node {
		return note("Approved by @" + a.By.Login + " (" + a.Role + "), " + v.moment().day(a.At))
	})
}

// logs leads to what the programs of a promotion have written; nil if none has begun.
func (v View) logs(l deploy.Lane, p deploy.Promotion) g.Node {
	var all g.Group
	switch {
	case p.RunURL != "":
		all = append(all, away(p.RunURL, "workflow run"))
	case p.Put != 0:
		all = append(all, link(v.Links.Log(LogKey(l.Address(), deploy.Put{}, p.Put)), g.Text("deployment log")))
	}
	if p.Undone != 0 && len(all) > 0 {
		all = append(all, g.Text(" · "))
	}
	switch {
	case p.BackURL != "":
		all = append(all, away(p.BackURL, "rollback run"))
	case p.Undone != 0:
		all = append(all, link(v.Links.Log(LogKey(l.Address(), deploy.Restore{}, p.Undone)), g.Text("rollback log")))
	}
	if len(all) == 0 {
		return nil
	}
	return all
}
