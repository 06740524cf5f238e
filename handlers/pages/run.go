package pages

import (
	"fmt"
	"slices"
	"strings"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
)

// Run is the page of a commit's run: its checks, and where it goes. Lanes are those of the repository.
func (v View) Run(repo app.Repo, run checks.Run, lanes []deploy.Lane) []byte {
	top := Top{Title: run.Commit.Short() + " · " + repo.FullName(), Crumbs: v.Home(repo), Refresh: Later}
	if run.State == checks.Open {
		top.Refresh = Soon
	}
	none := h.P(h.Class("soft"), g.Text(noChecks(run)))
	return document(top,
		h.H1(g.Text("Commit "), short(run.Commit), g.Text(" "), state(run.State)),
		h.P(h.Class("soft"), v.story(run)),
		g.If(run.Fork(), notice(h.P(g.Text("It comes from a fork: nothing of it is run here.")))),
		mistakes(run.Plan.Problems),
		h.H2(g.Text("Checks")),
		h.Div(h.Class("list"), each(run.Checks, func(c checks.Check) g.Node { return v.check(run, c) }, none)),
		some(filtered(run), func(s string) g.Node { return note("Not concerned by this change: " + s + ".") }),
		g.Map(run.Plan.Notes, func(s string) g.Node { return h.P(h.Class("soft small"), inline(s)) }),
		v.destinations(run, lanes),
	)
}

// story is what brought the commit here, when it began and how long it took.
func (v View) story(run checks.Run) g.Node {
	text := strings.Join(causes(run), ", ")
	if run.Opened.IsZero() {
		return g.Text(text)
	}
	began, took := "Began ", lasted(run.Opened, run.Ended)
	if text != "" {
		began = " · began "
	}
	if took != "" {
		took = " · took " + took
	}
	return g.Group{g.Text(text + began), v.when(run.Opened), g.Text(took)}
}

// causes says what brought the commit here.
func causes(run checks.Run) []string {
	var all []string
	for _, c := range run.Causes {
		switch c.Kind {
		case checks.Push:
			all = append(all, "pushed to the default branch")
		case checks.PullRequest:
			all = append(all, fmt.Sprintf("pull request #%d", c.Pull))
		case checks.MergeGroup:
			all = append(all, "merge queue")
		}
	}
	return slices.Compact(all)
}

// mistakes is what is wrong with the commit's file.
func mistakes(problems []app.Problem) g.Node {
	if len(problems) == 0 {
		return nil
	}
	return h.Div(h.Class("card notice bad"),
		h.P(h.Strong(g.Text("The file of this commit has mistakes."))),
		h.Ul(g.Map(problems, func(p app.Problem) g.Node {
			place := p.File
			if p.Line > 0 {
				place = fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
			}
			return h.Li(h.Code(g.Text(place)), g.Text(" "), inline(p.Sentence))
		})),
	)
}

// noChecks says why a run has none.
func noChecks(run checks.Run) string {
	switch {
	case len(run.Plan.Problems) > 0:
		return "None was run, as the file has mistakes."
	case run.Planned:
		return "None concern this change."
	}
	return "They are being found out."
}

// check is a check with how it went.
func (v View) check(run checks.Run, c checks.Check) g.Node {
	took := lasted(c.Began, c.Ended)
	if c.State == checks.Skipped {
		took = ""
	}
	failure, tail := "", ""
	if c.State == checks.Failed {
		failure, tail = c.Status.Reason, c.Status.Tail
		if failure == "" && c.Status.ExitCode != 0 {
			failure = fmt.Sprintf("Its command exited with %d.", c.Status.ExitCode)
		}
	}
	return h.Div(
		row(v.details(run, c), h.H3(g.Text(c.Title())), state(c.State), some(took, func(s string) g.Node { return soft(g.Text(s)) })),
		some(waits(c), note),
		some(failure, func(s string) g.Node { return h.P(g.Text(s)) }),
		some(tail, output),
	)
}

// details leads to a check's log, or to what another App says of its own; nil if there is neither.
func (v View) details(run checks.Run, c checks.Check) g.Node {
	switch {
	case c.Key != 0 && !c.IsExternal():
		return link(v.Links.Log(LogKey(run.Address(), checks.Execute{}, c.Key)), g.Text("log"))
	case isWeb(c.URL):
		return away(c.URL, "details")
	}
	return nil
}

// waits is what a check waits for, or waited for in vain.
func waits(c checks.Check) string {
	switch {
	case c.State == checks.Waiting && len(c.Needs) > 0:
		return "after " + strings.Join(c.Needs, ", ")
	case c.State == checks.Running && c.IsExternal():
		return fmt.Sprintf("until %s reports %s", c.External.App, c.External.Name)
	case c.State == checks.Running && c.Began.IsZero():
		return "in line for its turn"
	case c.State == checks.Skipped:
		return "what it needs did not pass"
	}
	return ""
}

// filtered is the checks that the change does not concern.
func filtered(run checks.Run) string {
	var all []string
	for _, s := range run.Plan.Filtered {
		all = append(all, s.Title())
	}
	return strings.Join(all, ", ")
}

// destinations is where the commit goes, and how far it has come.
func (v View) destinations(run checks.Run, lanes []deploy.Lane) g.Node {
	var all g.Group
	for _, l := range lanes {
		p, ok := l.Promotion(run.Commit)
		if !ok {
			continue
		}
		all = append(all, h.Div(
			row(nil, h.H3(link(v.Links.Lane(l.Address()), g.Text(l.Name()))), state(p.State)),
			some(says(l, p), aside),
		))
	}
	if len(all) == 0 {
		return nil
	}
	return g.Group{h.H2(g.Text("Where it goes")), h.Div(h.Class("list"), all)}
}
