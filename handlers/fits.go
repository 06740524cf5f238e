package handlers

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slipway-cd/slipway/app"
)

// handled says whether slipway does anything with an event of that name.
func handled(name string) bool { return telling(name) != nil }

// telling names, for each event that is handled, the keys without which a body is none of it.
func telling(name string) []string {
	switch name {
	case "push":
		return []string{"ref", "before", "after", "repository"}
	case "pull_request":
		return []string{"action", "number", "pull_request", "repository"}
	case "issue_comment":
		return []string{"action", "comment", "issue", "repository"}
	case "pull_request_review":
		return []string{"action", "review", "pull_request", "repository"}
	case "pull_request_review_comment":
		return []string{"action", "comment", "pull_request", "repository"}
	case "commit_comment":
		return []string{"action", "comment", "repository"}
	case "check_run":
		return []string{"action", "check_run", "repository"}
	case "check_suite":
		return []string{"action", "check_suite", "repository"}
	case "merge_group":
		return []string{"action", "merge_group", "repository"}
	case "installation":
		return []string{"action", "installation"}
	case "installation_repositories":
		return []string{"action", "installation", "repositories_added", "repositories_removed"}
	case "repository":
		return []string{"action", "repository"}
	case "workflow_run":
		return []string{"action", "workflow_run", "repository"}
	case "deployment_review":
		return []string{"action", "since", "repository"}
	case "deployment_status":
		return []string{"action", "deployment", "deployment_status", "repository"}
	case "deployment_protection_rule":
		return []string{"action", "environment", "deployment_callback_url", "deployment", "repository"}
	}
	return nil
}

// isSubject knows the keys under which GitHub's events have what they are about. A body with one that its event does not have is another's:
// that a label was deleted must never be read as that its repository was.
func isSubject(key string) bool {
	switch key {
	case "alert", "answer", "blocked_by_issue", "blocked_user", "blocking_issue", "branch_protection_rule", "check_run", "check_suite",
		"client_payload", "comment", "commit", "commits", "custom_property", "definition", "deployment", "deployment_callback_url",
		"deployment_status", "discussion", "environment", "exclusion_pattern", "forkee", "head_commit", "hook", "hook_id", "invitation",
		"issue", "issue_type", "key", "label", "license", "marketplace_purchase", "member", "membership", "merge_group", "milestone",
		"new_property_values", "old_property_values", "package", "pages", "parent_issue", "personal_access_token_request", "project",
		"project_card", "project_column", "projects_v2", "projects_v2_item", "projects_v2_status_update", "pull_request", "pusher", "ref",
		"ref_type", "registry_package", "release", "repositories", "repositories_added", "repositories_removed", "repository",
		"repository_advisory", "repository_ruleset", "requested_action", "review", "rule", "ruleset", "scan", "secret_scanning_alert", "security_advisory",
		"security_and_analysis", "sha", "since", "sponsorship", "starred_at", "state", "status", "sub_issue", "target_type", "team", "thread", "user",
		"vulnerable", "workflow", "workflow_job", "workflow_job_run", "workflow_job_runs", "workflow_run":
		return true
	}
	return false
}

// also are the subjects that an event may have beside those that tell it.
func also(name string) []string {
	switch name {
	case "push":
		return []string{"commits", "head_commit", "pusher"}
	case "pull_request":
		return []string{"label", "milestone"}
	case "check_run":
		return []string{"requested_action"}
	case "installation":
		return []string{"repositories"}
	case "workflow_run":
		return []string{"workflow"} // it may be null
	case "deployment_review": // GitHub's schema lets the run be null
		return []string{"comment", "environment", "workflow_job_run", "workflow_job_runs", "workflow_run"}
	case "deployment_status": // of what no workflow has made, all of it is null
		return []string{"check_run", "workflow", "workflow_run"}
	case "deployment_protection_rule":
		return []string{"ref", "sha"}
	}
	return nil
}

// parts is an event's body, no further apart than its keys.
type parts map[string]json.RawMessage

func (p parts) has(key string) bool { return len(p[key]) > 0 && string(p[key]) != "null" }

// fits holds that a body is one of its event's.
func fits(e app.Event) (parts, error) {
	var body parts
	if err := json.Unmarshal(e.Body, &body); err != nil {
		return nil, fmt.Errorf("the body of a %s event is no JSON object: %w", e.Name, err)
	}
	own := telling(e.Name)
	for _, k := range own {
		if !body.has(k) {
			return nil, fmt.Errorf("the body does not fit the event %s: it has no %s", e.Name, k)
		}
	}
	own = append(own, also(e.Name)...)
	foreign := slices.DeleteFunc(slices.Sorted(maps.Keys(body)), func(k string) bool {
		return !body.has(k) || slices.Contains(own, k) || !isSubject(k)
	})
	if len(foreign) > 0 {
		return nil, fmt.Errorf("the body does not fit the event %s: it has %s", e.Name, strings.Join(foreign, ", "))
	}
	return body, nil
}
