package github

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	gh "github.com/google/go-github/v62/github"

	"github.com/slipway-cd/slipway/app"
)

// listedCommits is how many commits of a pull request GitHub lists at most. It does not say that it left some out.
const listedCommits = 250

// PullPeople is whose change a pull request is, for rules that ask for another pair of eyes.
type PullPeople struct {
	Opener   app.Person
	Commits  []PullCommit
	Complete bool // all commits were listed; if not, somebody may be missing
}

// PullCommit is who made one commit of a pull request.
type PullCommit struct {
	SHA     app.SHA
	Parents []app.SHA    // two or more: a merge, such as that of the Update-branch button
	Authors []app.Person // its author, and who is named in Co-authored-by lines
	// Committer is who applied it; the zero value if that was GitHub, or nobody with a login.
	Committer app.Person
	Emails    []string // of authors, co-authors and committers, in lower case, as far as they belong to no login
}

// Wrote is everyone who opened, wrote, co-wrote or committed, each once, and the e-mail addresses that belong to no login.
func (p PullPeople) Wrote() (people []app.Person, emails []string) {
	add := func(who app.Person) {
		same := func(other app.Person) bool {
			return other.ID == who.ID && who.ID != 0 || strings.EqualFold(other.Login, who.Login)
		}
		if who.Login != "" && !slices.ContainsFunc(people, same) {
			people = append(people, who)
		}
	}
	add(p.Opener)
	for _, commit := range p.Commits {
		for _, who := range commit.Authors {
			add(who)
		}
		add(commit.Committer)
		emails = append(emails, commit.Emails...)
	}
	slices.Sort(emails)
	return people, slices.Compact(emails)
}

// PullPeople reads who opened a pull request and who made its commits, as GitHub links them to logins. Addresses in commits are chosen
// by whoever made them: this can wrongly name somebody, which excludes them, and wrongly leave somebody out, so ask for Pushes too.
func (c *Client) PullPeople(ctx context.Context, r app.Repo, number int) (PullPeople, error) {
	client := c.as(r.Installation)
	pull, _, err := client.PullRequests.Get(ctx, r.Owner, r.Name, number)
	if err != nil {
		return PullPeople{}, c.failRepo(r, err, "reading pull request #%d", number)
	}
	commits, err := collect(func(n int) ([]*gh.RepositoryCommit, *gh.Response, error) {
		if pull.GetCommits() <= listedCommits {
			return client.PullRequests.ListCommits(ctx, r.Owner, r.Name, number, &gh.ListOptions{Page: n, PerPage: perPage})
		}
		return compared(ctx, client, r, pull.GetBase().GetSHA(), pull.GetHead().GetSHA(), n)
	})
	if err != nil {
		return PullPeople{}, c.failRepo(r, err, "listing the commits of pull request #%d", number)
	}
	people := PullPeople{Opener: person(pull.GetUser()), Complete: len(commits) >= pull.GetCommits()}
	for _, commit := range commits {
		people.Commits = append(people.Commits, pullCommit(commit))
	}
	return people, nil
}

// CommitPeople reads who made the commits that head has and base has not, as GitHub links them to logins. Without a base it is head alone.
func (c *Client) CommitPeople(ctx context.Context, r app.Repo, base, head app.SHA) ([]PullCommit, error) {
	client := c.as(r.Installation)
	commits, err := collect(func(n int) ([]*gh.RepositoryCommit, *gh.Response, error) {
		if base == "" {
			one, resp, err := client.Repositories.GetCommit(ctx, r.Owner, r.Name, string(head), nil)
			return []*gh.RepositoryCommit{one}, resp, err
		}
		return compared(ctx, client, r, string(base), string(head), n)
	})
	if err != nil {
		return nil, c.failRepo(r, err, "reading who made the commits up to %s", head.Short())
	}
	var people []PullCommit
	for _, commit := range commits {
		people = append(people, pullCommit(commit))
	}
	return people, nil
}

// compared is a page of the commits that head has and base has not.
func compared(ctx context.Context, client *gh.Client, r app.Repo, base, head string, page int) ([]*gh.RepositoryCommit, *gh.Response, error) {
	all, resp, err := client.Repositories.CompareCommits(ctx, r.Owner, r.Name, base, head, &gh.ListOptions{Page: page, PerPage: perPage})
	if err != nil {
		return nil, resp, err
	}
	return all.Commits, resp, nil
}

