package main

import (
	"context"
	"fmt"
	"strings"
)

// partnersFile is what the sixth act adds to the repository's file, and partnersWorkflow what deploys there.
const (
	partnersFile = `      partners:                 # GitHub's reviewers of the environment decide, and GitHub Actions deploys
        policy: delivery
        approve: github
        deploy: { actions: partners.yml }
        verify: { http: "http://127.0.0.1:PARTNERS_PORT/healthz", every: 100ms, failures: 3, starts_within: 2s, bake: 1s }
        url: "http://127.0.0.1:PARTNERS_PORT/"
`
	partnersWorkflow = `name: Partners
run-name: payments for partners at ${{ inputs.sha }} (${{ inputs.slipway }})
on:
  workflow_dispatch:
    inputs:
      sha: { required: true }
      slipway: { required: true }
jobs:
  deploy:
    runs-on: ubuntu-latest
    environment: payments/partners
    steps:
      - uses: actions/checkout@v4
      - run: |
          SETTINGS go build -ldflags "-X example.com/shop/server.Version=${{ inputs.sha }}" -o TARGET/payments ./payments
      - run: |
          cd TARGET
          nohup ./payments PARTNERS_PORT >service.log 2>&1 &
          echo $! >pid
`
)

// environmentReview adds an environment whose deployments GitHub's own reviewers let go. Its first release asks a maintainer first, then GitHub.
func (s *story) environmentReview(ctx context.Context) (string, error) {
	if err := s.repo.SetEnvironment("payments/partners", 0, reviewer); err != nil {
		return "", fmt.Errorf("making the environment: %w", err)
	}
	s.say("payments/partners is an environment on GitHub, with @%s as its required reviewer", reviewer)
	fill := strings.NewReplacer("PARTNERS_PORT", s.ports["partners"], "TARGET", s.running("partners"), "SETTINGS", strings.ReplaceAll(s.goEnv, ",", " "))
	pull, sha, err := s.merged(ctx, "partners", "Payments for partners", "success", map[string]string{
		".github/slipway.yml": s.files[".github/slipway.yml"] + fill.Replace(partnersFile), ".github/workflows/partners.yml": fill.Replace(partnersWorkflow),
	})
	if err != nil {
		return "", err
	}
	const promotion = "promote: payments → partners"
	if err := s.titled(ctx, sha, promotion, "pproval"); err != nil {
		return "", err
	}
	if err := s.comment(pull, maintainer, "/approve payments partners "+short(sha)); err != nil {
		return "", err
	}
	if err := s.titled(ctx, sha, promotion, "GitHub's review"); err != nil {
		return "", err
	}
	run, err := s.waitingRun(ctx)
	if err != nil {
		return "", err
	}
	if now, err := s.version(ctx, "partners"); err == nil {
		return "", fmt.Errorf("partners answers as %q before anybody has reviewed it", short(now))
	}
	s.say("slipway has dispatched the workflow, and GitHub stops it: nothing runs yet")
	s.say("@%s approves it on the run's page", reviewer)
	if err := s.repo.Review(reviewer, run, true, "payments/partners", "Go"); err != nil {
		return "", fmt.Errorf("reviewing the run: %w", err)
	}
	if _, err := s.concludes(ctx, sha, promotion, "success"); err != nil {
		return "", err
	}
	if now, err := s.version(ctx, "partners"); err != nil || now != sha {
		return "", fmt.Errorf("partners answers as %q (%v)", short(now), err)
	}
	if _, err := s.answered(ctx, pull.Number(), reviewer+" in GitHub's review"); err != nil {
		return "", err
	}
	return fmt.Sprintf("a maintainer, then @%s on GitHub, let %s go; it is live there", reviewer, short(sha)), nil
}

// waitingRun is the number of the workflow's run that waits for a review, as GitHub's API tells it.
func (w *world) waitingRun(ctx context.Context) (id int64, err error) {
	err = until(ctx, "a run that waits for a review", func(ctx context.Context) (bool, string, error) {
		var list struct {
			Runs []struct {
				ID     int64
				Status string
			} `json:"workflow_runs"`
		}
		if err := w.get(ctx, "actions/runs?status=waiting", &list); err != nil || len(list.Runs) == 0 {
			return false, "", err
		}
		id = list.Runs[0].ID
		return true, "", nil
	})
	return id, err
}
