package github

import (
	"net/http"
	"strings"
	"time"

	"github.com/slipway-cd/slipway/app"
)

// CallKind sorts requests by what they cost.
type CallKind string

// The kinds of requests.
const (
	CallCheckRun CallKind = "check-run write"
	CallWrite    CallKind = "other write"
	CallRead     CallKind = "read"
	CallToken    CallKind = "token"
)

// Call is one request that was made, for counting. It holds no name, so that it can label metrics.
type Call struct {
	Method   string
	Route    string // the path with placeholders, such as repos/{owner}/{repo}/pulls/{n}
	Status   int    // 0: no answer. 304 is a read that cost nothing
	Kind     CallKind
	Duration time.Duration // until the answer's header
}

// observer tells of each request that leaves.
type observer struct {
	next    http.RoundTripper
	clock   app.Clock
	prefix  string // the path of the API's root, escaped
	observe func(Call)
}

// RoundTrip passes the request on and tells of it.
func (o *observer) RoundTrip(req *http.Request) (*http.Response, error) {
	if o.observe == nil {
		return o.next.RoundTrip(req)
	}
	began := o.clock.Now()
	resp, err := o.next.RoundTrip(req)
	call := Call{Method: req.Method, Route: routeOf(strings.TrimPrefix(req.URL.EscapedPath(), o.prefix)), Duration: o.clock.Now().Sub(began)}
	call.Kind = kindOfCall(req.Method, call.Route)
	if resp != nil {
		call.Status = resp.StatusCode
	}
	o.observe(call)
	return resp, err
}

func kindOfCall(method, route string) CallKind {
	switch {
	case strings.HasSuffix(route, "/access_tokens"):
		return CallToken
	case method == http.MethodGet || method == http.MethodHead:
		return CallRead
	case strings.HasPrefix(route, "repos/{owner}/{repo}/check-runs"):
		return CallCheckRun
	}
	return CallWrite
}

// routeOf replaces what is particular in an escaped path: a name's slash is no path's. Every method of this package has a case in the test.
func routeOf(path string) string {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	named := 0 // the first part that is a word of GitHub's, not a name
	if parts[0] == "repos" {
		named = 3
	}
	after := func(i int, word string) bool { return i > named && parts[i-1] == word }
	route := make([]string, len(parts))
	for i, part := range parts {
		switch {
		case i == 1 && named > 0:
			part = "{owner}"
		case i == 2 && named > 0:
			part = "{repo}"
		case after(i, "collaborators"):
			part = "{login}"
		case i == 1 && after(i, "apps"):
			part = "{slug}"
		case after(i, "commits"):
			part = "{sha}"
		case after(i, "compare"):
			part = "{range}"
		case after(i, "environments"):
			part = "{environment}"
		case after(i, "workflows"):
			part = "{workflow}"
		case part != "" && strings.Trim(part, "0123456789") == "":
			part = "{n}"
		}
		route[i] = part
	}
	return strings.Join(route, "/")
}
