package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/config"
	"github.com/slipway-cd/slipway/policies"
)

// Who owns the files that change, and who is in the teams that are named; read only where the gate asks.

// ownerFacts is the owners by CODEOWNERS as the default branch has it and as what is live had it: both count, like their gates.
func (e *Engine) ownerFacts(ctx context.Context, q *inquiry) {
	if !slices.Contains(q.facts.Gate.Needs(), policies.NeedOwners) {
		return
	}
	owned, err := e.owned(ctx, q)
	q.facts.Owners = fact(e, q, owned, err)
}

func (e *Engine) owned(ctx context.Context, q *inquiry) ([]policies.Owned, error) {
	files, err := e.ownFiles(ctx, q)
	if err != nil {
		return nil, err
	}
	var all []policies.Owned
	for _, at := range []app.SHA{q.tip, q.base} {
		if at == "" {
			continue
		}
		text, err := e.codeowners(ctx, q.repo, at)
		if err != nil {
			return nil, err
		}
		for _, o := range config.Owners(text, files) {
			same := func(p policies.Owned) bool { return slices.Equal(p.Owners, o.Owners) }
			if !slices.ContainsFunc(all, same) {
				all = append(all, o)
			}
		}
	}
	return all, nil
}

// ownFiles is the service's files that change since what is live; of a first release, those that differ from the commit before.
func (e *Engine) ownFiles(ctx context.Context, q *inquiry) ([]string, error) {
	from := q.base
	if from == "" && q.ahead != nil {
		from = q.tip
	} else if from == "" {
		commits, err := e.Git.Changes(ctx, q.repo, "", q.ask.Commit.SHA)
		if err != nil {
			return nil, fmt.Errorf("reading what came before: %w", err)
		}
		if len(commits[0].Parents) > 0 {
			from = commits[0].Parents[0]
		}
	}
	files, err := e.filesSince(ctx, q, from)
	if err != nil {
		return nil, err
	}
	f, err := e.file(ctx, q.repo, q.tip)
	if err != nil || f == nil {
		return files, err
	}
	return f.Own(q.lane.Service, files), nil
}

// codeowners is the text of CODEOWNERS at a commit, nothing if there is none.
func (e *Engine) codeowners(ctx context.Context, repo app.Repo, at app.SHA) ([]byte, error) {
	for _, path := range config.OwnersPaths() {
		text, err := e.Git.File(ctx, repo, at, path)
		if err == nil {
			return text, nil
		}
		if app.KindOf(err) != app.ErrNotFound {
			return nil, fmt.Errorf("reading %s at %s: %w", path, at.Short(), err)
		}
	}
	return nil, nil
}

// teamFacts is who is in the teams that the gate and the owners name.
func (e *Engine) teamFacts(ctx context.Context, q *inquiry) {
	names := q.facts.Gate.Teams()
	for _, o := range q.facts.Owners.Value {
		for _, s := range o.Owners {
			if name := strings.ToLower(s.Value); s.Kind == policies.KindTeam && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	q.facts.Teams = map[string]app.Fact[[]app.Person]{}
	for _, name := range names {
		org, slug, _ := strings.Cut(name, "/")
		members, err := e.GitHub.TeamMembers(ctx, q.repo, org, slug)
		q.facts.Teams[name] = fact(e, q, members, err)
	}
}
