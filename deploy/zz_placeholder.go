package deploy

// Placeholder by the integrator, so that others compile: delete each function here as soon as the real one is in view.go or memory.go.

import (
	"reflect"

	"github.com/slipway-cd/slipway/app"
)

// Redraw is what a step may have changed.
func Redraw(before, after Lane) []app.ViewKey {
	var keys []app.ViewKey
	wide := before.Hold != after.Hold || before.Live != after.Live || before.Chosen != after.Chosen || before.Closed != after.Closed
	for _, p := range after.Promotions {
		var old Promotion
		for _, q := range before.Promotions {
			if q.Attempt == p.Attempt && q.Commit == p.Commit {
				old = q
			}
		}
		if reflect.DeepEqual(old, p) && !(wide && !p.State.Ended()) {
			continue
		}
		k := app.ViewKey{Kind: app.ViewPromotion, Repo: after.Repo, Commit: p.Commit.SHA, Service: after.Service, Environment: after.Environment}
		keys = append(keys, k, app.ViewKey{Kind: app.ViewCommit, Repo: after.Repo, Commit: p.Commit.SHA})
		k.Kind = app.ViewDeployment
		if p.Put != 0 {
			k.Key = p.Put
			keys = append(keys, k)
		}
		if p.Undone != 0 {
			k.Key, k.Commit = p.Undone, p.To
			keys = append(keys, k)
		}
	}
	return keys
}

// Forget drops nothing yet.
func Forget(l Lane) Lane { return l }
