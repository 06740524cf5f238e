package standin

import (
	"cmp"
	"strings"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"
)

// shownLines is how much of a job's output the page shows: its end.
const shownLines = 12

func workflowNode(run WorkflowRun) g.Node {
	return h.Section(tag(cmp.Or(run.Conclusion, run.Status)), h.B(g.Text(run.Name)), g.Textf(" #%d ", run.ID), shortSHA(run.HeadSHA),
		g.Textf(" %s · %s by %s", run.Title, run.Event, run.Actor), g.Map(run.Jobs, workflowJobNode))
}

func workflowJobNode(j WorkflowJob) g.Node {
	return g.Group{
		h.P(tag(cmp.Or(j.Conclusion, j.Status)), g.Text(j.Name+after(" to ", j.Environment)+after(" · waits for a review by ", strings.Join(j.Reviewers, " or "))),
			g.If(j.AwaitsApp, g.Text(" · waits for the App"))),
		g.Map(j.Reports, markdown), markdown(j.Decision),
		g.If(j.Output != "", h.Pre(g.Text(lastLines(j.Output, shownLines)))),
	}
}

// lastLines is the end of a text.
func lastLines(text string, most int) string {
	lines := strings.SplitAfter(text, "\n")
	if n := len(lines); n > 0 && lines[n-1] == "" {
		lines = lines[:n-1]
	}
	return strings.Join(lines[max(0, len(lines)-most):], "")
}
