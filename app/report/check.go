package report

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/checks"
)

// Check is the check run of one check. Each attempt has its own; one that the change does not concern has one only if it is required, and
// another App's has none of ours.
func Check(s Scene, r checks.Run, id string) (app.CheckRun, bool) {
	c, ok := r.Check(id)
	if !ok {
		return filtered(s, r, id)
	}
	if c.IsExternal() {
		return app.CheckRun{}, false
	}
	v := app.CheckRun{
		Name: c.Title(), Commit: r.Commit, External: fmt.Sprintf("attempt/%d", c.Key), Status: "completed",
		DetailsURL: s.Links.Log(logKey(r.Address(), "execute", c.Key)),
	}
	switch c.State {
	case checks.Running:
		v.Status, v.Title, v.Summary = "queued", "In line for a free place", s.Isolation
		if !c.Began.IsZero() {
			v.Status, v.Title = "in_progress", "Running"
		}
	case checks.Passed:
		v.Conclusion, v.Title, v.Summary = "success", "Passed", passed(s, c, v.DetailsURL)
	case checks.Failed:
		v.Conclusion, v.Title = "failure", clip("Its step "+reason(c), maxTitle)
		v.Summary, v.Text = paragraphs("Its step "+escape(reason(c))+". "+link("The whole log", v.DetailsURL)+".", s.Isolation), tail(c.Status.Tail)
	case checks.Skipped:
		v.External += "/skipped"
		v.Conclusion, v.Title, v.Summary = "skipped", "Skipped", "What it needs did not pass."
		v.DetailsURL = s.Links.Run(r.Repo, r.Commit)
	case checks.CheckCanceled:
		if c.Key == 0 || c.Status != (app.Status{}) {
			v.External += "/canceled" // it waited, and its newest attempt, if there was one, had ended
		}
		v.Conclusion, v.Title, v.Summary = "cancelled", "Canceled", canceled(r)
	default:
		return v, false // it waits for others, and is a line of the aggregate
	}
	v.Summary = cut(v.Summary, maxText)
	return v, true
}

// canceled says why a run, or a check of it, was given up.
func canceled(r checks.Run) string {
	return "Canceled: " + prose(cmp.Or(r.Why, "nothing asks for it any more")) + "."
}

func filtered(s Scene, r checks.Run, id string) (app.CheckRun, bool) {
	i := slices.IndexFunc(r.Plan.Filtered, func(f checks.Spec) bool { return f.ID() == id && f.Required })
	if i < 0 {
		return app.CheckRun{}, false
	}
	return app.CheckRun{
		Name: r.Plan.Filtered[i].Title(), Commit: r.Commit, External: "filtered", Status: "completed", Conclusion: "skipped",
		DetailsURL: s.Links.Run(r.Repo, r.Commit), Title: "Not concerned", Summary: "This change does not concern it.",
	}, true
}

func passed(s Scene, c checks.Check, log string) string {
	took := ""
	if !c.Began.IsZero() && c.Ended.After(c.Began) {
		took = " in " + c.Ended.Sub(c.Began).Round(100_000_000).String()
	}
	made := ""
	if digest := c.Status.Artifact; digest != "" {
		made = fmt.Sprintf("It made the artifact `%s`, which every environment gets.", digest[:min(app.ShortLen, len(digest))])
	}
	return paragraphs("Passed"+took+". "+link("The whole log", log)+".", made, s.Isolation)
}

// reason goes on from "Its step".
func reason(c checks.Check) string {
	switch {
	case c.Status.Outcome == app.OutcomeUnknown && c.Status.Reason != "":
		return fmt.Sprintf("ended %d times without anybody knowing how. The last time it %s", checks.Tries, c.Status.Reason)
	case c.Status.Outcome == app.OutcomeUnknown:
		return fmt.Sprintf("ended %d times without anybody knowing how", checks.Tries)
	case c.Status.Reason != "":
		return c.Status.Reason
	case c.Status.ExitCode != 0:
		return fmt.Sprintf("exited with code %d", c.Status.ExitCode)
	}
	return "failed"
}