func pullCommit(commit *gh.RepositoryCommit) PullCommit {
	out := PullCommit{SHA: app.SHA(commit.GetSHA())}
	for _, parent := range commit.Parents {
		out.Parents = append(out.Parents, app.SHA(parent.GetSHA()))
	}
	written := commit.GetCommit()
	if author := person(commit.GetAuthor()); author.Login != "" {
		out.Authors = append(out.Authors, author)
	} else {
		out.write(written.GetAuthor().GetEmail())
	}
	for _, email := range coAuthors(written.GetMessage()) {
		out.write(email)
	}
	switch committer := person(commit.GetCommitter()); {
	case committer.Login == "web-flow": // GitHub itself, for whoever pressed a button
	case committer.Login != "":
		out.Committer = committer
	default:
		out.commit(written.GetCommitter().GetEmail())
	}
	return out
}

// write adds an author who is known by an address alone. GitHub's own addresses name the login.
func (p *PullCommit) write(email string) {
	if who, ok := ofNoreply(email); ok {
		p.Authors = append(p.Authors, who)
		return
	}
	p.email(email)
}

func (p *PullCommit) commit(email string) {
	if who, ok := ofNoreply(email); ok {
		p.Committer = who
		return
	}
	p.email(email)
}

func (p *PullCommit) email(email string) {
	if email = strings.ToLower(email); email != "" && email != "noreply@github.com" && !slices.Contains(p.Emails, email) {
		p.Emails = append(p.Emails, email)
	}
}

// ofNoreply reads a login out of GitHub's private addresses: 123+ana@users.noreply.github.com, or ana@ of older accounts.
func ofNoreply(email string) (app.Person, bool) {
	name, host, _ := strings.Cut(strings.ToLower(email), "@")
	if !strings.HasPrefix(host, "users.noreply.") {
		return app.Person{}, false
	}
	number, login, numbered := strings.Cut(name, "+")
	if !numbered {
		return app.Person{Login: name}, name != ""
	}
	id, err := strconv.ParseInt(number, 10, 64)
	return app.Person{ID: id, Login: login}, err == nil && login != ""
}

// coAuthors reads the addresses of Co-authored-by lines.
func coAuthors(message string) []string {
	var emails []string
	for _, line := range regexp.MustCompile(`(?im)^co-authored-by:[^<\n]*<([^>\s]+)>`).FindAllStringSubmatch(message, -1) {
		emails = append(emails, line[1])
	}
	return emails
}

// Push is one change of a branch.
type Push struct {
	Before, After app.SHA // 40 zeros: there was none
	Kind          string  // push, force_push, branch_creation, branch_deletion, pr_merge, merge_queue_merge
	By            app.Person
	At            time.Time // by GitHub's clock
}

// Pushes lists who changed a branch, newest first, also before the App was installed. Merging is listed too, by its kind. A push to a
// fork is in the fork, which we may not see.
func (c *Client) Pushes(ctx context.Context, r app.Repo, branch string) ([]Push, error) {
	var pushes []Push
	query := url.Values{"ref": {"refs/heads/" + strings.TrimPrefix(branch, "refs/heads/")}, "per_page": {fmt.Sprint(perPage)}}
	for {
		var page []struct {
			Before string       `json:"before"`
			After  string       `json:"after"`
			Kind   string       `json:"activity_type"`
			At     gh.Timestamp `json:"timestamp"`
			Actor  *gh.User     `json:"actor"`
		}
		resp, err := send(ctx, c.as(r.Installation), http.MethodGet, repoPath(r, "/activity?%s", query.Encode()), nil, &page)
		if err != nil {
			return nil, c.failRepo(r, err, "listing the pushes to %s", branch)
		}
		for _, p := range page {
			pushes = append(pushes, Push{app.SHA(p.Before), app.SHA(p.After), p.Kind, person(p.Actor), p.At.Time})
		}
		if resp.After == "" || len(page) == 0 {
			return pushes, nil
		}
		query.Set("after", resp.After)
	}
}

// Pushers is who pushed to a branch, each once. Merging into it is not pushing.
func (c *Client) Pushers(ctx context.Context, r app.Repo, branch string) ([]app.Person, error) {
	pushes, err := c.Pushes(ctx, r, branch)
	if err != nil {
		return nil, err
	}
	var who []app.Person
	for _, p := range pushes {
		switch p.Kind {
		case "pr_merge", "merge_queue_merge", "branch_deletion":
			continue
		}
		if p.By.Login != "" && !slices.Contains(who, p.By) {
			who = append(who, p.By)
		}
	}
	return who, nil
}
