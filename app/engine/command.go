package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

// word is what somebody asked for, before what has to be known to answer is gathered.
type word struct {
	repo     app.Repo
	source   string
	by       app.Person
	pull     int
	comment  int64   // 0: a button
	body     string  // of a comment
	commit   app.SHA // of a button
	external string  // likewise
	button   string
	written  time.Time
	received time.Time
}

// command resolves one comment or one button: the letters that it causes and its answer are stored together, under its own key, so that a
// repeated event never acts twice.
func (e *Engine) command(ctx context.Context, row Row) (result, error) {
	w, err := e.word(ctx, row)
	if err != nil {
		return result{}, err
	}
	asked, worth, err := e.gatherWord(ctx, w)
	if err != nil || !worth {
		return heard(row, finished("nothing of ours")), err
	}
	letters, answer := policies.Resolve(asked)
	if w.comment == 0 {
		res, err := e.pressed(row, w, letters, answer)
		return heard(row, res), err
	}
	text, err := json.Marshal(reply{w.pull, w.comment, w.by, answer})
	if err != nil {
		return result{}, fmt.Errorf("writing an answer down: %w", err)
	}
	res := finished("resolved", letters...)
	res.write = func(tx Tx) error {
		key := answerKey(w.repo.ID, w.comment)
		if err := tx.SetNote(key, string(text)); err != nil {
			return err
		}
		return tx.Want(key, row.Machine, taskAnswer, e.Clock.Now())
	}
	return heard(row, res), nil
}

// heard forgets what was said once it has been resolved, but not that it was: it must never act twice.
func heard(row Row, r result) result {
	write := r.write
	r.write = func(tx Tx) error {
		if write != nil {
			if err := write(tx); err != nil {
				return err
			}
		}
		return tx.SetNote(row.Key, wasHeard)
	}
	return r
}

// wasHeard stands in place of what has been resolved, or answered.
const wasHeard = "-"

func answerKey(repo app.RepoID, comment int64) string {
	return app.RowKey(app.RepositoryAddress(repo), fmt.Sprintf("%s/%d", taskAnswer, comment))
}

// word reads what was stored when the comment or the button came.
func (e *Engine) word(ctx context.Context, row Row) (w word, err error) {
	stored := ""
	err = e.Store.View(ctx, func(tx Tx) error {
		if w.repo, err = tx.Repo(row.Machine.Repo); err != nil {
			return err
		}
		stored, err = tx.Note(row.Key)
		return err
	})
	if err != nil {
		return w, err
	}
	_, w.source, _ = strings.Cut(row.Key, "#"+taskCommand+"/")
	var c app.Commented
	var p app.Pressed
	if strings.HasPrefix(w.source, "comment/") {
		err = json.Unmarshal([]byte(stored), &c)
		w.by, w.pull, w.comment, w.body, w.written, w.received = c.By, c.Pull, c.Comment, c.Body, c.Written, c.Received
		return w, err
	}
	err = json.Unmarshal([]byte(stored), &p)
	w.by, w.commit, w.external, w.button, w.written, w.received = p.By, p.Commit, p.External, p.Identifier, p.Received, p.Received
	return w, err
}

// gatherWord reads all that has to be known to answer, and says whether there is anything to answer at all: other bots have slash words
// too, and a repository without the file is left alone.
func (e *Engine) gatherWord(ctx context.Context, w word) (policies.Asked, bool, error) {
	a := policies.Asked{
		Source: w.source, By: w.by, Written: w.written, Received: w.received, Guard: e.Guard,
		Repo: w.repo.ID, Personal: w.repo.Personal,
	}
	q := &scenery{word: w}
	if err := e.know(ctx, w); err != nil {
		return a, false, err
	}
	if err := e.see(ctx, q); err != nil {
		return a, false, err
	}
	if w.comment == 0 {
		line, check, ok := button(w)
		if !ok {
			return a, false, nil
		}
		a.Lines, a.Check = []policies.Line{line}, check
	} else {
		a.Lines = policies.Parse(w.body, q.names())
	}
	if len(a.Lines) == 0 || len(q.lanes) == 0 && !q.hasRun() && !strings.Contains(w.body, "/slipway") {
		return a, false, nil
	}
	a.Role = e.role(ctx, w.repo, w.by)
	a.Candidates = e.candidates(ctx, &inquiry{repo: w.repo})
	a.Pull, a.Runs = q.pullView(), q.runViews()
	for _, l := range q.lanes {
		view, err := e.laneView(ctx, q, l, a.Lines)
		if err != nil {
			return a, false, err
		}
		a.Lanes = append(a.Lanes, view)
	}
	return a, true, nil
}

