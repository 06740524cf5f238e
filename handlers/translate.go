package handlers

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/google/go-github/v62/github"

	"github.com/slipway-cd/slipway/app"
)

// Translator turns stored events into letters to repositories. It is pure, and safe for concurrent use.
type Translator struct {
	AppID int64                                          // ours: its own check runs are no news
	Allow func(owner, name string) (ok bool, why string) // whom this server serves; nil serves nobody
}

// notHandled is why an event is ignored that nobody handles.
func notHandled(name string) string { return "slipway does nothing with " + name + " events" }

// Translate says what an event means, or why it means nothing. An error is an event that can't be understood: its body does not fit its
// name, or lacks what GitHub always sends. A signature does not cover the name, so a body is never believed to be what its name says.
func (t Translator) Translate(e app.Event) (letters []app.Letter, ignored string, err error) {
	if !handled(e.Name) {
		return nil, notHandled(e.Name), nil
	}
	body, err := fits(e)
	if err != nil {
		return nil, "", err
	}
	if err = t.elsewhere(e.Name, body["repository"]); err == nil {
		letters, err = t.read(e)
	}
	if why := ignorance(""); errors.As(err, &why) {
		return nil, string(why), nil
	}
	if err != nil {
		return nil, "", fmt.Errorf("reading a %s event: %w", e.Name, err)
	}
	return letters, "", nil
}

// ignorance is why an event is understood and means nothing. It travels as an error up to Translate.
type ignorance string

// Error is the reason.
func (i ignorance) Error() string { return string(i) }

// nothingWhen is an event whose action changes nothing for slipway.
func nothingWhen(what, action string) error {
	return ignorance(fmt.Sprintf("slipway does nothing when %s is %.40q", what, action))
}

// elsewhere is ignorance if an event's repository is not served here, which is worth knowing before the whole event is read: for an App that
// everybody may install it is most of what comes. A repository that is renamed may have been served under another name.
func (t Translator) elsewhere(event string, repository json.RawMessage) error {
	var r struct {
		FullName string `json:"full_name"`
	}
	if event == "repository" || json.Unmarshal(repository, &r) != nil {
		return nil
	}
	owner, name, _ := strings.Cut(r.FullName, "/")
	if !isName(owner) || !isName(name) {
		return nil // those who read all of it have the words for that
	}
	return t.allowed(owner, name)
}

// read parses an event by its name.
func (t Translator) read(e app.Event) ([]app.Letter, error) {
	switch e.Name { // go-github does not know these, or not as they come
	case "issue_comment":
		return t.comment(e, app.DoorComment)
	case "pull_request_review_comment":
		return t.comment(e, app.DoorReviewComment)
	case "commit_comment":
		return t.comment(e, app.DoorCommitComment)
	case "pull_request_review":
		return t.review(e)
	case "check_run":
		return t.checkRun(e)
	case "workflow_run", "deployment_review", "deployment_status":
		return t.workflowRan(e)
	case "deployment_protection_rule":
		return t.protectionAsked(e)
	}
	var parsed any
	err := lenient(e.Body, func(body []byte) (err error) {
		parsed, err = github.ParseWebHook(e.Name, body)
		return err
	})
	if err != nil {
		return nil, err
	}
	switch p := parsed.(type) {
	case *github.PushEvent:
		return t.push(p)
	case *github.PullRequestEvent:
		return t.pull(p)
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
	return nil, fmt.Errorf("nobody reads %T", parsed)
}

// served is a repository as an event describes it. One that this server does not serve is ignorance.
func (t Translator) served(r *github.Repository, i *github.Installation) (app.Repo, error) {
	repo, err := describe(r, i)
	if err != nil {
		return repo, err
	}
	return repo, t.allowed(repo.Owner, repo.Name)
}

// describe is a repository of an installation.
func describe(r *github.Repository, i *github.Installation) (app.Repo, error) {
	owner := r.GetOwner().GetLogin()
	if owner == "" {
		owner = r.GetOwner().GetName() // as old pushes have it
	}
	branch := r.GetDefaultBranch()
	if branch == "" {
		branch = r.GetMasterBranch()
	}
	repo := app.Repo{
		ID: app.RepoID(r.GetID()), Owner: owner, Name: r.GetName(), DefaultBranch: branch, Installation: i.GetID(),
		OwnerID: r.GetOwner().GetID(), Personal: r.GetOwner().GetType() == "User", Private: r.GetPrivate(),
	}
	switch {
	case repo.ID <= 0:
		return repo, errors.New("the repository has no number")
	case repo.OwnerID <= 0:
		return repo, errors.New("the repository's owner has no number")
	case !isName(repo.Owner) || !isName(repo.Name):
		return repo, fmt.Errorf("%.100q is no repository's name", repo.FullName())
	case repo.Installation <= 0:
		return repo, ignorance("it does not come from an installation of the App")
	}
	return repo, nil
}

// isName says whether something can be an account's or a repository's name: names become parts of addresses and of folders.
func isName(s string) bool {
	const others = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
	return s != "" && s != "." && s != ".." && len(s) <= 100 && strings.Trim(s, others) == ""
}

// allowed is ignorance if this server does not serve a repository.
func (t Translator) allowed(owner, name string) error {
	if t.Allow == nil {
		return ignorance("this server serves nobody")
	}
	if ok, why := t.Allow(owner, name); !ok {
		return ignorance(why)
	}
	return nil
}

// to is one letter to a repository.
func to(repo app.RepoID, m app.Message) []app.Letter {
	return []app.Letter{{To: app.RepositoryAddress(repo), Message: m}}
}

func person(u *github.User) app.Person {
	return app.Person{ID: u.GetID(), Login: u.GetLogin(), Bot: u.GetType() == "Bot"}
}

// commit reads a commit's name. GitHub writes "no commit" as forty zeros, which is none either.
func commit(what, s string) (app.SHA, error) {
	sha, err := app.ParseSHA(s)
	if err != nil || strings.Trim(s, "0") == "" {
		return "", fmt.Errorf("%s is %.50q, which names no commit", what, s)
	}
	return sha, nil
}
