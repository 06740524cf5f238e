package standin

import (
	"slices"
	"strings"
	"time"
)

// gate is what holds a job back before its environment: the environment's protections, as they were when the job came.
type gate struct {
	environment *environment
	reviewers   []string
	waitMinutes int
	rule        bool // the App's custom rule
	since       time.Time
	approved    bool     // by a reviewer
	passed      bool     // by the App
	refused     bool     // by either
	decision    string   // what the App said when it decided
	reports     []string // what the App said of how far it is
}

// patience is how long a job waits for its environment before it fails.
const patience = 30 * 24 * time.Hour

// holds says what the job still waits for.
func (g *gate) holds(now time.Time) bool {
	return g.rule && !g.passed || len(g.reviewers) > 0 && !g.approved || now.Before(g.timerEnds())
}

func (g *gate) timerEnds() time.Time { return g.since.Add(time.Duration(g.waitMinutes) * time.Minute) }

// unreviewed says whether a job waits for a reviewer.
func (j *job) unreviewed() bool {
	return j.status == "waiting" && len(j.gate.reviewers) > 0 && !j.gate.approved
}

// unruled says whether a job waits for the App.
func (j *job) unruled() bool { return j.status == "waiting" && j.gate.rule && !j.gate.passed }

// enter brings a job to its environment: it makes the deployment, and waits there if the environment is protected.
func (j *job) enter() {
	r := j.run.repo
	e := r.ensureEnvironment(j.file.environment)
	j.gate = &gate{environment: e, reviewers: slices.Clone(e.reviewers), waitMinutes: e.waitMinutes, rule: e.ruled, since: r.server.now()}
	j.deploy()
	if !j.gate.holds(r.server.now()) {
		return
	}
	j.status, j.check.status = "waiting", "waiting"
	j.report("waiting")
	j.emit("waiting")
	j.run.settle()
	if len(e.reviewers) > 0 {
		j.emitReviewRequested()
	}
	if e.ruled {
		j.emitRuleRequested()
	}
	j.wakeAt(j.gate.timerEnds())
	j.wakeAt(j.gate.since.Add(patience))
}

// moveWaiting lets a job go on when its environment has let it, or nobody has for too long.
func (j *job) moveWaiting() bool {
	now := j.run.repo.server.now()
	switch {
	case j.gate.refused, !now.Before(j.gate.since.Add(patience)):
		j.complete("failure")
	case j.gate.holds(now):
		return false
	default:
		j.queued()
	}
	return true
}

// wakeAt looks at the run again at a time.
func (j *job) wakeAt(at time.Time) {
	s, over := j.run.repo.server, j.run.over
	if s.closed || !at.After(s.now()) {
		return
	}
	fired, stop := s.opts.Clock.Timer(at)
	s.spawn(func() {
		defer stop()
		select {
		case <-fired:
			s.mu.Lock()
			defer s.mu.Unlock()
			j.run.advance()
		case <-over:
		case <-s.ctx.Done():
		}
	})
}

// pending lists the environments at which jobs of a run wait, each with the first of them.
func (run *workflowRun) pending() []*job {
	var first []*job
	for _, j := range run.jobs {
		same := func(other *job) bool { return strings.EqualFold(other.gate.environment.name, j.gate.environment.name) }
		if j.status == "waiting" && !slices.ContainsFunc(first, same) {
			first = append(first, j)
		}
	}
	return first
}
