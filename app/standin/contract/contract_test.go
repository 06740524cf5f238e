package contract

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// recorder is a Reporter that keeps what it is told.
type recorder struct {
	mu       sync.Mutex
	told     []string
	cleanups []func()
}

func (r *recorder) Helper()          {}
func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.told = append(r.told, fmt.Sprintf(format, args...))
}

// take gives what was told since it was last asked.
func (r *recorder) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	told := r.told
	r.told = nil
	return told
}

// want fails unless exactly one violation was told that holds mark, or none if mark is empty.
func (r *recorder) want(t *testing.T, mark string) {
	t.Helper()
	told := r.take()
	switch {
	case mark == "" && len(told) > 0:
		t.Errorf("told %q, want nothing", told)
	case mark != "" && (len(told) != 1 || !strings.Contains(told[0], mark)):
		t.Errorf("told %q, want one violation with %q", told, mark)
	}
}

const (
	repo     = "/repos/acme/shop"
	someSHA  = "9b1e2c7d40aa9b1e2c7d40aa9b1e2c7d40aa9b1e"
	anyError = `{"message":"Not Found","documentation_url":"https://docs.github.com/rest","status":"404"}`
)

// answerWith gives a handler that answers everything alike.
func answerWith(status int, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

// send sends a request through a contract to a handler, and gives the answer as it left.
func send(c *Contract, h http.Handler, method, target, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Accept", "application/vnd.github.v3+json")
	w := httptest.NewRecorder()
	c.Wrap(h).ServeHTTP(w, r)
	return w
}

func checkRun(change map[string]any) string {
	run := map[string]any{"name": "test", "head_sha": someSHA}
	for key, value := range change {
		if value == nil {
			delete(run, key)
			continue
		}
		run[key] = value
	}
	text, _ := json.Marshal(run)
	return string(text)
}

func output(key string, value any) map[string]any {
	return map[string]any{"output": map[string]any{"title": "t", "summary": "s", key: value}}
}

func annotations(n int, change map[string]any) []any {
	list := make([]any, n)
	for i := range list {
		a := map[string]any{"path": "a.go", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "m"}
		for key, value := range change {
			a[key] = value
		}
		list[i] = a
	}
	return list
}

func buttons(n int, change map[string]any) map[string]any {
	list := make([]any, n)
	for i := range list {
		b := map[string]any{"label": "Approve", "description": "Let it go", "identifier": "approve"}
		for key, value := range change {
			b[key] = value
		}
		list[i] = b
	}
	return map[string]any{"actions": list}
}

func TestCheckRunsThatGitHubWouldRefuse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change map[string]any
		want   string // a part of the violation; none for what is right
	}{
		{"right", nil, ""},
		{"missing head_sha", map[string]any{"head_sha": nil}, "missing property 'head_sha'"},
		{"empty head_sha", map[string]any{"head_sha": ""}, `head_sha is ""`},
		{"short head_sha", map[string]any{"head_sha": "9b1e2c7"}, `head_sha is "9b1e2c7"`},
		{"number for a name", map[string]any{"name": 7}, "/name: got number, want string"},
		{"unknown property", map[string]any{"summary": "s"}, "/summary: the property is not described"},
		{"unknown property inside", output("txt", "s"), "/output/txt: the property is not described"},
		{"bad status", map[string]any{"status": "done"}, "/status: value must be one of"},
		{"bad conclusion", map[string]any{"conclusion": "ok"}, "/conclusion: value must be one of"},
		{"completed without conclusion", map[string]any{"status": "completed"}, "no conclusion"},
		{"stale", map[string]any{"conclusion": "stale"}, "stale"},
		{"bad time", map[string]any{"started_at": "yesterday"}, "/started_at"},
		{"50 annotations", output("annotations", annotations(50, nil)), ""},
		{"51 annotations", output("annotations", annotations(51, nil)), "/output/annotations: maxItems: got 51, want 50"},
		{"bad level", output("annotations", annotations(1, map[string]any{"annotation_level": "error"})), "annotation_level"},
		{"line 0", output("annotations", annotations(1, map[string]any{"start_line": 0})), "lines 0 to 1"},
		{"columns over lines", output("annotations", annotations(1, map[string]any{"end_line": 2, "start_column": 1})), "columns"},
		{"annotation's title", output("annotations", annotations(1, map[string]any{"title": strings.Repeat("x", 256)})), "256"},
		{"longest text", output("text", strings.Repeat("x", 65535)), ""},
		{"text of 65,536", output("text", strings.Repeat("x", 65536)), "65536"},
		{"text of more bytes than characters", output("text", strings.Repeat("é", 40000)), "text has 80000 bytes"},
		{"summary of more bytes", output("summary", strings.Repeat("é", 40000)), "summary has 80000 bytes"},
		{"no summary", map[string]any{"output": map[string]any{"title": "t"}}, "missing property 'summary'"},
		{"3 actions", buttons(3, nil), ""},
		{"4 actions", buttons(4, nil), "/actions: maxItems: got 4, want 3"},
		{"label of 21", buttons(1, map[string]any{"label": strings.Repeat("x", 21)}), "/actions/0/label: maxLength: got 21, want 20"},
		{"description of 41", buttons(1, map[string]any{"description": strings.Repeat("x", 41)}), "41"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := &recorder{}
			send(New(r), answerWith(http.StatusNotFound, anyError), "POST", repo+"/check-runs", checkRun(test.change))
			if told := r.take(); test.want == "" && len(told) > 0 || test.want != "" && !strings.Contains(strings.Join(told, "\n"), test.want) {
				t.Errorf("told %q, want a violation with %q", told, test.want)
			}
		})
	}
}
