package policies

import (
	"time"

	"github.com/slipway-cd/slipway/app"
)

// Assess is what a review of a pull request comes to: a reviewer's approval of what it brings, where the file takes reviews for one and the
// reviewer may approve, or that their earlier one is taken back. It says no word, so it gets no answer: the cards show it. A review is of one
// commit, the one that GitHub named when it came, and counts for no other.
func Assess(a Asked, state app.ReviewState) []app.Letter {
	if isBot(a.By) {
		return nil
	}
	var letters []app.Letter
	for _, t := range targets(a.Lanes, func(t target) bool { return t.ahead() || t.State == Waiting || t.State == Attention }) {
		switch {
		case state != app.ReviewApproved && (t.ahead() || t.Commit.SHA == a.Pull.Commit):
			letters = append(letters, a.takesBack(t, app.DoorReview))
		case state == app.ReviewApproved && t.ahead() && t.Commit.SHA == a.On && t.Facts.Gate.Reviewable() && !a.given(t, time.Time{}):
			if may, _ := MayApprove(t.Facts, a.By, a.Role); may {
				letters = append(letters, a.approval(t, a.yes(t, time.Time{})))
			}
		}
	}
	return letters
}
