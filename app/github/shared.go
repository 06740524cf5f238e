package github

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	gh "github.com/google/go-github/v62/github"

	"github.com/slipway-cd/slipway/app"
)

// SharedCommit is the commit that a branch, a tag or a commit's name is now, in another repository of the same owner. It is an app.ErrNotFound if there
// is no such thing, or if the App is not installed there: GitHub does not tell these apart.
func (c *Client) SharedCommit(ctx context.Context, r app.Repo, name, ref string) (app.SHA, error) {
	if name == "" || ref == "" {
		return "", refuse("%s has no repository %q with a ref %q", r.Owner, name, ref)
	}
	sha, resp, err := c.as(r.Installation).Repositories.GetCommitSHA1(ctx, url.PathEscape(r.Owner), url.PathEscape(name), ref, "")
	if resp != nil && resp.StatusCode == http.StatusUnprocessableEntity { // so GitHub answers for a ref that it does not have
		return "", &app.Error{Op: "reading " + ref + " of " + r.Owner + "/" + name, Kind: app.ErrNotFound}
	}
	if err != nil {
		return "", c.failRepo(app.Repo{Owner: r.Owner, Name: name}, err, "reading %s", ref)
	}
	return app.ParseSHA(strings.TrimSpace(sha))
}

// SharedFile is a file of another repository of the same owner, at a commit.
func (c *Client) SharedFile(ctx context.Context, r app.Repo, name string, at app.SHA, path string) ([]byte, error) {
	file, _, _, err := c.as(r.Installation).Repositories.GetContents(ctx, url.PathEscape(r.Owner), url.PathEscape(name), path, &gh.RepositoryContentGetOptions{Ref: string(at)})
	if err != nil {
		return nil, c.failRepo(app.Repo{Owner: r.Owner, Name: name}, err, "reading %s at %s", path, at.Short())
	}
	if file == nil { // it is a folder
		return nil, &app.Error{Op: "reading " + path + " of " + r.Owner + "/" + name, Kind: app.ErrNotFound}
	}
	text, err := file.GetContent()
	if err != nil {
		return nil, c.failRepo(app.Repo{Owner: r.Owner, Name: name}, err, "reading %s at %s", path, at.Short())
	}
	return []byte(text), nil
}
