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
