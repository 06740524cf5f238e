package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/policies"
)

// scenery is what was stored when somebody said something: the pull request, the lanes, the runs.
type scenery struct {
	word
	pull      app.Pull
	heads     []Head  // that it has had
	given     []ahead // what was approved of it before its merge
	merged    bool    // its commit is known on the default branch
	lanes     []deploy.Lane
	runs      []checks.Run
	judges    bool // what is asked for is about gates, so that facts are gathered of what waits
	overrides bool // and of what was denied
	lines     []policies.Line
}

// means says whether what was said may be about a commit: it is the pull request's, the one that the words stand on, or named. Of what else waits no
// facts are gathered: there may be hundreds.
func (q *scenery) means(c app.SHA) bool {
	named := func(l policies.Line) bool {
		return l.Command.Commit != "" && strings.HasPrefix(string(c), l.Command.Commit)
	}
	return c == q.pull.Head || c == q.pull.MergeCommit || c == q.commit || slices.ContainsFunc(q.lines, named)
}

// see reads the scenery at one moment.
func (e *Engine) see(ctx context.Context, q *scenery) error {
	return e.Store.View(ctx, func(tx Tx) (err error) {
		if q.lanes, err = tx.Lanes(q.repo.ID); err != nil {
			return err
		}
		commits := []app.SHA{q.commit}
		if q.door == app.DoorCommitComment {
			if q.word.pull, err = pullAt(tx, q.repo.ID, q.commit); err != nil {
				return err
			}
		}
		if q.word.pull != 0 {
			if err := q.seePull(tx); err != nil {
				return err
			}
			commits = append(commits, q.pull.Head, q.pull.MergeCommit)
		}
		named, err := namedCommits(tx, q.repo.ID, q.body)
		if err != nil {
			return err
		}
		for _, c := range append(commits, named...) {
			run, err := runOf(tx, q.repo.ID, c)
			if err != nil {
				return err
			}
			if run != nil && !slices.ContainsFunc(q.runs, func(r checks.Run) bool { return r.Commit == c }) {
				q.runs = append(q.runs, *run)
			}
		}
		return nil
	})
}

// seePull reads the pull request.
func (q *scenery) seePull(tx Tx) (err error) {
	if q.pull, err = tx.Pull(q.repo.ID, q.word.pull); ignoreMissing(err) != nil {
		return err
	}
	q.pull.Number = q.word.pull
	if q.heads, err = tx.Heads(q.repo.ID, q.word.pull); err != nil {
		return err
	}
	if q.given, err = loadAhead(tx, q.repo.ID, q.word.pull); err != nil {
		return err
	}
	place, err := tx.Place(q.repo.ID, q.pull.MergeCommit)
	q.merged = place != 0
	return err
}

// givenAhead is what was approved of the pull request before its merge, as commands see it.
func (q *scenery) givenAhead() (all []policies.GivenAhead) {
	for _, g := range q.given {
		all = append(all, policies.GivenAhead{Service: g.Service, Environment: g.Environment, Commit: g.Pin.Commit, By: g.By})
	}
	return all
}

// pullAt is the pull request that became a commit, or whose head it is; 0 if there is none.
func pullAt(tx Tx, repo app.RepoID, c app.SHA) (int, error) {
	pulls, err := tx.PullsOf(repo, c)
	if err != nil || len(pulls) > 0 {
		return number(pulls), err
	}
	open, err := tx.OpenPulls(repo)
	return number(slices.DeleteFunc(open, func(p app.Pull) bool { return p.Head != c })), err
}

func number(pulls []app.Pull) int {
	if len(pulls) == 0 {
		return 0
	}
	return pulls[0].Number
}

// namedCommits is the commits of the default branch that a comment names by at least twelve digits.
func namedCommits(tx Tx, repo app.RepoID, body string) ([]app.SHA, error) {
	var found []app.SHA
	for _, w := range strings.Fields(body) {
		if len(w) < app.ShortLen || len(w) > 40 || !app.IsHex(w) || len(found) > 20 {
			continue
		}
		commits, err := tx.Find(repo, w)
		if err != nil {
			return nil, err
		}
		for _, c := range commits {
			found = append(found, c.SHA)
		}
	}
	return found, nil
}

func (q *scenery) hasRun() bool {
	return slices.ContainsFunc(q.runs, func(r checks.Run) bool { return r.Planned && !r.Plan.NoFile })
}

func (q *scenery) names() policies.Names {
	var n policies.Names
	for _, l := range q.lanes {
		if l.Service != "" && !slices.Contains(n.Services, l.Service) {
			n.Services = append(n.Services, l.Service)
		}
		if !slices.Contains(n.Environments, l.Environment) {
			n.Environments = append(n.Environments, l.Environment)
		}
	}
	return n
}

