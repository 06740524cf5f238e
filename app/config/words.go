package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

// Render writes problems for a terminal, one a line: file:line:column: sentence.
func Render(problems []app.Problem) string {
	var b strings.Builder
	for _, p := range problems {
		b.WriteString(p.Error() + "\n")
	}
	return b.String()
}

// Summary says what the file will do, in plain lines: the checks, each lane, and who is asked first. The lines repeat names, commands and
// addresses of the file, so a page or a comment must escape them.
func (f *File) Summary() []string {
	if f.Broken {
		return []string{"Nothing of this file can be used until its problems are mended."}
	}
	var titles, lanes []string
	for _, c := range f.Checks {
		titles = append(titles, c.Title())
	}
	deploys := false
	for _, s := range f.Services {
		if s.Broken {
			lanes = append(lanes, s.Name+": nothing of this service can be used until its problems are mended.")
			continue
		}
		for _, c := range s.Checks {
			titles = append(titles, c.Title())
		}
		for _, e := range s.Environments {
			lanes = append(lanes, Lane{s.Name, e.Name}.String()+": "+e.summary())
			deploys = true
		}
	}
	lines := []string{"Checks: none. A commit is green when this file is valid."}
	if len(titles) > 0 {
		lines[0] = "Checks: " + all(titles) + "."
	}
	if lines = append(lines, lanes...); deploys {
		lines = append(lines, "The first release of each lane asks a maintainer, whatever its policy.")
	}
	return lines
}

// summary is what happens in the environment, step by step.
func (e Environment) summary() string {
	var b strings.Builder
	switch p := e.Policy; {
	case p.After != "" && p.Soak > 0:
		fmt.Fprintf(&b, "once it has been good in %s for %s, ", p.After, app.Span(p.Soak))
	case p.After != "":
		fmt.Fprintf(&b, "once it is good in %s, ", p.After)
	}
	if w := e.Policy.Wait; w > 0 {
		fmt.Fprintf(&b, "%s after it came, ", app.Span(w))
	}
	b.WriteString(times(e.Policy.Windows))
	if e.Policy.Mode == policies.Deployment {
		b.WriteString("green checks alone decide")
	} else {
		b.WriteString(approvers(e.Policy))
	}
	b.WriteString(", then " + e.step())
	if v := e.Deploy.Verify; v.HTTP != "" {
		fmt.Fprintf(&b, "; watched at %s for %s", v.HTTP, app.Span(v.Bake))
	} else {
		b.WriteString("; nobody looks whether it works")
	}
	return b.String() + "; " + e.wayBack() + "."
}

// times says when it may start, and when not.
func times(windows []policies.Window) string {
	var on, off []string
	for _, w := range windows {
		text := fmt.Sprintf("%s (%s)", w.Text, w.Zone)
		if w.When.Some() {
			text += " for some changes"
		}
		if w.Allow {
			on = append(on, text)
		} else {
			off = append(off, text)
		}
	}
	var said string
	if len(on) > 0 {
		said += "during " + or(on) + ", "
	}
	if len(off) > 0 {
		said += "never during " + or(off) + ", "
	}
	return said
}

// step is what puts a release there.
func (e Environment) step() string {
	switch {
	case e.Deploy.GateWorkflow != "":
		return "the team's own workflow " + e.Deploy.GateWorkflow + " is let go"
	case e.Deploy.GateOnly:
		return "the team's own workflow is let go"
	case e.Deploy.Workflow != "":
		return "the workflow " + e.Deploy.Workflow
	}
	return oneLine(e.Deploy.Run)
}

// wayBack says what follows a bad release.
func (e Environment) wayBack() string {
	bad := "if it is bad"
	if e.Deploy.Verify.HTTP == "" {
		bad = "if the " + e.kind() + " fails"
	}
	switch {
	case e.Deploy.NeverBack, e.Deploy.GateOnly && e.Deploy.BackWorkflow == "":
		return bad + ", a person is asked"
	case e.Policy.HoldsAfterReturn:
		return bad + ", it goes back by itself and the lane holds"
	}
	return bad + ", it goes back by itself and the next commit may go"
}

func (e Environment) kind() string {
	if e.Deploy.Elsewhere() {
		return "workflow"
	}
	return "command"
}

// approvers says who approves under delivery, and who may not.
func approvers(p policies.Policy) string {
	if p.Review {
		return "the reviewers of GitHub's environment approve"
	}
	said := approves(policies.Requirement{Count: p.Count, From: p.From, All: p.All, Any: p.Any})
	var not []string
	if p.Not.Author {
		not = append(not, "their own change")
	}
	if p.Not.Teams {
		not = append(not, "one of their team's")
	}
	if len(not) > 0 {
		said += " (nobody " + or(not) + ")"
	}
	for _, s := range p.Not.People {
		said += ", never " + person(s)
	}
	return said
}

// approves says who has to approve.
func approves(r policies.Requirement) string {
	var parts []string
	for _, part := range slices.Concat(r.All, r.Any) {
		said := approves(part)
		if part.When.Some() {
			said += " for some changes"
		}
		parts = append(parts, said)
	}
	switch {
	case len(r.All) > 0:
		return all(parts)
	case len(r.Any) > 0:
		return or(parts)
	}
	who := []string{"a maintainer"}
	if len(r.From) > 0 {
		who = nil
	}
	for _, s := range r.From {
		who = append(who, person(s))
	}
	if r.Count > 1 {
		return fmt.Sprintf("%d people (%s) approve", r.Count, or(who))
	}
	return or(who) + " approves"
}

// person is who is meant, in words.
func person(s policies.Selector) string {
	switch {
	case s.Kind == policies.KindUser:
		return s.Value
	case s.Kind == policies.KindTeam:
		return "someone from " + s.Value
	case s.Kind == policies.KindOwners:
		return "an owner of each changed file"
	case s.Value == "maintain":
		return "a maintainer"
	case s.Value == "admin":
		return "an admin"
	case s.Value == "read" || s.Value == "triage" || s.Value == "write":
		return "anyone with " + s.Value + " access"
	}
	return "anyone in the role " + s.Value
}

// oneLine is the first line of a command that says something.
func oneLine(run string) string {
	for line := range strings.Lines(run) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if cut(line) != line || strings.TrimSpace(run) != line {
			return strings.TrimSuffix(cut(line), "…") + "…"
		}
		return line
	}
	return "an empty command"
}
