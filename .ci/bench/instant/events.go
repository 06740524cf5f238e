package instant

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/slipway-cd/slipway/app"

	"github.com/slipway-cd/slipway/.ci/bench/hook"
	"github.com/slipway-cd/slipway/.ci/bench/product"
)

const (
	owned      = "acme"         // whose repositories are served
	pushHeader = "X-Bench-Push" // tells the world of a push before the event is taken in
)

// Events makes webhooks of repositories that are served, from GitHub's own examples. It is safe for concurrent use.
type Events struct {
	push, comment []byte // with marks to be replaced
	comments      atomic.Int64
}

// The marks in the bodies. Each is as a JSON text has it.
const (
	markRepo    = "1234567890123"
	markName    = "bench-name"
	markAfter   = "bench-after"
	markBefore  = "bench-before"
	markNumber  = "1234567890124"
	markComment = "1234567890125"
	markBody    = "bench-body"
	markLogin   = "bench-login"
	markUser    = "1234567890126"
	markTime    = "bench-time"
)

// NewEvents prepares the bodies.
func NewEvents() (*Events, error) {
	push, err := hook.Example("push", func(e map[string]any) bool { return e["head_commit"] != nil })
	if err != nil {
		return nil, err
	}
	comment, err := hook.Example("issue_comment", func(e map[string]any) bool { return e["action"] == "created" })
	if err != nil {
		return nil, err
	}
	markPush(push)
	markTalk(comment)
	e := &Events{}
	if e.push, err = json.Marshal(push); err != nil {
		return nil, err
	}
	e.comment, err = json.Marshal(comment)
	return e, err
}

// tree is a JSON object.
type tree = map[string]any

func markPush(e tree) {
	markRepository(e)
	e["ref"], e["before"], e["after"], e["deleted"] = "refs/heads/main", markBefore, markAfter, false
	sender(e)
	if head, ok := e["head_commit"].(tree); ok {
		head["id"] = markAfter
	}
}

func markTalk(e tree) {
	markRepository(e)
	sender(e)
	issue, comment := e["issue"].(tree), e["comment"].(tree)
	issue["number"] = json.Number(markNumber)
	issue["pull_request"] = tree{"url": "https://api.github.com/repos/acme/x/pulls/1", "html_url": "https://github.com/acme/x/pull/1"}
	comment["id"], comment["body"], comment["user"] = json.Number(markComment), markBody, e["sender"]
	comment["created_at"], comment["updated_at"] = markTime, markTime
}

func sender(e tree) {
	e["sender"] = tree{"id": json.Number(markUser), "login": markLogin, "type": "User"}
}

func markRepository(e tree) {
	r := e["repository"].(tree)
	r["id"], r["name"], r["full_name"], r["default_branch"], r["master_branch"] = json.Number(markRepo), markName, owned+"/"+markName, "main", "main"
	owner := r["owner"].(tree)
	owner["login"], owner["name"], owner["id"], owner["type"] = owned, owned, 9, "Organization"
	e["installation"] = tree{"id": 1, "node_id": "bench"}
}

func fill(body []byte, repo int, marks map[string]string) []byte {
	marks[markRepo], marks[markName] = fmt.Sprint(RepoID(repo)), fmt.Sprintf("service-%d", repo)
	for mark, value := range marks {
		body = bytes.ReplaceAll(body, []byte(mark), []byte(value))
	}
	return body
}

// Push is the nth push to a repository's default branch.
func (e *Events) Push(repo int, n int64) hook.Message {
	body := fill(e.push, repo, map[string]string{
		markAfter: string(SHA(repo, n)), markBefore: string(SHA(repo, n-1)), markUser: "8", markLogin: "cy",
	})
	m := hook.Sign(product.Secret, "push", body)
	m.Header = fmt.Sprintf("%s: %d/%d\r\n", pushHeader, repo, n)
	return m
}

// Comment is a comment on the pull request that became the nth commit, by somebody with write access.
func (e *Events) Comment(repo int, n int64, text string) hook.Message {
	return e.talk(repo, n, text, app.Person{ID: 8, Login: "cy"})
}

// Approve is a maintainer's /approve there.
func (e *Events) Approve(repo int, n int64) hook.Message {
	return e.talk(repo, n, "/approve", maintainer())
}

func (e *Events) talk(repo int, n int64, text string, by app.Person) hook.Message {
	return hook.Sign(product.Secret, "issue_comment", fill(e.comment, repo, map[string]string{
		markNumber: fmt.Sprint(n), markComment: fmt.Sprint(time.Now().UnixMicro()*1000 + e.comments.Add(1)%1000), markBody: text,
		markUser: fmt.Sprint(by.ID), markLogin: by.Login, markTime: time.Now().UTC().Format(time.RFC3339),
	}))
}
