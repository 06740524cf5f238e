package engine

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/checks"
)

// stepRepository notes what GitHub tells of a repository and passes it on to whom it concerns. Nothing is decided here.
func (e *Engine) stepRepository(tx Tx, m Mail, now time.Time) error {
	to := m.To.Repo
	switch m := m.Message.(type) {
	case app.Pushed:
		return e.pushed(tx, m, now)
	case app.PullChanged:
		return e.pullChanged(tx, m, now)
	case app.MergeQueued:
		return e.mergeQueued(tx, m, now)
	case app.Relabeled:
		return e.relabeled(tx, m, now)
	case app.Commented:
		return e.asked(tx, m.Repo, m.Source(), m, strings.Contains(m.Body, "/"), now)
	case app.Pressed:
		return e.asked(tx, m.Repo, "button/"+m.Delivery, m, true, now)
	case app.Reported:
		return e.reported(tx, m, now)
	case app.WorkflowRan:
		return e.workflowRan(tx, m, now)
	case app.ProtectionAsked:
		return e.protectionAsked(tx, m, now)
	case app.ApprovedAhead:
		return e.approvedAhead(tx, to, m, now)
	case app.UnapprovedAhead:
		return e.unapprovedAhead(tx, to, m, now)
	case app.PullReviewed:
		return e.assessed(tx, m, now)
	case app.CommentAltered:
		return e.altered(tx, m, now)
	case app.Served:
		return e.served(tx, m, now)
	}
	return fmt.Errorf("a repository was sent %q, which it does not know", m.Message.Name())
}

// pushed asks git what the default branch holds now. Other branches deploy nothing.
func (e *Engine) pushed(tx Tx, m app.Pushed, now time.Time) error {
	if err := tx.SaveRepo(m.Repo, true); err != nil {
		return err
	}
	if m.Branch != m.Repo.DefaultBranch || m.After == "" {
		return nil
	}
	at, key := app.RepositoryAddress(m.Repo.ID), syncKey(m.Repo.ID, m.After)
	if row, err := tx.Row(key); err == nil && row.State != RowOpen { // a branch that was forced back to where it was
		return tx.Nudge(syncKey(m.Repo.ID, ""), at, taskSync, now)
	}
	return tx.Want(key, at, taskSync, now)
}

// syncKey is the row that takes one pushed head in.
func syncKey(repo app.RepoID, pushed app.SHA) string {
	return app.RowKey(app.RepositoryAddress(repo), taskSync+"/"+string(pushed))
}

// pullChanged gives the head of an open pull request a run, and takes it from an older head.
func (e *Engine) pullChanged(tx Tx, m app.PullChanged, now time.Time) error {
	if err := tx.SaveRepo(m.Repo, true); err != nil {
		return err
	}
	return e.takePull(tx, m.Repo.ID, m.Pull, now)
}

// takePull takes in how a pull request is, whether GitHub told of it or was asked.
func (e *Engine) takePull(tx Tx, repo app.RepoID, p app.Pull, now time.Time) error {
	before, err := tx.Pull(repo, p.Number)
	if ignoreMissing(err) != nil {
		return err
	}
	changed, err := tx.SavePull(repo, p, now)
	if err != nil || !changed {
		return err
	}
	if err := tx.Post(pullLetters(repo, before, p), now); err != nil {
		return err
	}
	if err := e.mergedAhead(tx, repo, p, now); err != nil {
		return err
	}
	view := app.ViewKey{Kind: app.ViewCommit, Repo: repo, Commit: p.MergeCommit}
	switch {
	case !p.Open && !p.Merged: // what merging would do is over
		view = app.ViewKey{Kind: app.ViewComment, Repo: repo, Pull: p.Number}
	case p.MergeCommit == "":
		return nil
	}
	return tx.Nudge(view.String(), app.RepositoryAddress(repo), taskShow, now)
}

// pullLetters is what a pull request's change means for the runs of its heads.
func pullLetters(repo app.RepoID, before, after app.Pull) []app.Letter {
	cause := checks.Cause{Kind: checks.PullRequest, Pull: after.Number, Base: after.BaseSHA, Fork: after.Fork}
	var letters []app.Letter
	if before.Head != "" && before.Open && (before.Head != after.Head || !after.Open) {
		letters = append(letters, app.Letter{To: app.RunAddress(repo, before.Head), Message: checks.Withdrawn{Cause: cause, Why: withdrawal(after)}})
	}
	if after.Open {
		letters = append(letters, app.Letter{To: app.RunAddress(repo, after.Head), Message: checks.Opened{Cause: cause}})
	}
	return letters
}

