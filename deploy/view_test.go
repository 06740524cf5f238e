package deploy_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/report"
	"github.com/slipway-cd/slipway/deploy"
)

// pages has an address for everything.
type pages struct{}

func (pages) Log(key string) string              { return "/log/" + key }
func (pages) Run(_ app.RepoID, c app.SHA) string { return "/run/" + string(c) }
func (pages) Lane(at app.Address) string         { return "/lane/" + at.String() }

// liveNow is what a card says of the rest of the lane. Of what has ended it is as it was then.
var liveNow = regexp.MustCompile("(Live now: `[0-9a-f]+`\\.|Nobody can say what is live: [^.]*\\.)\n*")

// drawn is all that GitHub can show of a lane.
func drawn(l deploy.Lane) map[app.ViewKey]string {
	scene, all := report.Scene{Links: pages{}, Now: time.Unix(0, 0).UTC()}, map[app.ViewKey]string{}
	text := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return string(b)
	}
	for _, p := range l.Promotions {
		k := app.ViewKey{Kind: app.ViewPromotion, Repo: l.Repo, Commit: p.Commit.SHA, Environment: l.Environment}
		v, _ := report.Promotion(scene, l, p.Commit.SHA, nil)
		if q, _ := l.Promotion(p.Commit.SHA); q.State.Ended() {
			v.Summary = liveNow.ReplaceAllString(v.Summary, "")
		}
		all[k] = text(v)
		k.Kind = app.ViewDeployment
		of := map[app.Key]app.SHA{p.Put: p.Commit.SHA, p.Undone: p.To}
		for _, try := range p.Tried {
			of[try.Key] = try.Commit
		}
		for key, of := range of {
			if d, ok := report.Deployment(scene, l, key); ok {
				k.Key, k.Commit = key, of
				all[k] = text(d)
			}
		}
	}
	return all
}

// TestRedraw holds, along random ways, that whatever GitHub shows otherwise after a step is redrawn, and the comment with each card; that
// nothing is redrawn twice; and that hardly more is redrawn than differs.
func TestRedraw(t *testing.T) {
	asked, differ := 0, 0
	for seed := range uint64(10) {
		w := deploy.NewWanderer(seed)
		l := w.Start()
		shows := drawn(l)
		for range 300 {
			m, before := w.Message(l), l
			l, _ = deploy.Step(l, m, w.At)
			keys, now := deploy.Redraw(before, l), drawn(l)
			for k, text := range now {
				if text == shows[k] {
					continue
				}
				differ++
				comment := app.ViewKey{Kind: app.ViewCommit, Repo: k.Repo, Commit: k.Commit}
				if !slices.Contains(keys, k) || k.Kind == app.ViewPromotion && !slices.Contains(keys, comment) {
					t.Fatalf("%#v\nchanges %+v from\n%s\nto\n%s\nand redraws %+v", m, k, shows[k], text, keys)
				}
			}
			for i, k := range keys {
				if k.Kind != app.ViewCommit {
					asked++
				}
				if slices.Contains(keys[:i], k) {
					t.Fatalf("%+v is redrawn twice by %#v", k, m)
				}
			}
			shows = now
		}
	}
	t.Logf("%d of %d that were redrawn differ", differ, asked)
	if asked > 2*differ {
		t.Errorf("only %d of %d that were redrawn differ", differ, asked)
	}
}
