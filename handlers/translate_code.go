package handlers

import (
	"fmt"
	"strings"

	"github.com/google/go-github/v62/github"

	"github.com/slipway-cd/slipway/app"
)

// What GitHub tells of branches, pull requests and merge groups.

// push is a branch that moved. Tags and what is not a branch release nothing.
func (t Translator) push(p *github.PushEvent) ([]app.Letter, string, error) {
	r := p.GetRepo()
	full := &github.Repository{
		ID: r.ID, Name: r.Name, Owner: r.Owner, Private: r.Private, DefaultBranch: r.DefaultBranch,
	}
	repo, why, err := t.repo(full, p.GetInstallation())
	if err != nil || why != "" {
		return nil, why, err
	}
	branch, ok := strings.CutPrefix(p.GetRef(), "refs/heads/")
	if !ok {
		return nil, "only branches release something", nil
	}
	m := app.Pushed{Repo: repo, Branch: branch, By: person(p.GetSender())}
	if !p.GetDeleted() {
		if m.After, err = app.ParseSHA(p.GetAfter()); err != nil {
			return nil, "", err
		}
	}
	return to(repo.ID, m), "", nil
}

// pull is a pull request after something happened to it.
func (t Translator) pull(p *github.PullRequestEvent) ([]app.Letter, string, error) {
	repo, why, err := t.repo(p.GetRepo(), p.GetInstallation())
	if err != nil || why != "" {
		return nil, why, err
	}
	pr := p.GetPullRequest()
	head, err := app.ParseSHA(pr.GetHead().GetSHA())
	if err != nil {
		return nil, "", fmt.Errorf("its head: %w", err)
	}
	pull := app.Pull{
		Number: pr.GetNumber(), Title: pr.GetTitle(), Author: person(pr.GetUser()), Open: pr.GetState() == "open", Merged: pr.GetMerged(),
		Head: head, HeadRef: pr.GetHead().GetRef(), Base: pr.GetBase().GetRef(), BaseSHA: app.SHA(pr.GetBase().GetSHA()),
		Fork: app.RepoID(pr.GetHead().GetRepo().GetID()) != repo.ID, Locked: pr.GetLocked(), UpdatedAt: pr.GetUpdatedAt().UTC(),
	}
	if pull.Number <= 0 {
		return nil, "", fmt.Errorf("it has no number")
	}
	if pull.Merged {
		pull.MergedAt = pr.GetMergedAt().UTC()
		if pull.MergeCommit, err = app.ParseSHA(pr.GetMergeCommitSHA()); err != nil {
			return nil, "", fmt.Errorf("its merge commit: %w", err)
		}
	}
	return to(repo.ID, app.PullChanged{Repo: repo, Pull: pull, By: person(p.GetSender())}), "", nil
}

// mergeGroup is a merge queue that asks for checks, or gives a group up.
func (t Translator) mergeGroup(p *github.MergeGroupEvent) ([]app.Letter, string, error) {
	repo, why, err := t.repo(p.GetRepo(), p.GetInstallation())
	if err != nil || why != "" {
		return nil, why, err
	}
	head, err := app.ParseSHA(p.GetMergeGroup().GetHeadSHA())
	if err != nil {
		return nil, "", fmt.Errorf("its head: %w", err)
	}
	m := app.MergeQueued{Repo: repo, Head: head, Base: app.SHA(p.GetMergeGroup().GetBaseSHA()), Gone: p.GetAction() == "destroyed"}
	if !m.Gone && p.GetAction() != "checks_requested" {
		return nil, "slipway does nothing when a merge group is " + p.GetAction(), nil
	}
	return to(repo.ID, m), "", nil
}
