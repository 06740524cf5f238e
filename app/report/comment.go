package report

import (
	"fmt"
	"strings"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
)

// Comment is the one comment of a pull request, edited in place: while it is open what merging will do, afterwards where its commit is. False:
// there is nothing to say.
func Comment(s Scene, st Story) (app.Comment, bool) {
	body := ""
	switch {
	case st.Commit != "":
		body = cards(s, st)
	case st.Pull.Open && st.Run != nil && st.Run.Planned:
		body = preview(s, st)
	}
	if body == "" {
		return app.Comment{}, false
	}
	return app.Comment{Pull: st.Pull.Number, Marker: "card", Body: cut(body, maxComment)}, true
}

// cards is where the commit is, lane by lane.
func cards(s Scene, st Story) string {
	var all []string
	for _, l := range st.Lanes {
		p, ok := l.Promotion(st.Commit)
		if !ok {
			continue
		}
		if n := st.Elsewhere[l.Address()]; n != 0 && p.State == deploy.Superseded {
			all = append(all, fmt.Sprintf("**%s**: went out with %s, see #%d.", escape(l.Name()), code(p.By.SHA), n))
			continue
		}
		all = append(all, card(s, l, p, &st.Pull, st.Outgoing[l.Address()]))
	}
	if len(all) > 0 {
		return strings.Join(all, "\n\n---\n\n")
	}
	return waiting(s, st)
}

// waiting is what is said before any lane has heard of the commit.
func waiting(s Scene, st Story) string {
	r := st.Merged
	if r == nil || !r.Planned || r.Plan.NoFile && len(r.Plan.Notes) == 0 {
		return ""
	}
	head := fmt.Sprintf("Commit %s · *%s*", code(st.Commit), runWord(*r))
	return paragraphs(head, problemList(*r), checkList(s, *r, true), notes(*r))
}

func runWord(r checks.Run) string {
	switch r.State {
	case checks.Green:
		return "Checks passed"
	case checks.Red:
		return "Checks failed; nothing is released"
	case checks.Open:
		return "Being checked; what it releases follows"
	case checks.PassedOver:
		return "Passed over: a newer commit was built"
	}
	return "Checks were canceled"
}

// preview is what merging will do.
func preview(s Scene, st Story) string {
	r := *st.Run
	switch {
	case len(r.Plan.Problems) > 0:
		return paragraphs("**"+filePath+" can't be used as it is here.** Merged like this, what it breaks would be neither built nor released.", problemList(r))
	case r.Plan.NoFile:
		return notes(r)
	}
	var all []string
	for _, svc := range r.Plan.Services {
		for _, e := range svc.Environments {
			all = append(all, "- "+escape(app.LaneName(svc.Name, e))+": "+will(st, svc.Name, e))
		}
	}
	after := "Merging this releases nothing: it concerns no service."
	if len(all) > 0 {
		after = "When this is merged and its checks are green:\n\n" + strings.Join(all, "\n")
	}
	file := ""
	if len(st.Preview) > 0 {
		file = "This changes " + filePath + ". What it will do:\n\n"
		for _, l := range st.Preview {
			file += "- " + escape(l) + "\n"
		}
	}
	return paragraphs(after, file, notes(r))
}

// will says what merging means for a lane.
func will(st Story, service, environment string) string {
	for _, l := range st.Lanes {
		if l.Service != service || l.Environment != environment {
			continue
		}
		switch {
		case l.Hold.Key != 0:
			return "waits, as the lane is on hold"
		case l.Live.SHA != "":
			return "replaces " + code(l.Live.SHA) + ", once its gate allows it"
		}
		return "goes out, once its gate allows it"
	}
	return "its first release, which a maintainer must allow"
}

// Notice calls whoever is needed, once for each cause, in a comment of its own: editing the card notifies nobody.
func Notice(s Scene, l deploy.Lane, p deploy.Promotion, cause deploy.Cause, pull app.Pull, approvers []string) app.Comment {
	c := app.Comment{Pull: pull.Number}
	command := words(l) + " " + p.Commit.SHA.Short()
	switch cause {
	case deploy.ForApproval:
		c.Marker = fmt.Sprintf("notice/%s/approval/%d", l.Address(), p.Attempt)
		c.Body = fmt.Sprintf("%s: **%s** waits for your yes to %s: `/approve%s`", called(approvers), escape(l.Name()), code(p.Commit.SHA), command)
		if len(approvers) == 0 {
			c.Body = fmt.Sprintf("**%s** waits for an approval of %s. The card above says by whom.", escape(l.Name()), code(p.Commit.SHA))
		}
	case deploy.ForRollback:
		c.Marker = fmt.Sprintf("notice/%s/rollback/%d", l.Address(), p.Undone)
		is := "was"
		if p.State == deploy.RollingBack {
			is = "is being"
		}
		c.Body = fmt.Sprintf("@%s: **%s** %s rolled back from %s to %s. %s", pull.Author.Login, escape(l.Name()), is, code(p.Commit.SHA), code(p.To),
			sentence(p.Why))
		if l.Hold.Key != 0 {
			c.Body += " The lane is on hold: when the repair is merged, a maintainer says `/unhold" + words(l) + "`."
		}
	default:
		c.Marker = fmt.Sprintf("notice/%s/attention/%d", l.Address(), p.Key)
		c.Body = fmt.Sprintf("@%s: **%s** needs somebody to say what to do about %s. %s Comment %s.", pull.Author.Login, escape(l.Name()),
			code(p.Commit.SHA), sentence(p.Why), strings.Join(ways(l, p, command), ", or "))
	}
	return c
}

// called is up to five people by name.
func called(logins []string) string {
	var all []string
	for _, l := range logins[:min(len(logins), 5)] {
		all = append(all, "@"+l)
	}
	return strings.Join(all, ", ")
}
