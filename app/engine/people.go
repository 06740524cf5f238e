package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/git"
	"github.com/slipway-cd/slipway/app/github"
	"github.com/slipway-cd/slipway/app/report"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/policies"
)

// peopleFacts is who approved, who could, and whose change it is; read only where the gate asks.
func (e *Engine) peopleFacts(ctx context.Context, q *inquiry) {
	needs := q.facts.Gate.Needs()
	for _, a := range q.ask.Approvals {
		q.facts.Approvals = append(q.facts.Approvals, e.approval(ctx, q, a))
	}
	for _, o := range q.ask.Overrides {
		q.facts.Overrides = append(q.facts.Overrides, policies.Override{Override: o, RoleNow: e.role(ctx, q.repo, o.By)})
	}
	if !q.unseen() && (q.asksPeople() || len(q.ask.Overrides) > 0) {
		q.facts.Candidates = e.candidates(ctx, q)
	}
	if slices.Contains(needs, policies.NeedAuthors) {
		q.facts.Excluded = e.authors(ctx, q)
	}
}

// unseen says that nobody reads who could approve: the gate alone asks, about a promotion that waits behind newer ones.
func (q *inquiry) unseen() bool {
	p, ok := q.lane.Promotion(q.ask.Commit.SHA)
	return q.gate && ok && q.lane.Behind(p)
}

// approval is one with what is so of its giver now.
func (e *Engine) approval(ctx context.Context, q *inquiry, a app.Approval) policies.Approval {
	is := policies.Approval{Approval: a, RoleNow: e.role(ctx, q.repo, a.By)}
	if a.Door() == app.DoorReview && a.Ahead.Pull != 0 {
		stands, err := e.stands(ctx, q.repo, a.Ahead.Pull, a.Source, a.By)
		is.Stands = fact(e, q, stands, err)
	}
	return is
}

// asksPeople says whether an approval is asked of anybody, as far as is known.
func (q *inquiry) asksPeople() bool {
	return q.facts.AsksPeople() || slices.Contains(q.facts.Gate.Needs(), policies.NeedRoles)
}

// called is whom a notice may call. Nobody waits with it for what can't be read: then fewer are called.
func (e *Engine) called(ctx context.Context, repo app.Repo, l deploy.Lane, p deploy.Promotion, cause deploy.Cause) (report.People, error) {
	approvers, err := e.approvers(ctx, repo, l, p)
	who := report.People{Approvers: approvers}
	switch {
	case err != nil || cause == deploy.ForApproval:
		return who, err
	case cause == deploy.ForSecond || cause == deploy.ForOverride:
		who.Maintainers = e.maintainers(ctx, repo)
		return who, nil
	}
	if who.Authors, err = e.sentBy(ctx, repo, p); err != nil {
		e.Log.Warn("who made what went out can't be read", "commit", p.Commit.SHA, "error", err)
	}
	if cause == deploy.ForRollback && l.Hold.Key != 0 {
		who.Maintainers = e.maintainers(ctx, repo)
	}
	return who, nil
}

// sentBy is whose changes went out with a promotion: who opened the pull requests, and who wrote what was pushed without one.
func (e *Engine) sentBy(ctx context.Context, repo app.Repo, p deploy.Promotion) (logins []string, err error) {
	out, err := e.between(ctx, repo, p.Release.Previous, p.Commit.SHA)
	for _, pull := range out.pulls {
		if !pull.Author.Bot {
			logins = append(logins, pull.Author.Login)
		}
	}
	if err != nil || len(out.alone) == 0 {
		return logins, err
	}
	made, err := e.GitHub.CommitPeople(ctx, repo, p.Release.Previous, p.Commit.SHA)
	for _, c := range made {
		for _, who := range c.Authors {
			if slices.Contains(out.alone, c.SHA) && !who.Bot {
				logins = append(logins, who.Login)
			}
		}
	}
	return logins, err
}

// maintainers is who may lift a hold, as far as GitHub tells.
func (e *Engine) maintainers(ctx context.Context, repo app.Repo) (logins []string) {
	all, err := e.GitHub.Collaborators(ctx, repo)
	if err != nil {
		e.Log.Warn("who works here can't be read", "repo", repo.FullName(), "error", err)
	}
	for _, c := range all {
		if policies.Maintains(c.Name, repo.Personal) && !c.Person.Bot {
			logins = append(logins, c.Person.Login)
		}
	}
	slices.Sort(logins)
	return logins
}

// role is somebody's role as GitHub gives it now.
func (e *Engine) role(ctx context.Context, repo app.Repo, who app.Person) app.Fact[string] {
	role, err := e.GitHub.Role(ctx, repo, who.Login)
	if err != nil {
		return app.Unknown[string]("GitHub does not say now which role @" + who.Login + " has")
	}
	return app.Known(role.Name, e.Clock.Now())
}

func (e *Engine) candidates(ctx context.Context, q *inquiry) app.Fact[[]policies.Candidate] {
	all, err := e.GitHub.Collaborators(ctx, q.repo)
	if err != nil {
		return app.Unknown[[]policies.Candidate]("GitHub does not say now who works here")
	}
	var candidates []policies.Candidate
	for _, c := range all {
		candidates = append(candidates, policies.Candidate{Person: c.Person, Role: c.Name})
	}
	return app.Known(candidates, q.facts.Now)
}

