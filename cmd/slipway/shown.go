package main

import (
	"context"
	"io"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/engine"
	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/policies"
)

// shown is a server as its pages see it.
type shown struct{ *server }

// Logs follows the log of a check or of a deployment.
func (s shown) Logs(ctx context.Context, key string, offset int64) (io.ReadCloser, error) {
	if r, err := s.runner.Logs(ctx, key, offset); err == nil {
		return r, nil
	}
	return s.deployer.Logs(ctx, key, offset)
}

// ShowRun is a run with its repository.
func (s shown) ShowRun(ctx context.Context, at app.Address) (repo app.Repo, run checks.Run, err error) {
	err = s.store.View(ctx, func(tx engine.Tx) error {
		var version int64
		if run, version, err = tx.Run(at.Repo, at.Commit); err != nil {
			return err
		}
		if version == 0 {
			return &app.Error{Op: "showing " + at.String(), Kind: app.ErrNotFound}
		}
		repo, err = tx.Repo(at.Repo)
		return err
	})
	return repo, run, err
}

// ShowLane is a lane with its repository.
func (s shown) ShowLane(ctx context.Context, at app.Address) (repo app.Repo, lane deploy.Lane, err error) {
	err = s.store.View(ctx, func(tx engine.Tx) error {
		var version int64
		if lane, version, err = tx.Lane(at); err != nil {
			return err
		}
		if version == 0 {
			return &app.Error{Op: "showing " + at.String(), Kind: app.ErrNotFound}
		}
		repo, err = tx.Repo(at.Repo)
		return err
	})
	return repo, lane, err
}

// ShowLanes is all lanes of a repository.
func (s shown) ShowLanes(ctx context.Context, repo app.RepoID) (lanes []deploy.Lane, err error) {
	err = s.store.View(ctx, func(tx engine.Tx) error {
		lanes, err = tx.Lanes(repo)
		return err
	})
	return lanes, err
}

// ShowFacts is on what a commit is judged now.
func (s shown) ShowFacts(ctx context.Context, at app.Address) ([]policies.Facts, error) {
	return s.engine.Facts(ctx, at.Repo, at.Commit)
}

// ready says whether the store takes events in, and what else is missing.
func (s *server) ready(ctx context.Context) (problems []string, ready bool) {
	problems = s.missing.list()
	err := s.store.Update(ctx, func(tx engine.Tx) error {
		return tx.SetNote("ready", s.around.clock.Now().Format("2006-01-02T15:04"))
	})
	if err != nil {
		s.log.Error("writing to the store to see whether it can be", "error", err)
		return append(problems, "the database can't be written: see the log"), false
	}
	return problems, true
}
