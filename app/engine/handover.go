package engine

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/config"
	"github.com/slipway-cd/slipway/deploy"
)

// Which lane a question of GitHub's is for, where the team's own workflows deploy.

// placed is how long a commit may take to be known on the default branch: GitHub may ask about it before it tells of the push.
const placed = 2 * time.Minute

// handOver asks the lane that waits for this workflow to go back, or the one that the default branch's file gives to the environment, where slipway
// is the gate alone.
func (e *Engine) handOver(ctx context.Context, q question, workflow string) (result, error) {
	known, err := e.known(ctx, q)
	switch {
	case err != nil:
		return result{}, err
	case (known.tip == "" || known.commit.Place == 0) && q.young(e.Clock.Now(), placed):
		return result{due: e.Clock.Now().Add(lookSoon)}, nil
	case known.tip == "" || known.commit.Place == 0:
		return e.refuse(ctx, q, "slipway lets go commits of the default branch alone, and `"+q.Commit.Short()+"` is not on it, or was before slipway knew the repository.")
	case known.back != (app.Address{}):
		return q.handed(known.back, known.commit), nil
	}
	f, err := e.file(ctx, q.Repo, known.tip)
	switch {
	case err != nil:
		return result{}, err
	case f == nil:
		return e.refuse(ctx, q, "The default branch has no "+config.Path+".")
	}
	lane, ok := f.AtGitHub(q.Environment)
	switch {
	case !ok && f.SomeBroken(): // whoever broke it will mend it
		return result{due: e.Clock.Now().Add(lookAtRun)}, nil
	case !ok:
		return e.refuse(ctx, q, "slipway deploys to this environment by itself, or does not know it, and it has not dispatched this run. "+
			"It lets other workflows go where its file says `deploy: github`. "+
			"Whoever may review this environment on GitHub can still decide, or take slipway's rule from it.")
	}
	at := app.LaneAddress(q.Repo.ID, lane.Service, lane.Environment)
	env, _ := f.Environment(lane.Service, lane.Environment)
	if only := env.Deploy.GateWorkflow; only != "" && workflow != only {
		return e.refuse(ctx, q, "slipway lets `"+only+"` deploy here alone, as its file says.")
	}
	if workflow == env.Deploy.BackWorkflow {
		return e.refuse(ctx, q, "This workflow is the way back, which slipway alone starts: say `/rollback`.")
	}
	if l := known.lane(at); known.commit.Place < l.Newest {
		if _, remembered := l.Promotion(q.Commit); !remembered {
			return e.refuse(ctx, q, "A newer commit has been released here already. `/rollback` goes back.")
		}
	}
	return q.handed(at, known.commit), nil
}

// handed gives a question to a lane, and notes that its commit is asked about: the end of its run may concern a lane that it does not know of.
func (q question) handed(at app.Address, c app.Commit) result {
	asked := deploy.Asked{Commit: c, Ask: deploy.Ask{Run: q.Run, Deployment: q.Deployment, Environment: q.Environment}}
	res := finished("the lane was asked", app.Letter{To: at, Message: asked})
	res.write = func(tx Tx) error { return tx.SetNote(askedKey(q.Repo.ID, c.SHA), at.String()) }
	return res
}

// askedKey is the note that GitHub asks about a commit.
func askedKey(repo app.RepoID, c app.SHA) string { return fmt.Sprintf("asked/%d/%s", repo, c) }

// standing is what is known of a question's commit.
type standing struct {
	commit app.Commit
	tip    app.SHA
	lanes  []deploy.Lane
	back   app.Address // the lane that waits until somebody starts this commit's workflow
}

func (s standing) lane(at app.Address) deploy.Lane {
	for _, l := range s.lanes {
		if l.Address() == at {
			return l
		}
	}
	return deploy.Lane{}
}

// known reads what is known of a question's commit.
func (e *Engine) known(ctx context.Context, q question) (s standing, err error) {
	s.commit.SHA = q.Commit
	err = e.Store.View(ctx, func(tx Tx) (err error) {
		if s.commit.Place, err = tx.Place(q.Repo.ID, q.Commit); err != nil {
			return err
		}
		if s.tip, err = tx.Tip(q.Repo.ID); err != nil {
			return err
		}
		s.lanes, err = tx.Lanes(q.Repo.ID)
		return err
	})
	for _, l := range s.lanes {
		if p, busy := l.Busy(); busy && p.To == q.Commit && l.AwaitsStart(p) && restores(l, p, q.Environment) {
			s.back = l.Address()
		}
	}
	return s, err
}

// restores says whether what comes back goes to this environment of GitHub's: by its own file, or by that of what is undone, whose workflow it is
// where slipway dispatches it.
func restores(l deploy.Lane, p deploy.Promotion, environment string) bool {
	back, _ := l.Promotion(p.To)
	return strings.EqualFold(back.Release.Spec.GitHubEnvironment, environment) || strings.EqualFold(p.Release.Spec.GitHubEnvironment, environment)
}
