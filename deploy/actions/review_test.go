package actions

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-cd/slipway/app/github"
	"github.com/slipway-cd/slipway/deploy"
)

// TestRequest asks how a review stands, whatever GitHub answers.
func TestRequest(t *testing.T) {
	waiting, built := github.Run{ID: 7, Status: "waiting", Head: commit}, github.Run{ID: 7, Status: "in_progress", Head: commit}
	ended := func(conclusion string) github.Run {
		return github.Run{ID: 7, Status: completed, Conclusion: conclusion}
	}
	asked := []github.Pending{{Environment: "other"}, {Environment: "production", Reviewers: []string{"eli", "acme/ops"}}}
	said := func(environment, state string) github.Review {
		return github.Review{Environments: []string{environment}, State: state, By: eli, Comment: "so be it"}
	}
	answered := func(s deploy.ReviewState) deploy.Review {
		return deploy.Review{State: s, Run: 7, By: eli, Comment: "so be it"}
	}
	for name, c := range map[string]struct {
		hub      hub
		asked    bool
		sent     time.Duration
		after    time.Duration
		want     deploy.Review
		canceled int
	}{
		"asked":              {hub: hub{run: waiting, pending: asked}, want: deploy.Review{State: deploy.ReviewWaiting, Run: 7, Reviewers: []string{"eli", "acme/ops"}}},
		"not yet":            {hub: hub{run: built}, after: asking - 1, want: deploy.Review{State: deploy.ReviewWaiting, Run: 7}},
		"never":              {hub: hub{run: built, pending: asked[:1]}, after: asking, want: deploy.Review{State: deploy.ReviewWaiting, Run: 7}, canceled: 1},
		"dispatched later":   {hub: hub{run: built}, sent: time.Hour, after: time.Hour + asking - 1, want: deploy.Review{State: deploy.ReviewWaiting, Run: 7}},
		"another's workflow": {hub: hub{run: github.Run{ID: 7, Status: "queued", Head: newer}, apart: true}, want: deploy.Review{State: deploy.ReviewWaiting, Run: 7}, canceled: 1},
		"another's workflow, stopped": {hub: hub{run: ended("cancelled"), apart: true}, want: deploy.Review{State: deploy.ReviewEnded, Run: 7,
			Why: "it was stopped: GitHub ran that of ``, which does not contain the commit"}},
		"in line":                               {hub: hub{run: github.Run{ID: 7, Status: "queued", Head: commit}}, after: time.Hour, want: deploy.Review{State: deploy.ReviewWaiting, Run: 7}},
		"asked before":                          {hub: hub{run: built}, asked: true, after: time.Hour, want: deploy.Review{State: deploy.ReviewWaiting, Run: 7}},
		"approved":                              {hub: hub{run: built, reviews: []github.Review{said("production", "approved")}}, want: answered(deploy.ReviewApproved)},
		"approved and over":                     {hub: hub{run: ended("failure"), reviews: []github.Review{said("PRODUCTION", "approved")}}, want: answered(deploy.ReviewApproved)},
		"rejected":                              {hub: hub{run: ended("failure"), reviews: []github.Review{said("production", "rejected")}}, want: answered(deploy.ReviewRejected)},
		"the last word":                         {hub: hub{run: waiting, reviews: []github.Review{said("production", "rejected"), said("production", "approved")}}, want: answered(deploy.ReviewApproved)},
		"of another":                            {hub: hub{run: waiting, pending: asked, reviews: []github.Review{said("staging", "approved")}}, want: deploy.Review{State: deploy.ReviewWaiting, Run: 7, Reviewers: []string{"eli", "acme/ops"}}},
		"nobody answered":                       {hub: hub{run: ended("cancelled")}, want: deploy.Review{State: deploy.ReviewEnded, Run: 7, Why: "it ended as cancelled"}},
		"nobody was asked":                      {hub: hub{run: ended("success")}, want: deploy.Review{State: deploy.ReviewMissing, Run: 7, Why: "ended as success"}},
		"nobody was asked, and something began": {hub: hub{run: ended("failure"), began: true}, want: deploy.Review{State: deploy.ReviewMissing, Run: 7, Why: "ended as failure"}},
		"asked, and nobody answered":            {hub: hub{run: ended("failure"), began: true}, asked: true, want: deploy.Review{State: deploy.ReviewEnded, Run: 7, Why: "it ended as failure"}},
		"asked, and let go all the same":        {hub: hub{run: ended("success"), began: true}, asked: true, want: deploy.Review{State: deploy.ReviewMissing, Run: 7, Why: "ended as success"}},
	} {
		t.Run(name, func(t *testing.T) {
			h, d := c.hub, deployment()
			w, clock := workflows(&h)
			known(&d)
			d.Asked, d.Sent = c.asked, noon.Add(c.sent)
			clock.Advance(c.after)
			got, err := w.Request(t.Context(), d)
			if d := cmp.Diff(c.want, got); err != nil || d != "" || h.canceled != c.canceled || len(h.dispatched) > 0 {
				t.Errorf("%d canceled, %v\n%s", h.canceled, err, d)
			}
		})
	}
}

// TestWithdraw says withdrawn only where nothing can begin any more.
func TestWithdraw(t *testing.T) {
	for name, c := range map[string]struct {
		hub      hub
		change   func(d *deploy.Deployment)
		after    time.Duration
		want     deploy.ReviewState
		canceled int
	}{
		"never dispatched":       {want: deploy.ReviewWithdrawn},
		"perhaps, and not found": {change: tried, want: deploy.ReviewWaiting},
		"never found":            {change: tried, after: lost, want: deploy.ReviewWithdrawn},
		"perhaps, and found":     {hub: hub{listed: true, run: github.Run{ID: 7, Status: "waiting"}}, change: tried, want: deploy.ReviewWaiting, canceled: 1},
		"waiting":                {hub: hub{run: github.Run{ID: 7, Status: "waiting"}}, change: known, want: deploy.ReviewWaiting, canceled: 1},
		"over":                   {hub: hub{run: github.Run{ID: 7, Status: completed, Conclusion: "cancelled"}}, change: known, want: deploy.ReviewWithdrawn},
		"over, and it had begun": {hub: hub{run: github.Run{ID: 7, Status: completed, Conclusion: "cancelled"}, began: true}, change: known, want: deploy.ReviewMissing},
		"let go meanwhile": {hub: hub{run: github.Run{ID: 7, Status: "in_progress"}, reviews: []github.Review{{Environments: []string{"production"}, State: "approved", By: eli}}},
			change: known, want: deploy.ReviewApproved},
	} {
		t.Run(name, func(t *testing.T) {
			h, d := c.hub, deployment()
			w, clock := workflows(&h)
			if c.change != nil {
				c.change(&d)
			}
			clock.Advance(c.after)
			got, err := w.Withdraw(t.Context(), d)
			if err != nil || got.State != c.want || h.canceled != c.canceled || len(h.dispatched) > 0 {
				t.Errorf("%+v, %d canceled, %v", got, h.canceled, err)
			}
		})
	}
}
