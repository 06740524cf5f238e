package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/config"
	"github.com/slipway-cd/slipway/checks"
)

// fetch brings a commit into the mirror if it is not there.
func (e *Engine) fetch(ctx context.Context, repo app.Repo, c app.SHA) error {
	has, err := e.Git.Has(ctx, repo, c)
	if err == nil && has {
		return nil
	}
	if err := e.Git.Fetch(ctx, repo, string(c)); err != nil {
		return fmt.Errorf("fetching %s: %w", c.Short(), err)
	}
	return nil
}

// file reads a repository's file at a commit, with what it extends now; nil if it has none there.
func (e *Engine) file(ctx context.Context, repo app.Repo, c app.SHA) (*config.File, error) {
	return e.fileWith(ctx, repo, c, "")
}

// fileWith is the same with what it extends as that was at a commit; "" is now.
func (e *Engine) fileWith(ctx context.Context, repo app.Repo, c, shared app.SHA) (*config.File, error) {
	if err := e.fetch(ctx, repo, c); err != nil {
		return nil, err
	}
	data, err := e.Git.File(ctx, repo, c, config.Path)
	if app.KindOf(err) == app.ErrNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s at %s: %w", config.Path, c.Short(), err)
	}
	return e.parsed(ctx, repo, data, shared)
}

// read asks what a commit's file wants, given what the commit changes.
func (e *Engine) read(ctx context.Context, repo app.Repo, run checks.Run, t checks.Read) (result, error) {
	plan, err := e.plan(ctx, repo, run)
	if app.KindOf(err) == app.ErrNotFound {
		plan, err = lost(), nil
	}
	if err != nil {
		return result{}, err
	}
	res := finished("read", app.Letter{To: run.Address(), Message: checks.Planned{Key: t.Key, Plan: plan}})
	res.write = func(tx Tx) error { return extends(tx, repo, run, plan.Shared) }
	return res, nil
}

// lost is the plan of a commit that GitHub does not have any more: gone is not success.
func lost() checks.Plan {
	return checks.Plan{Problems: []app.Problem{{File: config.Path, Sentence: "GitHub does not have this commit any more, so nothing of it was run."}}}
}

// plan makes a plan for each cause of a run and joins them: each is owed what it concerns.
func (e *Engine) plan(ctx context.Context, repo app.Repo, run checks.Run) (checks.Plan, error) {
	differs, err := e.changesFile(ctx, repo, run)
	if err != nil {
		return checks.Plan{}, err
	}
	shared := app.SHA("")
	if run.Fork() && differs {
		shared = notForForks
	}
	f, err := e.fileWith(ctx, repo, run.Commit, shared)
	if err != nil {
		return checks.Plan{}, err
	}
	if f == nil {
		return e.planWithout(ctx, repo, run)
	}
	changes := config.Changes{}
	for _, cause := range run.Causes {
		more, err := e.changes(ctx, repo, run.Commit, f, cause)
		if err != nil {
			return checks.Plan{}, err
		}
		join(changes, more)
	}
	plan := f.Plan(changes)
	if f.Extends != (config.Extends{}) {
		plan.Shared = app.Shared{From: f.Extends.String(), Commit: f.Shared.Commit}
	}
	if plan.Shared.Commit != "" {
		plan.Notes = append(plan.Notes, "The file extends "+plan.Shared.String()+".")
	}
	if differs && !f.Broken {
		if plan.Replay, err = e.replay(ctx, repo, f); err != nil {
			return checks.Plan{}, err
		}
	}
	if run.Place() != 0 {
		plan.Removed, err = e.removed(ctx, repo.ID, f)
	}
	return plan, err
}

// join adds what changed for one cause to what changed for others.
func join(to, more config.Changes) {
	for service, c := range more {
		was, known := to[service]
		if !known {
			to[service] = c
			continue
		}
		to[service] = config.Change{All: was.All || c.All, Paths: append(slices.Clone(was.Paths), c.Paths...)}
	}
}

