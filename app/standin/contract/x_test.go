package contract

import (
	"encoding/json"
	"testing"
)

var examplesOf = map[string]int{
	"push": 7, "pull_request": 29, "issue_comment": 9, "check_run": 9, "check_suite": 9, "status": 4, "merge_group": 2, "installation": 7,
	"installation_repositories": 3, "ping": 4, "repository": 13, "deployment": 4, "deployment_status": 4, "pull_request_review": 4,
	"commit_comment": 5, "deployment_review": 1, "workflow_run": 5, "workflow_job": 8, "deployment_protection_rule": 0,
}
var breaksItsSchema = map[string]string{}

func actionOf(t *testing.T, body []byte) string {
	var h struct {
		Action string `json:"action"`
	}
	json.Unmarshal(body, &h)
	return h.Action
}
