package handlers

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/go-github/v62/github"

	"github.com/slipway-cd/slipway/app"
)

// What GitHub tells of branches, pull requests and merge groups.

// push is a branch that moved. Tags and what else is no branch release nothing.
func (t Translator) push(p *github.PushEvent) ([]app.Letter, error) {
	r := p.GetRepo()
	repo, err := t.served(&github.Repository{
		ID: r.ID, Name: r.Name, Owner: r.Owner, Private: r.Private, DefaultBranch: r.DefaultBranch, MasterBranch: r.MasterBranch,
	}, p.GetInstallation())
	if err != nil {
		return nil, err
	}
	if repo.DefaultBranch == "" {
		return nil, errors.New("the repository has no default branch")
	}
	branch, ok := strings.CutPrefix(p.GetRef(), "refs/heads/")
	switch {
	case !strings.HasPrefix(p.GetRef(), "refs/"), branch == "":
		return nil, fmt.Errorf("%.100q is no ref", p.GetRef())
	case !ok:
		return nil, ignorance("only branches release something, not " + cut(p.GetRef()))
	}
	m := app.Pushed{Repo: repo, Branch: branch, By: person(p.GetSender())}
	if !p.GetDeleted() {
		if m.After, err = commit("what it holds now", p.GetAfter()); err != nil {
			return nil, err
		}
	}
	return to(repo.ID, m), nil
}

// cut keeps what others wrote short where it is part of a sentence.
func cut(s string) string { return fmt.Sprintf("%.100q", s) }

// pull is a pull request after something happened to it that slipway asks about.
func (t Translator) pull(p *github.PullRequestEvent) ([]app.Letter, error) {
	repo, err := t.served(p.GetRepo(), p.GetInstallation())
	if err != nil {
		return nil, err
	}
	if !tells(p) {
		return nil, nothingWhen("a pull request", p.GetAction())
	}
	if a := p.GetAction(); (a == "labeled" || a == "unlabeled") && p.GetPullRequest().GetNumber() > 0 {
		return to(repo.ID, app.Relabeled{Repo: repo, Pull: p.GetPullRequest().GetNumber()}), nil
	}
	pull, err := describePull(repo.ID, p.GetPullRequest())
	if err != nil {
		return nil, err
	}
	return to(repo.ID, app.PullChanged{Repo: repo, Pull: pull, By: person(p.GetSender())}), nil
}

// tells says whether an action changes what slipway knows of a pull request. Reviewers and a new description do not, and there are many
// of them.
func tells(p *github.PullRequestEvent) bool {
	switch p.GetAction() {
	case "opened", "synchronize", "reopened", "closed", "ready_for_review", "converted_to_draft", "locked", "unlocked", "labeled", "unlabeled":
		return true
	case "edited":
		return p.GetChanges().GetTitle() != nil || p.GetChanges().GetBase() != nil
	}
	return false
}

func describePull(repo app.RepoID, pr *github.PullRequest) (app.Pull, error) {
	head, err := commit("its head", pr.GetHead().GetSHA())
	if err != nil {
		return app.Pull{}, err
	}
	base, err := commit("its base", pr.GetBase().GetSHA())
	if err != nil {
		return app.Pull{}, err
	}
	pull := app.Pull{
		Number: pr.GetNumber(), Title: pr.GetTitle(), Author: person(pr.GetUser()), Open: pr.GetState() == "open", Merged: pr.GetMerged(),
		Head: head, HeadRef: pr.GetHead().GetRef(), Base: pr.GetBase().GetRef(), BaseSHA: base,
		Fork: app.RepoID(pr.GetHead().GetRepo().GetID()) != repo, Locked: pr.GetLocked(), UpdatedAt: pr.GetUpdatedAt().UTC(),
	}
	if pull.Merged {
		pull.MergedAt = pr.GetMergedAt().UTC()
		if pull.MergeCommit, err = commit("its merge commit", pr.GetMergeCommitSHA()); err != nil {
			return app.Pull{}, err
		}
	}
	switch {
	case pull.Number <= 0:
		return app.Pull{}, errors.New("the pull request has no number")
	case pull.Base == "" || pull.HeadRef == "":
		return app.Pull{}, errors.New("the pull request has no branches")
	case !pull.Open && pr.GetState() != "closed":
		return app.Pull{}, fmt.Errorf("the pull request is neither open nor closed but %.40q", pr.GetState())
	case pull.Open && pull.Merged:
		return app.Pull{}, errors.New("the pull request is open and merged")
	case pull.UpdatedAt.IsZero() || pull.Merged && pull.MergedAt.IsZero():
		return app.Pull{}, errors.New("the pull request does not say when it was changed")
	}
	return pull, nil
}

// mergeGroup is a merge queue that asks for checks, or gives a group up.
func (t Translator) mergeGroup(p *github.MergeGroupEvent) ([]app.Letter, error) {
	repo, err := t.served(p.GetRepo(), p.GetInstallation())
	if err != nil {
		return nil, err
	}
	m := app.MergeQueued{Repo: repo, Gone: p.GetAction() == "destroyed"}
	if !m.Gone && p.GetAction() != "checks_requested" {
		return nil, nothingWhen("a merge group", p.GetAction())
	}
	if m.Head, err = commit("its head", p.GetMergeGroup().GetHeadSHA()); err != nil {
		return nil, err
	}
	if m.Base, err = commit("its base", p.GetMergeGroup().GetBaseSHA()); err != nil {
		return nil, err
	}
	return to(repo.ID, m), nil
}
