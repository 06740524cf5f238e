package contract

import (
	"fmt"
	"maps"
	"slices"
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

// GitHub's own examples hold against GitHub's schemas, but for a few. They are named here: what a schema refuses of these is the
// schema's mistake, not a rule to follow.
func TestGitHubsOwnExamples(t *testing.T) {
	t.Parallel()
	d, err := load()
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, event := range slices.Sorted(maps.Keys(examplesOf)) {
		examples, err := readExamples(event)
		if err != nil {
			t.Fatal(err)
		}
		if len(examples) != examplesOf[event] {
			t.Errorf("%s has %d examples, want %d", event, len(examples), examplesOf[event])
		}
		total += len(examples)
		for i, body := range examples {
			name := fmt.Sprintf("%s[%d]", event, i)
			violations, known := d.checkWebhook(event, actionOf(t, body), body)
			if !known {
				t.Errorf("%s has no schema", name)
			}
			if got, want := strings.Join(violations, "; "), breaksItsSchema[name]; got != want {
				t.Errorf("%s: violations\n%q, want\n%q", name, got, want)
			}
		}
	}
	t.Logf("%d examples, %d of which break their schema", total, len(breaksItsSchema))
}
