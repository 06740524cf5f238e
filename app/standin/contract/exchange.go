package contract

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// mostBody bounds what is read of a body: GitHub takes 25 MB at most.
const mostBody = 25 << 20

// exchange is one request to the API with its answer.
type exchange struct {
	*call
	where  string // method and path as sent
	accept string
}

// begin reads and checks a request. It gives nil for a request that is not the API's, and for one that fits no operation, whose
// answer nothing can be said about. The request's body can be read again after it.
func (c *Contract) begin(r *http.Request) *exchange {
	c.reporter.Helper()
	path, ok := apiPath(r)
	if !ok {
		return nil
	}
	where := r.Method + " " + r.URL.RequestURI()
	found, err := c.find(r.Method, path)
	if err != nil {
		c.report(where, []string{err.Error()})
		return nil
	}
	body, err := takeBody(&r.Body)
	if err != nil {
		return nil // the client went away, or sent less than it said: no exchange to judge
	}
	violations := c.checkParameters(found, r.URL.Query())
	violations = append(violations, c.checkBody(found, body)...)
	violations = append(violations, beyondSchemas(found, r.URL.Query(), body)...)
	c.report(where, violations)
	return &exchange{call: found, where: where, accept: r.Header.Get("Accept")}
}

// finish checks the answer to what begin gave.
func (c *Contract) finish(x *exchange, status int, header http.Header, body []byte) {
	c.reporter.Helper()
	c.count(fmt.Sprintf("%s %s %d", x.method, x.template, status))
	c.report(fmt.Sprintf("%s → %d", x.where, status), c.checkAnswer(x, status, header, body))
}

// checkBody holds what is sent against the schema of the operation.
func (l *loaded) checkBody(c *call, body []byte) []string {
	if c.Body == nil {
		if len(body) > 0 {
			return []string{"the request has a body, and none is described"}
		}
		return nil
	}
	// Clients send "null" for options that they have none of, and GitHub takes it for no body.
	if text := bytes.TrimSpace(body); len(text) == 0 || string(text) == "null" {
		if c.Body.Required {
			return []string{"the request has no body"}
		}
		return nil
	}
	return l.checkJSON(request, c.ID+"/body", c.Body, body)
}

func (l *loaded) checkJSON(d direction, name string, described *content, body []byte) []string {
	value, err := decode(body)
	if err != nil {
		return []string{string(d) + " body is no JSON: " + err.Error()}
	}
	raw := described.schema()
	if raw == nil {
		return nil
	}
	schema, err := l.schemas.component(d, name, raw)
	if err != nil {
		return []string{err.Error()}
	}
	if err := schema.Validate(value); err != nil {
		return []string{string(d) + " body: " + reason(err)}
	}
	return nil
}

// apiPath is the path within the API, which has a prefix on GitHub Enterprise Server; false for what is not the API: git over
// HTTP, pages for browsers, and sign-in.
func apiPath(r *http.Request) (string, bool) {
	path := r.URL.EscapedPath()
	for _, end := range []string{"/info/refs", "/git-upload-pack", "/git-receive-pack"} {
		if strings.HasSuffix(path, end) {
			return "", false
		}
	}
	if within, ok := strings.CutPrefix(path, "/api/v3/"); ok {
		return "/" + within, true
	}
	accept := r.Header.Get("Accept")
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch {
	case strings.Contains(accept, "text/html"), first == "login", first == "settings":
		return "", false
	case strings.Contains(accept, "json"), strings.Contains(accept, "application/vnd.github"):
		return path, true
	}
	return path, slices.Contains([]string{
		"app", "app-manifests", "apps", "installation", "orgs", "rate_limit", "repos", "repositories", "user", "users",
	}, first)
}

// takeBody reads a body and puts back one that reads the same.
func takeBody(body *io.ReadCloser) ([]byte, error) {
	if *body == nil || *body == http.NoBody {
		return nil, nil
	}
	data, err := io.ReadAll(io.LimitReader(*body, mostBody+1))
	rest := io.Reader(*body)
	if err != nil {
		rest = failed{err} // the body itself may say EOF when it is read on
	}
	*body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(data), rest), *body}
	if err != nil {
		return nil, fmt.Errorf("reading the body: %w", err)
	}
	if len(data) > mostBody {
		return nil, fmt.Errorf("the body is longer than %d bytes", mostBody)
	}
	return data, nil
}

// failed is a reader that fails as another did before.
type failed struct{ err error }

func (f failed) Read([]byte) (int, error) { return 0, f.err }
