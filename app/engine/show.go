package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/report"
	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
)

// calm is the least time between two writes of one view: ten changes in a second are one write.
const calm = time.Second

// inLine is how long a check is in line, or a gate is asked for the first time, before that is shown: most are through at once, and then one
// write does for both.
const inLine = 500 * time.Millisecond

// knowPull is how long after a push GitHub may need to know which pull request brought it.
const knowPull = time.Minute

// show makes GitHub show a view as it is now. Only a changed text is written, so that order can't be lost and a repeat costs nothing.
func (e *Engine) show(ctx context.Context, row Row) (result, error) {
	key, err := app.ParseViewKey(row.Key)
	if err != nil {
		return result{}, err
	}
	now := e.Clock.Now()
	if next := row.ShownAt.Add(calm); now.Before(next) {
		return result{due: next}, nil
	}
	switch key.Kind {
	case app.ViewAggregate, app.ViewCheck, app.ViewConfig:
		return e.showRun(ctx, row, key)
	case app.ViewPromotion:
		return e.showPromotion(ctx, row, key)
	case app.ViewDeployment:
		return e.showDeployment(ctx, row, key)
	case app.ViewQuestion:
		return e.showAnswer(ctx, row, key)
	case app.ViewComment:
		return e.showComment(ctx, row, key)
	case app.ViewCommit:
		return e.showCommit(ctx, row, key)
	}
	return result{}, fmt.Errorf("nobody shows a view of kind %q", key.Kind)
}

func (e *Engine) scene(repo app.Repo) report.Scene {
	return report.Scene{Repo: repo, Links: e.Links, Now: e.Clock.Now(), Isolation: e.Isolation, Slug: e.Slug}
}

func (e *Engine) showRun(ctx context.Context, row Row, key app.ViewKey) (result, error) {
	run, repo, err := e.loadRun(ctx, app.RunAddress(key.Repo, key.Commit))
	if err != nil {
		return result{}, err
	}
	if c, is := run.Check(key.Check); is && c.State == checks.Running && c.Began.IsZero() {
		if soon := c.Queued.Add(inLine); e.Clock.Now().Before(soon) {
			return result{due: soon}, nil
		}
	}
	view, ok := report.Aggregate(e.scene(repo), run)
	switch key.Kind {
	case app.ViewCheck:
		view, ok = report.Check(e.scene(repo), run, key.Check)
	case app.ViewConfig:
		view, ok = report.Config(e.scene(repo), run)
	}
	if !ok {
		return result{}, nil
	}
	said, err := e.saidOn(ctx, key)
	if err != nil {
		return result{}, err
	}
	return e.showCheckRun(ctx, row, repo, report.Answered(view, said))
}

func (e *Engine) showPromotion(ctx context.Context, row Row, key app.ViewKey) (result, error) {
	lane, repo, err := e.loadLane(ctx, app.LaneAddress(key.Repo, key.Service, key.Environment))
	if err != nil {
		return result{}, err
	}
	if p, is := lane.Promotion(key.Commit); is && p.Undecided() {
		if soon := p.Arrived.Add(inLine); e.Clock.Now().Before(soon) {
			return result{due: soon}, nil
		}
	}
	pull, err := e.pullOfCommit(ctx, repo, key.Commit)
	if err != nil {
		return result{}, err
	}
	view, ok := report.Promotion(e.scene(repo), lane, key.Commit, pull)
	if !ok {
		return result{}, nil
	}
	said, err := e.refused(ctx, key, lane)
	if err != nil {
		return result{}, err
	}
	view = report.Answered(view, said)
	return e.showCheckRun(ctx, row, repo, view)
}

// shown is a view that is on GitHub now, as its row remembers it.
func shown(hash, external string, id int64, at time.Time) result {
	return result{keep: func(r *Row) { r.Shown, r.External, r.GitHub, r.ShownAt, r.Tried = hash, external, id, at, false }}
}

// showCheckRun writes a check run if it differs. Another external id is another check run of the same name.
func (e *Engine) showCheckRun(ctx context.Context, row Row, repo app.Repo, view app.CheckRun) (result, error) {
	view.External = row.Key + "#" + view.External // so that a button's press finds its way back
	hash := digest(view)
	if hash == row.Shown {
		return result{}, nil
	}
	known := row.GitHub
	if view.External != row.External {
		known = 0
	}
	id, err := e.GitHub.EnsureCheckRun(prioritized(ctx, view), repo, view, known, row.Tried)
	return e.wrote(row, hash, view.External, id, err)
}

// refusals is how often what GitHub refuses is tried in a row: a token may be rejected once, and a commit be unknown for a moment. Between the
// tries lie seconds.
const refusals = 6

