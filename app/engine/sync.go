package engine

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/config"
	"github.com/slipway-cd/slipway/app/git"
	"github.com/slipway-cd/slipway/checks"
)

// branch is what the default branch looks like now, beside what we believed.
type branch struct {
	tip, head app.SHA
	added     []app.SHA // ancestors first
	gone      []app.SHA
	newFile   bool // the file differs, so gates may judge differently
}

// sync takes in what the default branch holds: new commits get their places, the newest and the one that was pushed get a run, and what is
// gone by a force-push is said to the lanes. It reads git, not the event, so lost and reordered events change nothing.
func (e *Engine) sync(ctx context.Context, row Row) (result, error) {
	repo, tip, err := e.repoAndTip(ctx, row.Machine.Repo)
	if err != nil {
		return result{}, err
	}
	pushed := app.SHA(row.Key[strings.LastIndexByte(row.Key, '/')+1:])
	b, err := e.branch(ctx, repo, tip)
	if err != nil {
		return result{}, err
	}
	var missed []app.SHA
	if pushed == "" && tip != "" && len(b.added) > 1 {
		if missed, err = e.missed(ctx, repo, b); err != nil {
			return result{}, err
		}
	}
	return result{done: pushed != "", outcome: "synced", write: func(tx Tx) error {
		return e.takeIn(tx, repo.ID, b, pushed, missed)
	}}, nil
}

func (e *Engine) repoAndTip(ctx context.Context, id app.RepoID) (repo app.Repo, tip app.SHA, err error) {
	err = e.Store.View(ctx, func(tx Tx) error {
		if repo, err = tx.Repo(id); err != nil {
			return err
		}
		tip, err = tx.Tip(id)
		return err
	})
	return repo, tip, err
}

// branch reads the default branch. A repository that is first seen begins with its head: what came before it is not numbered.
func (e *Engine) branch(ctx context.Context, repo app.Repo, tip app.SHA) (b branch, err error) {
	ref := git.Branch(repo.DefaultBranch)
	err = e.Git.Fetch(ctx, repo, git.Mirror(ref))
	if app.KindOf(err) == app.ErrNotFound { // an empty repository, or one whose branch was deleted: a push will tell
		return branch{tip: tip, head: tip}, nil
	}
	if err != nil {
		return b, fmt.Errorf("fetching %s of %s: %w", repo.DefaultBranch, repo.FullName(), err)
	}
	b.tip = tip
	if b.head, err = e.Git.Head(ctx, repo, ref); err != nil || b.head == tip {
		return b, err
	}
	if tip == "" {
		b.added, b.newFile = []app.SHA{b.head}, true
		return b, nil
	}
	if b.added, err = e.Git.Since(ctx, repo, []app.SHA{tip}, b.head); err != nil {
		return b, fmt.Errorf("listing what was pushed to %s: %w", repo.FullName(), err)
	}
	if has, err := e.Git.Has(ctx, repo, tip); err != nil || !has {
		b.newFile = true
		return b, err
	}
	if b.gone, err = e.Git.Since(ctx, repo, []app.SHA{b.head}, tip); err != nil {
		return b, fmt.Errorf("listing what is gone from %s: %w", repo.FullName(), err)
	}
	b.newFile, err = e.fileDiffers(ctx, repo, tip, b.head)
	return b, err
}

func (e *Engine) fileDiffers(ctx context.Context, repo app.Repo, a, b app.SHA) (bool, error) {
	was, err := e.Git.File(ctx, repo, a, config.Path)
	if ignoreMissing(err) != nil {
		return false, err
	}
	is, err := e.Git.File(ctx, repo, b, config.Path)
	return !bytes.Equal(was, is), ignoreMissing(err)
}

// missed is the heads of pushes whose events never came, but for the newest: that one is built, these are recorded as passed over.
func (e *Engine) missed(ctx context.Context, repo app.Repo, b branch) ([]app.SHA, error) {
	pushes, err := e.GitHub.Pushes(ctx, repo, repo.DefaultBranch)
	if err != nil {
		return nil, fmt.Errorf("listing the pushes that were missed: %w", err)
	}
	var missed []app.SHA
	for _, p := range pushes {
		if p.After != b.head && slices.Contains(b.added, p.After) {
			missed = append(missed, p.After)
		}
	}
	return missed, nil
}

// takeIn stores a branch as it was read, unless another push was taken in meanwhile: then it is read again.
func (e *Engine) takeIn(tx Tx, repo app.RepoID, b branch, pushed app.SHA, missed []app.SHA) error {
	tip, err := tx.Tip(repo)
	if err != nil {
		return err
	}
	if tip != b.tip {
		return &app.Error{Op: "taking the default branch in", Kind: app.ErrNotYet, Until: e.Clock.Now()}
	}
	if b.head == "" {
		return nil // there is no branch yet
	}
	if err := tx.GivePlaces(repo, b.added); err != nil {
		return err
	}
	if err := tx.SetTip(repo, b.head); err != nil {
		return err
	}
	letters, err := e.branchLetters(tx, repo, b, pushed, missed)
	if err != nil {
		return err
	}
	return tx.Post(letters, e.Clock.Now())
}

func (e *Engine) branchLetters(tx Tx, repo app.RepoID, b branch, pushed app.SHA, missed []app.SHA) ([]app.Letter, error) {
	letters, err := goneLetters(tx, repo, b.gone)
	if err != nil {
		return nil, err
	}
	if b.newFile && b.tip != "" {
		lanes, err := tx.Lanes(repo)
		if err != nil {
			return nil, err
		}
		for _, l := range lanes {
			letters = append(letters, app.Letter{To: l.Address(), Message: app.Changed{}})
		}
	}
	if len(b.added) > 0 {
		others, err := extendedLetters(tx, repo)
		if err != nil {
			return nil, err
		}
		letters = append(letters, others...)
	}
	open := func(c app.SHA, missed bool) error {
		place, err := tx.Place(repo, c)
		if err != nil || place == 0 {
			return err
		}
		m := checks.Opened{Cause: checks.Cause{Kind: checks.Push, Place: place}, Missed: missed}
		letters = append(letters, app.Letter{To: app.RunAddress(repo, c), Message: m})
		return nil
	}
	for _, c := range missed {
		if err := open(c, true); err != nil {
			return nil, err
		}
	}
	if pushed != "" && pushed != b.head {
		run, err := runOf(tx, repo, pushed)
		if err != nil {
			return nil, err
		}
		late := run != nil && run.State == checks.PassedOver // its event was missed, and has been made up for
		if err := open(pushed, late); err != nil {
			return nil, err
		}
	}
	return letters, open(b.head, false)
}

// goneLetters tells the lanes which commits that have a place are not on the branch any more.
func goneLetters(tx Tx, repo app.RepoID, gone []app.SHA) ([]app.Letter, error) {
	var letters []app.Letter
	if len(gone) == 0 {
		return nil, nil
	}
	lanes, err := tx.Lanes(repo)
	if err != nil {
		return nil, err
	}
	for _, c := range gone {
		place, err := tx.Place(repo, c)
		if err != nil {
			return nil, err
		}
		for _, l := range lanes {
			if _, known := l.Promotion(c); place != 0 && known {
				letters = append(letters, app.Letter{To: l.Address(), Message: app.Gone{Commit: app.Commit{SHA: c, Place: place}}})
			}
		}
	}
	return letters, nil
}