// know reads a pull request that was never heard of: it is older than the App here, or its events were lost.
func (e *Engine) know(ctx context.Context, w word) error {
	if w.pull == 0 {
		return nil
	}
	err := e.Store.View(ctx, func(tx Tx) error {
		_, err := tx.Pull(w.repo.ID, w.pull)
		return err
	})
	if app.KindOf(err) != app.ErrNotFound {
		return err
	}
	p, err := e.GitHub.Pull(ctx, w.repo, w.pull)
	if err != nil {
		return fmt.Errorf("reading #%d: %w", w.pull, err)
	}
	return e.Store.Update(ctx, func(tx Tx) error {
		_, err := tx.SavePull(w.repo.ID, pullOf(w.repo, p), e.Clock.Now())
		return err
	})
}

// button is the command of a button: its verb, on the lane and the commit that its check run shows.
func button(w word) (line policies.Line, check string, ok bool) {
	c, ok := policies.ParseButton(w.button)
	if !ok {
		return line, "", false
	}
	c.Commit = string(w.commit)
	name, _, _ := strings.Cut(w.external, "#")
	if key, err := app.ParseViewKey(name); err == nil {
		c.Service, c.Environment, check = key.Service, key.Environment, key.Check
	}
	return policies.Line{Text: "/" + string(c.Verb), Command: c}, check, true
}

// reply is an answer that is to be given.
type reply struct {
	Pull    int
	Comment int64
	By      app.Person
	Answer  policies.Answer
}

// answer reacts to a comment and says what came of it, once. People without write access get one comment per pull request, then a
// reaction.
func (e *Engine) answer(ctx context.Context, row Row) (result, error) {
	var repo app.Repo
	var stored, before string
	var r reply
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
		before, err = tx.Note(r.once(repo.ID))
		return err
	})
	if err != nil {
		return result{}, err
	}
	if err := e.say(ctx, row, repo, r, before == ""); err != nil {
		return result{}, err
	}
	res := finished("answered")
	res.write = func(tx Tx) error {
		if err := tx.SetNote(row.Key, wasHeard); err != nil || !r.Answer.OncePerPull || before != "" {
			return err
		}
		return tx.SetNote(r.once(repo.ID), row.Key)
	}
	return res, nil
}

// once is the note that a person had their one answer on a pull request.
func (r reply) once(repo app.RepoID) string {
	return fmt.Sprintf("answered/%d/%d/%d", repo, r.Pull, r.By.ID)
}

func (e *Engine) say(ctx context.Context, row Row, repo app.Repo, r reply, first bool) error {
	if r.Answer.Reaction != "" {
		err := e.GitHub.React(waiting(ctx), repo, app.DoorComment, r.Comment, r.Answer.Reaction)
		if err != nil && !gone(err) {
			return fmt.Errorf("reacting to a comment: %w", err)
		}
	}
	if r.Answer.Body == "" || r.Answer.OncePerPull && !first {
		return nil
	}
	c := app.Comment{Pull: r.Pull, Marker: fmt.Sprintf("answer-%d", r.Comment), Body: r.Answer.Body}
	_, err := e.GitHub.EnsureComment(waiting(ctx), repo, c, 0, row.Tried)
	if err != nil && !gone(err) {
		return fmt.Errorf("answering a comment: %w", err)
	}
	return nil
}

// gone says that there is nothing to write to any more, or that GitHub will never take it: a deleted comment, a locked conversation.
func gone(err error) bool {
	return slices.Contains([]app.ErrorKind{app.ErrNotFound, app.ErrDenied, app.ErrInvalid}, app.KindOf(err)) && !errors.Is(err, context.Canceled)
}
