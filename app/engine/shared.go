package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/config"
	"github.com/slipway-cd/slipway/checks"
)

// A file may extend one of another repository of its owner. Which commit that was is kept with whatever was made of it, so that a release is judged by
// what it was released with, and its text is kept too, so that this can be done when GitHub does not answer.

// notForForks in place of a commit reads nothing: a fork's file would choose which of the owner's files slipway reads, and its mistakes are shown.
const notForForks app.SHA = "not for forks"

// parsed reads a repository's file, with what it extends: as that was at a commit, or, without one, as it is now.
func (e *Engine) parsed(ctx context.Context, repo app.Repo, data []byte, pin app.SHA) (*config.File, error) {
	x, is := config.Extending(data)
	if !is {
		f, _ := config.Parse(config.Path, data)
		return f, nil
	}
	if !strings.EqualFold(x.Owner, repo.Owner) {
		f, _ := config.Without(config.Path, data, fmt.Sprintf("which is not a repository of %s: nobody else's file can be extended", repo.Owner))
		return f, nil
	}
	if pin == notForForks {
		f, _ := config.Without(config.Path, data, "which is not read for a fork that changes this file: a maintainer who has read it can push the change to a branch of this repository")
		return f, nil
	}
	shared, err := e.shared(ctx, repo, x, pin)
	switch app.KindOf(err) {
	case app.ErrNotFound, app.ErrDenied, app.ErrInvalid:
		f, _ := config.Without(config.Path, data, "which GitHub does not give: there is no such repository, ref or file, or the App is not installed there")
		return f, nil
	}
	if err != nil {
		return nil, err
	}
	f, _ := config.Extend(config.Path, data, shared)
	return f, nil
}

// shared reads what a file extends. What was read once is read from the store.
func (e *Engine) shared(ctx context.Context, repo app.Repo, x config.Extends, at app.SHA) (s config.Shared, err error) {
	if at == "" {
		if at, err = e.GitHub.SharedCommit(ctx, repo, x.Name, x.Ref); err != nil {
			return s, fmt.Errorf("looking for %s: %w", x, err)
		}
	}
	s = config.Shared{Name: x.String(), Commit: at}
	key := fmt.Sprintf("shared/%s/%s/%s/%s", strings.ToLower(x.Owner), strings.ToLower(x.Name), at, x.Path)
	var kept string
	err = e.Store.View(ctx, func(tx Tx) error { kept, err = tx.Note(key); return err })
	if err != nil {
		return s, err
	}
	if kept != "" {
		s.Data = []byte(kept)
		return s, nil
	}
	if s.Data, err = e.GitHub.SharedFile(ctx, repo, x.Name, at, x.Path); err != nil || len(s.Data) == 0 {
		return s, err
	}
	return s, e.Store.Update(ctx, func(tx Tx) error { return tx.SetNote(key, string(s.Data)) })
}

// extendersKey is the note of who extends files of a repository.
func extendersKey(owner, name string) string {
	return "extended/" + strings.ToLower(owner) + "/" + strings.ToLower(name)
}

// extends notes that the default branch's file of a repository extends one of another, so that it hears of changes there.
func extends(tx Tx, repo app.Repo, run checks.Run, shared app.Shared) error {
	if run.Place() == 0 || shared.From == "" {
		return nil
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(strings.ToLower(shared.From), strings.ToLower(repo.Owner)+"/"), "@")
	all, err := extenders(tx, repo.Owner, name)
	if err != nil || slices.Contains(all, repo.ID) {
		return err
	}
	text, err := json.Marshal(append(all, repo.ID))
	if err != nil {
		return fmt.Errorf("noting who extends %s: %w", shared.From, err)
	}
	return tx.SetNote(extendersKey(repo.Owner, name), string(text))
}

func extenders(tx Tx, owner, name string) (all []app.RepoID, err error) {
	text, err := tx.Note(extendersKey(owner, name))
	if err != nil || text == "" {
		return nil, err
	}
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return nil, fmt.Errorf("reading who extends files of %s/%s: %w", owner, name, err)
	}
	return all, nil
}

// extendedLetters has the lanes of all who extend files of a repository look again.
func extendedLetters(tx Tx, id app.RepoID) (letters []app.Letter, err error) {
	repo, err := tx.Repo(id)
	if err != nil {
		return nil, err
	}
	all, err := extenders(tx, repo.Owner, repo.Name)
	for _, other := range all {
		lanes, err := tx.Lanes(other)
		if err != nil {
			return nil, err
		}
		for _, l := range lanes {
			letters = append(letters, app.Letter{To: l.Address(), Message: app.Changed{}})
		}
	}
	return letters, err
}
