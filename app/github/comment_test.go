package github

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-cd/slipway/app"
)

const (
	commentsOfPull = "GET /repos/acme/shop/issues/3/comments"
	commentLook    = commentsOfPull + "?per_page=100&page=1"
	commentPost    = "POST /repos/acme/shop/issues/3/comments"
	commentPatch   = "PATCH /repos/acme/shop/issues/comments/5"
	commentBody    = "<!-- slipway:pull/3 -->\nhello"
)

// said is a comment as GitHub answers it.
func said(id int, body, kind string, via int) string {
	raw, _ := json.Marshal(map[string]any{
		"id": id, "body": body, "user": map[string]any{"login": "x", "type": kind}, "performed_via_github_app": map[string]any{"id": via},
	})
	return string(raw)
}

func TestEnsureCommentLooksFirst(t *testing.T) {
	list := func(comments ...string) http.HandlerFunc { return says(200, "["+strings.Join(comments, ",")+"]") }
	ok, made, gone := says(200, `{"id": 5}`), says(201, `{"id": 9}`), says(404, `{}`)
	for name, c := range map[string]struct {
		known             int64
		retry             bool
		post, patch, list http.HandlerFunc
		id                int64
		kind              app.ErrorKind
		sent              []string
	}{
		"first":           {post: made, id: 9, sent: []string{commentPost}},
		"known":           {known: 5, patch: ok, id: 5, sent: []string{commentPatch}},
		"known, deleted":  {known: 5, patch: gone, post: made, id: 9, sent: []string{commentPatch, commentPost}},
		"known, down":     {known: 5, patch: says(502, ``), id: 5, kind: app.ErrUnreachable, sent: []string{commentPatch}},
		"locked":          {post: says(403, `{"message": "Unable to create comment because issue is locked."}`), kind: app.ErrDenied, sent: []string{commentPost}},
		"retry, not done": {retry: true, list: list(said(4, "hello", "Bot", appID)), post: made, id: 9, sent: []string{commentLook, commentPost}},
		"retry, done":     {retry: true, list: list(said(5, commentBody, "Bot", appID), said(6, commentBody, "Bot", appID)), id: 5, sent: []string{commentLook}},
		"retry, older":    {retry: true, list: list(said(5, "<!-- slipway:pull/3 -->\nold", "Bot", appID)), patch: ok, id: 5, sent: []string{commentLook, commentPatch}},
		"retry, others' with the marker": {retry: true, post: made, id: 9, sent: []string{commentLook, commentPost},
			list: list(said(1, commentBody, "User", 0), said(2, commentBody, "User", appID), said(3, commentBody, "Bot", 99), said(4, "> "+commentBody, "Bot", appID))},
		"retry, known, made anew": {known: 5, retry: true, patch: gone, list: list(said(8, commentBody, "Bot", appID)), id: 8, sent: []string{commentPatch, commentLook}},
		"retry, list unreachable": {retry: true, list: says(502, ``), kind: app.ErrUnreachable, sent: []string{commentLook}},
		"empty answer":            {post: says(201, ``), kind: app.ErrUnreachable, sent: []string{commentPost}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			for route, h := range map[string]http.HandlerFunc{commentPost: c.post, commentPatch: c.patch, commentsOfPull: c.list} {
				if h != nil {
					f.replies(route, h)
				}
			}
			id, err := f.client().EnsureComment(t.Context(), shop, app.Comment{Pull: 3, Marker: "pull/3", Body: "hello"}, c.known, c.retry)
			if c.kind != app.ErrOther {
				wantKind(t, err, c.kind)
			} else if err != nil {
				t.Error(err)
			}
			if id != c.id {
				t.Errorf("number %d, want %d", id, c.id)
			}
			if diff := cmp.Diff(c.sent, f.lines()); diff != "" {
				t.Error(diff)
			}
			for _, r := range f.requests() {
				if r.body != "" && r.json(t)["body"] != commentBody {
					t.Errorf("%s wrote %s", r.line, r.body)
				}
			}
		})
	}
}

