package store

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/checks"
)

const run = `SELECT version, body FROM runs WHERE repo = ?1 AND sha = ?2`

// Run is the run of a commit; version 0 is one that is not stored yet.
func (t *tx) Run(repo app.RepoID, commit app.SHA) (r checks.Run, version int64, err error) {
	var body []byte
	found, err := t.one([]any{&version, &body}, run, repo, commit)
	if err == nil && found {
		err = json.Unmarshal(body, &r)
	}
	if err != nil {
		return checks.Run{}, 0, fmt.Errorf("reading the run of %s: %w", commit.Short(), err)
	}
	r.Repo, r.Commit = repo, commit
	return r, version, nil
}

const (
	insertRun = `INSERT INTO runs (repo, sha, version, state, opened, ended, body) VALUES (?1, ?2, ?3 + 1, ?4, ?5, ?6, ?7)
		ON CONFLICT (repo, sha) DO NOTHING RETURNING id`
	updateRun = `UPDATE runs SET version = version + 1, state = ?4, opened = ?5, ended = ?6, body = ?7
		WHERE repo = ?1 AND sha = ?2 AND version = ?3 RETURNING id`
)

// SaveRun writes a run if the stored version is this one.
func (t *tx) SaveRun(r checks.Run, version int64) error {
	body, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("writing the run of %s: %w", r.Commit.Short(), err)
	}
	query := updateRun
	if version == 0 {
		query = insertRun
	}
	var id int64
	found, err := t.one([]any{&id}, query, r.Repo, r.Commit, version, string(r.State), stamp(r.Opened), stamp(r.Ended), string(body))
	switch {
	case err != nil:
		return fmt.Errorf("saving the run of %s: %w", r.Commit.Short(), err)
	case !found:
		return conflict("the run of %s is not at version %d any more", r.Commit.Short(), version)
	}
	return t.saveGreen(id, r)
}

const (
	greenServices = `SELECT service FROM run_services WHERE run = ?1`
	addService    = `INSERT INTO run_services (run, service, repo, place) VALUES (?1, ?2, ?3, ?4)`
	dropServices  = `DELETE FROM run_services WHERE run = ?1`
)

// saveGreen notes for which services the run is green, if that has changed.
func (t *tx) saveGreen(id int64, r checks.Run) error {
	var green []string
	for _, s := range r.Plan.Services {
		if r.Place() != 0 && r.Green(s.Name) {
			green = append(green, s.Name)
		}
	}
	slices.Sort(green)
	green = slices.Compact(green)
	was, err := all(t, value[string], greenServices, id)
	if err != nil {
		return fmt.Errorf("reading for whom %s is green: %w", r.Commit.Short(), err)
	}
	if slices.Equal(was, green) {
		return nil
	}
	if _, err := t.exec(dropServices, id); err != nil {
		return fmt.Errorf("noting for whom %s is green: %w", r.Commit.Short(), err)
	}
	for _, s := range green {
		if _, err := t.exec(addService, id, s, r.Repo, r.Place()); err != nil {
			return fmt.Errorf("noting that %s is green: %w", r.Commit.Short(), err)
		}
	}
	return nil
}

const newestRuns = `SELECT body FROM runs WHERE repo = ?1 ORDER BY opened DESC, id DESC LIMIT ?2`

// Runs is a repository's newest runs, newest first.
func (t *tx) Runs(repo app.RepoID, limit int) ([]checks.Run, error) {
	runs, err := all(t, document[checks.Run], newestRuns, repo, limit)
	if err != nil {
		return nil, fmt.Errorf("reading the newest runs: %w", err)
	}
	return runs, nil
}

const openRuns = `SELECT body FROM runs WHERE repo = ?1 AND state = 'open' ORDER BY id`

// OpenRuns is the runs that have not ended, oldest first.
func (t *tx) OpenRuns(repo app.RepoID) ([]checks.Run, error) {
	runs, err := all(t, document[checks.Run], openRuns, repo)
	if err != nil {
		return nil, fmt.Errorf("reading open runs: %w", err)
	}
	return runs, nil
}

const lastGreen = `SELECT r.sha FROM run_services s JOIN runs r ON r.id = s.run
	WHERE s.repo = ?1 AND s.service = ?2 AND s.place < ?3 ORDER BY s.place DESC LIMIT 1`

// LastGreen is the newest commit below a place whose run is green for a service.
func (t *tx) LastGreen(repo app.RepoID, service string, below app.Place) (c app.SHA, err error) {
	if _, err = t.one([]any{&c}, lastGreen, repo, service, below); err != nil {
		return "", fmt.Errorf("looking for the last green commit: %w", err)
	}
	return c, nil
}