func (q *scenery) pullView() policies.PullView {
	p := q.pull
	if p.Number == 0 {
		return policies.PullView{}
	}
	v := policies.PullView{
		Number: p.Number, Title: p.Title, Open: p.Open, Head: p.Head, MergedAt: p.MergedAt,
		Elsewhere: p.Base != "" && p.Base != q.repo.DefaultBranch,
	}
	for _, h := range q.heads {
		v.Heads = append(v.Heads, h.Commit)
	}
	if q.merged {
		v.Commit = p.MergeCommit
	}
	head, known := q.headRun()
	v.Unread = p.Open && (!known || head.State == checks.Open && !head.Planned)
	return v
}

// headRun is the run of the pull request's head.
func (q *scenery) headRun() (checks.Run, bool) {
	i := slices.IndexFunc(q.runs, func(r checks.Run) bool { return r.Commit == q.pull.Head })
	if i < 0 {
		return checks.Run{}, false
	}
	return q.runs[i], true
}

// brings says whether the pull request, as it is now, would bring something into a lane, or has by its merge.
func (q *scenery) brings(l deploy.Lane) bool {
	r, known := q.headRun()
	return known && q.pull.Number != 0 && q.pull.Base == q.repo.DefaultBranch && concerns(r, l)
}

// concerns says whether a run's commit changes what goes into a lane.
func concerns(r checks.Run, l deploy.Lane) bool {
	return r.Planned && !l.Closed && slices.ContainsFunc(r.Plan.Services, func(s checks.Service) bool {
		return s.Name == l.Service && !s.Broken && slices.Contains(s.Environments, l.Environment)
	})
}

func (q *scenery) runViews() []policies.RunView {
	var views []policies.RunView
	for _, r := range q.runs {
		views = append(views, policies.RunView{
			Commit: r.Commit, State: runState(r), Green: r.State == checks.Green, Broken: broken(r),
			Retryable: r.State.Ended(), Cancelable: r.State == checks.Open,
		})
	}
	return views
}

// runState is a run's state as people read it.
func runState(r checks.Run) string {
	if r.State == checks.Open {
		return "running"
	}
	return strings.ReplaceAll(string(r.State), "_", " ")
}

// broken says that a run is red because of its file alone.
func broken(r checks.Run) bool {
	bad := func(c checks.Check) bool { return c.State.Ended() && c.State != checks.Passed }
	return r.State == checks.Red && len(r.Plan.Problems) > 0 && r.Plan.Shared.From == "" && !slices.ContainsFunc(r.Checks, bad)
}

// laneViews is all lanes as commands see them. The facts of promotions are gathered only where they are judged.
func (e *Engine) laneViews(ctx context.Context, q *scenery) (all []policies.LaneView, err error) {
	for _, l := range q.lanes {
		view, err := e.laneView(ctx, q, l)
		if err != nil {
			return nil, err
		}
		if q.pull.Open && q.brings(l) {
			p, err := e.aheadView(ctx, q, l)
			if err != nil {
				return nil, err
			}
			view.Promotions, view.Offers = append(view.Promotions, p), q.offered()
		}
		all = append(all, view)
	}
	return all, nil
}

// aheadView is what the pull request would bring into a lane.
func (e *Engine) aheadView(ctx context.Context, q *scenery, l deploy.Lane) (p policies.PromotionView, err error) {
	p = policies.PromotionView{Commit: app.Commit{SHA: q.pull.Head}, State: policies.Ahead, Pull: q.pull.Number}
	if q.judges {
		ask := inquiryAhead(q.repo, l, q.pull)
		err = e.inquire(ctx, ask)
		p.Facts = ask.facts
	}
	return p, err
}

// offered is the heads of an open pull request, as what its comment offered.
func (q *scenery) offered() (all []policies.Offer) {
	for _, h := range q.heads {
		all = append(all, policies.Offer{Commit: h.Commit, From: h.Since})
	}
	return all
}