// withdrawal is why a pull request asks no more for its older head.
func withdrawal(p app.Pull) string {
	switch {
	case p.Open:
		return "a newer commit was pushed"
	case p.Merged:
		return "the pull request was merged"
	}
	return "the pull request was closed"
}

func (e *Engine) mergeQueued(tx Tx, m app.MergeQueued, now time.Time) error {
	if err := tx.SaveRepo(m.Repo, true); err != nil {
		return err
	}
	cause := checks.Cause{Kind: checks.MergeGroup, Base: m.Base}
	letter := app.Letter{To: app.RunAddress(m.Repo.ID, m.Head), Message: checks.Opened{Cause: cause}}
	if m.Gone {
		letter.Message = checks.Withdrawn{Cause: cause, Why: "the merge queue gave its group up"}
	}
	return tx.Post([]app.Letter{letter}, now)
}

// asked stores what somebody asked for, to be resolved once what has to be known is gathered. Its key is the comment's or the button's, so
// that a repeated event never acts twice.
func (e *Engine) asked(tx Tx, repo app.Repo, source string, m app.Message, worth bool, now time.Time) error {
	if err := tx.SaveRepo(repo, true); err != nil || !worth {
		return err
	}
	return once(tx, repo.ID, commandKey(repo.ID, source), taskCommand, m, now)
}

// once notes a question under its key and wants the task that answers it. A repeat is the same question.
func once(tx Tx, repo app.RepoID, key, task string, question any, now time.Time) error {
	noted, err := tx.Note(key)
	if err != nil || noted != "" {
		return err
	}
	body, err := json.Marshal(question)
	if err != nil {
		return fmt.Errorf("storing what was asked: %w", err)
	}
	if err := tx.SetNote(key, string(body)); err != nil {
		return err
	}
	return tx.Want(key, app.RepositoryAddress(repo), task, now)
}

// commandKey is the row that resolves one comment or button.
func commandKey(repo app.RepoID, source string) string {
	return app.RowKey(app.RepositoryAddress(repo), taskCommand+"/"+source)
}

// reported lets a run look again at what another App runs.
func (e *Engine) reported(tx Tx, m app.Reported, now time.Time) error {
	if err := tx.SaveRepo(m.Repo, true); err != nil {
		return err
	}
	_, version, err := tx.Run(m.Repo.ID, m.Commit)
	if err != nil || version == 0 {
		return err
	}
	noticed := checks.Noticed{External: checks.External{App: m.App, Name: m.Check}}
	return tx.Post([]app.Letter{{To: app.RunAddress(m.Repo.ID, m.Commit), Message: noticed}}, now)
}

// served begins or ends the service of a repository, or of all that an installation serves.
func (e *Engine) served(tx Tx, m app.Served, now time.Time) error {
	repos := []app.Repo{m.Repo}
	switch {
	case m.Repo.ID != 0:
	case !m.Gone: // which they are is asked: those that are known are not served now
		at := app.RepositoryAddress(nobodysRepos)
		return tx.Nudge(app.RowKey(at, taskReconcile), at, taskReconcile, now)
	default:
		known, err := tx.InstallationRepos(m.Installation)
		if err != nil {
			return err
		}
		repos = known
	}
	for _, r := range repos {
		if err := e.servedOne(tx, r, m.Gone, now); err != nil {
			return err
		}
	}
	return nil
}

// servedOne cancels what waits in a repository that may not be served any more; what is live is left. One that may be is compared with
// GitHub, for nothing is known of what happened before.
func (e *Engine) servedOne(tx Tx, r app.Repo, gone bool, now time.Time) error {
	known, err := tx.Repo(r.ID)
	if ignoreMissing(err) != nil {
		return err
	}
	r.DefaultBranch = cmp.Or(r.DefaultBranch, known.DefaultBranch) // an installation's event describes it in brief
	if err := tx.SaveRepo(r, !gone); err != nil {
		return err
	}
	if !gone {
		if err := e.showRefused(tx, r.ID); err != nil {
			return err
		}
		return tx.Nudge(reconcileKey(r.ID), app.RepositoryAddress(r.ID), taskReconcile, now)
	}
	var letters []app.Letter
	lanes, err := tx.Lanes(r.ID)
	if err != nil {
		return err
	}
	for _, l := range lanes {
		letters = append(letters, app.Letter{To: l.Address(), Message: app.Removed{}})
	}
	runs, err := tx.OpenRuns(r.ID)
	if err != nil {
		return err
	}
	for _, run := range runs {
		letters = append(letters, app.Letter{To: run.Address(), Message: app.Said{Verb: app.VerbCancel}})
	}
	return tx.Post(letters, now)
}

// reconcileKey is the row that compares a repository with GitHub.
func reconcileKey(repo app.RepoID) string {
	return app.RowKey(app.RepositoryAddress(repo), taskReconcile)
}
