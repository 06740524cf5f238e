// Package report: placeholder by the integrator so that others compile. Delete this file as soon as the real API is here.
package report

import (
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
)

type Links interface {
	Log(key string) string
	Run(repo app.RepoID, commit app.SHA) string
	Lane(at app.Address) string
}
type Scene struct {
	Repo      app.Repo
	Links     Links
	Now       time.Time
	Isolation string
	Slug      string
}
type Story struct {
	Pull      app.Pull
	Run       *checks.Run
	Merged    *checks.Run
	Lanes     []deploy.Lane
	Outgoing  map[app.Address][]app.Pull
	Elsewhere map[app.Address]int
	Preview   []string
	Problems  []app.Problem
	Commit    app.SHA
}

func Aggregate(s Scene, r checks.Run) (app.CheckRun, bool)        { return app.CheckRun{}, false }
func Check(s Scene, r checks.Run, id string) (app.CheckRun, bool) { return app.CheckRun{}, false }
func Promotion(s Scene, l deploy.Lane, commit app.SHA, pull *app.Pull) (app.CheckRun, bool) {
	return app.CheckRun{}, false
}
func Deployment(s Scene, l deploy.Lane, key app.Key) (app.Deployment, bool) {
	return app.Deployment{}, false
}
func Comment(s Scene, st Story) (app.Comment, bool) { return app.Comment{}, false }
func Notice(s Scene, l deploy.Lane, p deploy.Promotion, cause deploy.Cause, pull app.Pull, approvers []string) app.Comment {
	return app.Comment{}
}
