package deploy

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
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
	s.redraws(Began{Commit: sha(3), Key: s.key(3)}, "promotion c 0", "commit c 0")
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

// A program that is started again has a deployment of its own on GitHub; the one before is over, and says why.
func TestRedrawOfWhatIsTriedAgain(t *testing.T) {
	s := tell(t)
	s.release.Spec.Idempotent = true
	s.good(1)
	s.start(2)
	first := s.promotion(2).Put
	s.redraws(Deployed{sha(2), s.key(2), app.Status{Outcome: app.OutcomeUnknown}},
		"promotion b 0", "commit b 0", fmt.Sprint("deployment b ", first), fmt.Sprint("deployment b ", first+1))
	s.deployed(2, app.OutcomeUnknown)
	s.deployed(2, app.OutcomeUnknown)
	s.is(2, Attention)
	third := s.promotion(2).Put
	s.word(app.VerbRetry, 2)
	s.redraws(Judged{sha(2), s.key(2), policies.Decision{Verdict: policies.Allow}, s.release, 0, ""},
		"promotion b 0", "commit b 0", fmt.Sprint("deployment b ", third), fmt.Sprint("deployment b ", s.lane.Asked+1))
	s.deployed(2, app.Failed)
	s.restored(2, app.Failed)
	back := s.promotion(2).Undone
	s.redraws(word(app.VerbRetry, s.promotion(2)),
		"promotion b 0", "commit b 0", fmt.Sprint("deployment a ", back), fmt.Sprint("deployment b ", s.promotion(2).Put), fmt.Sprint("deployment a ", s.lane.Asked+1))
	var tries []string
	for _, try := range s.promotion(2).Tried {
		tries = append(tries, fmt.Sprintf("%d %s: %s", try.Key, try.Commit, try.Why))
	}
	want := []string{
		fmt.Sprintf("%d b: Nobody knows how its deploy step ended.", first), fmt.Sprintf("%d b: Nobody knows how its deploy step ended.", first+1),
		fmt.Sprintf("%d b: Nobody knows how its deploy step ended.", third), fmt.Sprintf("%d a: The way back failed.", back),
	}
	if !slices.Equal(tries, want) {
		t.Errorf("started again were %q, not %q", tries, want)
	}
}
