package standin

import (
	"cmp"
	"context"
	"os"
	"slices"
	"strings"
	"time"
)

// job is one job of one attempt of a run. Its status is empty while it needs others.
type job struct {
	run                *workflowRun
	file               jobFile // with its expressions replaced
	id                 int64   // that of its check run, as on GitHub
	status, conclusion string
	check              *checkRun
	steps              []jobStep
	gate               *gate // of its environment, if it has one
	deployment         *deployment
	started            bool // a goroutine is about to run it
	kill               context.CancelFunc
	output             string
	outputFile         string // while it runs
	created            time.Time
	begun, completed   time.Time
}

// jobStep is how a step stands.
type jobStep struct {
	name, status, conclusion string
	begun, completed         time.Time
}

// WorkflowJob is a copy of a job.
type WorkflowJob struct {
	ID          int64
	Name        string
	Status      string
	Conclusion  string
	Environment string
	Reviewers   []string // who has to review it now: logins, or org/team
	AwaitsApp   bool     // the App's rule has to let it go
	Reports     []string // what the App said of how far it is
	Decision    string   // what the App said when it decided
	Output      string   // what its steps printed, so far
}

func (j *job) public() WorkflowJob {
	out := WorkflowJob{
		ID: j.id, Name: j.file.name, Status: j.status, Conclusion: j.conclusion, Environment: j.file.environment, Output: j.output,
	}
	if j.unreviewed() {
		out.Reviewers = slices.Clone(j.gate.reviewers)
	}
	if j.gate != nil {
		out.AwaitsApp, out.Reports, out.Decision = j.unruled(), slices.Clone(j.gate.reports), j.gate.decision
	}
	if j.outputFile != "" {
		text, _ := os.ReadFile(j.outputFile) // gone only if its disk is
		out.Output = string(text)
	}
	return out
}

// move takes a job one step on, if it can go on without waiting for anything.
func (j *job) move() bool {
	switch {
	case j.run.cancelled && j.status == "":
		j.complete("skipped")
	case j.run.cancelled && (j.status == "queued" || j.status == "waiting"):
		j.complete("cancelled")
	case j.status == "":
		return j.moveNew()
	case j.status == "waiting":
		return j.moveWaiting()
	case j.status == "queued" && !j.started:
		j.started = true
		j.run.repo.server.spawn(j.execute)
		return false
	default:
		return false
	}
	return true
}

// moveNew makes the job appear once all that it needs has succeeded.
func (j *job) moveNew() bool {
	for _, other := range j.run.jobs {
		if !slices.Contains(j.file.needs, other.file.id) {
			continue
		}
		switch {
		case other.status != "completed":
			return false
		case other.conclusion != "success":
			j.appear()
			j.complete("skipped")
			return true
		}
	}
	j.appear()
	j.check.announce("created", j.run.repo.server.actionsApp().bot, nil)
	if j.file.environment != "" {
		j.enter()
	}
	if j.status == "queued" {
		j.queued()
	}
	return true
}

// queued tells that nothing but a runner is missing.
func (j *job) queued() {
	j.status, j.check.status = "queued", "queued"
	j.emit("queued")
	j.report("queued")
}

// appear gives the job a check run, and with it a number.
func (j *job) appear() {
	r := j.run.repo
	j.check = r.newRun(r.server.actionsApp(), j.run.trigger.sha, j.file.name)
	j.id, j.status, j.created = j.check.id, "queued", r.server.now()
	j.check.externalID, j.check.detailsURL = guid(), j.htmlURL()
	for _, step := range j.file.steps {
		j.steps = append(j.steps, jobStep{name: step.title(), status: "queued"})
	}
}

// title is how GitHub calls a step without a name.
func (step stepFile) title() string {
	line, _, _ := strings.Cut(strings.TrimSpace(step.Run), "\n")
	return cmp.Or(step.Name, "Run "+cmp.Or(step.Uses, line))
}

// begin marks the job as running.
func (j *job) begin() {
	j.status, j.begun = "in_progress", j.run.repo.server.now()
	j.check.status, j.check.started = "in_progress", j.begun
	j.check.finished(j.run.repo.server.actionsApp().bot, "queued")
	j.run.settle()
	j.emit("in_progress")
	j.report("in_progress")
}

// complete ends the job. What is left of its steps is not run.
func (j *job) complete(conclusion string) {
	if j.check == nil {
		j.appear()
	}
	s := j.run.repo.server
	before := j.check.status
	j.status, j.conclusion, j.completed = "completed", conclusion, s.now()
	if j.begun.IsZero() {
		j.steps = nil
	}
	j.check.status, j.check.conclusion, j.check.completed = "completed", conclusion, j.completed
	j.check.finished(s.actionsApp().bot, before)
	j.emit("completed")
	switch conclusion {
	case "success", "failure":
		j.report(conclusion)
	default:
		j.report("error")
	}
}

// actionsApp is GitHub Actions, which is an App like others.
func (s *Server) actionsApp() *appInfo {
	a := s.foreignApp("github-actions", 15368)
	a.name = "GitHub Actions"
	return a
}
