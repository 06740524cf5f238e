package standin

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (c *call) workflowRun() (*workflowRun, error) {
	id, _ := strconv.ParseInt(c.vars["run"], 10, 64)
	run := c.repo.workflowRun(id)
	if run == nil {
		return nil, notFound()
	}
	return run, nil
}

func getWorkflowRun(c *call) (*answer, error) {
	run, err := c.workflowRun()
	if err != nil {
		return nil, err
	}
	return ok(run.json()), nil
}

func listRepoRuns(c *call) (*answer, error) { return c.workflowRuns(nil) }

func listWorkflowRuns(c *call) (*answer, error) {
	w, err := c.workflow()
	if err != nil {
		return nil, err
	}
	return c.workflowRuns(w)
}

// workflowRuns lists runs, of one workflow or of all, newest first.
func (c *call) workflowRuns(of *workflow) (*answer, error) {
	created, err := parseSpan(c.query("created"))
	if err != nil {
		return nil, invalid("%s", err)
	}
	var all []any
	for _, run := range slices.Backward(c.repo.workflowRuns) {
		if (of == nil || run.workflow == of) && c.wants(run) && created.has(run.created) && !c.s.lag.hides(run.id) {
			all = append(all, run.json())
		}
	}
	return c.listIn("workflow_runs", all, nil)
}

// wants says whether a run passes the filters of a request. A status may be a conclusion too.
func (c *call) wants(run *workflowRun) bool {
	for parameter, values := range map[string][]string{
		"actor": {run.trigger.actor.login}, "branch": {run.trigger.refName()}, "event": {run.trigger.event},
		"status": {run.status, run.conclusion}, "head_sha": {run.trigger.sha}, "check_suite_id": {strconv.FormatInt(run.suite.id, 10)},
	} {
		if asked := c.query(parameter); asked != "" && !slices.Contains(values, asked) {
			return false
		}
	}
	return true
}

// span is a range of times, both ends within it. A zero end is open.
type span struct{ from, to time.Time }

func (s span) has(at time.Time) bool {
	return (s.from.IsZero() || !at.Before(s.from)) && (s.to.IsZero() || !at.After(s.to))
}

// parseSpan reads a range as GitHub's search writes it: a day, >=, >, <= or < before a time, or two with .. between them.
func parseSpan(text string) (span, error) {
	if text == "" {
		return span{}, nil
	}
	if from, to, isRange := strings.Cut(text, ".."); isRange {
		first, err := parseSpan(">=" + from)
		if from == "*" {
			first, err = span{}, nil
		}
		last, also := parseSpan("<=" + to)
		if to == "*" {
			last, also = span{}, nil
		}
		if err == nil {
			err = also
		}
		return span{first.from, last.to}, err
	}
	sign := text[:len(text)-len(strings.TrimLeft(text, "<>="))]
	first, last, err := parseMoment(text[len(sign):])
	switch {
	case err != nil:
		return span{}, fmt.Errorf("created: %w", err)
	case sign == ">":
		return span{from: last.Add(time.Second)}, nil
	case sign == ">=":
		return span{from: first}, nil
	case sign == "<":
		return span{to: first.Add(-time.Second)}, nil
	case sign == "<=":
		return span{to: last}, nil
	case sign == "":
		return span{first, last}, nil
	}
	return span{}, fmt.Errorf("created: %q is no range", text)
}

// parseMoment reads a time, or a day as its first and its last second.
func parseMoment(text string) (first, last time.Time, err error) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day, day.Add(24*time.Hour - time.Second), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	return at, at, err
}

// listJobs lists the jobs of the latest attempt. Earlier ones are not kept.
func listJobs(c *call) (*answer, error) {
	run, err := c.workflowRun()
	if err != nil {
		return nil, err
	}
	if filter := c.query("filter"); filter != "" && filter != "latest" && filter != "all" {
		return nil, invalid("%q is not a member of [\"latest\", \"all\"].", filter)
	}
	var all []any
	for _, j := range run.listed() {
		all = append(all, j.json())
	}
	return c.listIn("jobs", all, nil)
}

func cancelWorkflowRun(c *call) (*answer, error) {
	run, err := c.workflowRun()
	if err == nil {
		err = run.cancel()
	}
	if err != nil {
		return nil, err
	}
	return &answer{status: http.StatusAccepted, body: object{}}, nil
}

func rerunWorkflowRun(c *call) (*answer, error) { return c.rerun(false) }

func rerunFailedJobs(c *call) (*answer, error) { return c.rerun(true) }

func (c *call) rerun(failedOnly bool) (*answer, error) {
	run, err := c.workflowRun()
	if err == nil {
		err = run.rerun(c.actor(), failedOnly)
	}
	if err != nil {
		return nil, err
	}
	return created(object{}), nil
}