// authors is whoever opened, wrote, co-wrote or pushed any change that goes out since what is live. If any of it can't be read it is not
// known, for somebody may be missing.
func (e *Engine) authors(ctx context.Context, q *inquiry) app.Fact[[]policies.Contributor] {
	found := &contributors{repo: q.repo}
	if err := e.collect(ctx, q, found); err != nil {
		return app.Unknown[[]policies.Contributor](fmt.Sprintf("whose change it is can't be read now (%s)", e.unread(err)))
	}
	return app.Known(found.all, q.facts.Now)
}

// reasonOf is an error in words that people may be shown: what was being done, not what a server said.
func reasonOf(err error) string {
	op, _, _ := strings.Cut(err.Error(), ":")
	return op
}

// contributors collects people, each once for each thing that they did.
type contributors struct {
	repo app.Repo
	all  []policies.Contributor
}

func (c *contributors) add(p policies.Contributor) {
	if !slices.Contains(c.all, p) {
		c.all = append(c.all, p)
	}
}

func (c *contributors) person(who app.Person, pull int, why string) {
	if who.Login != "" && !who.Bot {
		c.add(policies.Contributor{ID: who.ID, Login: who.Login, Pull: pull, Why: why})
	}
}

// commit adds who made a commit.
func (c *contributors) commit(made github.PullCommit, pull int, name string) {
	for i, who := range made.Authors {
		did := "wrote "
		if i > 0 {
			did = "co-wrote "
		}
		c.person(who, pull, did+name)
	}
	c.person(made.Committer, pull, "committed "+name)
	for _, mail := range made.Emails {
		c.add(policies.Contributor{Email: mail, Pull: pull, Why: "wrote " + name})
	}
}

// collect goes through what goes out: commits that a pull request brought are its people's, as it stood before merging; the others are
// whoever pushed and wrote them.
func (e *Engine) collect(ctx context.Context, q *inquiry, into *contributors) error {
	changes, err := e.goingOut(ctx, q)
	if err != nil {
		return err
	}
	seen := map[int]bool{}
	direct := map[app.SHA]git.Change{}
	covered := map[app.SHA]bool{}
	if q.ahead != nil {
		seen[q.ahead.Number] = true
		if err := e.collectPull(ctx, q.repo, *q.ahead, into, covered); err != nil {
			return err
		}
	}
	for _, c := range changes {
		pulls, err := e.pullsThatBrought(ctx, q.repo, c.SHA)
		if err != nil {
			return err
		}
		if len(pulls) == 0 {
			direct[c.SHA] = c
		}
		for _, p := range pulls {
			if seen[p.Number] {
				continue
			}
			seen[p.Number] = true
			if err := e.collectPull(ctx, q.repo, p, into, covered); err != nil {
				return err
			}
		}
	}
	for sha := range covered {
		delete(direct, sha) // a merged branch's own commits
	}
	return e.collectDirect(ctx, q, direct, into)
}

// pullsThatBrought is the pull requests that became a commit, as we know them, else as GitHub does.
func (e *Engine) pullsThatBrought(ctx context.Context, repo app.Repo, c app.SHA) (pulls []app.Pull, err error) {
	err = e.Store.View(ctx, func(tx Tx) error {
		pulls, err = tx.PullsOf(repo.ID, c)
		return err
	})
	if err != nil || len(pulls) > 0 {
		return pulls, err
	}
	found, err := e.GitHub.PullsOfCommit(ctx, repo, c)
	if err != nil {
		return nil, fmt.Errorf("finding the pull request of %s: %w", c.Short(), err)
	}
	for _, p := range found {
		if p.Merged {
			pulls = append(pulls, pullOf(repo, p))
		}
	}
	return pulls, nil
}

// pullOf is a pull request in our own words.
func pullOf(repo app.Repo, p github.Pull) app.Pull {
	return app.Pull{
		Number: p.Number, Title: p.Title, Author: p.Author, Open: p.State == "open", Merged: p.Merged, MergeCommit: p.MergeCommit,
		Head: p.Head, HeadRef: p.HeadRef, Base: p.Base, BaseSHA: p.BaseSHA, Fork: p.HeadRepo != repo.ID, Locked: p.Locked,
		UpdatedAt: p.UpdatedAt, MergedAt: p.MergedAt,
	}
}

// settledPull is how long after its merge what GitHub tells of a pull request may still grow: its list of pushes comes late.
const settledPull = 10 * time.Minute

// madeBy is who made a pull request, and by which commits.
type madeBy struct {
	People  []policies.Contributor
	Commits []app.SHA
	unsure  bool // git could not tell of a merge whether somebody wrote it
}

// collectPull adds who made a pull request. Of one that was merged a while ago nothing changes any more, so it is read once.
func (e *Engine) collectPull(ctx context.Context, repo app.Repo, p app.Pull, into *contributors, covered map[app.SHA]bool) error {
	made, err := e.made(ctx, repo, p)
	if err != nil {
		return err
	}
	for _, who := range made.People {
		into.add(who)
	}
	for _, c := range made.Commits {
		covered[c] = true
	}
	return nil
}

