package store

import (
	"encoding/json"
	"fmt"

	"github.com/slipway-cd/slipway/app"
)

const repository = `SELECT body FROM repositories WHERE id = ?1`

// Repo is a repository as it was last described.
func (t *tx) Repo(id app.RepoID) (app.Repo, error) {
	found, err := all(t, document[app.Repo], repository, id)
	switch {
	case err != nil:
		return app.Repo{}, fmt.Errorf("reading repository %d: %w", id, err)
	case len(found) == 0:
		return app.Repo{}, notFound("repository %d is not known", id)
	}
	return found[0], nil
}

const saveRepository = `INSERT INTO repositories (id, first_name, installation, served, body) VALUES (?1, ?2, ?3, ?4, ?5)
	ON CONFLICT (id) DO UPDATE SET installation = ?3, served = ?4, body = ?5`

// SaveRepo notes a repository as it is described now. The name under which it was first seen stays.
func (t *tx) SaveRepo(r app.Repo, served bool) error {
	body, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("writing repository %s: %w", r.FullName(), err)
	}
	if _, err := t.exec(saveRepository, r.ID, r.FullName(), r.Installation, served, string(body)); err != nil {
		return fmt.Errorf("saving repository %s: %w", r.FullName(), err)
	}
	return nil
}

const (
	servedRepositories       = `SELECT body FROM repositories WHERE served = 1 ORDER BY id`
	installationRepositories = `SELECT body FROM repositories WHERE served = 1 AND installation = ?1 ORDER BY id`
)

// Repos is all that are served.
func (t *tx) Repos() ([]app.Repo, error) {
	found, err := all(t, document[app.Repo], servedRepositories)
	if err != nil {
		return nil, fmt.Errorf("reading repositories: %w", err)
	}
	return found, nil
}

// InstallationRepos is all that an installation serves.
func (t *tx) InstallationRepos(installation int64) ([]app.Repo, error) {
	found, err := all(t, document[app.Repo], installationRepositories, installation)
	if err != nil {
		return nil, fmt.Errorf("reading the repositories of installation %d: %w", installation, err)
	}
	return found, nil
}

const firstName = `SELECT first_name FROM repositories WHERE id = ?1`

// FirstName is the name under which a repository was first seen.
func (t *tx) FirstName(id app.RepoID) (name string, err error) {
	found, err := t.one([]any{&name}, firstName, id)
	switch {
	case err != nil:
		return "", fmt.Errorf("reading the first name of repository %d: %w", id, err)
	case !found:
		return "", notFound("repository %d is not known", id)
	}
	return name, nil
}

const firstNamed = `SELECT id FROM repositories WHERE first_name = ?1 COLLATE NOCASE ORDER BY id LIMIT 1` // GitHub's numbers only grow

// FirstNamed is the repository that was the first to be seen under a name, whatever its case; 0 if none was.
func (t *tx) FirstNamed(fullName string) (id app.RepoID, err error) {
	if _, err := t.one([]any{&id}, firstNamed, fullName); err != nil {
		return 0, fmt.Errorf("reading which repository was %s first: %w", fullName, err)
	}
	return id, nil
}

const note = `SELECT value FROM notes WHERE key = ?1`

// Note is what was noted under a key.
func (t *tx) Note(key string) (v string, err error) {
	if _, err = t.one([]any{&v}, note, key); err != nil {
		return "", fmt.Errorf("reading the note %s: %w", key, err)
	}
	return v, nil
}

const setNote = `INSERT INTO notes (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2`

// SetNote notes something in place of what was noted before.
func (t *tx) SetNote(key, v string) error {
	if _, err := t.exec(setNote, key, v); err != nil {
		return fmt.Errorf("noting %s: %w", key, err)
	}
	return nil
}