// laneView is a lane as commands see it.
func (e *Engine) laneView(ctx context.Context, q *scenery, l deploy.Lane) (policies.LaneView, error) {
	busy, isBusy := l.Busy()
	back, _ := l.WayBack(l.Last.SHA)
	v := policies.LaneView{
		Service: l.Service, Environment: l.Environment, Live: l.Live.SHA, WayBack: back.Commit.SHA,
		Newest: l.NewestStarted(), Unclear: l.Live.SHA == "" && l.Newest != 0, Closed: l.Closed, Overrides: l.Overridden,
	}
	if l.Hold.Key != 0 {
		v.Hold = &policies.HoldView{Key: l.Hold.Key, By: l.Hold.By, Because: l.Hold.Because, Undoes: l.Hold.Undoes, Since: l.Hold.Since,
			Until: l.Hold.Until}
	}
	gate, read := policies.Gate{}, false
	for _, p := range l.Promotions {
		if current, _ := l.Promotion(p.Commit.SHA); current.Attempt != p.Attempt {
			continue
		}
		view := promotionView(l, p)
		pull, err := e.pullOfCommit(ctx, q.repo, p.Commit.SHA)
		if err == nil && pull != nil {
			view.Pull = pull.Number
		}
		if view.Pull != 0 && view.Pull == q.word.pull && p.State.Waits() {
			v.Offers = append(v.Offers, policies.Offer{Commit: p.Commit.SHA, From: p.Arrived})
		}
		judged := p.State.Waits() || isBusy && busy.Attempt == p.Attempt || q.overrides && p.State == deploy.Denied
		switch {
		case !judged || !q.judges:
		case q.means(p.Commit.SHA):
			if view.Facts, err = e.factsOf(ctx, q.repo, l, p); err != nil {
				return v, err
			}
		case !read:
			if gate, err = e.gateNow(ctx, q.repo, l); err != nil {
				return v, err
			}
			read = true
			fallthrough
		default:
			view.Facts.Gate = gate // whom it names may ask
		}
		v.Promotions = append(v.Promotions, view)
	}
	return v, nil
}

// says whether any of these lines says one of these verbs.
func says(lines []policies.Line, verbs ...app.Verb) bool {
	return slices.ContainsFunc(lines, func(l policies.Line) bool { return slices.Contains(verbs, l.Command.Verb) })
}

// factsOf is the facts of a promotion as they are now.
func (e *Engine) factsOf(ctx context.Context, repo app.Repo, l deploy.Lane, p deploy.Promotion) (policies.Facts, error) {
	q := &inquiry{repo: repo, lane: l, ask: deploy.Gather{Key: p.Key, Commit: p.Commit, Artifact: p.Artifact, Approvals: p.Approvals, Overrides: p.Overrides, Ask: p.Ask()}}
	err := e.inquire(ctx, q)
	return q.facts, err
}

// inquiryAhead is a question about what a pull request would bring into a lane if it was merged now.
func inquiryAhead(repo app.Repo, l deploy.Lane, p app.Pull) *inquiry {
	return &inquiry{repo: repo, lane: l, ahead: &p, base: judging(l), ask: deploy.Gather{Commit: app.Commit{SHA: p.Head}}}
}

// approvers is who may approve a promotion, as far as GitHub tells.
func (e *Engine) approvers(ctx context.Context, repo app.Repo, l deploy.Lane, p deploy.Promotion) ([]string, error) {
	facts, err := e.factsOf(ctx, repo, l, p)
	if err != nil {
		return nil, err
	}
	return policies.Approvers(facts), nil
}

func promotionView(l deploy.Lane, p deploy.Promotion) policies.PromotionView {
	offers := l.Offers(p)
	v := policies.PromotionView{
		Commit: p.Commit, State: viewed(p.State), Attempt: p.Attempt, Question: p.Key, Arrived: p.Arrived, Started: p.Began, Since: p.Since,
		Retryable: slices.Contains(offers, app.VerbRetry), Cancelable: slices.Contains(offers, app.VerbCancel),
		Rollbackable: slices.Contains(offers, app.VerbRollback), SupersededBy: p.By.SHA, Decision: p.Decision,
		Back: p.To, Gone: p.Gone, Review: p.State == deploy.Reviewing && p.Then == deploy.Absent,
	}
	if p.State == deploy.Attention || p.State == deploy.Retrying {
		v.Was = viewed(p.Was)
	}
	if back, ok := l.WayBack(p.Commit.SHA); ok && p.State == deploy.Deploying && p.Back != "" {
		v.Back = back.Commit.SHA
	}
	if started, ok := l.Started(p.Commit.SHA); ok {
		v.HoldsAfter = started.Release.HoldAfter
	}
	return v
}

// viewed is a promotion's state as commands see it.
func viewed(s deploy.State) policies.PromotionState {
	switch s {
	case deploy.Gating, deploy.Held, deploy.Reviewing:
		return policies.Waiting
	case deploy.Deploying:
		return policies.Deploying
	case deploy.Verifying:
		return policies.Verifying
	case deploy.RollingBack:
		return policies.RollingBack
	case deploy.Attention, deploy.Retrying:
		return policies.Attention
	case deploy.Live:
		return policies.EndedLive
	case deploy.RolledBack:
		return policies.RolledBack
	case deploy.Failed:
		return policies.Failed
	case deploy.Denied:
		return policies.Denied
	case deploy.Canceled:
		return policies.Canceled
	case deploy.Superseded:
		return policies.Superseded
	}
	return ""
}
