package store

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/engine"
)

const pull = `SELECT body FROM pulls WHERE repo = ?1 AND number = ?2`

// Pull is a pull request as it was last described.
func (t *tx) Pull(repo app.RepoID, number int) (app.Pull, error) {
	found, err := all(t, document[app.Pull], pull, repo, number)
	switch {
	case err != nil:
		return app.Pull{}, fmt.Errorf("reading pull request %d: %w", number, err)
	case len(found) == 0:
		return app.Pull{}, notFound("pull request %d is not known", number)
	}
	return found[0], nil
}

// GitHub's times are whole seconds, so one description of the same second may follow another; the same one again changes nothing.
const savePull = `INSERT INTO pulls (repo, number, updated, open, merge_commit, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
	ON CONFLICT (repo, number) DO UPDATE SET updated = ?3, open = ?4, merge_commit = ?5, body = ?6
	WHERE updated <= excluded.updated AND body <> excluded.body`

// SavePull notes a pull request as it is described now, and its head if that is another one.
func (t *tx) SavePull(repo app.RepoID, p app.Pull, at time.Time) (changed bool, err error) {
	body, err := json.Marshal(p)
	if err != nil {
		return false, fmt.Errorf("writing pull request %d: %w", p.Number, err)
	}
	merge := app.SHA("")
	if p.Merged {
		merge = p.MergeCommit
	}
	n, err := t.exec(savePull, repo, p.Number, stamp(p.UpdatedAt), p.Open, merge, string(body))
	if err != nil {
		return false, fmt.Errorf("saving pull request %d: %w", p.Number, err)
	}
	if n == 0 {
		return false, nil
	}
	return true, t.saveHead(repo, p, at)
}

const (
	lastHead = `SELECT nth, sha FROM heads WHERE repo = ?1 AND number = ?2 ORDER BY nth DESC LIMIT 1`
	addHead  = `INSERT INTO heads (repo, number, nth, sha, since) VALUES (?1, ?2, ?3, ?4, ?5)`
)

func (t *tx) saveHead(repo app.RepoID, p app.Pull, at time.Time) error {
	var nth int
	var last app.SHA
	if _, err := t.one([]any{&nth, &last}, lastHead, repo, p.Number); err != nil {
		return fmt.Errorf("reading the heads of pull request %d: %w", p.Number, err)
	}
	if p.Head == last {
		return nil
	}
	if _, err := t.exec(addHead, repo, p.Number, nth+1, p.Head, stamp(at)); err != nil {
		return fmt.Errorf("noting the head of pull request %d: %w", p.Number, err)
	}
	return nil
}

const (
	pullsOf   = `SELECT body FROM pulls WHERE repo = ?1 AND merge_commit = ?2 AND merge_commit <> '' ORDER BY number`
	openPulls = `SELECT body FROM pulls WHERE repo = ?1 AND open = 1 ORDER BY number`
)

// PullsOf is the pull requests that became a commit, by number.
func (t *tx) PullsOf(repo app.RepoID, merge app.SHA) ([]app.Pull, error) {
	found, err := all(t, document[app.Pull], pullsOf, repo, merge)
	if err != nil {
		return nil, fmt.Errorf("looking for the pull requests of %s: %w", merge.Short(), err)
	}
	return found, nil
}

// OpenPulls is the pull requests that are open, by number.
func (t *tx) OpenPulls(repo app.RepoID) ([]app.Pull, error) {
	found, err := all(t, document[app.Pull], openPulls, repo)
	if err != nil {
		return nil, fmt.Errorf("reading open pull requests: %w", err)
	}
	return found, nil
}

const heads = `SELECT sha, since FROM heads WHERE repo = ?1 AND number = ?2 ORDER BY nth`

// Heads is the heads that a pull request has had, oldest first.
func (t *tx) Heads(repo app.RepoID, number int) ([]engine.Head, error) {
	found, err := all(t, readHead, heads, repo, number)
	if err != nil {
		return nil, fmt.Errorf("reading the heads of pull request %d: %w", number, err)
	}
	return found, nil
}

func readHead(s scanner) (h engine.Head, err error) {
	var since int64
	err = s.Scan(&h.Commit, &since)
	h.Since = unstamp(since)
	return h, err
}
