package github

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
)

// limits answers with a status and headers once, then well.
func limits(f *fake, status int, body string, headers ...string) {
	f.replies("GET /repos/acme/shop/pulls/1", func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}, says(200, `{"number": 1}`))
}

func TestLimitsSayUntilWhen(t *testing.T) {
	secondary := `{"message": "You have exceeded a secondary rate limit. Please wait a few minutes.", "documentation_url": ""}`
	page := `{"message": "", "documentation_url": "https://docs.github.com/rest/overview/resources-in-the-rest-api#secondary-rate-limits"}`
	in := func(d time.Duration) string { return fmt.Sprint(start.Add(d).Unix()) }
	for name, c := range map[string]struct {
		status  int
		body    string
		headers []string
		want    time.Duration
	}{
		"retry-after":                       {403, `{}`, []string{"Retry-After", "30"}, 30 * time.Second},
		"retry-after as a date":             {429, ``, []string{"Retry-After", start.Add(40 * time.Second).Format(http.TimeFormat)}, 40 * time.Second},
		"retry-after before the reset":      {403, `{}`, []string{"Retry-After", "30", "X-Ratelimit-Remaining", "0", "X-Ratelimit-Reset", in(time.Hour)}, 30 * time.Second},
		"primary":                           {403, `{}`, []string{"X-Ratelimit-Remaining", "0", "X-Ratelimit-Reset", in(20 * time.Minute)}, 20 * time.Minute},
		"primary as 429":                    {429, `{}`, []string{"X-Ratelimit-Remaining", "0", "X-Ratelimit-Reset", in(20 * time.Minute)}, 20 * time.Minute},
		"primary with a reset that is past": {403, `{}`, []string{"X-Ratelimit-Remaining", "0", "X-Ratelimit-Reset", in(-time.Minute)}, time.Minute},
		"secondary with room in the primary": {403, secondary,
			[]string{"X-Ratelimit-Remaining", "4000", "X-Ratelimit-Reset", in(time.Hour)}, time.Minute},
		"secondary by its page": {403, page, nil, time.Minute},
		"429 without a word":    {429, ``, nil, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			limits(f, c.status, c.body, c.headers...)
			client := f.client()
			_, err := client.Pull(t.Context(), shop, 1)
			wantKind(t, err, app.ErrLimited)
			if got := app.RetryAt(err).Sub(start); got != c.want {
				t.Errorf("until %v, want %v", got, c.want)
			}
			f.clock.Advance(c.want - time.Millisecond)
			_, err = client.Pull(t.Context(), shop, 1)
			wantKind(t, err, app.ErrLimited)
			if n := len(f.lines()); n != 1 {
				t.Errorf("%d requests: one was sent before its time", n)
			}
			f.clock.Advance(time.Millisecond)
			if _, err = client.Pull(t.Context(), shop, 1); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestHonestRefusalIsNoLimit(t *testing.T) {
	f := newFake(t)
	limits(f, 403, `{"message": "Resource not accessible by integration"}`, "X-Ratelimit-Remaining", "4000", "X-Ratelimit-Reset", "1")
	c := f.client()
	_, err := c.Pull(t.Context(), shop, 1)
	wantKind(t, err, app.ErrDenied)
	if !strings.Contains(err.Error(), "not accessible") {
		t.Errorf("GitHub's reason is lost: %v", err)
	}
	_, err = c.Pull(t.Context(), shop, 1)
	noError(t, err)
}

func TestWaitWithoutALengthDoubles(t *testing.T) {
	f := newFake(t)
	f.reply("GET /repos/acme/shop/pulls/1", 429, ``)
	f.reply("GET /repos/acme/shop/pulls/2", 200, `{"number": 2}`)
	c := f.client()
	for _, minutes := range []int{1, 2, 4, 8, 16, 32, 60, 60} {
		_, err := c.Pull(t.Context(), shop, 1)
		if got := app.RetryAt(err).Sub(f.clock.Now()); got != time.Duration(minutes)*time.Minute {
			t.Fatalf("until %v, want %d minutes", got, minutes)
		}
		f.clock.Advance(time.Duration(minutes) * time.Minute)
	}
	_, err := c.Pull(t.Context(), shop, 2)
	noError(t, err)
	_, err = c.Pull(t.Context(), shop, 1)
	if got := app.RetryAt(err).Sub(f.clock.Now()); got != time.Minute {
		t.Errorf("until %v after a success, want a minute", got)
	}
}

func TestLastRequestOfTheHourHoldsTheNext(t *testing.T) {
	f := newFake(t)
	reset := start.Add(10 * time.Minute)
	f.reply("GET /repos/acme/shop/pulls/1", 200, `{"number": 1}`, "X-Ratelimit-Remaining", "0", "X-Ratelimit-Reset", fmt.Sprint(reset.Unix()))
	c := f.client()
	_, err := c.Pull(t.Context(), shop, 1)
	noError(t, err)
	_, err = c.Pull(t.Context(), shop, 1)
	wantKind(t, err, app.ErrLimited)
	if !app.RetryAt(err).Equal(reset) || len(f.lines()) != 1 {
		t.Errorf("until %v after %v", app.RetryAt(err), f.lines())
	}
}

func TestInstallationsAreLimitedApart(t *testing.T) {
	f := newFake(t)
	f.reply("GET /repos/acme/shop/pulls/1", 429, ``)
	f.reply("GET /repos/acme/other/pulls/1", 200, `{"number": 1}`)
	c := f.client()
	_, err := c.Pull(t.Context(), shop, 1)
	wantKind(t, err, app.ErrLimited)
	_, err = c.Pull(t.Context(), app.Repo{Owner: "acme", Name: "other", Installation: install + 1}, 1)
	noError(t, err)
}

func TestLimitedTokenLimitsItsUser(t *testing.T) {
	f := newFake(t)
	f.reply("POST /app/installations/11/access_tokens", 429, ``, "Retry-After", "90")
	_, err := f.client().Pull(t.Context(), shop, 1)
	wantKind(t, err, app.ErrLimited)
	if !app.RetryAt(err).Equal(start.Add(90 * time.Second)) {
		t.Errorf("until %v", app.RetryAt(err))
	}
}

func TestLimitIsLogged(t *testing.T) {
	f := newFake(t)
	limits(f, 429, ``)
	var log bytes.Buffer
	c := f.client(func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	c.Pull(t.Context(), shop, 1)
	if !strings.Contains(log.String(), "installation=11") {
		t.Errorf("log: %s", &log)
	}
}

func writes(t *testing.T, c *Client, p Priority) (n int, until time.Time) {
	t.Helper()
	for {
		err := c.React(WithPriority(t.Context(), p), shop, app.DoorComment, 1, "eyes")
		if app.KindOf(err) == app.ErrLimited {
			return n, app.RetryAt(err)
		}
		noError(t, err)
		n++
	}
}

func TestBudgetOfWrites(t *testing.T) {
	f := newFake(t)
	f.reply("POST /repos/acme/shop/issues/comments/1/reactions", 201, `{}`)
	c := f.client(func(o *Options) { o.Writes = Budget{PerMinute: 80, PerHour: 500} })
	routine, until := writes(t, c, Routine)
	failure, _ := writes(t, c, Failure)
	waiting, last := writes(t, c, Waiting)
	if routine != 30 || failure != 6 || waiting != 4 {
		t.Errorf("%d routine writes, then %d failures, then %d for a person; want 30, 6, 4", routine, failure, waiting)
	}
	if !until.After(start) || !last.After(start) || last.Sub(start) > 2*time.Second {
		t.Errorf("room at %v and %v", until.Sub(start), last.Sub(start))
	}
	f.clock.Advance(last.Sub(start))
	if n, _ := writes(t, c, Waiting); n != 1 {
		t.Errorf("%d writes at the time that was named, want 1", n)
	}
}

// However the time passes, an hour never sees more writes than GitHub takes, nor does a minute.
func TestBudgetHoldsOverTheHour(t *testing.T) {
	f := newFake(t)
	f.reply("POST /repos/acme/shop/issues/comments/1/reactions", 201, `{}`)
	c := f.client(func(o *Options) { o.Writes = Budget{PerMinute: 80, PerHour: 500} })
	var made []time.Time
	for f.clock.Now().Before(start.Add(time.Hour)) {
		n, _ := writes(t, c, Waiting)
		for range n {
			made = append(made, f.clock.Now())
		}
		f.clock.Advance(10 * time.Second)
	}
	if len(made) > 500 || len(made) < 450 {
		t.Errorf("%d writes in an hour, want nearly 500", len(made))
	}
	for i := range made {
		if i >= 80 && made[i].Sub(made[i-80]) < time.Minute {
			t.Fatalf("81 writes within %v", made[i].Sub(made[i-80]))
		}
	}
}

func TestReadsCostNoBudget(t *testing.T) {
	f := newFake(t)
	f.reply("GET /repos/acme/shop/pulls/1", 200, `{"number": 1}`)
	c := f.client(func(o *Options) { o.Writes = Budget{PerMinute: 1, PerHour: 1} })
	for range 5 {
		_, err := c.Pull(t.Context(), shop, 1)
		noError(t, err)
	}
}

func TestBudgetFollowsTheHost(t *testing.T) {
	for host, want := range map[string]Budget{
		"api.github.com": {80, 500}, "api.octo.ghe.com": {80, 500}, "git.acme.example": {-1, -1}, "127.0.0.1": {-1, -1},
	} {
		if got := budgetOf(host); got != want {
			t.Errorf("%s: %v, want %v", host, got, want)
		}
	}
}

// Requests that were under way together and are all refused are one reason to wait, not many.
func TestRefusedTogetherCountsOnce(t *testing.T) {
	f := newFake(t)
	var both sync.WaitGroup
	both.Add(2)
	f.reply("GET /repos/acme/shop/pulls/9", 200, `{"number": 9}`)
	f.replies("GET /repos/acme/shop/pulls/1", func(w http.ResponseWriter, _ *http.Request) {
		both.Done()
		both.Wait()
		w.WriteHeader(429)
	})
	c := f.client()
	_, err := c.Pull(t.Context(), shop, 9)
	noError(t, err)
	var calls sync.WaitGroup
	for range 2 {
		calls.Go(func() {
			_, err := c.Pull(t.Context(), shop, 1)
			if got := app.RetryAt(err).Sub(start); got != time.Minute {
				t.Errorf("until %v, want a minute", got)
			}
		})
	}
	calls.Wait()
}

// go-github holds requests back by the machine's clock. Ours alone counts, whatever the machine's says.
func TestOnlyOurClockHoldsBack(t *testing.T) {
	f := newFake(t)
	f.clock.Advance(100 * 365 * 24 * time.Hour)
	limits(f, 200, `{"number": 1}`, "X-Ratelimit-Remaining", "0", "X-Ratelimit-Reset", fmt.Sprint(f.clock.Now().Add(time.Minute).Unix()))
	c := f.client()
	_, err := c.Pull(t.Context(), shop, 1)
	noError(t, err)
	_, err = c.Pull(t.Context(), shop, 1)
	wantKind(t, err, app.ErrLimited)
	f.clock.Advance(time.Minute)
	_, err = c.Pull(t.Context(), shop, 1)
	noError(t, err)
}
