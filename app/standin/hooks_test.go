package standin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-github/v62/github"

	"github.com/slipway-cd/slipway/app/standin"
)

// push makes n commits on main and so sends n push events, and as many check suites.
func (w *world) pushes(repo *standin.Repo, n int) {
	w.t.Helper()
	for i := range n {
		w.commit(repo, "ben", "main", fmt.Sprintf("Change %d", i), map[string]string{"n": fmt.Sprint(i)})
	}
}

// order lists the messages of the push events among what was heard.
func order(hooks []hook) string {
	var all []string
	for _, h := range hooks {
		if push, is := h.payload.(*github.PushEvent); is {
			all = append(all, push.GetHeadCommit().GetMessage())
		}
	}
	return strings.Join(all, ", ")
}

func TestWebhooksKeepOrder(t *testing.T) {
	w := start(t)
	repo, _ := w.shop()
	w.pushes(repo, 3)
	if got := order(w.hooks()); got != "Change 0, Change 1, Change 2" {
		t.Errorf("heard %s", got)
	}
}

func TestBrokenWebhooks(t *testing.T) {
	for name, test := range map[string]struct {
		match standin.HookMatch
		fault standin.HookFault
		want  string
	}{
		"lost":      {standin.HookMatch{Event: "push", Skip: 1}, standin.HookFault{Lose: true}, "Change 0, Change 2"},
		"repeated":  {standin.HookMatch{Event: "push"}, standin.HookFault{Copies: 1}, "Change 0, Change 0, Change 1, Change 2"},
		"reordered": {standin.HookMatch{Event: "push"}, standin.HookFault{HoldBack: 3}, "Change 1, Change 0, Change 2"},
		"delayed":   {standin.HookMatch{Event: "push"}, standin.HookFault{Delay: time.Minute}, "Change 1, Change 2"},
		"all lost":  {standin.HookMatch{Event: "push", Times: -1}, standin.HookFault{Lose: true, Status: 500}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			repo, _ := w.shop()
			lift := w.gh.BreakWebhooks(test.match, test.fault)
			w.pushes(repo, 3)
			if got := order(w.hooks()); got != test.want {
				t.Errorf("heard %q, want %q", got, test.want)
			}
			lift()
			if test.fault.Delay > 0 {
				w.clock.Advance(time.Minute)
				if got := order(w.hooks()); got != "Change 0" {
					t.Errorf("a minute later heard %q", got)
				}
			}
		})
	}
}

// A failed delivery stays listed as failed after a redelivery succeeded, under the same GUID.
func TestRedelivery(t *testing.T) {
	w, ctx := start(t), context.Background()
	repo, _ := w.shop()
	w.gh.BreakWebhooks(standin.HookMatch{Event: "push"}, standin.HookFault{Lose: true, Status: 502})
	w.pushes(repo, 1)
	w.hooks()
	app := w.app()
	failed := func() []*github.HookDelivery {
		request, err := app.NewRequest("GET", "app/hook/deliveries?status=failure&per_page=100", nil)
		if err != nil {
			t.Fatal(err)
		}
		var list []*github.HookDelivery
		if _, err := app.Do(ctx, request, &list); err != nil {
			t.Fatal(err)
		}
		return list
	}
	list := failed()
	if len(list) != 1 || list[0].GetStatusCode() != 502 || list[0].GetEvent() != "push" {
		t.Fatalf("failed deliveries: %v", list)
	}
	one, _, err := app.Apps.GetHookDelivery(ctx, list[0].GetID())
	if err != nil || !json.Valid(*one.Request.RawPayload) || one.Request.Headers["X-Github-Event"] != "push" {
		t.Errorf("the delivery: %v, %v", one, err)
	}
	_, _, err = app.Apps.RedeliverHookDelivery(ctx, list[0].GetID())
	if _, accepted := err.(*github.AcceptedError); err != nil && !accepted {
		t.Fatal(err)
	}
	heard := w.hooks()
	if len(heard) != 1 || heard[0].guid != list[0].GetGUID() {
		t.Errorf("redelivered %v, want %s", heard, list[0].GetGUID())
	}
	if again := failed(); len(again) != 1 || again[0].GetID() != list[0].GetID() {
		t.Errorf("after the redelivery these are failed: %v", again)
	}
	w.clock.Advance(4 * 24 * time.Hour)
	if old := failed(); len(old) != 0 {
		t.Errorf("after four days these are listed: %v", old)
	}
}

func TestDeliveryLogPages(t *testing.T) {
	w, ctx := start(t), context.Background()
	repo, _ := w.shop()
	w.pushes(repo, 4)
	w.hooks()
	var ids []int64
	options := &github.ListCursorOptions{PerPage: 3}
	for {
		page, answer, err := w.app().Apps.ListHookDeliveries(ctx, options)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range page {
			ids = append(ids, d.GetID())
		}
		if answer.Cursor == "" {
			break
		}
		options.Cursor = answer.Cursor
	}
	if len(ids) != len(w.gh.Deliveries()) || len(ids) < 9 {
		t.Errorf("%d deliveries paged, %d logged", len(ids), len(w.gh.Deliveries()))
	}
	for i := 1; i < len(ids); i++ {
		if ids[i] >= ids[i-1] {
			t.Errorf("not newest first: %v", ids)
		}
	}
}

func TestRefusedWebhookIsLoggedAndNotRepeated(t *testing.T) {
	w := start(t)
	repo, _ := w.shop()
	w.mu.Lock()
	w.answer = func(rw http.ResponseWriter, _ *http.Request) { http.Error(rw, "no", http.StatusServiceUnavailable) }
	w.mu.Unlock()
	w.pushes(repo, 1)
	if got := names(w.hooks()); got != "push check_suite.requested" {
		t.Errorf("heard %q", got)
	}
	log := w.gh.Deliveries()
	if last := log[len(log)-1]; last.StatusCode != http.StatusServiceUnavailable || last.Redelivery {
		t.Errorf("logged %+v", last)
	}
}

func TestManyTagsSendNothing(t *testing.T) {
	w := start(t)
	repo, _ := w.shop()
	dir := w.clone(repo, "ben")
	tag := func(names ...string) {
		for _, name := range names {
			w.git(dir, "tag", name)
		}
		w.git(dir, "push", "--quiet", "--tags")
	}
	tag("v1", "v2", "v3")
	if got := names(w.hooks()); got != "push push push" {
		t.Errorf("three tags send %q", got)
	}
	tag("v4", "v5", "v6", "v7")
	if got := names(w.hooks()); got != "" {
		t.Errorf("four tags send %q", got)
	}
}

func TestUnsubscribedEvents(t *testing.T) {
	w := start(t, func(o *standin.Options) {
		o.App.Events = []string{"pull_request"}
		o.App.Permissions = map[string]string{"metadata": "read", "contents": "read", "checks": "write"}
	})
	repo, _ := w.shop()
	w.commit(repo, "ben", "topic", "Topic", map[string]string{"a": "a"})
	w.open(repo, "ben", "Topic", "topic")
	// Check suites come without a subscription; pull requests need the permission beside it.
	if got := names(w.hooks()); got != "check_suite.requested" {
		t.Errorf("sent %q", got)
	}
}
