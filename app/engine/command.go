package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/policies"
)

// word is what somebody asked for, before what has to be known to answer is gathered.
type word struct {
	repo     app.Repo
	source   string
	door     app.Door
	by       app.Person
	pull     int
	comment  int64   // 0: a button
	review   bool    // comment is the number of a review, whose text it is
	body     string  // of a comment
	commit   app.SHA // of a button, and that the words stand on; "" in a conversation
	external string  // of a button
	button   string
	written  time.Time
	received time.Time
	event    string // the delivery by which it came
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
		return hearing{By: w.by}.keep(row, finished("nothing of ours")), err
	}
	letters, answer := policies.Resolve(asked)
	heard := hearing{By: w.by, Said: said(asked.Lines), Acted: len(letters) > 0}
	if w.comment == 0 {
		res, err := e.pressed(row, w, letters, answer)
		return heard.keep(row, res), err
	}
	res := finished("resolved", letters...)
	res.write = func(tx Tx) error {
		key := answerKey(w.repo.ID, w.source)
		if err := note(tx, key, reply{Pull: asked.Pull.Number, Comment: w.comment, By: w.by, Answer: answer, Door: w.door, Review: w.review, Commit: w.commit}); err != nil {
			return err
		}
		return tx.Want(key, row.Machine, taskAnswer, e.Clock.Now())
	}
	return heard.keep(row, res), nil
}

// hearing is what is kept of what was said once it has been resolved: it must never act twice, and whoever alters it is told of.
type hearing struct {
	By    app.Person
	Said  string // the commands, as they were written
	Acted bool   // something was done
}

// keep puts a hearing in the place of what was said.
func (h hearing) keep(row Row, r result) result {
	write := r.write
	r.write = func(tx Tx) error {
		if write != nil {
			if err := write(tx); err != nil {
				return err
			}
		}
		return note(tx, row.Key, h)
	}
	return r
}

// said is the commands of a comment as they were written.
func said(lines []policies.Line) string {
	var all []string
	for _, l := range lines {
		all = append(all, l.Text)
	}
	return strings.TrimSuffix(strings.TrimPrefix(policies.Quote(strings.Join(all, ", ")), "`"), "`")
}

// wasHeard stands in place of what has been answered.
const wasHeard = "-"

// answerKey is the row that answers what was written. That of a conversation goes by its number alone, as it always has.
func answerKey(repo app.RepoID, source string) string {
	source = strings.TrimPrefix(source, string(app.DoorComment)+"/")
	return app.RowKey(app.RepositoryAddress(repo), taskAnswer+"/"+source)
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
	w.door = app.Approval{Source: w.source}.Door()
	if w.door == app.DoorButton {
		var p app.Pressed
		err = json.Unmarshal([]byte(stored), &p)
		w.by, w.commit, w.external, w.button, w.written, w.received, w.event = p.By, p.Commit, p.External, p.Identifier, p.Received, p.Received, p.Delivery
		return w, err
	}
	var c app.Commented
	err = json.Unmarshal([]byte(stored), &c)
	w.by, w.pull, w.comment, w.review, w.commit = c.By, c.Pull, c.Comment, c.Review, c.Commit
	w.body, w.written, w.received, w.event = c.Body, c.Written, c.Received, c.Delivery
	return w, err
}

// gatherWord reads all that has to be known to answer, and says whether there is anything to answer at all: other bots have slash words
// too, and a repository without the file is left alone.
func (e *Engine) gatherWord(ctx context.Context, w word) (policies.Asked, bool, error) {
	a := policies.Asked{
		Source: w.source, Event: w.event, By: w.by, Written: w.written, Received: w.received, Guard: e.Guard,
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
		sum := sha256.Sum256([]byte(w.body))
		a.Lines, a.Text, a.On = policies.Parse(w.body, q.names()), hex.EncodeToString(sum[:]), w.commit
	}
	if len(a.Lines) == 0 || len(q.lanes) == 0 && !q.hasRun() && !strings.Contains(w.body, "/slipway") {
		return a, false, nil
	}
	a.Role = e.role(ctx, w.repo, w.by)
	a.Candidates = e.candidates(ctx, &inquiry{repo: w.repo})
	a.Pull, a.Runs, a.Given = q.pullView(), q.runViews(), q.givenAhead()
	q.lines = a.Lines
	q.overrides = says(a.Lines, app.VerbOverride)
	q.judges = q.overrides || says(a.Lines, app.VerbApprove, app.VerbUnapprove, app.VerbStatus, app.VerbWhatIf)
	var err error
	a.Lanes, err = e.laneViews(ctx, q)
	return a, true, err
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
	return e.Store.Update(ctx, func(tx Tx) error { // as if it had been told: its event, which may still come, would be no news any more
		return e.takePull(tx, w.repo.ID, pullOf(w.repo, p), e.Clock.Now())
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
