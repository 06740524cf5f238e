package handlers

import (
	"fmt"

	"github.com/google/go-github/v62/github"

	"github.com/slipway-cd/slipway/app"
)

// What people say and press, and what other Apps report.

// comment is what a person wrote on a pull request, when it was written. An edit is no command, and bots are not obeyed.
func (t Translator) comment(e app.Event, p *github.IssueCommentEvent) ([]app.Letter, string, error) {
	repo, why, err := t.repo(p.GetRepo(), p.GetInstallation())
	if err != nil || why != "" {
		return nil, why, err
	}
	by := person(p.GetComment().GetUser())
	switch {
	case p.GetAction() != "created":
		return nil, "a comment counts as it was written: " + p.GetAction() + " changes nothing", nil
	case !p.GetIssue().IsPullRequest():
		return nil, "it is not on a pull request", nil
	case by.Bot || p.GetSender().GetType() == "Bot":
		return nil, "it is by a bot", nil
	case p.GetComment().GetID() <= 0 || p.GetIssue().GetNumber() <= 0 || by.Login == "":
		return nil, "", fmt.Errorf("the comment has no number or no author")
	case p.GetSender().GetID() != by.ID:
		return nil, "it was not sent by its author", nil
	}
	m := app.Commented{
		Repo: repo, Pull: p.GetIssue().GetNumber(), Comment: p.GetComment().GetID(), By: by, Body: p.GetComment().GetBody(),
		Written: p.GetComment().GetCreatedAt().UTC(), Received: e.Received,
	}
	return to(repo.ID, m), "", nil
}

// checkRun is a button of ours, our Re-run, or another App's news.
func (t Translator) checkRun(e app.Event, p *github.CheckRunEvent) ([]app.Letter, string, error) {
	repo, why, err := t.repo(p.GetRepo(), p.GetInstallation())
	if err != nil || why != "" {
		return nil, why, err
	}
	run := p.GetCheckRun()
	commit, err := app.ParseSHA(run.GetHeadSHA())
	if err != nil {
		return nil, "", fmt.Errorf("its commit: %w", err)
	}
	if run.GetApp().GetID() != t.AppID {
		return to(repo.ID, app.Reported{Repo: repo, Commit: commit, App: run.GetApp().GetSlug(), Check: run.GetName()}), "", nil
	}
	m := app.Pressed{Repo: repo, Commit: commit, External: run.GetExternalID(), By: person(p.GetSender()), Delivery: e.Delivery, Received: e.Received}
	switch p.GetAction() {
	case "requested_action":
		m.Identifier = p.GetRequestedAction().Identifier
	case "rerequested":
		m.Identifier = string(app.VerbRetry)
	default:
		return nil, "our own check run was " + p.GetAction(), nil
	}
	if m.By.Login == "" || m.By.Bot {
		return nil, "nobody in person pressed it", nil
	}
	return to(repo.ID, m), "", nil
}

// checkSuite is the Re-run of everything.
func (t Translator) checkSuite(e app.Event, p *github.CheckSuiteEvent) ([]app.Letter, string, error) {
	repo, why, err := t.repo(p.GetRepo(), p.GetInstallation())
	if err != nil || why != "" {
		return nil, why, err
	}
	if p.GetAction() != "rerequested" || p.GetCheckSuite().GetApp().GetID() != t.AppID {
		return nil, "slipway works by pushes and pull requests, not by check suites", nil
	}
	commit, err := app.ParseSHA(p.GetCheckSuite().GetHeadSHA())
	if err != nil {
		return nil, "", fmt.Errorf("its commit: %w", err)
	}
	m := app.Pressed{
		Repo: repo, Commit: commit, Identifier: string(app.VerbRetry), By: person(p.GetSender()), Delivery: e.Delivery, Received: e.Received,
	}
	return to(repo.ID, m), "", nil
}

// installation begins or ends the service of an account.
func (t Translator) installation(p *github.InstallationEvent) ([]app.Letter, string, error) {
	id := p.GetInstallation().GetID()
	if id <= 0 {
		return nil, "", fmt.Errorf("the installation has no number")
	}
	switch p.GetAction() {
	case "deleted", "suspend":
		return to(0, app.Served{Installation: id, Gone: true}), "", nil
	case "created", "unsuspend":
		return t.served(p.GetInstallation(), p.Repositories, false)
	}
	return nil, "slipway does nothing when an installation is " + p.GetAction(), nil
}

func (t Translator) installationRepositories(p *github.InstallationRepositoriesEvent) ([]app.Letter, string, error) {
	gone, _, err := t.served(p.GetInstallation(), p.RepositoriesRemoved, true)
	if err != nil {
		return nil, "", err
	}
	come, why, err := t.served(p.GetInstallation(), p.RepositoriesAdded, false)
	return append(gone, come...), why, err
}

// served is a letter for each repository of an installation event, which describes them in brief. What is missing is read from GitHub when
// the repository is compared with it.
func (t Translator) served(i *github.Installation, repos []*github.Repository, gone bool) (letters []app.Letter, why string, err error) {
	for _, r := range repos {
		r.Owner = i.GetAccount()
		repo, not, err := t.repo(r, i)
		if err != nil {
			return nil, "", err
		}
		if not != "" {
			why = not
			continue
		}
		letters = append(letters, to(repo.ID, app.Served{Repo: repo, Installation: i.GetID(), Gone: gone})...)
	}
	return letters, why, nil
}

// repository is renamed, moved, or gone.
func (t Translator) repository(p *github.RepositoryEvent) ([]app.Letter, string, error) {
	repo, why, err := t.repo(p.GetRepo(), p.GetInstallation())
	if err != nil || why != "" {
		return nil, why, err
	}
	switch p.GetAction() {
	case "deleted", "archived":
		return to(repo.ID, app.Served{Repo: repo, Installation: repo.Installation, Gone: true}), "", nil
	case "renamed", "transferred", "edited", "unarchived":
		return to(repo.ID, app.Served{Repo: repo, Installation: repo.Installation}), "", nil
	}
	return nil, "slipway does nothing when a repository is " + p.GetAction(), nil
}