func TestCommentIsFoundOnALaterPage(t *testing.T) {
	f := newFake(t)
	f.replies(commentsOfPull, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("page") == "2" {
			fmt.Fprint(w, "["+said(5, commentBody, "Bot", appID)+"]")
			return
		}
		w.Header().Set("Link", `<`+f.http.URL+`/repos/acme/shop/issues/3/comments?page=2>; rel="next"`)
		fmt.Fprint(w, "["+said(4, "hello", "User", 0)+"]")
	})
	id, err := f.client().EnsureComment(t.Context(), shop, app.Comment{Pull: 3, Marker: "pull/3", Body: "hello"}, 0, true)
	if err != nil || id != 5 {
		t.Errorf("%d, %v", id, err)
	}
}

func TestLongCommentKeepsItsMarker(t *testing.T) {
	f := newFake(t)
	f.reply(commentPost, 201, `{"id": 9}`)
	_, err := f.client().EnsureComment(t.Context(), shop, app.Comment{Pull: 3, Marker: "pull/3", Body: strings.Repeat("x", 70_000)}, 0, false)
	noError(t, err)
	body := f.requests()[0].json(t)["body"].(string)
	if len(body) > maxText || !strings.HasPrefix(body, "<!-- slipway:pull/3 -->\n") || !strings.HasSuffix(body, cutNotice) {
		t.Errorf("%d bytes: %q", len(body), body[:40])
	}
}

func TestMarkerCanNotEscape(t *testing.T) {
	f := newFake(t)
	c := f.client()
	for _, want := range []app.Comment{
		{Pull: 3}, {Pull: 3, Marker: "a -->"}, {Pull: 3, Marker: "a--"}, {Pull: 3, Marker: "a\nb"}, {Pull: 3, Marker: "<b>"}, {Marker: "m"},
	} {
		if _, err := c.EnsureComment(t.Context(), shop, want, 0, false); app.KindOf(err) != app.ErrInvalid {
			t.Errorf("%+v: %v", want, err)
		}
	}
	if len(f.lines()) > 0 {
		t.Error(f.lines())
	}
}

func TestReactions(t *testing.T) {
	conversation := []string{"POST /repos/acme/shop/issues/comments/5/reactions"}
	for door, want := range map[app.Door][]string{
		"": conversation, app.DoorComment: conversation, app.DoorReview: nil,
		app.DoorReviewComment: {"POST /repos/acme/shop/pulls/comments/5/reactions"},
		app.DoorCommitComment: {"POST /repos/acme/shop/comments/5/reactions"},
	} {
		f := newFake(t)
		f.reply("POST /", 200, `{"id": 1, "content": "eyes"}`)
		noError(t, f.client().React(t.Context(), shop, door, 5, "eyes"))
		if diff := cmp.Diff(want, f.lines()); diff != "" {
			t.Errorf("%s: %s", door, diff)
		}
		for _, r := range f.requests() {
			if r.body != `{"content":"eyes"}` {
				t.Errorf("%s: %s", door, r.body)
			}
		}
	}
	wantKind(t, newFake(t).client().React(t.Context(), shop, app.DoorButton, 5, "eyes"), app.ErrInvalid)
}

// TestReactionThatIsNotAllowed: an App that may only read contents may be refused at a commit's comment.
func TestReactionThatIsNotAllowed(t *testing.T) {
	f := newFake(t)
	f.reply("POST /repos/acme/shop/comments/5/reactions", 403, `{"message": "Resource not accessible by integration"}`)
	wantKind(t, f.client().React(t.Context(), shop, app.DoorCommitComment, 5, "eyes"), app.ErrDenied)
}

func TestCommentRead(t *testing.T) {
	f := newFake(t)
	f.reply("GET /repos/acme/shop/issues/comments/5", 200,
		`{"id": 5, "body": "/approve", "user": {"id": 4, "login": "ana", "type": "User"}, "created_at": "2026-03-02T09:00:00Z", "updated_at": "2026-03-02T09:01:00Z"}`)
	got, err := f.client().Comment(t.Context(), shop, 5)
	noError(t, err)
	if got.ID != 5 || got.Body != "/approve" || got.Author != (app.Person{ID: 4, Login: "ana"}) || !got.CreatedAt.Equal(start) || !got.UpdatedAt.After(start) {
		t.Errorf("%+v", got)
	}
}
