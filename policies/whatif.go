package policies

import (
	"fmt"
	"strings"

	"github.com/slipway-cd/slipway/app"
)

// /what-if asks what an approval would do, and does nothing.

// takeWhatIf takes what is asked about: whose approval, of what.
func (c *Command) takeWhatIf(w *words, names Names) string {
	const like = "say `/what-if approve`, with a service, an environment or a commit as for `/approve`, and `by @login`"
	if verb := strings.TrimPrefix(strings.ToLower(w.nextBare()), "/"); verb != string(app.VerbApprove) {
		return like
	}
	for {
		word := w.nextBare()
		switch {
		case word == "" && c.By == "":
			return like
		case word == "":
			return ""
		case strings.EqualFold(word, "by"):
			if problem := c.takeBy(w); problem != "" {
				return problem
			}
		default:
			if problem := c.take(word, w, names); problem != "" {
				return problem
			}
		}
	}
}

// takeBy takes logins, one or several.
func (c *Command) takeBy(w *words) string {
	for range maxCommands {
		ahead := *w
		login, mention := strings.CutPrefix(ahead.nextBare(), "@")
		switch login = strings.TrimSuffix(login, ","); {
		case c.By != "" && !mention:
			return ""
		case !isLogin(login):
			return "after `by` comes a login, such as `by @ada`"
		}
		c.By = strings.TrimSpace(c.By + " " + login)
		*w = ahead
	}
	return fmt.Sprintf("`by` takes at most %d logins", maxCommands)
}

// whatIf says what would become of what waits if these people approved it.
func (a Asked) whatIf(c Command, lanes []LaneView) part {
	commit := app.SHA(c.Commit)
	if commit == "" {
		var none string
		if commit, none = a.pullCommit(); none != "" {
			return idle("%s", none)
		}
	}
	here := of(targets(lanes, func(t target) bool { return t.State == Waiting || t.State == Attention || t.ahead() }), commit)
	if len(here) == 0 {
		return idle("%s", a.nothingToApprove(commit, of(targets(lanes, func(target) bool { return true }), commit), targets(lanes, target.approvable)))
	}
	logins := strings.Fields(c.By)
	var lines []string
	for _, t := range here {
		lines = append(lines, t.lane.name()+": "+a.supposed(t, logins))
	}
	var quiet []string // they did not ask, so nobody calls them
	for _, l := range logins {
		quiet = append(quiet, Quote(l))
	}
	head := fmt.Sprintf("nothing was done. If %s approved %s now:", both(quiet), short(commit))
	return part{text: head + "\n- " + strings.Join(lines, "\n- ")}
}

// supposed is what the gate would say of a promotion that these people had approved.
func (a Asked) supposed(t target, logins []string) string {
	f := t.Facts
	var whys []string
	for _, login := range logins {
		by, role := a.collaborator(login)
		if b := f.best(by, role); b != barNone { // not asked, or excluded
			whys = append(whys, strings.Replace(f.theirs(b, by, role), "@"+by.Login, Quote(by.Login), 1))
			continue
		}
		yes := app.Approval{By: by, Role: role.Value, At: a.Received, Source: a.Source, Pin: f.Pin}
		f = f.With(Approval{Approval: yes, RoleNow: role})
	}
	f.Now = a.Received
	d := Judge(f)
	s := "it would go"
	switch {
	case t.ahead() && !f.wantsMore():
		s = "it would need no more approvals once it is merged"
	case t.ahead():
		s = "it would still need more approvals: " + lower(d.why())
	case d.Verdict == Deny:
		s = "it would be denied: " + lower(d.why())
	case d.Verdict == Hold:
		s = "it would still wait: " + lower(d.why())
	case t.lane.Hold != nil:
		s = "its gate would allow it. " + t.lane.heldUp()
	}
	if len(whys) > 0 {
		s += ". " + strings.Join(whys, ". ")
	}
	return s
}

// collaborator is somebody by their login, with the role that the list of collaborators gives them.
func (a Asked) collaborator(login string) (app.Person, app.Fact[string]) {
	for _, c := range a.Candidates.Value {
		if strings.EqualFold(c.Login, login) {
			return c.Person, app.Known(c.Role, a.Candidates.At)
		}
	}
	if !a.Candidates.Known {
		return app.Person{Login: login}, app.Unknown[string]("GitHub does not say now who works here")
	}
	return app.Person{Login: login}, app.Known("none", a.Candidates.At)
}
