package engine

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/audit"
)

// Approvals of what an open pull request would bring. No lane has its commit before the merge, so they are kept with the pull request.

// ahead is one of them.
type ahead struct {
	Service     string
	Environment string
	app.Approval
}

// maxAhead is how many are kept for a pull request in one lane: far more than anybody asks for.
const maxAhead = 50

func aheadKey(repo app.RepoID, pull int) string { return fmt.Sprintf("ahead/%d/%d", repo, pull) }

// loadAhead is what was given ahead for a pull request.
func loadAhead(tx Tx, repo app.RepoID, pull int) (all []ahead, err error) {
	return noted[[]ahead](tx, aheadKey(repo, pull))
}

// changeAhead changes what was given ahead for a pull request.
func changeAhead(tx Tx, repo app.RepoID, pull int, change func([]ahead) []ahead) error {
	all, err := loadAhead(tx, repo, pull)
	if err != nil || len(all) == 0 && change(nil) == nil {
		return err
	}
	return note(tx, aheadKey(repo, pull), change(all))
}

// noted is what a note holds; the zero value if there is none.
func noted[T any](tx Tx, key string) (v T, err error) {
	text, err := tx.Note(key)
	if err != nil || text == "" {
		return v, err
	}
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return v, fmt.Errorf("reading the note %s: %w", key, err)
	}
	return v, nil
}

func note(tx Tx, key string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("writing the note %s: %w", key, err)
	}
	return tx.SetNote(key, string(text))
}

// approvedAhead keeps an approval. One person approves once in a lane; a source counts once.
func (e *Engine) approvedAhead(tx Tx, repo app.RepoID, m app.ApprovedAhead, now time.Time) error {
	err := changeAhead(tx, repo, m.Pull, func(all []ahead) []ahead {
		before := func(g ahead) bool {
			return g.in(m.Service, m.Environment) && (g.By.ID == m.By.ID || g.Source == m.Source)
		}
		all = slices.DeleteFunc(all, before)
		for len(all) > 0 && count(all, m) >= maxAhead {
			all = slices.Delete(all, slices.IndexFunc(all, func(g ahead) bool { return g.in(m.Service, m.Environment) }), 1)
		}
		return append(all, ahead{m.Service, m.Environment, m.Approval})
	})
	if err != nil {
		return err
	}
	c := audit.Approval(m.Approval)
	if err := e.record(tx, aheadReceipt(c, repo, m.Pull, m.Service, m.Environment, now), now); err != nil {
		return err
	}
	pull, err := tx.Pull(repo, m.Pull)
	if err != nil {
		return ignoreMissing(err)
	}
	if pull.MergeCommit != "" { // it was merged meanwhile
		look := app.Letter{To: app.LaneAddress(repo, m.Service, m.Environment), Message: app.Changed{Commit: pull.MergeCommit}}
		return tx.Post([]app.Letter{look}, now)
	}
	return e.showPull(tx, repo, m.Pull, now)
}

func (g ahead) in(service, environment string) bool {
	return g.Service == service && g.Environment == environment
}

// count is how many approvals there are for a lane.
func count(all []ahead, m app.ApprovedAhead) (n int) {
	for _, g := range all {
		if g.in(m.Service, m.Environment) {
			n++
		}
	}
	return n
}

// unapprovedAhead takes one back.
func (e *Engine) unapprovedAhead(tx Tx, repo app.RepoID, m app.UnapprovedAhead, now time.Time) error {
	pull, err := tx.Pull(repo, m.Pull)
	if ignoreMissing(err) != nil {
		return err
	}
	if err := e.takeBack(tx, repo, m, pull, now); err != nil {
		return err
	}
	return e.showPull(tx, repo, m.Pull, now)
}

// takeBack drops approvals that were given before the merge, and, where the pull request is merged, those that have come into the lane by now.
func (e *Engine) takeBack(tx Tx, repo app.RepoID, m app.UnapprovedAhead, pull app.Pull, now time.Time) error {
	theirs := func(g ahead) bool {
		return g.in(m.Service, m.Environment) && g.By.ID == m.By.ID && (m.Door == "" || m.Door == g.Door()) && (m.Source == "" || m.Source == g.Source)
	}
	var receipts []audit.Receipt
	err := changeAhead(tx, repo, m.Pull, func(all []ahead) []ahead {
		for _, g := range all {
			if theirs(g) {
				c := audit.Receipt{Kind: audit.Withdrawn, By: g.By, Source: g.Source, Pin: g.Pin}
				receipts = append(receipts, aheadReceipt(c, repo, m.Pull, m.Service, m.Environment, now)...)
			}
		}
		return slices.DeleteFunc(all, theirs)
	})
	if err != nil {
		return err
	}
	if err := e.record(tx, receipts, now); err != nil {
		return err
	}
	if pull.MergeCommit == "" {
		return nil
	}
	back := app.Unapproved{Commit: pull.MergeCommit, By: m.By, Door: m.Door, Source: m.Source}
	return tx.Post([]app.Letter{{To: app.LaneAddress(repo, m.Service, m.Environment), Message: back}}, now)
}

// showPull has a pull request's comment drawn anew.
func (e *Engine) showPull(tx Tx, repo app.RepoID, pull int, now time.Time) error {
	view := app.ViewKey{Kind: app.ViewComment, Repo: repo, Pull: pull}
	return tx.Nudge(view.String(), app.RepositoryAddress(repo), taskShow, now)
}

// mergedAhead has the lanes look at a merged pull request's commit again for which somebody approved before: which one it became may not have
// been known when they judged it.
func (e *Engine) mergedAhead(tx Tx, repo app.RepoID, p app.Pull, now time.Time) error {
	if p.MergeCommit == "" {
		return nil
	}
	all, err := loadAhead(tx, repo, p.Number)
	if err != nil {
		return err
	}
	var letters []app.Letter
	for _, g := range all {
		l := app.Letter{To: app.LaneAddress(repo, g.Service, g.Environment), Message: app.Changed{Commit: p.MergeCommit}}
		if !slices.Contains(letters, l) {
			letters = append(letters, l)
		}
	}
	return tx.Post(letters, now)
}
