package deploy

import (
	"reflect"

	"github.com/slipway-cd/slipway/app"
)

// Redraw is what GitHub shows of the lane that a step from before to after may have changed: of each attempt that differs its check run, its
// deployments and the comment that tells of it; and, when what every card shows has changed, the same of all that have not ended
// and of the one whose rollback holds the lane.
func Redraw(before, after Lane) []app.ViewKey {
	wide := shared(before) != shared(after)
	var keys []app.ViewKey
	for _, p := range after.Promotions {
		differs := !reflect.DeepEqual(attempted(before, p), p)
		tells := !p.State.Ended() || undid(before, p) || undid(after, p)
		if !differs && !(wide && tells) {
			continue
		}
		k := app.ViewKey{Kind: app.ViewPromotion, Repo: after.Repo, Commit: p.Commit.SHA, Service: after.Service, Environment: after.Environment}
		keys = append(keys, k, app.ViewKey{Kind: app.ViewCommit, Repo: after.Repo, Commit: p.Commit.SHA})
		if differs {
			keys = append(keys, deployments(k, p)...)
		}
	}
	return keys
}

// undid says whether the lane's hold is the one that undoing this commit set: its card tells of it.
func undid(l Lane, p Promotion) bool { return l.Hold.Key != 0 && l.Hold.Undoes == p.Commit.SHA }

// everywhere is what every card of a lane shows.
type everywhere struct {
	live, chosen app.SHA
	hold         Hold
	closed       bool
	busy         app.Key
	good         app.SHA
}

func shared(l Lane) everywhere {
	busy, _ := l.Busy()
	good, _ := l.WayBack("")
	return everywhere{l.Live.SHA, l.Chosen, l.Hold, l.Closed, busy.Attempt, good.Commit.SHA}
}

// attempted is an attempt as it was before; the zero value if it was not there.
func attempted(l Lane, p Promotion) Promotion {
	for _, q := range l.Promotions {
		if q.Attempt == p.Attempt {
			return q
		}
	}
	return Promotion{}
}

// deployments is the GitHub Deployments of an attempt: its own, and that of the release that came back in its place.
func deployments(k app.ViewKey, p Promotion) []app.ViewKey {
	var keys []app.ViewKey
	k.Kind = app.ViewDeployment
	if p.Put != 0 {
		k.Key = p.Put
		keys = append(keys, k)
	}
	if p.Undone != 0 {
		k.Key, k.Commit = p.Undone, p.To
		keys = append(keys, k)
	}
	return keys
}
