package engine

import (
	"fmt"
	"slices"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/report"
)

// What somebody wrote counts as it was written. Whoever edits or deletes it later changes nothing, and is told of where it was acted on.

// alteration is what became of something that was, or may be, acted on.
type alteration struct {
	Source string
	app.Edited
}

// maxAltered is how many are told of on one pull request: the newest.
const maxAltered = 20

func alteredKey(repo app.RepoID, pull int) string { return fmt.Sprintf("altered/%d/%d", repo, pull) }

// altered notes that something was altered that had been acted on. What did nothing is nobody's concern.
func (e *Engine) altered(tx Tx, m app.CommentAltered, now time.Time) error {
	if err := tx.SaveRepo(m.Repo, true); err != nil {
		return err
	}
	key := commandKey(m.Repo.ID, m.Source)
	row, err := tx.Row(key)
	if err != nil || m.Pull == 0 {
		return ignoreMissing(err) // no command
	}
	was, err := heard(tx, key)
	if err != nil || !was.Acted && row.State != RowOpen { // it may still be resolved, as it was written
		return err
	}
	a := alteration{m.Source, app.Edited{By: m.By, Deleted: m.Deleted, At: m.At}}
	all, err := noted[[]alteration](tx, alteredKey(m.Repo.ID, m.Pull))
	if err != nil {
		return err
	}
	before := func(b alteration) bool { return b.Source == a.Source }
	all = append(slices.DeleteFunc(all, before), a)
	if err := note(tx, alteredKey(m.Repo.ID, m.Pull), all[max(0, len(all)-maxAltered):]); err != nil {
		return err
	}
	if err := e.showPull(tx, m.Repo.ID, m.Pull, now); err != nil {
		return err
	}
	return markAltered(tx, m, a.Edited, now)
}

// heard is what is kept of something that was resolved; nothing of what was not, or by a server that kept less.
func heard(tx Tx, key string) (h hearing, err error) {
	text, err := tx.Note(key)
	if err != nil || text == "" || text == wasHeard {
		return h, err
	}
	return noted[hearing](tx, key)
}

// alterations is what became of what was acted on, for the pull request's comment.
func alterations(tx Tx, repo app.RepoID, pull int) (all []report.Alteration, err error) {
	stored, err := noted[[]alteration](tx, alteredKey(repo, pull))
	for _, a := range stored {
		was, err := heard(tx, commandKey(repo, a.Source))
		if err != nil {
			return nil, err
		}
		if was.Acted {
			all = append(all, report.Alteration{By: was.By, Said: was.Said, Edited: a.Edited})
		}
	}
	return all, err
}

// markAltered marks the approvals that came from it, in the lanes and of the pull request.
func markAltered(tx Tx, m app.CommentAltered, edited app.Edited, now time.Time) error {
	err := changeAhead(tx, m.Repo.ID, m.Pull, func(all []ahead) []ahead {
		for i := range all {
			if all[i].Source == m.Source {
				all[i].Edited = edited
			}
		}
		return all
	})
	if err != nil {
		return err
	}
	lanes, err := tx.Lanes(m.Repo.ID)
	if err != nil {
		return err
	}
	var letters []app.Letter
	for _, l := range lanes {
		for _, p := range l.Promotions {
			if slices.ContainsFunc(p.Approvals, func(a app.Approval) bool { return a.Source == m.Source }) {
				letters = append(letters, app.Letter{To: l.Address(), Message: app.Altered{Source: m.Source, Edited: edited}})
				break
			}
		}
	}
	return tx.Post(letters, now)
}
