package report

import (
	"fmt"
	"strings"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/checks"
)

// Aggregate is the check run slipway of a commit: the one to require. It is written when the run begins and when it ends; a run that is opened
// again gets another, for a completed check run is never reopened. False: there is nothing to say, for nobody has read the commit's file.
func Aggregate(s Scene, r checks.Run) (app.CheckRun, bool) {
	if unread := !r.Planned || r.State == checks.Absent || r.State == checks.PassedOver; unread && len(r.Plan.Problems) == 0 || leftAlone(r) {
		return app.CheckRun{}, false
	}
	v := app.CheckRun{
		Name: "slipway", Commit: r.Commit, DetailsURL: s.Links.Run(r.Repo, r.Commit), External: fmt.Sprintf("run/%d", r.Round),
		Status: "completed",
	}
	why := ""
	switch {
	case r.Fork() && r.State == checks.Open:
		v.External += "/fork"
		v.Conclusion, v.Title = "action_required", "Nothing of a fork is run"
		v.Summary = "This pull request comes from a fork, so nothing of it is run on this server. A maintainer who has read it can push the " +
			"change to a branch of this repository. `/ok-to-test` comes in a later version."
		return v, true
	case r.State == checks.Open:
		v.Status, v.Title, v.Summary = "in_progress", "Checking", checkList(s, r, false)
		return v, true
	case r.State == checks.Green && r.Plan.NoFile:
		v.Conclusion, v.Title = "neutral", "There is no "+filePath
	case r.State == checks.Green:
		v.Conclusion, v.Title = "success", greenTitle(r)
	case r.State == checks.Red:
		v.Conclusion, v.Title = "failure", redTitle(r)
	default:
		v.Conclusion, v.Title, why = "cancelled", "Canceled before its end", canceled(r)
	}
	v.Summary = cut(paragraphs(why, unmarked(r), problemList(r), checkList(s, r, true), removed(r), notes(r)), maxText)
	if v.Summary == "" {
		v.Summary = v.Title + "."
	}
	v.Notes = annotations(r)
	return v, true
}

// leftAlone says that the repository has no file at this commit, and that nobody has to be told.
func leftAlone(r checks.Run) bool {
	return r.Plan.NoFile && len(r.Plan.Problems) == 0 && len(r.Plan.Notes) == 0
}

func greenTitle(r checks.Run) string {
	title := "Nothing to check: the file is valid"
	if n := len(r.Checks); n > 0 {
		title = plural(n, "check", "checks") + " passed"
	}
	if n := len(r.Plan.Removed); n > 0 {
		title += "; " + plural(n, "lane is", "lanes are") + " gone from the file"
	}
	return title
}

// removed names the lanes that the commit takes out of the file. One that has no file says it in a note.
func removed(r checks.Run) string {
	if r.Plan.NoFile {
		return ""
	}
	var all []string
	for _, a := range r.Plan.Removed {
		all = append(all, escape(app.LaneName(a.Service, a.Environment))+": not in the file any more. What waited was canceled, what is live stays")
	}
	return list(all)
}

// redTitle says all that is wrong: a broken section of the file stops no check of another service, and no check fails because of it.
func redTitle(r checks.Run) string {
	var all, failed []string
	if n := len(r.Plan.Problems); unusable(r) {
		all = append(all, fmt.Sprintf("%s can't be used: %s", filePath, plural(n, "problem", "problems")))
	} else if n > 0 {
		all = append(all, plural(n, "problem", "problems")+" in "+filePath)
	}
	for _, c := range r.Checks {
		if c.State == checks.Failed {
			failed = append(failed, c.Title())
		}
	}
	if len(failed) > 0 {
		all = append(all, "failed: "+strings.Join(failed, ", "))
	}
	title := strings.Join(all, "; ")
	if title == "" {
		return "Not every check passed"
	}
	return clip(strings.ToUpper(title[:1])+title[1:], maxTitle)
}

func problemList(r checks.Run) string {
	var all []string
	for _, p := range r.Plan.Problems {
		all = append(all, "- "+escape(p.Error()))
	}
	return strings.Join(all, "\n")
}

// annotations marks each problem on its line of the file, as many as help.
func annotations(r checks.Run) []app.Annotation {
	var all []app.Annotation
	for _, p := range r.Plan.Problems[:min(len(r.Plan.Problems), maxNotes)] {
		if p.File != filePath { // it is in a file that this one extends
			continue
		}
		all = append(all, app.Annotation{
			Path: p.File, Line: max(p.Line, 1), Column: p.Column, Level: "failure", Title: "This file can't be used",
			Message: clip(p.Sentence, maxSentence),
		})
	}
	return all
}

// unmarked says how many problems have no mark in the file.
func unmarked(r checks.Run) string {
	left := len(r.Plan.Problems) - maxNotes
	if left <= 0 {
		return ""
	}
	return fmt.Sprintf("The first %d problems are marked in the file; %d more are left out there.", maxNotes, left)
}

// checkList is the checks, a line each; once the run has ended with how they did.
func checkList(s Scene, r checks.Run, ended bool) string {
	var all []string
	for _, c := range r.Checks {
		line := "- " + escape(c.Title())
		if c.IsExternal() {
			line += " (by " + escape(c.External.App) + ")"
		}
		if ended {
			line += ": " + outcome(s, r, c)
		}
		all = append(all, line)
	}
	for _, f := range r.Plan.Filtered {
		all = append(all, "- "+escape(f.Title())+": not concerned by this change")
	}
	return strings.Join(all, "\n")
}

func outcome(s Scene, r checks.Run, c checks.Check) string {
	switch {
	case c.IsExternal() && c.URL != "":
		return link(word(c), c.URL)
	case c.Key != 0 && !c.IsExternal() && c.State != checks.Skipped:
		return link(word(c), s.Links.Log(logKey(r.Address(), "execute", c.Key)))
	}
	return word(c)
}

func word(c checks.Check) string {
	switch c.State {
	case checks.Passed:
		return "passed"
	case checks.Failed:
		return "**failed**"
	case checks.Skipped:
		return "skipped, as what it needs did not pass"
	case checks.CheckCanceled:
		return "canceled"
	case checks.Running:
		return "running"
	}
	return "waiting"
}

func notes(r checks.Run) string {
	var all []string
	for _, n := range r.Plan.Notes {
		all = append(all, prose(n))
	}
	return strings.Join(all, "\n\n")
}

// logKey is the name of a program's log.
func logKey(at app.Address, task string, k app.Key) string {
	return app.RowKey(at, fmt.Sprintf("%s/%d", task, k))
}
