package github

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/slipway-cd/slipway/app"
)

func mints(f *fake) []request {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []request
	for _, r := range f.seen {
		if strings.HasSuffix(r.line, "/access_tokens") {
			list = append(list, r)
		}
	}
	return list
}

func TestTokenIsNarrowed(t *testing.T) {
	f := newFake(t)
	text, expires, err := f.client().GitToken(t.Context(), shop)
	if err != nil || text != "ghs_secret1" || !expires.Equal(start.Add(time.Hour)) {
		t.Fatalf("%q until %v, %v", text, expires, err)
	}
	want := map[string]any{"repository_ids": []any{42.0}, "permissions": map[string]any{"contents": "read"}}
	if diff := cmp.Diff(want, mints(f)[0].json(t)); diff != "" {
		t.Error(diff)
	}
}

func TestTokenOfEverythingIsNotGivenOut(t *testing.T) {
	f := newFake(t)
	_, _, err := f.client().Token(t.Context(), shop, nil)
	wantKind(t, err, app.ErrInvalid)
	_, _, err = f.client().Token(t.Context(), app.Repo{Installation: install}, Permissions{"contents": "read"})
	wantKind(t, err, app.ErrInvalid)
	if f.tokens() != 0 {
		t.Error("one was minted")
	}
}

func TestTokenIsKeptUntilShortOfItsEnd(t *testing.T) {
	f := newFake(t)
	c := f.client()
	get := func(r app.Repo, p Permissions) string {
		text, _, err := c.Token(t.Context(), r, p)
		noError(t, err)
		return text
	}
	read, write := Permissions{"contents": "read", "issues": "read"}, Permissions{"contents": "write", "issues": "read"}
	other := shop
	other.ID++
	if a, b := get(shop, read), get(shop, read); a != b {
		t.Errorf("%s, then %s", a, b)
	}
	if get(shop, write) == get(shop, read) || get(other, read) == get(shop, read) {
		t.Error("other permissions or another repository got the same token")
	}
	first := get(shop, read)
	f.clock.Advance(55*time.Minute - time.Second)
	if get(shop, read) != first {
		t.Error("renewed too early")
	}
	f.clock.Advance(time.Second)
	if get(shop, read) == first {
		t.Error("given out with less than five minutes to live")
	}
}

func TestOneTokenForManyAtOnce(t *testing.T) {
	f := newFake(t)
	f.reply("GET /repos/acme/shop/pulls/1", 200, `{"number": 1}`)
	c := f.client()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := c.Pull(t.Context(), shop, 1); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if f.tokens() != 1 {
		t.Errorf("%d tokens", f.tokens())
	}
	for _, r := range f.requests() {
		if r.header.Get("Authorization") != "Bearer ghs_secret1" {
			t.Errorf("signed %q", r.header.Get("Authorization"))
		}
	}
}

func TestRejectedTokenIsNotUsedAgain(t *testing.T) {
	f := newFake(t)
	f.replies("GET /repos/acme/shop/pulls/1", says(401, `{"message": "Bad credentials"}`), says(200, `{"number": 1}`))
	c := f.client()
	_, err := c.Pull(t.Context(), shop, 1)
	wantKind(t, err, app.ErrDenied)
	_, err = c.Pull(t.Context(), shop, 1)
	noError(t, err)
	if f.tokens() != 2 {
		t.Errorf("%d tokens", f.tokens())
	}
}