// wrote is what a write of a view means for its row.
func (e *Engine) wrote(row Row, hash, external string, id int64, err error) (result, error) {
	switch app.KindOf(err) {
	case app.ErrInvalid, app.ErrNotFound, app.ErrDenied:
		if row.Attempts+1 >= refusals {
			e.Log.Warn("GitHub does not take a view", "key", row.Key, "error", err)
			return result{outcome: Refused + err.Error()}, nil
		}
	}
	if err != nil {
		there := result{}
		if id != 0 { // it is there, and some of it is missing
			there.keep = func(r *Row) { r.External, r.GitHub = external, id }
		}
		return there, fmt.Errorf("showing %s: %w", row.Key, err)
	}
	return shown(hash, external, id, e.Clock.Now()), nil
}

// digest is a short name of everything that a view shows.
func digest(view any) string {
	data, err := json.Marshal(view)
	if err != nil {
		return "" // plain data can always be written; if not, it is written to GitHub each time
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16])
}

// showDeployment writes a GitHub Deployment's newest status. One that succeeds puts the one before it out of service.
func (e *Engine) showDeployment(ctx context.Context, row Row, key app.ViewKey) (result, error) {
	lane, repo, err := e.loadLane(ctx, app.LaneAddress(key.Repo, key.Service, key.Environment))
	if err != nil {
		return result{}, err
	}
	view, ok := report.Deployment(e.scene(repo), lane, key.Key)
	if !ok {
		return result{}, nil
	}
	if view.State == "success" {
		if view.Inactivates, err = e.replaced(ctx, lane, key); err != nil {
			return result{}, err
		}
	}
	hash := digest(view)
	if hash == row.Shown {
		return result{}, nil
	}
	var tell func(tx Tx) error
	if p, is := lane.Promotion(key.Commit); is && p.Put == key.Key && row.Shown == "" {
		if tell, err = e.carried(ctx, repo, lane, p); err != nil {
			return result{}, err
		}
	}
	if row.GitHub == 0 {
		if view.Audit, err = e.auditHead(ctx); err != nil {
			return result{}, err
		}
	}
	id, err := e.GitHub.EnsureDeployment(waiting(ctx), repo, view, row.GitHub, row.Tried)
	res, err := e.wrote(row, hash, "", id, err)
	if res.write == nil {
		res.write = tell
	}
	return res, err
}

// auditHead is the newest receipt, as JSON for a deployment's payload.
func (e *Engine) auditHead(ctx context.Context) (text string, err error) {
	err = e.Store.Update(ctx, func(tx Tx) error {
		h, err := e.head(tx, e.Clock.Now())
		if err != nil || h.Row == 0 {
			return err
		}
		data, err := json.Marshal(h)
		text = string(data)
		return err
	})
	return text, err
}

// replaced is GitHub's number of the deployment that stood in the lane before this one: the newest other one that ended well. One that failed
// stays as it is, so that it can be seen.
func (e *Engine) replaced(ctx context.Context, lane deploy.Lane, key app.ViewKey) (id int64, err error) {
	err = e.Store.View(ctx, func(tx Tx) error {
		best := app.Key(0)
		for _, p := range lane.Promotions {
			for k, well := range map[app.Key]bool{p.Put: p.State == deploy.Live, p.Undone: p.State == deploy.RolledBack} {
				if !well || k == 0 || k >= key.Key || k < best {
					continue
				}
				other := key
				other.Key, other.Commit = k, p.Commit.SHA
				if k == p.Undone {
					other.Commit = p.To
				}
				row, err := tx.Row(other.String())
				if ignoreMissing(err) != nil {
					return err
				}
				if row.GitHub != 0 {
					best, id = k, row.GitHub
				}
			}
		}
		return nil
	})
	return id, err
}

// notify calls a person once, in a comment of its own: editing the card notifies nobody.
func (e *Engine) notify(ctx context.Context, row Row, repo app.Repo, lane deploy.Lane, t deploy.Notify) (result, error) {
	pull, err := e.pullOfCommit(ctx, repo, t.Commit)
	if err != nil {
		return result{}, err
	}
	p, ok := lane.Promotion(t.Commit)
	if pull == nil || !ok {
		return finished("no pull request: the promotion's check run says it"), nil
	}
	who, err := e.called(ctx, repo, lane, p, t.Cause)
	if err != nil {
		return result{}, err
	}
	notice := report.Notice(e.scene(repo), lane, p, t.Cause, *pull, who)
	_, err = e.GitHub.EnsureComment(waiting(ctx), repo, notice, 0, row.Tried)
	if app.KindOf(err) == app.ErrDenied {
		return finished("the conversation is locked: the promotion's check run says it"), nil
	}
	if err != nil {
		return result{}, fmt.Errorf("calling somebody on #%d: %w", pull.Number, err)
	}
	return finished("said"), nil
}

// runOf loads a run if there is one.
func runOf(tx Tx, repo app.RepoID, c app.SHA) (*checks.Run, error) {
	if c == "" {
		return nil, nil
	}
	run, version, err := tx.Run(repo, c)
	if err != nil || version == 0 {
		return nil, err
	}
	return &run, nil
}
