package contract

import (
	"fmt"
	"strings"
	"testing"
)

// Every schema in the data compiles, so that no test meets a broken one for the first time.
func TestEverySchemaCompiles(t *testing.T) {
	t.Parallel()
	d, err := load()
	if err != nil {
		t.Fatal(err)
	}
	if len(d.routes) < 90 {
		t.Errorf("%d paths, want at least 90", len(d.routes))
	}
	for _, r := range d.routes {
		for method, o := range r.operations {
			if err := compileAll(d.schemas, o); err != nil {
				t.Errorf("%s %s: %v", method, r.template, err)
			}
		}
	}
	for name := range d.schemas.webhooks {
		if !strings.Contains(name, "$") {
			continue // a part, compiled with the events that refer to it
		}
		if _, _, err := d.schemas.webhook(name); err != nil {
			t.Errorf("webhook %s: %v", name, err)
		}
	}
}

func compileAll(l *library, o operation) error {
	for _, p := range o.Parameters {
		if p.Schema == nil {
			return fmt.Errorf("parameter %s has no schema", p.Name)
		}
		if _, err := l.component(request, o.ID+"/"+p.In+"/"+p.Name, p.Schema); err != nil {
			return err
		}
	}
	if o.Body != nil {
		if _, err := l.component(request, o.ID+"/body", o.Body.schema()); err != nil {
			return err
		}
	}
	for status, c := range o.Responses {
		if schema := c.schema(); schema != nil {
			if _, err := l.component(response, o.ID+"/"+status, schema); err != nil {
				return err
			}
		}
	}
	return nil
}

// The examples that GitHub gives of each event.
var examplesOf = map[string]int{
	"check_run": 9, "check_suite": 9, "commit_comment": 5, "deployment": 4, "deployment_protection_rule": 0, "deployment_review": 1,
	"deployment_status": 4, "installation": 7, "installation_repositories": 3, "issue_comment": 9, "merge_group": 2, "ping": 4,
	"pull_request": 29, "pull_request_review": 4, "pull_request_review_comment": 5, "push": 7, "repository": 13, "status": 4,
	"workflow_job": 8, "workflow_run": 5,
}

// GitHub's own examples that break their schema. The first of most events is the one of GitHub's documentation, written before
// some properties came; two were sent with times in a form that is not RFC 3339's.
var breaksItsSchema = map[string]string{
	"check_run[0]": "missing", "check_suite[0]": "missing", "commit_comment[0]": "missing", "deployment[0]": "missing",
	"deployment_status[0]": "missing", "installation[0]": "missing", "installation_repositories[0]": "missing",
	"issue_comment[0]": "missing", "merge_group[0]": "missing", "ping[0]": "missing", "pull_request[0]": "missing",
	"pull_request_review[0]": "missing", "pull_request_review_comment[0]": "missing", "push[0]": "missing",
	"repository[0]": "missing", "status[0]": "missing", "workflow_job[0]": "missing", "workflow_run[0]": "missing",
	"check_run[7]": "is not valid date-time", "check_run[8]": "is not valid date-time",
}

func TestGitHubsOwnExamples(t *testing.T) {
	t.Parallel()
	for event, want := range examplesOf {
		examples := New(t).Examples(event)
		if len(examples) != want {
			t.Errorf("%s has %d examples, want %d", event, len(examples), want)
		}
		for i, body := range examples {
			name := fmt.Sprintf("%s[%d]", event, i)
			r := &recorder{}
			c := New(r)
			c.Webhook(event, body)
			if unknown := c.Unknown(); len(unknown) > 0 {
				t.Errorf("%s has no schema", name)
			}
			got := strings.Join(r.take(), "; ")
			if mark := breaksItsSchema[name]; (got == "") != (mark == "") || !strings.Contains(got, mark) {
				t.Errorf("%s: violations %q, want one with %q", name, got, mark)
			}
		}
	}
}
