package handlers

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-cd/slipway/app/standin/contract"
)

func TestExamplesAreUnderstood(t *testing.T) {
	told := map[string]int{}
	for _, name := range events() {
		all := examples(t, name)
		if len(all) == 0 {
			t.Errorf("there is no example of %s", name)
		}
		for i, body := range all {
			if _, _, err := translator().Translate(event(name, body)); err != nil {
				t.Errorf("%s, example %d as it is: %v", name, i, err)
			}
			letters, ignored, err := translator().Translate(event(name, fromApp(t, body)))
			if err != nil || (len(letters) == 0) == (ignored == "") {
				t.Errorf("%s, example %d: %d letters, ignored %q, error %v", name, i, len(letters), ignored, err)
			}
			sound(t, letters)
			for _, l := range letters {
				told[l.Message.Name()]++
			}
		}
	}
	want := []string{"repo.altered", "repo.commented", "repo.protection", "repo.pull", "repo.pushed", "repo.queue", "repo.relabeled", "repo.reported", "repo.reviewed",
		"repo.served", "repo.workflow"}
	if got := slices.Sorted(maps.Keys(told)); !slices.Equal(got, want) {
		t.Errorf("the examples told %v, want %v", got, want)
	}
}

// TestMadeByHand holds what is made by hand to GitHub's schemas.
func TestMadeByHand(t *testing.T) {
	held := contract.New(t)
	for _, name := range events() {
		if len(held.Examples(name)) > 0 {
			continue
		}
		for _, body := range examples(t, name) {
			held.Webhook(name, body)
		}
	}
	if len(held.Unknown()) > 0 || held.Seen()["webhook deployment_protection_rule requested"] != 2 {
		t.Errorf("held to schemas: %v; without one: %v", held.Seen(), held.Unknown())
	}
}

// TestBodyUnderAnotherName: a signature covers the body and not the event's name.
func TestBodyUnderAnotherName(t *testing.T) {
	others := append(events(), "deployment", "ping", "status", "workflow_job")
	for _, of := range others {
		for i, body := range examples(t, of) {
			body = fromApp(t, body)
			for _, as := range events() {
				if as == of {
					continue
				}
				letters, ignored, err := translator().Translate(event(as, body))
				if err == nil {
					t.Errorf("example %d of %s passes for %s: %d letters, ignored %q", i, of, as, len(letters), ignored)
				}
			}
		}
	}
}

func TestMalformedBodies(t *testing.T) {
	deep := []byte(`{"action":` + strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000) + `}`)
	for _, name := range events() {
		bodies := [][]byte{nil, []byte(""), []byte("null"), []byte("[]"), []byte("{}"), []byte(`"x"`), []byte("{"), []byte("\xff\xfe"), []byte(`{"action":`), deep,
			[]byte("payload=%7B%7D"), []byte(`{"action":null,"repository":null}`)}
		for _, whole := range examples(t, name) {
			bodies = append(bodies, whole[:len(whole)/2], append(slices.Clone(whole), "{}"...))
		}
		for i, body := range bodies {
			letters, _, err := translator().Translate(event(name, body))
			if err == nil || len(letters) > 0 {
				t.Errorf("%s, body %d (%.40q): %d letters, error %v", name, i, body, len(letters), err)
			}
			if err != nil && len(err.Error()) > 500 {
				t.Errorf("%s, body %d: an error of %d bytes", name, i, len(err.Error()))
			}
		}
	}
}

// TestErrorsStayShort: what an event says of itself is kept out of errors, but for its beginning.
func TestErrorsStayShort(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	body := change(t, example(t, "push", anything), func(b map[string]any) { b["ref"], b["after"] = "refs/heads/x", long })
	if _, _, err := translator().Translate(event("push", body)); err == nil || len(err.Error()) > 300 {
		t.Errorf("got %.100v", err)
	}
	_, ignored, err := translator().Translate(event("pull_request", change(t, example(t, "pull_request", anything), func(b map[string]any) { b["action"] = long })))
	if err != nil || len(ignored) > 300 {
		t.Errorf("ignored %.100q, error %v", ignored, err)
	}
}

// TestHolesInExamples takes each part of each example away, and makes each a wrong type, in turn: nothing panics, and no letter is unsound.
func TestHolesInExamples(t *testing.T) {
	for _, name := range events() {
		for _, body := range examples(t, name)[:1] {
			body = fromApp(t, body)
			var paths [][]string
			var b map[string]any
			json.Unmarshal(body, &b)
			walk(b, nil, 3, func(p []string) { paths = append(paths, slices.Clone(p)) })
			wrong := []any{"x", 1.5, []any{nil}, map[string]any{}, -1, true}
			slices.SortFunc(paths, slices.Compare)
			for i, p := range paths {
				for _, v := range []any{nil, wrong[i%len(wrong)]} {
					holed := change(t, body, func(b map[string]any) {
						parent := b
						for _, k := range p[:len(p)-1] {
							parent = parent[k].(map[string]any)
						}
						parent[p[len(p)-1]] = v
					})
					letters, ignored, err := translator().Translate(event(name, holed))
					sound(t, letters)
					if err == nil && len(letters) == 0 && ignored == "" {
						t.Errorf("%s with %v at %v: nothing comes of it, and nobody says why", name, v, p)
					}
				}
			}
		}
	}
}

func walk(b map[string]any, path []string, depth int, f func([]string)) {
	for k, v := range b {
		if strings.HasSuffix(k, "url") {
			continue // there are many, and nobody reads them
		}
		p := append(path, k)
		f(p)
		if inner, ok := v.(map[string]any); ok && depth > 1 {
			walk(inner, p, depth-1, f)
		}
	}
}

func FuzzTranslate(f *testing.F) {
	for _, name := range events() {
		for _, body := range examples(f, name) {
			f.Add(name, []byte(fromApp(f, body)))
		}
		f.Add(name, fmt.Appendf(nil, `{"action":"created","repository":{"id":1}}`))
	}
	f.Fuzz(func(t *testing.T, name string, body []byte) {
		letters, ignored, err := translator().Translate(event(name, body))
		sound(t, letters)
		told, why, wrong := len(letters) > 0, ignored != "", err != nil
		if told && (why || wrong) || why && wrong || !told && !why && !wrong {
			t.Errorf("%d letters, ignored %q, error %v", len(letters), ignored, err)
		}
	})
}
