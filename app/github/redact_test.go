package github

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
)

const webhookSecret = `it's a "secret"`

// tokenForms is every form in which a secret has been seen, and the part of it that must not be seen again.
func tokenForms() map[string][2]string {
	short := "ghs_16C7e42F292c6912E7710c838347Ae178B4a"
	long := "ghs_eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJnaXRodWIifQ.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg-_x"
	jwt := "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiI3In0.AbCdEf-ghIJ_klmn"
	basic := base64.StdEncoding.EncodeToString([]byte("x-access-token:" + short))
	return map[string][2]string{
		"installation token":        {short, "16C7e42F"},
		"installation token, long":  {long, "c2lnbmF0dXJl"},
		"installation token of old": {"v1.1f699f1069f601f699f1069f601f699f1069f601", "1f699f1069"},
		"personal":                  {"ghp_16C7e42F292c6912E7710c838347Ae178B4a", "16C7e42F"},
		"OAuth":                     {"gho_16C7e42F292c6912E7710c838347Ae178B4a", "16C7e42F"},
		"user to server":            {"ghu_16C7e42F292c6912E7710c838347Ae178B4a", "16C7e42F"},
		"refresh":                   {"ghr_1B4a2e77838347a7E420ce178F2E7c6912E169246c", "1B4a2e77"},
		"fine-grained":              {"github_pat_11ABCDEFG0abcdefghij_klmnopqrstuvwxyz0123456789", "klmnopq"},
		"JWT":                       {jwt, "AbCdEf"},
		"bearer":                    {"Bearer abcdefghijklmnopqrstuvwxyz", "ghijkl"},
		"bearer header":             {"Authorization: Bearer x7", "x7"},
		"token header":              {"Authorization: token 0123456789abcdef", "456789"},
		"header in a map":           {`map[Authorization:[Bearer ` + short + `]]`, "16C7e42F"},
		"header in JSON":            {`{"Authorization": "Basic dTpw"}`, "dTpw"},
		"basic":                     {"Basic " + basic, basic},
		"address":                   {"https://x-access-token:" + short + "@github.com/acme/shop.git", "16C7e42F"},
		"address, any password":     {"fatal: unable to access 'http://bot:hunter2@127.0.0.1:80/acme/shop.git/'", "hunter2"},
		"key":                       {string(keyPEM()), "MII"},
		"key, cut":                  {string(keyPEM()[:200]), "MII"},
		"key in JSON":               {strings.ReplaceAll(string(keyPEM()), "\n", `\n`), "MII"},
		"webhook secret":            {"secret=" + webhookSecret, `a "sec`},
		"webhook secret in JSON":    {`{"secret": "it's a \"secret\""}`, `a \"sec`},
	}
}

func TestRedactorKnowsEveryForm(t *testing.T) {
	r := NewRedactor(webhookSecret + "\n")
	for name, form := range tokenForms() {
		for _, text := range []string{form[0], "before " + form[0] + " after", form[0] + "\nnext line"} {
			got := r.String(text)
			if strings.Contains(got, form[1]) || !strings.Contains(got, hidden) {
				t.Errorf("%s: %q became %q", name, text, got)
			}
		}
		if got := r.String("before " + form[0] + "\nafter"); !strings.HasPrefix(got, "before ") || (name != "key, cut" && !strings.Contains(got, "after")) {
			t.Errorf("%s: what stands around it is gone: %q", name, got)
		}
		err := r.Error(fmt.Errorf("asking GitHub: %w", errors.New(form[0])))
		if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), form[1]) {
			t.Errorf("%s: the error says %v", name, err)
		}
	}
}