func (e *Engine) made(ctx context.Context, repo app.Repo, p app.Pull) (made madeBy, err error) {
	if !p.Merged || p.MergedAt.IsZero() || e.Clock.Now().Before(p.MergedAt.Add(settledPull)) {
		return e.readMade(ctx, repo, p)
	}
	key, kept := fmt.Sprintf("made/%d/%d/%s", repo.ID, p.Number, p.MergeCommit), ""
	err = e.Store.View(ctx, func(tx Tx) error { kept, err = tx.Note(key); return err })
	if err != nil {
		return made, err
	}
	if kept != "" {
		return made, json.Unmarshal([]byte(kept), &made)
	}
	if made, err = e.readMade(ctx, repo, p); err != nil || made.unsure {
		return made, err
	}
	return made, e.Store.Update(ctx, func(tx Tx) error { return note(tx, key, made) })
}

func (e *Engine) readMade(ctx context.Context, repo app.Repo, p app.Pull) (made madeBy, err error) {
	people, err := e.GitHub.PullPeople(ctx, repo, p.Number)
	if err != nil {
		return made, fmt.Errorf("reading the people of #%d: %w", p.Number, err)
	}
	if !people.Complete {
		return made, fmt.Errorf("#%d has more commits than GitHub lists", p.Number)
	}
	into := &contributors{repo: repo}
	into.person(people.Opener, p.Number, fmt.Sprintf("opened #%d", p.Number))
	brought := map[app.SHA]app.SHA{} // by pushing up to a commit: from which one, if that brought nothing but a merge that git makes by itself
	for _, c := range people.Commits {
		made.Commits, brought[c.SHA] = append(made.Commits, c.SHA), ""
		if len(c.Parents) > 1 {
			by, err := e.reproduced(ctx, repo, c)
			if by {
				brought[c.SHA] = c.Parents[0]
				continue // the Update-branch button writes nothing
			}
			made.unsure = made.unsure || err != nil
		}
		into.commit(c, p.Number, fmt.Sprintf("`%s` in #%d", c.SHA.Short(), p.Number))
	}
	err = e.collectPushers(ctx, repo, p, brought, into)
	made.People = into.all
	return made, err
}

// reproduced says whether git makes the same files of a merge by itself. If that can't be told, it may have been written by somebody.
func (e *Engine) reproduced(ctx context.Context, repo app.Repo, c github.PullCommit) (bool, error) {
	if err := e.fetch(ctx, repo, c.SHA); err != nil {
		return false, err
	}
	changes, err := e.Git.Changes(ctx, repo, c.Parents[0], c.SHA)
	return err == nil && slices.ContainsFunc(changes, func(g git.Change) bool { return g.SHA == c.SHA && g.Reproduced }), err
}

// collectPushers adds who pushed to a pull request's branch, or made it with commits of the pull request. A fork's branch is the fork's own matter:
// we can't see it. The Update-branch button pushes what git makes by itself, and that alone.
func (e *Engine) collectPushers(ctx context.Context, repo app.Repo, p app.Pull, brought map[app.SHA]app.SHA, into *contributors) error {
	if p.Fork {
		return nil
	}
	pushes, err := e.GitHub.Pushes(ctx, repo, p.HeadRef)
	if app.KindOf(err) == app.ErrNotFound {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading who pushed to #%d: %w", p.Number, err)
	}
	for _, push := range pushes {
		from, known := brought[push.After]
		updated := from != "" && from == push.Before
		if (push.Kind == "push" || push.Kind == "force_push" || push.Kind == "branch_creation" && known) && !updated {
			into.person(push.By, p.Number, fmt.Sprintf("pushed to #%d", p.Number))
		}
	}
	return nil
}

// collectDirect adds who pushed and made what came without a pull request.
func (e *Engine) collectDirect(ctx context.Context, q *inquiry, direct map[app.SHA]git.Change, into *contributors) error {
	if len(direct) == 0 {
		return nil
	}
	pushes, err := e.GitHub.Pushes(ctx, q.repo, q.repo.DefaultBranch)
	if err != nil {
		return fmt.Errorf("reading who pushed to %s: %w", q.repo.DefaultBranch, err)
	}
	for _, p := range pushes {
		if c, ok := direct[p.After]; ok && p.Kind != "pr_merge" {
			into.person(p.By, 0, "pushed `"+c.SHA.Short()+"`")
		}
	}
	made, err := e.GitHub.CommitPeople(ctx, q.repo, q.base, q.reaches())
	if err != nil {
		return fmt.Errorf("reading who made what goes out: %w", err)
	}
	listed := 0
	for _, c := range made {
		if _, ok := direct[c.SHA]; ok {
			into.commit(c, 0, "`"+c.SHA.Short()+"`")
			listed++
		}
	}
	if listed < len(direct) {
		return fmt.Errorf("%d commits went to %s without a pull request, and GitHub lists %d of them", len(direct), q.repo.DefaultBranch, listed)
	}
	return nil
}
