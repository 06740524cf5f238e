package github

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"time"

	gh "github.com/google/go-github/v62/github"

	"github.com/slipway-cd/slipway/app"
)

const (
	maxAnswer = 1024         // characters of what is said of a protection
	maxWait   = 30 * 24 * 60 // minutes that GitHub lets an environment wait
)

// Environment is what GitHub asks before a job may deploy to an environment. It binds jobs of GitHub Actions only.
type Environment struct {
	Exists     bool
	Reviewers  []string // of whom one must approve: a login, or org/team for a team; none is that nobody is asked
	SelfReview bool     // GitHub's prevent_self_review: whoever started the run may not approve it
	Wait       time.Duration
}

// Environment reads an environment. One that is not there is an answer, not an error. ErrDenied: the App may not read Actions; ErrNotFound:
// the repository itself is not there, or not ours to see.
func (c *Client) Environment(ctx context.Context, r app.Repo, name string) (Environment, error) {
	if err := environmentNamed(name); err != nil {
		return Environment{}, err
	}
	var answer struct {
		Rules []json.RawMessage `json:"protection_rules"`
	}
	_, err := send(ctx, c.as(r.Installation), http.MethodGet, repoPath(r, "/environments/%s", url.PathEscape(name)), nil, &answer)
	if gone(err) {
		_, err := send(ctx, c.as(r.Installation), http.MethodGet, repoPath(r, ""), nil, nil)
		return Environment{}, c.failRepo(r, err, "looking whether there is an environment %s", name)
	}
	if err != nil {
		return Environment{}, c.failRepo(r, err, "reading the environment %s", name)
	}
	found := Environment{Exists: true}
	for _, rule := range answer.Rules {
		found.add(r, rule)
	}
	return found, nil
}

// Guards says whether our App is one of the custom deployment protection rules of an environment, so that GitHub asks it before a job may
// use that. No environment has none. ErrDenied: the App may not read Actions.
func (c *Client) Guards(ctx context.Context, r app.Repo, name string) (bool, error) {
	if err := environmentNamed(name); err != nil {
		return false, err
	}
	var answer struct {
		Rules []struct {
			Enabled bool    `json:"enabled"`
			App     *gh.App `json:"app"`
		} `json:"custom_deployment_protection_rules"`
	}
	_, err := send(ctx, c.as(r.Installation), http.MethodGet, repoPath(r, "/environments/%s/deployment_protection_rules", url.PathEscape(name)), nil, &answer)
	if gone(err) {
		return false, nil
	}
	if err != nil {
		return false, c.failRepo(r, err, "reading the protection rules of the environment %s", name)
	}
	for _, rule := range answer.Rules {
		if rule.Enabled && rule.App.GetID() == c.appID {
			return true, nil
		}
	}
	return false, nil
}

// environmentNamed refuses names that would lead elsewhere: a path's dots are no part of it.
func environmentNamed(name string) error {
	if name == "" || name == "." || name == ".." {
		return refuse("%q is no environment's name", name)
	}
	return nil
}

// add takes one rule in. Rules of other types can have any form, and so can what comes after this was written: it is left out.
func (e *Environment) add(r app.Repo, raw json.RawMessage) {
	var kind struct {
		Type string `json:"type"`
	}
	if json.Unmarshal(raw, &kind) != nil {
		return
	}
	switch kind.Type {
	case "required_reviewers":
		var rule struct {
			Reviewers []json.RawMessage `json:"reviewers"`
		}
		var self struct {
			Prevent bool `json:"prevent_self_review"`
		}
		if json.Unmarshal(raw, &rule) == nil {
			e.Reviewers = append(e.Reviewers, reviewers(r, rule.Reviewers)...)
		}
		e.SelfReview = e.SelfReview || json.Unmarshal(raw, &self) == nil && self.Prevent
	case "wait_timer":
		var rule struct {
			Minutes int `json:"wait_timer"`
		}
		if json.Unmarshal(raw, &rule) == nil {
			e.Wait = max(e.Wait, minutes(rule.Minutes))
		}
	}
}

func minutes(n int) time.Duration { return time.Duration(min(max(n, 0), maxWait)) * time.Minute }

