package handlers

import (
	"errors"

	"github.com/google/go-github/v62/github"

	"github.com/slipway-cd/slipway/app"
)

// Which repositories the App may serve.

// installation begins or ends the service of an account. Of what ends, and of what begins again, GitHub does not list the repositories:
// those that are known are meant.
func (t Translator) installation(p *github.InstallationEvent) ([]app.Letter, error) {
	id := p.GetInstallation().GetID()
	if id <= 0 {
		return nil, errors.New("the installation has no number")
	}
	switch p.GetAction() {
	case "deleted", "suspend":
		return to(0, app.Served{Installation: id, Gone: true}), nil
	case "unsuspend":
		return to(0, app.Served{Installation: id}), nil
	case "created":
		return none(t.each(p.GetInstallation(), p.Repositories, false))
	}
	return nil, nothingWhen("an installation", p.GetAction())
}

func (t Translator) installationRepositories(p *github.InstallationRepositoriesEvent) ([]app.Letter, error) {
	if a := p.GetAction(); a != "added" && a != "removed" {
		return nil, nothingWhen("a list of repositories", a)
	}
	gone, err := t.each(p.GetInstallation(), p.RepositoriesRemoved, true)
	if err != nil {
		return nil, err
	}
	come, err := t.each(p.GetInstallation(), p.RepositoriesAdded, false)
	return none(append(gone, come...), err)
}

// none is ignorance where nobody is concerned.
func none(letters []app.Letter, err error) ([]app.Letter, error) {
	if err == nil && len(letters) == 0 {
		return nil, ignorance("none of its repositories is served here")
	}
	return letters, err
}

// each is a letter for each repository of an installation's event that is served here. They are described in brief; what is missing is
// read from GitHub when they are compared with it.
func (t Translator) each(i *github.Installation, repos []*github.Repository, gone bool) ([]app.Letter, error) {
	var letters []app.Letter
	for _, r := range repos {
		if r == nil {
			return nil, errors.New("a repository is missing")
		}
		whole := *r
		whole.Owner = i.GetAccount()
		repo, err := t.served(&whole, i)
		if why := ignorance(""); errors.As(err, &why) {
			continue
		}
		if err != nil {
			return nil, err
		}
		letters = append(letters, to(repo.ID, app.Served{Repo: repo, Installation: repo.Installation, Gone: gone})...)
	}
	return letters, nil
}

// repository is renamed, moved, or gone. One that moved to where it is not served is gone.
func (t Translator) repository(p *github.RepositoryEvent) ([]app.Letter, error) {
	repo, err := describe(p.GetRepo(), p.GetInstallation())
	if err != nil {
		return nil, err
	}
	gone := false
	switch p.GetAction() {
	case "deleted", "archived":
		gone = true
	case "renamed", "transferred", "edited", "unarchived", "publicized", "privatized":
	default:
		return nil, nothingWhen("a repository", p.GetAction())
	}
	if err := t.allowed(repo.Owner, repo.Name); err != nil {
		owner, name := formerly(repo, p.GetChanges())
		if t.allowed(owner, name) != nil {
			return nil, err
		}
		gone = true
	}
	return to(repo.ID, app.Served{Repo: repo, Installation: repo.Installation, Gone: gone}), nil
}

// formerly is the name that a repository had before it was renamed or moved.
func formerly(repo app.Repo, c *github.EditChange) (owner, name string) {
	owner, name = repo.Owner, repo.Name
	if from := c.GetRepo().GetName().GetFrom(); from != "" {
		name = from
	}
	old := c.GetOwner().GetOwnerInfo()
	if from := old.GetUser().GetLogin(); from != "" {
		owner = from
	}
	if from := old.GetOrg().GetLogin(); from != "" {
		owner = from
	}
	return owner, name
}
