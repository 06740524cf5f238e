package handlers

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/go-github/v62/github"

	"github.com/slipway-cd/slipway/app"
)

// Translator turns stored events into letters to repositories. It is pure, and safe for concurrent use.
type Translator struct {
	AppID int64                                          // ours: its own check runs are no news
	Allow func(owner, name string) (ok bool, why string) // whom this server serves
}

// handled says whether slipway does anything with an event of that name.
func handled(name string) bool {
	return slices.Contains([]string{"push", "pull_request", "issue_comment", "check_run", "check_suite", "merge_group",
		"installation", "installation_repositories", "repository"}, name)
}

// Translate says what an event means, or why it means nothing. An error is an event that can't be understood: its body does not fit its
// name, or lacks what GitHub always sends. A signature does not cover the name, so the body is never believed to be what the name says.
func (t Translator) Translate(e app.Event) (letters []app.Letter, ignored string, err error) {
	if !handled(e.Name) {
		return nil, "slipway does not handle " + e.Name + " events", nil
	}
	if err := fits(e); err != nil {
		return nil, "", err
	}
	parsed, err := github.ParseWebHook(e.Name, e.Body)
	if err != nil {
		return nil, "", fmt.Errorf("reading a %s event: %w", e.Name, err)
	}
	letters, ignored, err = t.letters(e, parsed)
	if err != nil {
		return nil, "", fmt.Errorf("reading a %s event: %w", e.Name, err)
	}
	if len(letters) == 0 && ignored == "" {
		ignored = "nothing of it concerns slipway"
	}
	return letters, ignored, nil
}

// telling names, for each event, the keys without which a body is none of it.
func telling(name string) []string {
	return map[string][]string{
		"push":                      {"ref", "after", "repository"},
		"pull_request":              {"action", "pull_request", "repository"},
		"issue_comment":             {"action", "comment", "issue", "repository"},
		"check_run":                 {"action", "check_run", "repository"},
		"check_suite":               {"action", "check_suite", "repository"},
		"merge_group":               {"action", "merge_group", "repository"},
		"installation":              {"action", "installation"},
		"installation_repositories": {"action", "installation", "repositories_added", "repositories_removed"},
		"repository":                {"action", "repository"},
	}[name]
}

// fits holds that a body is one of its event's.
func fits(e app.Event) error {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(e.Body, &keys); err != nil {
		return fmt.Errorf("the body of a %s event is no JSON object: %w", e.Name, err)
	}
	for _, k := range telling(e.Name) {
		if v, ok := keys[k]; !ok || string(v) == "null" {
			return fmt.Errorf("the body does not fit the event %s: it has no %s", e.Name, k)
		}
	}
	return nil
}

func (t Translator) letters(e app.Event, parsed any) ([]app.Letter, string, error) {
	switch p := parsed.(type) {
	case *github.PushEvent:
		return t.push(p)
	case *github.PullRequestEvent:
		return t.pull(p)
	case *github.IssueCommentEvent:
		return t.comment(e, p)
	case *github.CheckRunEvent:
		return t.checkRun(e, p)
	case *github.CheckSuiteEvent:
		return t.checkSuite(e, p)
	case *github.MergeGroupEvent:
		return t.mergeGroup(p)
	case *github.InstallationEvent:
		return t.installation(p)
	case *github.InstallationRepositoriesEvent:
		return t.installationRepositories(p)
	case *github.RepositoryEvent:
		return t.repository(p)
	}
	return nil, "", fmt.Errorf("nobody reads %T", parsed)
}

// repo is a repository as an event describes it. It says why a repository is not served.
func (t Translator) repo(r *github.Repository, i *github.Installation) (app.Repo, string, error) {
	owner := r.GetOwner().GetLogin()
	if owner == "" {
		owner = r.GetOwner().GetName() // as pushes have it
	}
	repo := app.Repo{
		ID: app.RepoID(r.GetID()), Owner: owner, Name: r.GetName(), DefaultBranch: r.GetDefaultBranch(), Installation: i.GetID(),
		Personal: r.GetOwner().GetType() == "User", Private: r.GetPrivate(),
	}
	switch {
	case repo.ID <= 0 || repo.Owner == "" || repo.Name == "":
		return repo, "", fmt.Errorf("the repository has no number or no name")
	case repo.Installation <= 0:
		return repo, "the event does not come from an installation of the App", nil
	}
	if ok, why := t.Allow(repo.Owner, repo.Name); !ok {
		return repo, why, nil
	}
	return repo, "", nil
}

// to is one letter to a repository.
func to(repo app.RepoID, m app.Message) []app.Letter {
	return []app.Letter{{To: app.RepositoryAddress(repo), Message: m}}
}

func person(u *github.User) app.Person {
	return app.Person{ID: u.GetID(), Login: u.GetLogin(), Bot: u.GetType() == "Bot"}
}
