package policies

import (
	"time"

	"github.com/slipway-cd/slipway/app"
)

// Assess is what a review that approves a pull request comes to: the reviewer's approval of what it brings, where the file takes reviews for one and
// they may approve. It says no word, so it gets no answer: the cards show it. A review is of one commit, the one that GitHub named when it came, and
// counts for no other.
func Assess(a Asked) []app.Letter {
	if isBot(a.By) {
		return nil
	}
	var letters []app.Letter
	for _, t := range of(targets(a.Lanes, target.ahead), a.On) {
		if may, _ := MayApprove(t.Facts, a.By, a.Role); may && t.Facts.Gate.Reviewable() && !a.given(t, time.Time{}) {
			letters = append(letters, a.approval(t, a.yes(t, time.Time{})))
		}
	}
	return letters
}
