package git_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/git"
)

func TestTokenIsNeverSeen(t *testing.T) {
	const token = "ghs_secret.with/odd+characters=="
	o := newOrigin(t)
	o.commit("first", nil)
	o.guard(token)
	var seen sync.Map
	o.intercept(func(_ http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			return
		}
		// While git is at work: no process of ours shows the token on its command line or in its environment.
		for _, file := range []string{"cmdline", "environ"} {
			matches, _ := filepath.Glob("/proc/[0-9]*/" + file)
			for _, match := range matches {
				if text, err := os.ReadFile(match); err == nil && strings.Contains(string(text), token) {
					seen.Store(match, true)
				}
			}
		}
	})
	g := o.mirrored()
	seen.Range(func(key, _ any) bool { t.Errorf("the token is in %v", key); return true })
	command(t, "/", "sh", "-c", "! grep -rqF '"+token+"' \"$0\"", filepath.Dir(mirrorOf(t, g, o)))

	o.intercept(func(w http.ResponseWriter, r *http.Request) {
		if _, password, ok := r.BasicAuth(); ok { // a proxy that tells all that it was told
			http.Error(w, password+" "+r.Header.Get("Authorization"), http.StatusForbidden)
		}
	})
	err := g.Fetch(t.Context(), o.repo, mainSpec)
	wantKind(t, err, app.ErrDenied)
	if strings.Contains(err.Error(), token) || strings.Contains(err.Error(), "eC1hY2Nlc3M") {
		t.Fatalf("the token is in the error: %v", err)
	}
}

func TestTokenIsNotSentElsewhere(t *testing.T) {
	o := newOrigin(t)
	o.commit("first", nil)
	var got []string
	thief := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Authorization"))
		w.Header().Set("WWW-Authenticate", `Basic realm="thief"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer thief.Close()
	o.intercept(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, thief.URL+r.URL.Path+"?"+r.URL.RawQuery, http.StatusMovedPermanently)
	})
	g := o.open(func(opts *git.Options) {
		opts.Remote = func(context.Context, app.Repo) (git.Remote, error) {
			return git.Remote{URL: o.url, Token: "secret"}, nil
		}
	})
	wantKind(t, g.Fetch(t.Context(), o.repo, mainSpec), app.ErrDenied)
	if len(got) == 0 || strings.Join(got, "") != "" {
		t.Fatalf("the other server was told %q", got)
	}
}

func TestRemotesThatAreRefused(t *testing.T) {
	o := newOrigin(t)
	for _, remote := range []git.Remote{{URL: "ext::sh -c touch% x"}, {URL: "file:///etc"}, {URL: "/etc"}, {URL: "-x"}, {URL: "ssh://h/x"}, {URL: "git://h/x"},
		{URL: "https://user:secret@host/x"}, {URL: ""}, {URL: "https:///x"}, {URL: o.url, Token: "a\nb"}} {
		g := o.open(func(opts *git.Options) {
			opts.Remote = func(context.Context, app.Repo) (git.Remote, error) { return remote, nil }
		})
		err := g.Fetch(t.Context(), o.repo, mainSpec)
		wantKind(t, err, app.ErrInvalid)
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("the error repeats it: %v", err)
		}
	}
}
