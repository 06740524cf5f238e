package engine

import (
	"slices"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/audit"
	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
)

// stepRun takes a letter in: state, letters, rows and views to be redrawn, all in one transaction.
func (e *Engine) stepRun(tx Tx, m Mail, now time.Time) error {
	before, version, err := tx.Run(m.To.Repo, m.To.Commit)
	if err != nil {
		return err
	}
	after, letters := checks.Step(before, m.Message, now)
	if err := tx.SaveRun(after, version); err != nil {
		return err
	}
	if after.State.Ended() && !before.State.Ended() {
		others, err := aside(tx, after, letters)
		if err != nil {
			return err
		}
		letters = append(letters, others...)
	}
	return e.follow(tx, m.To, letters, checks.Wants(after), checks.Redraw(before, after), now)
}

// aside has the lanes look again that a run's end does not concern, and in which its commit waits all the same: a workflow of the team's own may
// want to deploy it there.
func aside(tx Tx, r checks.Run, told []app.Letter) (letters []app.Letter, err error) {
	asked, err := tx.Note(askedKey(r.Repo, r.Commit))
	if err != nil || asked == "" {
		return nil, err
	}
	lanes, err := tx.Lanes(r.Repo)
	for _, l := range lanes {
		p, waits := l.Promotion(r.Commit)
		heard := slices.ContainsFunc(told, func(t app.Letter) bool { return t.To == l.Address() })
		if waits && p.State.Waits() && !heard {
			letters = append(letters, app.Letter{To: l.Address(), Message: app.Changed{Commit: r.Commit}})
		}
	}
	return letters, err
}

// stepLane is the same for a lane.
func (e *Engine) stepLane(tx Tx, m Mail, now time.Time) error {
	before, version, err := tx.Lane(m.To)
	if err != nil {
		return err
	}
	after, letters := deploy.Step(before, m.Message, now)
	if err := e.record(tx, audit.Lane(before, after, m.Message, now), now); err != nil {
		return err
	}
	if after.Overridden > before.Overridden {
		e.Observe.Overrode()
	}
	kept := deploy.Forget(after)
	if err := tx.SaveLane(after, version); err != nil {
		return err
	}
	if len(kept.Promotions) < len(after.Promotions) {
		if err := tx.SaveLane(kept, version+1); err != nil {
			return err
		}
	}
	return e.follow(tx, m.To, letters, deploy.Wants(after), deploy.Redraw(before, after), now)
}

// follow stores what comes of a step.
func (e *Engine) follow(tx Tx, at app.Address, letters []app.Letter, wants []app.Want, views []app.ViewKey, now time.Time) error {
	if err := tx.Post(letters, now); err != nil {
		return err
	}
	if err := e.want(tx, at, wants, now); err != nil {
		return err
	}
	for _, v := range views {
		if err := tx.Nudge(v.String(), at, taskShow, now); err != nil {
			return err
		}
	}
	return nil
}

// want makes a row for each want and cancels the rows of those that are gone. A program that runs for one of these is stopped.
func (e *Engine) want(tx Tx, at app.Address, wants []app.Want, now time.Time) error {
	open, err := tx.OpenRows(at)
	if err != nil {
		return err
	}
	for _, row := range open {
		wanted := slices.ContainsFunc(wants, func(w app.Want) bool { return app.RowKey(at, w.Key) == row.Key })
		if wanted || !isWant(row.Task) {
			continue
		}
		if err := tx.Unwant(row.Key); err != nil {
			return err
		}
		if row.Task == (checks.Execute{}).Task() {
			if err := tx.Nudge(row.Key+stopSuffix, at, taskStop, now); err != nil {
				return err
			}
		}
	}
	for _, w := range wants {
		due := w.Due
		if due.IsZero() {
			due = now
		}
		make := tx.Want
		if w.Again {
			make = tx.Nudge
		}
		if err := make(app.RowKey(at, w.Key), at, w.Task.Task(), due); err != nil {
			return err
		}
	}
	return nil
}
