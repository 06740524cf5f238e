package handlers

import (
	"encoding/json"
	"errors"

	"github.com/google/go-github/v62/github"

	"github.com/slipway-cd/slipway/app"
)

// What people press, and what other Apps report.

// checkRunEvent is go-github's, but for what is told of Apps: their times come in other forms too, and nobody reads them.
type checkRunEvent struct {
	github.CheckRunEvent
	Run *checkRun `json:"check_run"`
}

type checkRun struct {
	github.CheckRun
	App        theApp          `json:"app"`
	CheckSuite json.RawMessage `json:"check_suite"`
}

type theApp struct {
	ID   int64  `json:"id"`
	Slug string `json:"slug"`
}

// checkRun is a button of ours, our Re-run, or another App's news.
func (t Translator) checkRun(e app.Event) ([]app.Letter, error) {
	p, err := readAs[checkRunEvent](e)
	if err != nil {
		return nil, err
	}
	repo, err := t.served(p.GetRepo(), p.GetInstallation())
	if err != nil {
		return nil, err
	}
	head, err := commit("its commit", p.Run.GetHeadSHA())
	switch {
	case err != nil:
		return nil, err
	case p.Run.App.ID <= 0 || p.Run.GetName() == "":
		return nil, errors.New("the check run has no App or no name")
	case p.Run.App.ID != t.AppID:
		return reported(repo, head, p)
	}
	m := pressed(e, repo, head, p.GetSender())
	m.External = p.Run.GetExternalID()
	switch p.GetAction() {
	case "requested_action":
		if p.RequestedAction != nil {
			m.Identifier = p.RequestedAction.Identifier
		}
	case "rerequested":
		m.Identifier = string(app.VerbRetry)
	default:
		return nil, nothingWhen("a check run of ours", p.GetAction())
	}
	switch {
	case m.Identifier == "":
		return nil, errors.New("it does not say which button was pressed")
	case m.External == "":
		return nil, ignorance("the check run has no external_id, and all that slipway makes have one")
	}
	return byHand(m)
}

// reported is another App's check run that changed: whoever waits for it looks at it.
func reported(repo app.Repo, head app.SHA, p checkRunEvent) ([]app.Letter, error) {
	switch p.GetAction() {
	case "created", "completed", "rerequested":
	default:
		return nil, nothingWhen("a check run of another App", p.GetAction())
	}
	if p.Run.App.Slug == "" {
		return nil, ignorance("the check run's App has no slug, by which it could be waited for")
	}
	return to(repo.ID, app.Reported{Repo: repo, Commit: head, App: p.Run.App.Slug, Check: p.Run.GetName()}), nil
}

// checkSuite is the Re-run of everything.
func (t Translator) checkSuite(e app.Event, p *github.CheckSuiteEvent) ([]app.Letter, error) {
	repo, err := t.served(p.GetRepo(), p.GetInstallation())
	if err != nil {
		return nil, err
	}
	suite := p.GetCheckSuite()
	switch {
	case suite.GetApp().GetID() <= 0:
		return nil, errors.New("the check suite has no App")
	case suite.GetApp().GetID() != t.AppID:
		return nil, ignorance("it is another App's check suite")
	case p.GetAction() != "rerequested":
		return nil, nothingWhen("a check suite", p.GetAction())
	}
	head, err := commit("its commit", suite.GetHeadSHA())
	if err != nil {
		return nil, err
	}
	m := pressed(e, repo, head, p.GetSender())
	m.Identifier = string(app.VerbRetry)
	return byHand(m)
}

func pressed(e app.Event, repo app.Repo, head app.SHA, by *github.User) app.Pressed {
	return app.Pressed{Repo: repo, Commit: head, By: person(by), Delivery: e.Delivery, Received: e.Received}
}

// byHand lets a button count if a person pressed it.
func byHand(m app.Pressed) ([]app.Letter, error) {
	switch {
	case m.By.ID <= 0 || m.By.Login == "":
		return nil, errors.New("it does not say who pressed it")
	case m.By.Bot:
		return nil, ignorance("a bot pressed it")
	}
	return to(m.Repo.ID, m), nil
}
