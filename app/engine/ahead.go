package engine

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/slipway-cd/slipway/app"
)

// Approvals of what an open pull request would bring. No lane has its commit before the merge, so they are kept with the pull request.

// ahead is one of them.
type ahead struct {
	Service     string
	Environment string
	app.Approval
}

// maxAhead is how many are kept for one pull request: far more than anybody asks for.
const maxAhead = 200

func aheadKey(repo app.RepoID, pull int) string { return fmt.Sprintf("ahead/%d/%d", repo, pull) }

// loadAhead is what was given ahead for a pull request.
func loadAhead(tx Tx, repo app.RepoID, pull int) (all []ahead, err error) {
	return noted[[]ahead](tx, aheadKey(repo, pull))
}

// changeAhead changes what was given ahead for a pull request.
func changeAhead(tx Tx, repo app.RepoID, pull int, change func([]ahead) []ahead) error {
	all, err := loadAhead(tx, repo, pull)
	if err != nil {
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
			return g.Service == m.Service && g.Environment == m.Environment && (g.By.ID == m.By.ID || g.Source == m.Source)
		}
		all = append(slices.DeleteFunc(all, before), ahead{m.Service, m.Environment, m.Approval})
		return all[max(0, len(all)-maxAhead):]
	})
	if err != nil {
		return err
	}
	return e.aheadChanged(tx, repo, m.Pull, now)
}

// unapprovedAhead takes one back.
func (e *Engine) unapprovedAhead(tx Tx, repo app.RepoID, m app.UnapprovedAhead, now time.Time) error {
	err := changeAhead(tx, repo, m.Pull, func(all []ahead) []ahead {
		return slices.DeleteFunc(all, func(g ahead) bool {
			return g.Service == m.Service && g.Environment == m.Environment && g.By.ID == m.By.ID && (m.Door == "" || m.Door == g.Door())
		})
	})
	if err != nil {
		return err
	}
	return e.aheadChanged(tx, repo, m.Pull, now)
}

// aheadChanged has the comment drawn anew, and, where the pull request was merged meanwhile, the lanes look again.
func (e *Engine) aheadChanged(tx Tx, repo app.RepoID, pull int, now time.Time) error {
	p, err := tx.Pull(repo, pull)
	if err != nil {
		return ignoreMissing(err)
	}
	view := app.ViewKey{Kind: app.ViewComment, Repo: repo, Pull: pull}
	if err := tx.Nudge(view.String(), app.RepositoryAddress(repo), taskShow, now); err != nil {
		return err
	}
	return e.mergedAhead(tx, repo, p, now)
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
