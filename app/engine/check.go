package engine

import (
	"context"
	"fmt"
	"strconv"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/checks"
)

// execute starts an attempt of a check, or finds it and reports how it ended.
func (e *Engine) execute(ctx context.Context, row Row, repo app.Repo, t checks.Execute) (result, error) {
	if err := e.fetch(ctx, repo, row.Machine.Commit); ignoreMissing(err) != nil { // what is gone for ever is the runner's to fail
		return result{}, err
	}
	status, err := e.Runner.Ensure(ctx, checks.Job{
		Key: row.Key, Repo: repo, Commit: row.Machine.Commit, Check: t.Check, RunURL: e.Links.Run(repo.ID, row.Machine.Commit),
	})
	if err != nil {
		return result{}, fmt.Errorf("running %s: %w", t.Check.Title(), err)
	}
	id := t.Check.ID()
	if !status.Running {
		return finished(string(status.Outcome), app.Letter{To: row.Machine, Message: checks.Finished{Check: id, Key: t.Key, Status: status}}), nil
	}
	res := result{running: true}
	if !row.Running {
		res.letters = []app.Letter{{To: row.Machine, Message: checks.Began{Check: id, Key: t.Key}}}
	}
	return res, nil
}

// stop ends the program of an attempt that is not wanted any more.
func (e *Engine) stop(ctx context.Context, row Row) (result, error) {
	if err := e.Runner.Cancel(ctx, stops(row.Key)); err != nil {
		return result{}, fmt.Errorf("stopping a check that is not wanted any more: %w", err)
	}
	e.slots.leave(stops(row.Key))
	return finished("stopped"), nil
}

// look reads what another App says of a check. What is not there yet is waited for: its event asks again.
func (e *Engine) look(ctx context.Context, row Row, repo app.Repo, t checks.Look) (result, error) {
	id, err := e.appID(ctx, repo, t.Check.External.App)
	if app.KindOf(err) == app.ErrNotFound {
		reason := fmt.Sprintf("there is no GitHub App %q; its slug is the last part of its page's address", t.Check.External.App)
		return looked(row, t, app.Status{Outcome: app.Failed, Reason: reason}, ""), nil
	}
	if err != nil {
		return result{}, fmt.Errorf("finding the App %s: %w", t.Check.External.App, err)
	}
	found, err := e.GitHub.ForeignCheck(ctx, repo, row.Machine.Commit, id, t.Check.External.Name)
	if app.KindOf(err) == app.ErrNotFound {
		return looked(row, t, app.Status{Running: true}, ""), nil
	}
	if err != nil {
		return result{}, fmt.Errorf("reading %s's check: %w", t.Check.External.App, err)
	}
	return looked(row, t, foreign(found.Status, found.Conclusion), found.DetailsURL), nil
}

func looked(row Row, t checks.Look, s app.Status, url string) result {
	m := checks.Finished{Check: t.Check.ID(), Key: t.Key, Status: s, URL: url}
	return finished("looked", app.Letter{To: row.Machine, Message: m})
}

// foreign is another App's check run as a status. Only success passes: neutral and skipped say that nobody looked.
func foreign(status, conclusion string) app.Status {
	switch {
	case status != "completed":
		return app.Status{Running: true}
	case conclusion == "success":
		return app.Status{Outcome: app.Succeeded}
	}
	return app.Status{Outcome: app.Failed, Reason: "was completed as " + conclusion}
}

// appID is the number of the App that first had a slug here: a slug can change hands, so the number is kept.
func (e *Engine) appID(ctx context.Context, repo app.Repo, slug string) (int64, error) {
	key, noted := "app/"+slug, ""
	err := e.Store.View(ctx, func(tx Tx) (err error) {
		noted, err = tx.Note(key)
		return err
	})
	if err != nil {
		return 0, err
	}
	if noted != "" {
		return strconv.ParseInt(noted, 10, 64)
	}
	id, err := e.GitHub.AppBySlug(ctx, repo, slug)
	if err != nil {
		return 0, err
	}
	return id, e.Store.Update(ctx, func(tx Tx) error { return tx.SetNote(key, strconv.FormatInt(id, 10)) })
}
