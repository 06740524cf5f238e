package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/policies"
)

// People is who may be called, by login.
type People struct {
	Approvers   []string // who may approve
	Authors     []string // whose changes go out beside the pull request's own
	Maintainers []string // who may lift a hold
}

// Notice calls whoever is needed, once for each cause, in a comment of its own: editing the card notifies nobody.
func Notice(s Scene, l deploy.Lane, p deploy.Promotion, cause deploy.Cause, pull app.Pull, who People) app.Comment {
	c := app.Comment{Pull: pull.Number}
	name, commit := "**"+escape(l.Name())+"**", code(p.Commit.SHA)
	switch cause {
	case deploy.ForApproval:
		c.Marker = fmt.Sprintf("notice/%s/approval/%d", l.Address(), p.Attempt)
		command := "/approve" + words(l) + " " + p.Commit.SHA.Short()
		switch {
		case called(who.Approvers) == "":
			c.Body = fmt.Sprintf("%s waits for an approval of %s. The card above says by whom.", name, commit)
		case p.Decision.Opens(app.DoorComment):
			c.Body = fmt.Sprintf("%s%s waits for your yes to %s. Comment:\n\n```\n%s\n```", called(who.Approvers), name, commit, command)
		default:
			c.Body = fmt.Sprintf("%s%s waits for your yes to %s. %s", called(who.Approvers), name, commit, howToApprove(l, p, &pull))
		}
	case deploy.ForSecond:
		c.Marker = fmt.Sprintf("notice/%s/override/%d", l.Address(), p.Attempt)
		c.Body = fmt.Sprintf("%s%s: %s", called(seconds(p, who)), name, quiet(sentence(override(p)))+".")
	case deploy.ForOverride:
		c.Marker = fmt.Sprintf("notice/%s/alone/%d", l.Address(), p.Attempt)
		c.Body = fmt.Sprintf("%s%s: %s goes out against its gate, by one person alone. %s", calledAll(once(append(who.Approvers, who.Maintainers...))), name, commit,
			quiet(sentence(p.Against.Sentence))+".")
	case deploy.ForRollback:
		c.Marker = fmt.Sprintf("notice/%s/rollback/%d", l.Address(), p.Undone)
		does := "is being rolled back"
		if p.State == deploy.RolledBack {
			does = "was rolled back"
		}
		c.Body = fmt.Sprintf("%s%s %s from %s to %s. %s", called(undoing(l, p, pull, who)), name, does, commit, code(p.To), prose(p.Why))
		if l.Hold.Key != 0 {
			c.Body += " The lane is on hold: when the repair is merged, a maintainer says `/unhold" + words(l) + "`."
		}
	default:
		c.Marker = fmt.Sprintf("notice/%s/attention/%d", l.Address(), p.Key)
		c.Body = paragraphs(fmt.Sprintf("%s%s needs somebody to say what to do about %s. %s", called(involved(p, pull, who)), name, commit,
			prose(p.Why)), list(ways(l, p)))
	}
	return c
}

// seconds is who may second an override, and has not said it.
func seconds(p deploy.Promotion, who People) []string {
	return slices.DeleteFunc(once(who.Maintainers), func(login string) bool {
		return slices.ContainsFunc(p.Overrides, func(o app.Override) bool { return strings.EqualFold(o.By.Login, login) })
	})
}

// override is what the gate says of an override that waits.
func override(p deploy.Promotion) string {
	for _, r := range p.Decision.Reasons {
		if r.Rule == policies.RuleOverride {
			return r.Sentence
		}
	}
	return ""
}

// involved is who is called when a release went wrong: whose change it is and who let it go; if that is nobody who can read, who may approve.
func involved(p deploy.Promotion, pull app.Pull, who People) []string {
	var all []string
	if !pull.Author.Bot {
		all = append(all, pull.Author.Login)
	}
	all = append(all, who.Authors...)
	for _, a := range p.Approvals {
		all = append(all, a.By.Login)
	}
	if all = once(all); len(all) == 0 {
		return once(who.Approvers)
	}
	return all
}

// undoing is who is called when a release is undone: whoever is involved, and where that stopped the lane, whoever may let it go on.
func undoing(l deploy.Lane, p deploy.Promotion, pull app.Pull, who People) []string {
	all, lift := involved(p, pull, who), once(who.Maintainers)
	first := all[:min(len(all), maxCalled)]
	if login, _, _ := strings.Cut(strings.TrimPrefix(p.Why, "@"), " "); strings.HasPrefix(p.Why, "@") {
		first = append(slices.Clone(first), login) // whose word it was knows of it
	}
	if l.Hold.Key == 0 || len(lift) == 0 || slices.ContainsFunc(first, func(login string) bool { return names(lift, login) }) {
		return all
	}
	return append(slices.Clone(all[:min(len(all), maxCalled-1)]), lift...)
}

// once is logins that can be called, each once.
func once(logins []string) []string {
	var all []string
	for _, l := range logins {
		if isLogin(l) && !names(all, l) {
			all = append(all, l)
		}
	}
	return all
}

func names(logins []string, login string) bool {
	return slices.ContainsFunc(logins, func(l string) bool { return strings.EqualFold(l, login) })
}

// called is up to five people by name, with what begins a sentence to them; "" is nobody.
func called(logins []string) string { return mention(logins, maxCalled) }

// calledAll is as many as GitHub notifies.
func calledAll(logins []string) string { return mention(logins, maxMentions) }

func mention(logins []string, most int) string {
	var all []string
	for _, l := range logins {
		if isLogin(l) && len(all) < most {
			all = append(all, "@"+l)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return strings.Join(all, ", ") + ": "
}
