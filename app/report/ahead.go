package report

import (
	"fmt"
	"strings"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/policies"
)

// approvedAhead says who has approved already what an open pull request would bring into a lane, and whose approval does not count any more, as
// sentences to go on with.
func approvedAhead(a Ahead) string {
	text := ""
	for _, g := range a.Given {
		who := quietly(g.By.Login)
		if g.Drift.None() {
			text += fmt.Sprintf(". %s has approved it already, %s", who, at(g.At))
			continue
		}
		text += fmt.Sprintf(". %s approved %s, which does not count any more: %s", who, code(g.Pin.Commit), quiet(g.Drift.Why()))
	}
	return text
}

// approvable says how an open pull request is approved before its merge, where people are asked. It names no commit, so that a push does not write
// the comment anew: whoever says it means the head, and is asked again if that was replaced just before.
func approvable(st Story) string {
	var spoken []deploy.Lane
	var reviewed []string
	for _, l := range ordered(st.Lanes) {
		a := st.Ahead[l.Address()]
		if a.Asks && a.opens(app.DoorComment) {
			spoken = append(spoken, l)
		}
		if a.Asks && a.opens(app.DoorReview) {
			reviewed = append(reviewed, escape(l.Name()))
		}
	}
	var all []string
	if len(spoken) > 0 {
		say := "`/approve" + words(spoken[0]) + "`"
		if len(spoken) > 1 {
			say = "`/approve all`, or one lane such as " + say
		}
		all = append(all, "It can be approved before the merge: "+say+".")
	}
	if len(reviewed) > 0 {
		all = append(all, "A review that approves it counts for "+strings.Join(reviewed, ", ")+".")
	}
	if len(all) == 0 {
		return ""
	}
	return strings.Join(append(all, "That counts for as long as the files and the gate stay as they are."), " ")
}

func (a Ahead) opens(d app.Door) bool { return policies.Decision{Doors: a.Doors}.Opens(d) }

// altered says what became of what was said and acted on.
func altered(all []Alteration) string {
	var lines []string
	for _, a := range all {
		did := "edited"
		if a.Deleted {
			did = "deleted"
		}
		lines = append(lines, fmt.Sprintf("What %s had said here, %s, was %s by %s, %s. It was carried out as it was written, and that stays.",
			quietly(a.By.Login), policies.Quote(a.Said), did, quietly(a.Edited.By.Login), at(a.At)))
	}
	return list(lines)
}