func TestUninstalledAppIsForgotten(t *testing.T) {
	for status, kind := range map[int]app.ErrorKind{404: app.ErrDenied, 403: app.ErrDenied} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			f := newFake(t)
			f.replies("POST /app/installations/11/access_tokens", f.mint, f.mint, says(status, `{"message": "gone"}`))
			f.replies("GET /repos/acme/shop/pulls/1", tagged(func() string { return `{"number": 1}` }))
			f.reply("GET /repos/acme/shop/collaborators/ana/permission", 404, `{}`)
			c := f.client()
			_, err := c.Pull(t.Context(), shop, 1)
			noError(t, err)
			_, _, err = c.GitToken(t.Context(), shop)
			noError(t, err)
			f.clock.Advance(time.Hour)
			_, err = c.Pull(t.Context(), shop, 1)
			wantKind(t, err, kind)
			c.mu.Lock()
			left := len(c.installations)
			c.mu.Unlock()
			if left+len(c.answers.byKey) != 0 {
				t.Errorf("%d clients and %d answers are still kept", left, len(c.answers.byKey))
			}
			_, _, err = c.GitToken(t.Context(), shop)
			wantKind(t, err, kind)
			// No access of the App's is not "this person has no access".
			_, err = c.Role(t.Context(), shop, "ana")
			wantKind(t, err, kind)
		})
	}
}

func TestEmptyTokenIsNoToken(t *testing.T) {
	f := newFake(t)
	f.reply("POST /app/installations/11/access_tokens", 201, `{}`)
	_, _, err := f.client().GitToken(t.Context(), shop)
	wantKind(t, err, app.ErrUnreachable)
}

func TestEndedTokensDoNotPileUp(t *testing.T) {
	f := newFake(t)
	c := f.client()
	for id := range app.RepoID(50) {
		r := shop
		r.ID = id + 1
		_, _, err := c.GitToken(t.Context(), r)
		noError(t, err)
		f.clock.Advance(10 * time.Minute)
	}
	if len(c.tokens.slots) > 7 {
		t.Errorf("%d tokens are kept", len(c.tokens.slots))
	}
	if len(c.redact.known) > 7 {
		t.Errorf("the redactor knows %d tokens", len(c.redact.known))
	}
}

func TestAppSignsByOurClock(t *testing.T) {
	f := newFake(t)
	f.reply("GET /app", 200, `{"id": 7, "slug": "slipway"}`)
	c := f.client()
	f.clock.Advance(1000 * time.Hour)
	info, err := c.App(t.Context())
	if err != nil || info.ID != 7 || info.Slug != "slipway" {
		t.Fatalf("%+v, %v", info, err)
	}
	signed, _ := strings.CutPrefix(f.requests()[0].header.Get("Authorization"), "Bearer ")
	var claims jwt.RegisteredClaims
	parser := jwt.NewParser(jwt.WithoutClaimsValidation())
	if _, err := parser.ParseWithClaims(signed, &claims, func(*jwt.Token) (any, error) { return &testKey().PublicKey, nil }); err != nil {
		t.Fatal(err)
	}
	now := f.clock.Now()
	if claims.Issuer != "7" || !claims.IssuedAt.Equal(now.Add(-time.Minute)) || !claims.ExpiresAt.Equal(now.Add(5*time.Minute)) {
		t.Errorf("%+v at %v", claims, now)
	}
}

func TestCanceledWaiterDoesNotWaitForTheToken(t *testing.T) {
	f := newFake(t)
	minting, finish := make(chan bool), make(chan bool)
	f.replies("POST /app/installations/11/access_tokens", func(w http.ResponseWriter, r *http.Request) {
		minting <- true
		<-finish
		f.mint(w, r)
	})
	c := f.client()
	var all sync.WaitGroup
	all.Go(func() {
		if _, _, err := c.GitToken(t.Context(), shop); err != nil {
			t.Error(err)
		}
	})
	<-minting
	_, _, err := c.GitToken(canceled(t), shop)
	if err == nil {
		t.Error("it waited")
	}
	close(finish)
	all.Wait()
}

// GitHub calls it invalid, but what is invalid is what we may not have.
func TestTokenForWhatWeMayNotHave(t *testing.T) {
	w := newTown(t)
	other := w.r
	other.ID += 1000
	_, _, err := w.c.GitToken(t.Context(), other)
	wantKind(t, err, app.ErrDenied)
	_, _, err = w.c.Token(t.Context(), w.r, Permissions{"contents": "write"})
	wantKind(t, err, app.ErrDenied)
}
