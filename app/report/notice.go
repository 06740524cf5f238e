package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/deploy"
)

// Notice calls whoever is needed, once for each cause, in a comment of its own: editing the card notifies nobody.
func Notice(s Scene, l deploy.Lane, p deploy.Promotion, cause deploy.Cause, pull app.Pull, approvers []string) app.Comment {
	c := app.Comment{Pull: pull.Number}
	name, commit := "**"+escape(l.Name())+"**", code(p.Commit.SHA)
	switch cause {
	case deploy.ForApproval:
		c.Marker = fmt.Sprintf("notice/%s/approval/%d", l.Address(), p.Attempt)
		command := "/approve" + words(l) + " " + p.Commit.SHA.Short()
		c.Body = fmt.Sprintf("%s%s waits for your yes to %s. Comment:\n\n```\n%s\n```", called(approvers), name, commit, command)
		if called(approvers) == "" {
			c.Body = fmt.Sprintf("%s waits for an approval of %s. The card above says by whom.", name, commit)
		}
	case deploy.ForRollback:
		c.Marker = fmt.Sprintf("notice/%s/rollback/%d", l.Address(), p.Undone)
		does := "is being rolled back"
		if p.State == deploy.RolledBack {
			does = "was rolled back"
		}
		c.Body = fmt.Sprintf("%s%s %s from %s to %s. %s", called(involved(p, pull, approvers)), name, does, commit, code(p.To), prose(p.Why))
		if l.Hold.Key != 0 {
			c.Body += " The lane is on hold: when the repair is merged, a maintainer says `/unhold" + words(l) + "`."
		}
	default:
		c.Marker = fmt.Sprintf("notice/%s/attention/%d", l.Address(), p.Key)
		c.Body = paragraphs(fmt.Sprintf("%s%s needs somebody to say what to do about %s. %s", called(involved(p, pull, approvers)), name, commit,
			prose(p.Why)), list(ways(l, p)))
	}
	return c
}

// involved is who is called when a release went wrong: whose change it is and who let it go; if that is nobody who can read, who may approve.
func involved(p deploy.Promotion, pull app.Pull, approvers []string) []string {
	var all []string
	if !pull.Author.Bot {
		all = append(all, pull.Author.Login)
	}
	for _, a := range p.Approvals {
		if !slices.Contains(all, a.By.Login) {
			all = append(all, a.By.Login)
		}
	}
	if called(all) == "" {
		return approvers
	}
	return all
}

// called is up to five people by name, with what begins a sentence to them; "" is nobody.
func called(logins []string) string {
	var all []string
	for _, l := range logins {
		if isLogin(l) && len(all) < maxCalled {
			all = append(all, "@"+l)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return strings.Join(all, ", ") + ": "
}
