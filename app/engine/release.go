package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/deploy"
)

// put starts a deployment, or finds it and reports how it ended.
func (e *Engine) put(ctx context.Context, row Row, repo app.Repo, lane deploy.Lane, t deploy.Put) (result, error) {
	d := e.deployment(row, repo, lane, t.Commit.SHA, t.Release, t.Key)
	d.Previous, d.Run, d.Ask = t.Release.Previous, max(d.Run, t.Run), t.Ask
	status, err := e.ensure(ctx, d)
	if err != nil {
		return result{keep: dispatched(status.Run, status.Sent)}, err
	}
	return e.program(row, d, t.Commit.SHA, status, deploy.Deployed{Commit: t.Commit.SHA, Key: t.Key, Status: status}), nil
}

// restore starts a rollback, or finds it and reports how it ended: the release that comes back, its artifact and its own deploy step.
func (e *Engine) restore(ctx context.Context, row Row, repo app.Repo, lane deploy.Lane, t deploy.Restore) (result, error) {
	d := e.deployment(row, repo, lane, t.To.SHA, t.Release, t.Key)
	d.Previous, d.Rollback, d.Ask = lane.Live.SHA, true, t.Ask
	status, err := e.ensure(ctx, d)
	if err != nil {
		return result{keep: dispatched(status.Run, status.Sent)}, err
	}
	return e.program(row, d, t.Commit, status, deploy.Restored{Commit: t.Commit, Key: t.Key, Status: status}), nil
}

func (e *Engine) deployment(row Row, repo app.Repo, lane deploy.Lane, c app.SHA, r deploy.Release, k app.Key) deploy.Deployment {
	d := deploy.Deployment{
		Key: row.Key, Repo: repo, Commit: c, Service: row.Machine.Service, Environment: row.Machine.Environment, Release: r,
		RunURL: e.Links.Lane(row.Machine), Fence: k, Run: row.GitHub, Running: row.Running, Sent: row.Sent,
	}
	if row.Tried {
		d.Sent = latest(d.Sent, e.began) // by a process that is gone, perhaps: not after its end
	}
	for _, p := range lane.Promotions {
		if p.Key == k {
			d.Since, d.Asked = p.Since, p.Asking || len(p.Reviewers) > 0
		}
	}
	return d
}

// ensure keeps the commit from ever being collected, for it may have to come back, and starts or finds its program.
func (e *Engine) ensure(ctx context.Context, d deploy.Deployment) (app.Status, error) {
	if err := e.fetch(ctx, d.Repo, d.Commit); ignoreMissing(err) != nil { // what is gone for ever is the deployer's to fail
		return app.Status{}, err
	}
	if err := e.Git.Keep(ctx, d.Repo, d.Commit); ignoreMissing(err) != nil {
		return app.Status{}, fmt.Errorf("keeping %s: %w", d.Commit.Short(), err)
	}
	status, err := e.deployer(d.Release.Spec).Ensure(ctx, d)
	if err != nil {
		return status, fmt.Errorf("deploying %s: %w", d.Commit.Short(), err)
	}
	return status, nil
}

// program is what a program's status means for its row; promoted is the commit whose promotion waits for it.
func (e *Engine) program(row Row, d deploy.Deployment, promoted app.SHA, s app.Status, ended app.Message) result {
	if !s.Running {
		return finished(string(s.Outcome), app.Letter{To: row.Machine, Message: ended})
	}
	res := result{running: true}
	if !row.Running || row.GitHub == 0 && s.Run != 0 || s.Asking != d.Asked {
		res.letters = []app.Letter{{To: row.Machine, Message: deploy.Began{Commit: promoted, Key: d.Fence, Run: s.Run, URL: s.URL, Asking: s.Asking}}}
	}
	if d.Release.Spec.Elsewhere() {
		res.due, res.keep = e.Clock.Now().Add(lookAtRun), dispatched(s.Run, s.Sent)
	}
	if s.Asking {
		res.due = e.Clock.Now().Add(lookReview)
	}
	return res
}

// watch takes one sample and adds it to what was seen so far, which its row remembers: a restart loses nothing but the time in between.
func (e *Engine) watch(ctx context.Context, row Row, t deploy.Watch) (result, error) {
	var seen deploy.Watching
	if len(row.Progress) > 0 {
		if err := json.Unmarshal(row.Progress, &seen); err != nil {
			return result{}, fmt.Errorf("reading what was watched: %w", err)
		}
	}
	sample := e.Prober.Sample(ctx, t.Verify)
	if ctx.Err() != nil {
		return result{}, ctx.Err() // we were interrupted, not the release
	}
	seen, outcome, undecided, why := seen.Take(t.Verify, sample, t.Brief)
	if !undecided {
		m := deploy.Probed{Commit: t.Commit, Key: t.Key, Outcome: outcome, Why: why}
		return finished(string(outcome), app.Letter{To: row.Machine, Message: m}), nil
	}
	progress, err := json.Marshal(seen)
	if err != nil {
		return result{}, fmt.Errorf("writing what was watched: %w", err)
	}
	next := e.nextSample(sample.At, t.Verify)
	return result{due: next, keep: func(r *Row) { r.Progress = progress }}, nil
}

// nextSample is when to look again: a steady beat, whatever the probe itself took.
func (e *Engine) nextSample(last time.Time, v deploy.Verify) time.Time {
	return latest(last.Add(v.Every), e.Clock.Now())
}