// changes is what a commit changes for each service: of a pull request and a merge group since the merge base, of a push since the
// service's last green run.
func (e *Engine) changes(ctx context.Context, repo app.Repo, c app.SHA, f *config.File, cause checks.Cause) (config.Changes, error) {
	if cause.Kind != checks.Push {
		base, err := e.mergeBase(ctx, repo, cause.Base, c)
		if err != nil {
			return nil, err
		}
		return e.changesSince(ctx, repo, c, f, base)
	}
	all := config.Changes{}
	for _, s := range f.Services {
		base, err := e.lastGreen(ctx, repo, s.Name, c, cause.Place)
		if err != nil {
			return nil, err
		}
		changes, err := e.changesSince(ctx, repo, c, f, base)
		if err != nil {
			return nil, err
		}
		all[s.Name] = changes[s.Name]
	}
	return all, nil
}

// mergeBase is where a change starts; "" if the two share no history, so that everything is new.
func (e *Engine) mergeBase(ctx context.Context, repo app.Repo, base, head app.SHA) (app.SHA, error) {
	if base == "" {
		return "", nil
	}
	if err := e.fetch(ctx, repo, base); err != nil {
		return "", err
	}
	found, err := e.Git.MergeBase(ctx, repo, base, head)
	if app.KindOf(err) == app.ErrNotFound {
		return "", nil
	}
	return found, err
}

// lastGreen is the newest commit before this one whose run was green for a service and that this one contains; "" if there is none.
func (e *Engine) lastGreen(ctx context.Context, repo app.Repo, service string, c app.SHA, place app.Place) (base app.SHA, err error) {
	err = e.Store.View(ctx, func(tx Tx) (err error) {
		base, err = tx.LastGreen(repo.ID, service, place)
		return err
	})
	if err != nil || base == "" {
		return "", err
	}
	contains, err := e.Git.Contains(ctx, repo, c, base)
	if err != nil && app.KindOf(err) != app.ErrNotFound {
		return "", err
	}
	if !contains {
		return "", nil // a force-push: everything may be new
	}
	return base, nil
}

func (e *Engine) changesSince(ctx context.Context, repo app.Repo, c app.SHA, f *config.File, base app.SHA) (config.Changes, error) {
	if base == "" {
		return everything(f), nil
	}
	old, err := e.file(ctx, repo, base)
	if err != nil {
		return nil, err
	}
	paths, err := e.Git.Changed(ctx, repo, base, c)
	if err != nil {
		return nil, fmt.Errorf("comparing %s with %s: %w", c.Short(), base.Short(), err)
	}
	return f.Since(old, paths), nil
}

// everything is what changed where there is nothing to compare with.
func everything(f *config.File) config.Changes {
	all := config.Changes{}
	for _, s := range f.Services {
		all[s.Name] = config.Change{All: true}
	}
	return all
}

// planWithout is the plan of a commit without the file. The repository is left alone, but whoever deletes the file is told what that means.
func (e *Engine) planWithout(ctx context.Context, repo app.Repo, run checks.Run) (checks.Plan, error) {
	plan := checks.Plan{NoFile: true}
	lanes, err := e.removed(ctx, repo.ID, &config.File{})
	if err != nil || len(lanes) == 0 {
		return plan, err
	}
	if run.Place() != 0 {
		plan.Removed = lanes
		plan.Notes = []string{"This commit has no " + config.Path + ": nothing is built or released from here on. What waited was canceled, what is live stays."}
		return plan, nil
	}
	plan.Notes = []string{"Without " + config.Path + " nothing is built or released any more. What waits will be canceled, what is live stays."}
	return plan, nil
}

// removed is the repository's lanes that a file does not name any more.
func (e *Engine) removed(ctx context.Context, repo app.RepoID, f *config.File) ([]app.Address, error) {
	var known []config.Lane
	err := e.Store.View(ctx, func(tx Tx) error {
		lanes, err := tx.Lanes(repo)
		for _, l := range lanes {
			if !l.Closed {
				known = append(known, config.Lane{Service: l.Service, Environment: l.Environment})
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	var gone []app.Address
	for _, l := range f.Removed(known) {
		gone = append(gone, app.LaneAddress(repo, l.Service, l.Environment))
	}
	return gone, nil
}
