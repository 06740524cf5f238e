package deploy

import (
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
)

func TestRedrawInWords(t *testing.T) {
	s := tell(t)
	s.good(2)
	late := app.Ready{Commit: commit(1), Environments: environments}
	s.redraws(late, "promotion a 0", "commit a 0") // superseded as it comes
	s.redraws(late)
	s.redraws(app.Changed{})
	s.ready(3)
	s.redraws(app.Said{Verb: app.VerbHold, By: person, Until: s.at.Add(time.Hour)}, "promotion c 0", "commit c 0") // not what has ended
	s.redraws(Lapsed{-1})
	s.redraws(Lapsed{s.lane.Hold.Key}, "promotion c 0", "commit c 0")
	s.allow(3)
	s.redraws(Deployed{sha(3), s.key(3), app.Status{Outcome: app.Succeeded}}, "promotion c 0", "commit c 0", "deployment c 11")
	s.redraws(Probed{sha(3), s.key(3), app.Failed, "Sick."}, "promotion c 0", "commit c 0", "deployment c 11", "deployment b 13")
	s.redraws(Began{sha(3), s.key(3)}, "promotion c 0", "commit c 0")
	s.restored(3, app.Succeeded)
	s.redraws(Probed{sha(3), s.key(3), app.Succeeded, "Well."}, "promotion c 0", "commit c 0", "deployment c 11", "deployment b 13")
}

// What is not what was put there last any more can't be rolled back, and its card says so no more.
func TestRedrawOfWhatIsReplaced(t *testing.T) {
	s := tell(t)
	s.good(1)
	s.good(2)
	s.ready(3)
	s.allow(3)
	s.deployed(3, app.Failed)
	s.restored(3, app.Succeeded)
	s.redraws(Probed{sha(3), s.key(3), app.Succeeded, "Well."},
		"promotion b 0", "commit b 0", "promotion c 0", "commit c 0", "deployment c 13", "deployment b 14")
	s.offers(2, app.VerbRollback)
}
