package handlers

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/standin/contract"
)

// events is every event that is handled.
func events() []string {
	return []string{"push", "pull_request", "pull_request_review", "pull_request_review_comment", "issue_comment", "commit_comment", "check_run",
		"check_suite", "merge_group", "installation", "installation_repositories", "repository", "workflow_run", "deployment_review",
		"deployment_protection_rule", "deployment_status"}
}

// examples are GitHub's of an event, or, where it gives none, those that are made by hand.
func examples(t testing.TB, name string) []json.RawMessage {
	t.Helper()
	if all := contract.New(t).Examples(name); len(all) > 0 {
		return all
	}
	files, err := filepath.Glob(filepath.Join("testdata", "made-by-hand", name+".*.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all []json.RawMessage
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, body)
	}
	return all
}

func everybody(string, string) (bool, string) { return true, "" }

// ours is the App of GitHub's examples whose button was pressed.
const ours = 25811

func translator() Translator { return Translator{AppID: ours, Allow: everybody} }

var received = time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC)

func event(name string, body []byte) app.Event {
	return app.Event{ID: 1, Delivery: "d-1", Name: name, Body: body, Received: received}
}

// fromApp is an example as GitHub sends it to an App: most of its examples were sent to a repository's own webhook.
func fromApp(t testing.TB, body []byte) []byte {
	return change(t, body, func(b map[string]any) {
		if b["installation"] == nil {
			b["installation"] = map[string]any{"id": 7}
		}
	})
}

// change gives a body as f leaves it.
func change(t testing.TB, body []byte, f func(map[string]any)) []byte {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var b map[string]any
	if err := d.Decode(&b); err != nil {
		t.Fatal(err)
	}
	f(b)
	changed, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

// at is a value inside a body, by its keys.
func at(b map[string]any, keys ...string) map[string]any {
	for _, k := range keys {
		b = b[k].(map[string]any)
	}
	return b
}

// example is the first example of an event for which f is true.
func example(t testing.TB, name string, f func(map[string]any) bool) []byte {
	t.Helper()
	for _, body := range examples(t, name) {
		var b map[string]any
		if err := json.Unmarshal(body, &b); err != nil {
			t.Fatal(err)
		}
		if f(b) {
			return fromApp(t, body)
		}
	}
	t.Fatalf("no such example of %s", name)
	return nil
}

func action(a string) func(map[string]any) bool {
	return func(b map[string]any) bool { return b["action"] == a }
}

func anything(map[string]any) bool { return true }

// sound fails on a letter that a machine could not use.
func sound(t testing.TB, letters []app.Letter) {
	t.Helper()
	for _, l := range letters {
		var repo app.Repo
		var commits []app.SHA
		whole := true
		switch m := l.Message.(type) {
		case app.Pushed:
			repo = m.Repo
			if m.After != "" {
				commits = []app.SHA{m.After}
			}
			if m.Branch == "" {
				t.Errorf("a push without a branch: %+v", m)
			}
		case app.Relabeled:
			repo = m.Repo
			if m.Pull <= 0 {
				t.Errorf("pull request %d", m.Pull)
			}
		case app.PullChanged:
			repo, commits = m.Repo, []app.SHA{m.Pull.Head, m.Pull.BaseSHA}
			if m.Pull.Merged {
				commits = append(commits, m.Pull.MergeCommit)
			}
			if m.Pull.Merged == (m.Pull.MergeCommit == "") || m.Pull.Number <= 0 || m.Pull.UpdatedAt.IsZero() {
				t.Errorf("an impossible pull request: %+v", m)
			}
		case app.MergeQueued:
			repo, commits = m.Repo, []app.SHA{m.Head, m.Base}
		case app.Commented:
			repo = m.Repo
			if m.Door != app.DoorComment {
				commits = []app.SHA{m.Commit}
			}
			if m.Comment <= 0 || (m.Pull <= 0) != (m.Door == app.DoorCommitComment) || !byPerson(m.By) || m.Written.IsZero() || m.Received.IsZero() {
				t.Errorf("an impossible comment: %+v", m)
			}
		case app.CommentAltered:
			repo = m.Repo
			if door, _, _ := strings.Cut(m.Source, "/"); door == "" || strings.HasSuffix(m.Source, "/0") || m.By.ID <= 0 || m.By.Login == "" || m.At.IsZero() {
				t.Errorf("an impossible alteration: %+v", m)
			}
		case app.PullReviewed:
			repo = m.Repo
			if m.State != app.ReviewDismissed || m.Commit != "" {
				commits = []app.SHA{m.Commit}
			}
			if m.Review <= 0 || m.Pull <= 0 || m.State == "" || !byPerson(m.By) || m.Written.IsZero() || m.Received.IsZero() {
				t.Errorf("an impossible review: %+v", m)
			}
		case app.Pressed:
			repo, commits = m.Repo, []app.SHA{m.Commit}
			if !byPerson(m.By) || m.Identifier == "" || m.Delivery == "" || m.Received.IsZero() {
				t.Errorf("an impossible button: %+v", m)
			}
		case app.Reported:
			repo, commits = m.Repo, []app.SHA{m.Commit}
			if m.App == "" || m.Check == "" {
				t.Errorf("an impossible report: %+v", m)
			}
		case app.WorkflowRan:
			repo = m.Repo
			if m.Run <= 0 {
				t.Errorf("an impossible workflow run: %+v", m)
			}
		case app.ProtectionAsked:
			repo, commits = m.Repo, []app.SHA{m.Commit}
			if m.Run <= 0 || m.Deployment <= 0 || m.Environment == "" {
				t.Errorf("an impossible protection: %+v", m)
			}
		case app.Served:
			repo, whole = m.Repo, m.Repo.ID != 0
			if m.Installation <= 0 {
				t.Errorf("served by no installation: %+v", m)
			}
		default:
			t.Errorf("a repository does not know %T", m)
		}
		if l.To != app.RepositoryAddress(repo.ID) {
			t.Errorf("a letter about %d went to %v", repo.ID, l.To)
		}
		if whole && (repo.ID <= 0 || !isName(repo.Owner) || !isName(repo.Name) || repo.Installation <= 0) {
			t.Errorf("an impossible repository: %+v", repo)
		}
		for _, c := range commits {
			if _, err := app.ParseSHA(string(c)); err != nil || strings.Trim(string(c), "0") == "" {
				t.Errorf("%s: %q is no commit", l.Message.Name(), c)
			}
		}
	}
}

func byPerson(p app.Person) bool { return p.ID > 0 && p.Login != "" && !p.Bot }

// understood is a row of tests that change one example.
type understood struct {
	name   string
	change func(map[string]any)
	want   string // what came of it: a message's name, "ignored: …" or "error: …"
}

func verdict(letters []app.Letter, ignored string, err error) string {
	switch {
	case err != nil:
		return "error: " + err.Error()
	case ignored != "":
		return "ignored: " + ignored
	}
	var names []string
	for _, l := range letters {
		names = append(names, l.Message.Name())
	}
	return strings.Join(names, " ")
}

func (u understood) run(t *testing.T, tr Translator, name string, body []byte) {
	t.Run(u.name, func(t *testing.T) {
		letters, ignored, err := tr.Translate(event(name, change(t, body, u.change)))
		sound(t, letters)
		if got := verdict(letters, ignored, err); !strings.Contains(got, u.want) {
			t.Errorf("got %q, want %q", got, u.want)
		}
	})
}

func same(map[string]any) {}