// reviewers names users and teams. A team belongs to the repository's organisation. Who can't be read is left out.
func reviewers(r app.Repo, list []json.RawMessage) (names []string) {
	for _, raw := range list {
		var who struct {
			Type     string `json:"type"`
			Reviewer struct {
				Login string `json:"login"`
				Slug  string `json:"slug"`
			} `json:"reviewer"`
		}
		switch err := json.Unmarshal(raw, &who); {
		case err != nil:
		case who.Type == "User" && who.Reviewer.Login != "":
			names = append(names, who.Reviewer.Login)
		case who.Type == "Team" && who.Reviewer.Slug != "":
			names = append(names, r.Owner+"/"+who.Reviewer.Slug)
		}
	}
	return names
}

// Pending is an environment that a run waits for.
type Pending struct {
	Environment string
	Reviewers   []string  // as those of Environment
	WaitUntil   time.Time // by GitHub's clock, if the environment makes runs wait; else zero
}

// Pending lists the environments that a run waits for: their reviewers, their timers, or the word of an App. ErrNotFound: there is no
// such run.
func (c *Client) Pending(ctx context.Context, r app.Repo, run int64) ([]Pending, error) {
	if run <= 0 {
		return nil, refuse("no run has the number %d", run)
	}
	var found []struct {
		Environment struct {
			Name string `json:"name"`
		} `json:"environment"`
		Wait      int               `json:"wait_timer"`
		Began     *gh.Timestamp     `json:"wait_timer_started_at"`
		Reviewers []json.RawMessage `json:"reviewers"`
	}
	if _, err := send(ctx, c.as(r.Installation), http.MethodGet, runPath(r, run, "/pending_deployments"), nil, &found); err != nil {
		return nil, c.failRepo(r, err, "reading what run %d waits for", run)
	}
	var list []Pending
	for _, p := range found {
		pending := Pending{Environment: p.Environment.Name, Reviewers: reviewers(r, p.Reviewers)}
		if p.Wait > 0 && p.Began != nil {
			pending.WaitUntil = p.Began.Add(minutes(p.Wait))
		}
		list = append(list, pending)
	}
	return list, nil
}

// Review is what a reviewer said of a run's deployments.
type Review struct {
	Environments []string
	State        string // approved, rejected or pending
	By           app.Person
	Comment      string
}

// Reviews lists what reviewers said of a run, in GitHub's order. ErrNotFound: there is no such run.
func (c *Client) Reviews(ctx context.Context, r app.Repo, run int64) ([]Review, error) {
	if run <= 0 {
		return nil, refuse("no run has the number %d", run)
	}
	var found []struct {
		Environments []struct {
			Name string `json:"name"`
		} `json:"environments"`
		State   string   `json:"state"`
		User    *gh.User `json:"user"`
		Comment string   `json:"comment"`
	}
	if _, err := send(ctx, c.as(r.Installation), http.MethodGet, runPath(r, run, "/approvals"), nil, &found); err != nil {
		return nil, c.failRepo(r, err, "reading the reviews of run %d", run)
	}
	var list []Review
	for _, f := range found {
		review := Review{State: f.State, By: person(f.User), Comment: f.Comment}
		for _, e := range f.Environments {
			review.Environments = append(review.Environments, e.Name)
		}
		list = append(list, review)
	}
	return list, nil
}

// ProtectionAnswer is our App's word on a deployment that waits for it.
type ProtectionAnswer struct {
	State   string // approved or rejected; "" only reports how things are, at most ten times
	Comment string // Markdown; what is beyond 1024 characters is cut off
}

// AnswerProtection lets a run deploy to an environment that our App protects, or refuses it, or says how things are. ErrNotFound: there
// is no such run; ErrInvalid: nothing waits there for our App, or it has said too much; ErrDenied: the App may not write Deployments.
func (c *Client) AnswerProtection(ctx context.Context, r app.Repo, run int64, environment string, a ProtectionAnswer) error {
	if run <= 0 || environment == "" || !slices.Contains([]string{"", "approved", "rejected"}, a.State) || a.State == "" && a.Comment == "" {
		return refuse("an answer needs a run, an environment, and a state or a comment: %d, %q, %q, %d bytes", run, environment, a.State, len(a.Comment))
	}
	body := struct {
		Environment string `json:"environment_name"`
		State       string `json:"state,omitempty"`
		Comment     string `json:"comment,omitempty"`
	}{environment, a.State, cutRunes(a.Comment, maxAnswer)}
	_, err := send(ctx, c.as(r.Installation), http.MethodPost, runPath(r, run, "/deployment_protection_rule"), body, nil)
	return c.failRepo(r, err, "answering for %s in run %d", environment, run)
}
