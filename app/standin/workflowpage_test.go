package standin_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// pageOf is what a person sees of a repository.
func pageOf(t *testing.T, address string) string {
	t.Helper()
	answer, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// The page shows runs with who has to review them, what the App says, and the end of what they print.
func TestWorkflowsOnThePage(t *testing.T) {
	w := start(t, withActions)
	lines := "          for i in $(seq 100 130); do echo \"<b>$i</b>\"; done\n"
	repo, app, _ := w.workflows(map[string]string{deployFile: strings.Replace(deployWorkflow, "        env:\n", lines+"        env:\n", 1)})
	if err := repo.SetEnvironment("production", 0, "ana", "cy"); err != nil {
		t.Fatal(err)
	}
	id, callback := w.ruled(repo, app)
	if _, _, err := send[any](app, "POST", callback, ruling{"environment_name": "production", "comment": "**nearly**"}); err != nil {
		t.Fatal(err)
	}
	steps := []struct {
		do            func() error
		wants, spares []string
	}{
		{func() error { return nil }, []string{"Deploy production", "waits for a review by ana or cy", "waits for the App", "<strong>nearly</strong>"}, []string{"130"}},
		{func() error { return repo.Review("ana", id, true, "production", "") }, []string{"waits for the App"}, []string{"waits for a review"}},
		{func() error {
			_, _, err := send[any](app, "POST", callback, ruling{"environment_name": "production", "state": "approved"})
			w.await(repo, id, "completed")
			return err
		}, []string{"success", "&lt;b&gt;130", "&lt;b&gt;119"}, []string{"waits for", "118", "<b>1"}},
	}
	for i, step := range steps {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		page := pageOf(t, fmt.Sprint(repo.PageURL(), "/actions/runs/", id))
		for _, want := range step.wants {
			if !strings.Contains(page, want) {
				t.Errorf("step %d: the page lacks %q", i, want)
			}
		}
		for _, spare := range step.spares {
			if strings.Contains(page, ">"+spare) || strings.Contains(page, spare+"&lt;") || strings.Contains(page, "· "+spare) {
				t.Errorf("step %d: the page has %q", i, spare)
			}
		}
	}
}
