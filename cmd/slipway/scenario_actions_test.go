package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-cd/slipway/app/standin"
)

// What scenarios say of GitHub Actions.

// environment NAME [LOGIN …]: with its required reviewers
func (s *scene) environment(w []string) error { return s.repo.SetEnvironment(w[0], 0, w[1:]...) }

// review LOGIN ENVIRONMENT approve|reject [COMMENT]: the newest run that waits
func (s *scene) review(w []string) error {
	var waiting standin.WorkflowRun
	err := s.await(func() (bool, string, error) {
		all := s.repo.WorkflowRuns()
		i := slices.IndexFunc(all, func(r standin.WorkflowRun) bool { return r.Status == "waiting" })
		if i < 0 {
			return false, runsOf(all), nil
		}
		waiting = all[i]
		return true, "", nil
	})
	if err != nil {
		return err
	}
	return s.repo.Review(w[0], waiting.ID, w[2] == "approve", w[1], strings.Join(w[3:], " "))
}

// runs OUTCOMES: how all runs of workflows stand, oldest first, such as "success, cancelled, waiting"
func (s *scene) isRuns(w []string) (bool, string, error) {
	is := runsOf(s.repo.WorkflowRuns())
	return is == w[0], is, nil
}

func runsOf(all []standin.WorkflowRun) string {
	var words []string
	for _, r := range all {
		words = append(words, cmp.Or(r.Conclusion, r.Status))
	}
	return strings.Join(words, ", ")
}

// cancel LOGIN N: the nth run of a workflow, on GitHub's page
func (s *scene) cancelRun(w []string) error {
	var n int
	if _, err := fmt.Sscan(w[1], &n); err != nil {
		return err
	}
	return s.repo.CancelRun(w[0], s.repo.WorkflowRuns()[n-1].ID)
}

// again LOGIN N [failed]: the nth run of a workflow, or only its jobs that failed, is started again on GitHub's page
func (s *scene) again(w []string) error {
	var n int
	if _, err := fmt.Sscan(w[1], &n); err != nil {
		return err
	}
	if len(w) > 2 {
		return s.repo.RerunFailed(w[0], s.repo.WorkflowRuns()[n-1].ID)
	}
	return s.repo.Rerun(w[0], s.repo.WorkflowRuns()[n-1].ID)
}

// protect ENVIRONMENT: by our App's custom rule
func (s *scene) protect(w []string) error { return s.repo.SetProtectionRule(w[0], true) }

// dispatch LOGIN FILE SHA, or LOGIN FILE other on BRANCH: a workflow, by hand
func (s *scene) dispatch(w []string) error {
	if branch := behind(w, "on"); branch != "" {
		_, err := s.repo.Dispatch(w[0], w[1], branch, nil)
		return err
	}
	sha, err := s.sha(w[2])
	if err != nil {
		return err
	}
	_, err = s.repo.Dispatch(w[0], w[1], "main", map[string]string{"sha": sha, "slipway": "by hand"})
	return err
}

// report N PART: what our App has said of the nth run of a workflow
func (s *scene) isReported(w []string) (bool, string, error) {
	var all []string
	var n int
	if _, err := fmt.Sscan(w[0], &n); err != nil {
		return false, "", err
	}
	if runs := s.repo.WorkflowRuns(); len(runs) >= n {
		for _, j := range runs[n-1].Jobs {
			all = append(all, j.Reports...)
			all = append(all, j.Decision)
		}
	}
	text := strings.Join(all, "\n")
	return strings.Contains(text, w[1]), text, nil
}
