package engine

import "github.com/slipway-cd/slipway/app"

// What GitHub tells of deployments by GitHub Actions.

// workflowRan notes the repository. Nobody waits for a run of GitHub Actions yet, so there is nobody to pass it on to.
func (e *Engine) workflowRan(tx Tx, m app.WorkflowRan) error { return tx.SaveRepo(m.Repo, true) }

// protectionAsked notes the repository. Nothing answers for an environment yet: GitHub goes on waiting.
func (e *Engine) protectionAsked(tx Tx, m app.ProtectionAsked) error {
	return tx.SaveRepo(m.Repo, true)
}
