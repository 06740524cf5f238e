package store

import (
	"fmt"

	"github.com/slipway-cd/slipway/app"
)

const place = `SELECT place FROM places WHERE repo = ?1 AND sha = ?2`

// Place is a commit's place, 0 if it has none.
func (t *tx) Place(repo app.RepoID, c app.SHA) (p app.Place, err error) {
	if _, err = t.one([]any{&p}, place, repo, c); err != nil {
		return 0, fmt.Errorf("reading the place of %s: %w", c.Short(), err)
	}
	return p, nil
}

const givePlace = `INSERT INTO places (repo, place, sha) VALUES (?1, ?2, ?3) ON CONFLICT (repo, sha) DO NOTHING`

// GivePlaces numbers commits in this order, after all that have a number; those that have one keep it.
func (t *tx) GivePlaces(repo app.RepoID, commits []app.SHA) error {
	last, err := t.last(repo)
	if err != nil {
		return err
	}
	next := last.Place + 1
	for _, c := range commits {
		n, err := t.exec(givePlace, repo, next, c)
		if err != nil {
			return fmt.Errorf("giving %s a place: %w", c.Short(), err)
		}
		next += app.Place(n)
	}
	return nil
}

const lastPlace = `SELECT sha, place FROM places WHERE repo = ?1 ORDER BY place DESC LIMIT 1`

// last is the newest commit that has a place, or none.
func (t *tx) last(repo app.RepoID) (c app.Commit, err error) {
	if _, err = t.one([]any{&c.SHA, &c.Place}, lastPlace, repo); err != nil {
		return app.Commit{}, fmt.Errorf("looking for the newest commit: %w", err)
	}
	return c, nil
}

// Newest is the newest commit that has a place.
func (t *tx) Newest(repo app.RepoID) (app.Commit, error) {
	c, err := t.last(repo)
	if err == nil && c.Place == 0 {
		err = notFound("no commit of repository %d has a place", repo)
	}
	return c, err
}

const find = `SELECT sha, place FROM places WHERE repo = ?1 AND sha >= ?2 AND sha < ?2 || 'g' ORDER BY sha LIMIT 2`

// Find is the commits of the default branch whose name begins so, at most two. Names are hex, so all that begin so come before the same
// with a g.
func (t *tx) Find(repo app.RepoID, prefix string) ([]app.Commit, error) {
	if !app.IsHex(prefix) {
		return nil, nil
	}
	found, err := all(t, readCommit, find, repo, prefix)
	if err != nil {
		return nil, fmt.Errorf("looking for commits %s: %w", prefix, err)
	}
	return found, nil
}

func readCommit(s scanner) (c app.Commit, err error) {
	err = s.Scan(&c.SHA, &c.Place)
	return c, err
}

const tip = `SELECT sha FROM tips WHERE repo = ?1`

// Tip is the newest head of the default branch that was taken in, "" at first.
func (t *tx) Tip(repo app.RepoID) (c app.SHA, err error) {
	if _, err = t.one([]any{&c}, tip, repo); err != nil {
		return "", fmt.Errorf("reading the tip of repository %d: %w", repo, err)
	}
	return c, nil
}

const setTip = `INSERT INTO tips (repo, sha) VALUES (?1, ?2) ON CONFLICT (repo) DO UPDATE SET sha = ?2`

// SetTip notes the newest head of the default branch.
func (t *tx) SetTip(repo app.RepoID, c app.SHA) error {
	if _, err := t.exec(setTip, repo, c); err != nil {
		return fmt.Errorf("noting the tip %s: %w", c.Short(), err)
	}
	return nil
}
