package policies

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-cd/slipway/app"
)

// least is the role that a verb asks for. Approvals are the gate's to judge, /help and /status are for whoever can read.
func least(v app.Verb) string {
	switch v {
	case app.VerbRetry, app.VerbCancel:
		return "write"
	case app.VerbHold, app.VerbUnhold, app.VerbRollback:
		return "maintain"
	}
	return "admin"
}

// mayNot is why this person may not say a verb, or "".
func (a Asked) mayNot(v app.Verb) string {
	need := least(v)
	switch {
	case !a.Role.Known:
		return fmt.Sprintf("your role in this repository can't be read now (%s), so `/%s` was not carried out. Say it again in a moment",
			oneLine(a.Role.Why), v)
	case atLeast(a.Role.Value, need, a.Personal):
		return ""
	}
	who := Selector{Kind: KindRole, Value: need}.String()
	role := fmt.Sprintf("your role is %s", Quote(a.Role.Value))
	if rank(a.Role.Value, a.Personal) < 0 {
		role = fmt.Sprintf("slipway does not know your role %s", Quote(a.Role.Value))
	}
	return fmt.Sprintf("`/%s` asks for %s, and %s.%s Nothing changed", v, who, role, a.whoCan(need))
}

// whoCan names who has a role at least.
func (a Asked) whoCan(need string) string {
	var logins []string
	for _, c := range a.Candidates.Value {
		if a.Candidates.Known && !isBot(c.Person) && atLeast(c.Role, need, a.Personal) {
			logins = append(logins, c.Login)
		}
	}
	if len(logins) == 0 {
		return ""
	}
	slices.Sort(logins)
	return " " + people(logins, "or") + " can."
}

// stranger says that somebody has no write access and is not named in any gate: they are answered once for each pull request.
func (a Asked) stranger() bool {
	if !a.Role.Known || atLeast(a.Role.Value, "write", a.Personal) {
		return false
	}
	for _, l := range a.Lanes {
		for _, p := range l.Promotions {
			if p.Facts.Gate.names(a.By.Login) {
				return false
			}
		}
	}
	return true
}

// names says whether either file names this login.
func (g Gate) names(login string) bool {
	for _, p := range g.policies() {
		for _, s := range p.From {
			if s.Kind == KindUser && s.Value != "" && strings.EqualFold(s.Value, login) {
				return true
			}
		}
	}
	return false
}
