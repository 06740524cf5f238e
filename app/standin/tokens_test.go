package standin_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/golang-jwt/jwt/v4"
	"github.com/google/go-github/v62/github"

	"github.com/slipway-cd/slipway/app/standin"
)

// withToken is go-github with a given token.
func (w *world) withToken(token string) *github.Client {
	w.t.Helper()
	client, err := github.NewClient(nil).WithAuthToken(token).WithEnterpriseURLs(w.gh.URL(), w.gh.URL())
	if err != nil {
		w.t.Fatal(err)
	}
	return client
}

func TestTokens(t *testing.T) {
	w, ctx := start(t), context.Background()
	repo, _ := w.shop()
	other, err := w.gh.CreateRepository("acme", "other", standin.RepoOptions{})
	if err != nil {
		t.Fatal(err)
	}
	app := w.app()
	found, _, err := app.Apps.FindRepositoryInstallation(ctx, "acme", "shop")
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := app.Apps.CreateInstallationToken(ctx, found.GetID(), &github.InstallationTokenOptions{
		RepositoryIDs: []int64{repo.ID()}, Permissions: &github.InstallationPermissions{Contents: github.String("read")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(token.GetToken(), "ghs_") || len(token.GetToken()) < 100 {
		t.Errorf("the token has %d characters", len(token.GetToken()))
	}
	if want := w.clock.Now().Add(time.Hour); !token.GetExpiresAt().Time.Equal(want) {
		t.Errorf("it expires at %v, want %v", token.GetExpiresAt(), want)
	}
	narrow := w.withToken(token.GetToken())
	_, _, err = narrow.Repositories.Get(ctx, "acme", "shop")
	wantStatus(t, "its repository", err, 0)
	_, _, err = narrow.Repositories.Get(ctx, "acme", other.FullName()[5:])
	wantStatus(t, "another repository", err, http.StatusNotFound)
	_, _, err = narrow.Checks.ListCheckRunsForRef(ctx, "acme", "shop", "main", nil)
	wantStatus(t, "another permission", err, http.StatusForbidden)
	if err == nil || !strings.Contains(err.Error(), "Resource not accessible by integration") {
		t.Errorf("it says %v", err)
	}
	dir := t.TempDir()
	address := strings.Replace(w.gh.URL(), "http://", "http://x-access-token:"+token.GetToken()+"@", 1) + "/acme/shop.git"
	w.git(dir, "clone", "--quiet", address, "clone")
	if _, err := w.tryGit(dir+"/clone", "push", "origin", "HEAD:refs/heads/x"); err == nil {
		t.Error("a token with contents:read could push")
	}
	w.clock.Advance(time.Hour)
	_, _, err = narrow.Repositories.Get(ctx, "acme", "shop")
	wantStatus(t, "after an hour", err, http.StatusUnauthorized)
}

func TestTokensTooWide(t *testing.T) {
	w, ctx := start(t), context.Background()
	repo, _ := w.shop()
	app := w.app()
	found, _, err := app.Apps.FindRepositoryInstallation(ctx, "acme", "shop")
	if err != nil {
		t.Fatal(err)
	}
	for name, options := range map[string]*github.InstallationTokenOptions{
		"more than granted":        {Permissions: &github.InstallationPermissions{Contents: github.String("write")}},
		"a repository that is not": {Repositories: []string{"nothing"}},
		"one of two":               {RepositoryIDs: []int64{repo.ID(), 1}},
	} {
		_, _, err := app.Apps.CreateInstallationToken(ctx, found.GetID(), options)
		wantStatus(t, name, err, http.StatusUnprocessableEntity)
	}
}

func TestInstallationLife(t *testing.T) {
	w, ctx := start(t), context.Background()
	_, client := w.shop()
	read := func() error { _, _, err := client.Repositories.Get(ctx, "acme", "shop"); return err }
	wantStatus(t, "installed", read(), 0)
	if err := w.gh.Suspend("acme"); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, "suspended", read(), http.StatusForbidden)
	found, _, err := w.app().Apps.FindRepositoryInstallation(ctx, "acme", "shop")
	if err != nil || found.SuspendedAt == nil {
		t.Errorf("a suspended installation: %v, %v", found, err)
	}
	_, _, err = w.app().Apps.CreateInstallationToken(ctx, found.GetID(), nil)
	wantStatus(t, "a token while suspended", err, http.StatusForbidden)
	repo, _ := w.gh.Repository("acme", "shop")
	w.commit(repo, "ben", "main", "Unheard", map[string]string{"a": "a"})
	if err := w.gh.Unsuspend("acme"); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, "unsuspended", read(), 0)
	if err := w.gh.Uninstall("acme"); err != nil {
		t.Fatal(err)
	}
	if got := names(w.hooks()); got != "installation.suspend installation.unsuspend installation.deleted" {
		t.Errorf("sent %q", got)
	}
	wantStatus(t, "uninstalled", read(), http.StatusUnauthorized)
	_, _, err = w.app().Apps.CreateInstallationToken(ctx, found.GetID(), nil)
	wantStatus(t, "a token after uninstalling", err, http.StatusNotFound)
	_, _, err = w.app().Apps.FindRepositoryInstallation(ctx, "acme", "shop")
	wantStatus(t, "finding it", err, http.StatusNotFound)
}

func TestChosenRepositories(t *testing.T) {
	w, ctx := start(t), context.Background()
	var repos []*standin.Repo
	for _, name := range []string{"one", "two"} {
		repo, err := w.gh.CreateRepository("ana", name, standin.RepoOptions{})
		if err != nil {
			t.Fatal(err)
		}
		repos = append(repos, repo)
	}
	id, err := w.gh.Install("ana", "one")
	if err != nil {
		t.Fatal(err)
	}
	client := w.installed(id)
	listed := func() int {
		list, _, err := client.Apps.ListRepos(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		return list.GetTotalCount()
	}
	if n := listed(); n != 1 {
		t.Errorf("%d repositories", n)
	}
	w.commit(repos[1], "ana", "main", "Not for the App", map[string]string{"a": "a"})
	if _, err := w.gh.Install("ana", "two"); err != nil {
		t.Fatal(err)
	}
	if n := listed(); n != 2 {
		t.Errorf("%d repositories after adding one", n)
	}
	if err := w.gh.RemoveFromInstallation("ana", "one"); err != nil {
		t.Fatal(err)
	}
	if n := listed(); n != 1 {
		t.Errorf("%d repositories after removing one", n)
	}
	if got := names(w.hooks()); got != "installation.created installation_repositories.added installation_repositories.removed" {
		t.Errorf("sent %q", got)
	}
}

func TestAppJWT(t *testing.T) {
	w := start(t)
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	good := func() *jwt.RegisteredClaims {
		return &jwt.RegisteredClaims{Issuer: "4711", IssuedAt: jwt.NewNumericDate(now.Add(-time.Minute)), ExpiresAt: jwt.NewNumericDate(now.Add(5 * time.Minute))}
	}
	for name, test := range map[string]struct {
		change func(*jwt.RegisteredClaims)
		key    any
		method jwt.SigningMethod
		want   int
	}{
		"good":              {func(*jwt.RegisteredClaims) {}, w.key, jwt.SigningMethodRS256, 200},
		"another key":       {func(*jwt.RegisteredClaims) {}, stranger, jwt.SigningMethodRS256, 401},
		"another algorithm": {func(*jwt.RegisteredClaims) {}, []byte("key"), jwt.SigningMethodHS256, 401},
		"another App":       {func(c *jwt.RegisteredClaims) { c.Issuer = "1" }, w.key, jwt.SigningMethodRS256, 401},
		"too long":          {func(c *jwt.RegisteredClaims) { c.ExpiresAt = jwt.NewNumericDate(now.Add(time.Hour)) }, w.key, jwt.SigningMethodRS256, 401},
		"expired":           {func(c *jwt.RegisteredClaims) { c.ExpiresAt = jwt.NewNumericDate(now.Add(-time.Second)) }, w.key, jwt.SigningMethodRS256, 401},
		"from the future":   {func(c *jwt.RegisteredClaims) { c.IssuedAt = jwt.NewNumericDate(now.Add(2 * time.Minute)) }, w.key, jwt.SigningMethodRS256, 401},
	} {
		t.Run(name, func(t *testing.T) {
			claims := good()
			test.change(claims)
			signed, err := jwt.NewWithClaims(test.method, claims).SignedString(test.key)
			if err != nil {
				t.Fatal(err)
			}
			_, answer, _ := w.withToken(signed).Apps.Get(context.Background(), "")
			if answer == nil || answer.StatusCode != test.want {
				t.Errorf("got %v, want %d", answer, test.want)
			}
		})
	}
	// The App's own endpoints are for its JWT, and those of repositories are not.
	repo, _ := w.shop()
	_ = repo
	_, _, err = w.as("ana").Apps.Get(context.Background(), "")
	wantStatus(t, "GET /app by a person", err, http.StatusUnauthorized)
	_, _, err = w.app().Repositories.Get(context.Background(), "acme", "shop")
	wantStatus(t, "a repository by JWT", err, http.StatusUnauthorized)
}

func TestNewTokenAfterAnHour(t *testing.T) {
	w, ctx := start(t), context.Background()
	w.shop()
	found, _, err := w.app().Apps.FindRepositoryInstallation(ctx, "acme", "shop")
	if err != nil {
		t.Fatal(err)
	}
	transport := ghinstallation.NewFromAppsTransport(ghinstallation.NewAppsTransportFromPrivateKey(http.DefaultTransport, 4711, w.key), found.GetID())
	transport.BaseURL = w.gh.URL()
	first, err := transport.Token(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := transport.Token(ctx); err != nil || again != first {
		t.Errorf("the token was not kept: %v", err)
	}
	if n := count(w.gh.Requests(), standin.Token); n != 1 {
		t.Errorf("%d token requests", n)
	}
}

func count(requests []standin.Request, kind string) int {
	n := 0
	for _, r := range requests {
		if r.Kind == kind {
			n++
		}
	}
	return n
}
