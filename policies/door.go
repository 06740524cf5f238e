package policies

import (
	"slices"

	"github.com/slipway-cd/slipway/app"
)

// Doors are the ways by which an approval may come, each with how people are told of it.
func doors() map[app.Door]string {
	return map[app.Door]string{
		app.DoorComment:       "comment",
		app.DoorButton:        "button",
		app.DoorReviewComment: "comment on the change",
		app.DoorCommitComment: "comment on the commit",
		app.DoorReview:        "review",
	}
}

// opens says whether an approval may come by this door: where the file names none, by any at which somebody says /approve. A review of a pull
// request judges the code, so it counts only where the file asks for it.
func (p Policy) opens(d app.Door) bool {
	if len(p.Doors) == 0 {
		return d != app.DoorReview
	}
	return slices.Contains(p.Doors, d)
}

// shut says why an approval that came by this door does not count here, as it goes on from "it": came by button, and … asks for a comment; "" if
// it does.
func (f Facts) shut(d app.Door) string {
	names := doors()
	for _, p := range f.Gate.policies() {
		if p.opens(d) {
			continue
		}
		var wanted []string
		for _, open := range p.Doors {
			wanted = append(wanted, "a "+names[open])
		}
		if len(wanted) == 0 {
			wanted = []string{"somebody to say `/approve`"}
		}
		return "came by " + names[d] + ", and " + place(f.Service, f.Environment) + " asks for " + either(wanted)
	}
	return ""
}

// Doors is those that both files open, none if neither names any.
func (g Gate) Doors() (open []app.Door) {
	for _, p := range g.policies() {
		if len(p.Doors) == 0 {
			continue
		}
		if open == nil {
			open = p.Doors
		}
		open = slices.DeleteFunc(slices.Clone(open), func(d app.Door) bool { return !p.opens(d) })
	}
	return open
}

// Reviewable says whether a review that approves the pull request counts here.
func (g Gate) Reviewable() bool {
	all := g.policies()
	return len(all) > 0 && !slices.ContainsFunc(all, func(p Policy) bool { return !p.opens(app.DoorReview) })
}
