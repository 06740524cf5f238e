package policies

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-cd/slipway/app"
)

// roleNames is what GitHub calls its own roles, weakest first. A role that an organisation invented is not among them, so it is worth
// nothing here: what it may do can't be told from its name.
func roleNames() []string { return []string{"none", "read", "triage", "write", "maintain", "admin"} }

// rank is a role's place among GitHub's own, or -1. In a personal repository nobody but the owner can have more than write, so write
// counts as maintain there.
func rank(role string, personal bool) int {
	if personal && role == "write" {
		role = "maintain"
	}
	return slices.Index(roleNames(), role)
}

// atLeast says whether a role is known and as strong as the least one that is asked for. One that is asked for but not known is never met.
func atLeast(role, least string, personal bool) bool {
	r, l := rank(role, personal), rank(least, personal)
	return l > 0 && r >= l
}

// Maintains says whether a role, as GitHub gives it, is at least a maintainer's: who may lift a hold.
func Maintains(role string, personal bool) bool { return atLeast(role, "maintain", personal) }

// isBot says that an account is an App's or a machine's: those never approve and are never answered.
func isBot(p app.Person) bool { return p.Bot || strings.HasSuffix(p.Login, "[bot]") }

// same compares accounts by their numbers, which survive renaming; by login only where a number is missing.
func same(id int64, login string, p app.Person) bool {
	if id != 0 && p.ID != 0 {
		return id == p.ID
	}
	return login != "" && strings.EqualFold(login, p.Login)
}

// String is who is selected, as part of a sentence.
func (s Selector) String() string {
	switch {
	case s.Kind == KindUser:
		return "@" + s.Value
	case s.Kind == KindTeam && s.Value != "":
		return "someone from " + s.Value
	case s.Kind == KindOwners:
		return "the owners of the files"
	case s.Kind == KindRole && s.Value != "" && rank(s.Value, false) < 0:
		return "someone in the role " + Quote(s.Value)
	case s.Kind != KindRole || rank(s.Value, false) < 1:
		return fmt.Sprintf("%s (which slipway cannot judge)", Quote(s.Kind+":"+s.Value))
	case s.Value == "maintain":
		return "a maintainer"
	case s.Value == "admin":
		return "an admin"
	}
	return "someone with " + s.Value + " access"
}

// maintainer is who is asked where nobody else is named.
func maintainer() []Selector { return []Selector{{Kind: KindRole, Value: "maintain"}} }

// selects says whether one of the selectors means this person with this role.
func (f Facts) selects(from []Selector, by app.Person, role string) bool {
	return slices.ContainsFunc(from, func(s Selector) bool {
		switch s.Kind {
		case KindRole:
			custom := s.Value != "" && rank(s.Value, false) < 0
			return atLeast(role, s.Value, f.Personal) || custom && role == s.Value
		case KindTeam:
			return f.inTeam(s.Value, by)
		case KindUser:
			return s.Value != "" && strings.EqualFold(s.Value, by.Login)
		}
		return false
	})
}

// describe is the selectors as part of a sentence: a maintainer or @ada.
func describe(from []Selector) string {
	names := make([]string, len(from))
	for i, s := range from {
		names[i] = s.String()
	}
	return either(names)
}
