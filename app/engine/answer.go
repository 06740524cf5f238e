package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

// What somebody wrote is answered on the pull request on which it stands. What stands on a commit is answered in that commit's check run, for an App
// that may only read contents can't write there; where it has none, on its pull request, or else in a check run of its own.

// reply is an answer that is to be given.
type reply struct {
	Pull    int
	Comment int64
	By      app.Person
	Answer  policies.Answer
	Door    app.Door
	Review  bool    // Comment is the number of a review, which takes no reaction
	Commit  app.SHA // of what stands on one
	inRun   bool    // it is said in the commit's check run
}

// onCommit says that it was written on a commit and not on a pull request.
func (r reply) onCommit() bool { return r.Door == app.DoorCommitComment }

// answer reacts to what was written and says what came of it, once. People without write access get one comment per pull request, then a
// reaction.
func (e *Engine) answer(ctx context.Context, row Row) (result, error) {
	var repo app.Repo
	var stored, before string
	var r reply
	shown := false // the commit has a check run of ours
	err := e.Store.View(ctx, func(tx Tx) (err error) {
		if repo, err = tx.Repo(row.Machine.Repo); err != nil {
			return err
		}
		if stored, err = tx.Note(row.Key); err != nil {
			return err
		}
		if err = json.Unmarshal([]byte(stored), &r); err != nil {
			return fmt.Errorf("reading an answer: %w", err)
		}
		if before, err = tx.Note(r.once(repo.ID)); err != nil {
			return err
		}
		run, err := runOf(tx, repo.ID, r.Commit)
		shown = run != nil && run.Planned
		return err
	})
	if err != nil {
		return result{}, err
	}
	r.inRun = r.onCommit() && shown
	if err := e.say(ctx, row, repo, r, before == ""); err != nil {
		return result{}, err
	}
	res := finished("answered")
	res.write = func(tx Tx) error {
		if r.inRun && r.told(before == "") {
			if err := e.sayOnCommit(tx, repo.ID, r); err != nil {
				return err
			}
		}
		if err := tx.SetNote(row.Key, wasHeard); err != nil || !r.Answer.OncePerPull || before != "" {
			return err
		}
		return tx.SetNote(r.once(repo.ID), row.Key)
	}
	return res, nil
}

// once is the note that a person had their one answer on a pull request, or on a commit.
func (r reply) once(repo app.RepoID) string {
	if r.onCommit() {
		return fmt.Sprintf("answered/%d/%s/%d", repo, r.Commit, r.By.ID)
	}
	return fmt.Sprintf("answered/%d/%d/%d", repo, r.Pull, r.By.ID)
}

// told says whether there is more to say than a reaction.
func (r reply) told(first bool) bool {
	return r.Answer.Body != "" && (first || !r.Answer.OncePerPull)
}

func (e *Engine) say(ctx context.Context, row Row, repo app.Repo, r reply, first bool) error {
	if r.Answer.Reaction != "" && !r.Review {
		err := e.GitHub.React(waiting(ctx), repo, r.Door, r.Comment, r.Answer.Reaction)
		if err != nil && !gone(err) {
			return fmt.Errorf("reacting to a comment: %w", err)
		}
	}
	switch {
	case !r.told(first) || r.inRun:
		return nil
	case r.Pull == 0:
		return e.sayAlone(ctx, row, repo, r)
	}
	_, marker, _ := strings.Cut(row.Key, "#"+taskAnswer+"/")
	c := app.Comment{Pull: r.Pull, Marker: "answer-" + strings.ReplaceAll(marker, "/", "-"), Body: r.Answer.Body}
	_, err := e.GitHub.EnsureComment(waiting(ctx), repo, c, 0, row.Tried)
	if err != nil && !gone(err) {
		return fmt.Errorf("answering a comment: %w", err)
	}
	return nil
}

// sayAlone answers on a commit of which we show nothing else, by a check run that nobody can take for the one that is required.
func (e *Engine) sayAlone(ctx context.Context, row Row, repo app.Repo, r reply) error {
	view := app.CheckRun{
		Name: "slipway: answer", Commit: r.Commit, External: row.Key, Status: "completed", Conclusion: "neutral", Title: "An answer", Summary: r.Answer.Body,
	}
	_, err := e.GitHub.EnsureCheckRun(waiting(ctx), repo, view, 0, row.Tried)
	if err != nil && !gone(err) {
		return fmt.Errorf("answering on %s: %w", r.Commit.Short(), err)
	}
	return nil
}

// maxSaid is how many answers a commit's check run shows: the newest.
const maxSaid = 5

// sayOnCommit has the check run of a commit show an answer.
func (e *Engine) sayOnCommit(tx Tx, repo app.RepoID, r reply) error {
	view := app.ViewKey{Kind: app.ViewAggregate, Repo: repo, Commit: r.Commit}
	all, err := noted[[]string](tx, saidKey(view))
	if err != nil {
		return err
	}
	all = append(all, r.Answer.Body)
	if err := note(tx, saidKey(view), all[max(0, len(all)-maxSaid):]); err != nil {
		return err
	}
	return tx.Nudge(view.String(), app.RunAddress(repo, r.Commit), taskShow, e.Clock.Now())
}

// saidKey is the note of what was answered to who wrote on a commit.
func saidKey(view app.ViewKey) string { return "said/" + view.String() }

// saidOn is what was answered to who wrote on a commit.
func (e *Engine) saidOn(ctx context.Context, view app.ViewKey) (text string, err error) {
	err = e.Store.View(ctx, func(tx Tx) error {
		all, err := noted[[]string](tx, saidKey(view))
		text = strings.Join(all, "\n\n")
		return err
	})
	return text, err
}

// gone says that there is nothing to write to any more, or that GitHub will never take it: a deleted comment, a locked conversation.
func gone(err error) bool {
	return slices.Contains([]app.ErrorKind{app.ErrNotFound, app.ErrDenied, app.ErrInvalid}, app.KindOf(err)) && !errors.Is(err, context.Canceled)
}