func TestRedactorLeavesWordsAlone(t *testing.T) {
	r := NewRedactor("", "a", webhookSecret)
	for _, text := range []string{
		"getting a token of installation 11", "basic authentication", "the bearer of bad news", "https://github.com/acme/shop/pull/1",
		"mail ana@example.com", "commit 9b1e2c7d40aa9b1e2c7d40aa9b1e2c7d40aa9b1e", "sha256:" + strings.Repeat("ab", 32), "ghost_writer",
		"eyJ", "team:acme/release", "2026-03-02T09:00:00Z", "POST https://api.github.com/repos/a/b/check-runs: 422 Validation Failed []",
	} {
		if got := r.String(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestRedactorLearnsTokensOfAnyForm(t *testing.T) {
	f := newFake(t)
	f.reply("POST /app/installations/11/access_tokens", 201, `{"token": "a new form of 2027", "expires_at": "2026-03-02T10:00:00Z"}`)
	f.reply("GET /repos/acme/shop/pulls/1", 403, `{"message": "[a new form of 2027] may not"}`)
	log := NewRedactor()
	c := f.client(func(o *Options) { o.Redactor = log })
	_, err := c.Pull(t.Context(), shop, 1)
	if !strings.Contains(err.Error(), "["+hidden+"] may not") {
		t.Errorf("the error says %v", err)
	}
	if got := log.String("a new form of 2027"); got != hidden {
		t.Errorf("the shared redactor lets %q through", got)
	}
	log.hold("another", start.Add(9*time.Hour), start.Add(2*time.Hour))
	if len(log.known) != 1 {
		t.Errorf("%d tokens are known; one has ended", len(log.known))
	}
}

type secretive struct{ Inner any }

type private struct{ inner string } // text handlers show it, JSON does not

type valuer string

func (v valuer) LogValue() slog.Value { return slog.StringValue(string(v)) }

type marshaled string

func (m marshaled) MarshalJSON() ([]byte, error) { return json.Marshal("plain:" + string(m)) }
func (m marshaled) String() string               { return "hidden by itself" }

func TestLogsHoldNoSecret(t *testing.T) {
	handlers := map[string]func(*bytes.Buffer) slog.Handler{
		"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"JSON": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	}
	for kind, handler := range handlers {
		for name, form := range tokenForms() {
			var b bytes.Buffer
			r := NewRedactor(webhookSecret)
			s := form[0]
			log := slog.New(r.Handler(handler(&b))).With("with", s).WithGroup("group").With("inner", errors.New(s))
			log.Info("message "+s, "string", s, "error", fmt.Errorf("wrapped: %w", errors.New(s)), "bytes", []byte(s),
				slog.Group("g", "deep", s), "struct", secretive{Inner: []string{s}}, "valuer", valuer(s), "private", private{s}, "json", marshaled(s),
				"map", map[string]string{"k": s}, "app", &app.Error{Op: s}, s, 1)
			if out := b.String(); strings.Contains(out, form[1]) || strings.Contains(out, base64.StdEncoding.EncodeToString([]byte(s))) {
				t.Errorf("%s, %s: %s", kind, name, out)
			}
		}
	}
}

func TestLogsKeepWhatIsNoSecret(t *testing.T) {
	var b bytes.Buffer
	r := NewRedactor()
	h := r.Handler(slog.NewJSONHandler(&b, &slog.HandlerOptions{Level: slog.LevelInfo}))
	slog.New(h).WithGroup("g").Info("done", "n", 3, "d", time.Second, "person", app.Person{ID: 4, Login: "ana"}, "none", nil)
	for _, want := range []string{`"n":3`, `"d":1000000000`, `"person":{"ID":4,"Login":"ana","Bot":false}`, `"none":null`, `"g":{`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s lacks %s", &b, want)
		}
	}
	if h.Enabled(context.Background(), slog.LevelDebug) {
		t.Error("the level of the guarded handler is lost")
	}
}

func TestScrubbedErrorKeepsOnlyContextEnds(t *testing.T) {
	r := NewRedactor()
	if r.Error(nil) != nil {
		t.Error("nil is no error")
	}
	inner := errors.New("inner")
	err := r.Error(fmt.Errorf("%w: %w", inner, context.DeadlineExceeded))
	if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, inner) {
		t.Errorf("%v", err)
	}
}
