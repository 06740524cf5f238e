package standin

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/gorilla/mux"
)

// call is one request to the API, with who sent it and the repository that it is about.
type call struct {
	s    *Server
	r    *http.Request
	who  *principal
	vars map[string]string
	repo *Repo
	body []byte
}

// answer is what an endpoint says. A body of []byte goes out as it is.
type answer struct {
	status int
	body   any
	kind   string // content type; empty: JSON
	links  []string
}

type endpoint func(*call) (*answer, error)

// refusal is an answer of GitHub's that is not a success.
type refusal struct {
	status  int
	message string
	errors  []any
	header  http.Header
}

func (e *refusal) Error() string { return fmt.Sprintf("%d %s", e.status, e.message) }

func refuse(status int, message string) *refusal { return &refusal{status: status, message: message} }

func notFound() *refusal { return refuse(http.StatusNotFound, "Not Found") }

// invalid is how GitHub refuses a body that its description does not allow.
func invalid(format string, args ...any) *refusal {
	return refuse(http.StatusUnprocessableEntity, "Invalid request.\n\n"+fmt.Sprintf(format, args...))
}

// failed is how GitHub refuses a body that breaks a rule beyond its description.
func failed(resource, field, code, message string) *refusal {
	problem := object{"resource": resource, "field": field, "code": code}
	if message != "" {
		problem["message"] = message
	}
	return &refusal{status: http.StatusUnprocessableEntity, message: "Validation Failed", errors: []any{problem}}
}

func ok(body any) *answer      { return &answer{status: http.StatusOK, body: body} }
func created(body any) *answer { return &answer{status: http.StatusCreated, body: body} }
func noContent() *answer       { return &answer{status: http.StatusNoContent} }

// maxBody is more than any request of GitHub's API may carry.
const maxBody = 25 << 20

func (s *Server) apiRouter() http.Handler {
	router := mux.NewRouter().SkipClean(true)
	for _, route := range routes() {
		router.Methods(route.method).Path(route.path).Handler(s.endpoint(route))
	}
	unknown := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.write(w, r, identityOf(r).who, nil, notFound())
	})
	router.NotFoundHandler, router.MethodNotAllowedHandler = unknown, unknown
	return router
}

func (s *Server) endpoint(route route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := identityOf(r)
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			s.write(w, r, id.who, nil, refuse(http.StatusRequestEntityTooLarge, "Payload too big"))
			return
		}
		if id.err != nil {
			s.write(w, r, id.who, nil, id.err)
			return
		}
		c := &call{s: s, r: r, who: id.who, vars: mux.Vars(r), body: body}
		answer, err := c.run(route)
		s.write(w, r, id.who, answer, err)
	})
}

// run answers a call while nothing else happens.
func (c *call) run(route route) (*answer, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if err := c.spend(); err != nil {
		return nil, err
	}
	if err := c.findRepo(); err != nil {
		return nil, err
	}
	if err := c.authorize(route.need); err != nil {
		return nil, err
	}
	return route.serve(c)
}

// findRepo resolves the repository in the path. An old name is answered with the way to the new one.
func (c *call) findRepo() error {
	name, named := c.vars["repo"]
	if !named {
		return nil
	}
	full := fold(c.vars["owner"] + "/" + name)
	if c.repo = c.s.repoByName(full); c.repo != nil {
		return nil
	}
	moved := c.s.repos[c.s.moved[full]]
	if moved == nil {
		return notFound()
	}
	rest := strings.SplitN(strings.TrimPrefix(c.r.URL.EscapedPath(), "/repos/"), "/", 3)
	to := fmt.Sprintf("%s/repositories/%d", c.s.url, moved.id)
	if len(rest) == 3 {
		to += "/" + rest[2]
	}
	if c.r.URL.RawQuery != "" {
		to += "?" + c.r.URL.RawQuery
	}
	status := http.StatusTemporaryRedirect
	if c.r.Method == http.MethodGet {
		status = http.StatusMovedPermanently
	}
	return &refusal{status: status, message: "Moved Permanently", header: http.Header{"Location": {to}}}
}

// write sends an answer with the headers that GitHub puts on all of them.
func (s *Server) write(w http.ResponseWriter, r *http.Request, who *principal, a *answer, err error) {
	header := w.Header()
	if err != nil {
		a = s.refusalAnswer(header, err)
	}
	s.mu.Lock()
	s.rateHeaders(header, who)
	s.mu.Unlock()
	header.Set("X-GitHub-Request-Id", strings.ToUpper(randomHex(8)))
	header.Set("Date", s.now().Format(http.TimeFormat))
	header.Set("X-GitHub-Media-Type", "github.v3; format=json")
	header.Set("X-GitHub-Api-Version-Selected", "2022-11-28")
	if len(a.links) > 0 {
		header.Set("Link", strings.Join(a.links, ", "))
	}
	body, kind := encode(a)
	if body == nil {
		w.WriteHeader(a.status)
		return
	}
	header.Set("Content-Type", kind)
	if r.Method == http.MethodGet && a.status == http.StatusOK {
		tag := fmt.Sprintf(`W/"%x"`, sha256.Sum256(append([]byte(header.Get("Link")), body...)))
		header.Set("ETag", tag)
		header.Set("Cache-Control", "private, max-age=60, s-maxage=60")
		header.Set("Vary", "Accept, Authorization, Cookie, X-GitHub-OTP")
		if r.Header.Get("If-None-Match") == tag {
			s.refund(header, who)
			header.Del("Content-Type")
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(a.status)
	w.Write(body)
}

func encode(a *answer) ([]byte, string) {
	if raw, isRaw := a.body.([]byte); isRaw {
		return raw, a.kind
	}
	if a.body == nil {
		return nil, ""
	}
	body, err := json.Marshal(a.body)
	if err != nil { // maps, slices, strings and numbers: a mistake in this package
		panic(err)
	}
	return body, "application/json; charset=utf-8"
}

func (s *Server) refusalAnswer(header http.Header, err error) *answer {
	var no *refusal
	if !errors.As(err, &no) {
		no = refuse(http.StatusInternalServerError, "Server Error: "+err.Error())
	}
	for key, values := range no.header {
		header[key] = values
	}
	body := problemJSON(no.status, no.message)
	if no.errors != nil {
		body["errors"] = no.errors
	}
	if location := no.header.Get("Location"); location != "" {
		body["url"] = location
	}
	return &answer{status: no.status, body: body}
}

// problemJSON is the body of a refusal. Clients tell a secondary limit by the page that it names.
func problemJSON(status int, message string) object {
	page := "https://docs.github.com/rest"
	if strings.Contains(message, "secondary rate limit") {
		page += "/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits"
	}
	return object{"message": message, "documentation_url": page, "status": strconv.Itoa(status)}
}

// decode reads a JSON body strictly: what GitHub's description does not know, it does not permit.
func decode[T any](c *call) (T, error) {
	var value T
	if len(bytes.TrimSpace(c.body)) == 0 {
		return value, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(c.body))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&value)
	var wrongType *json.UnmarshalTypeError
	switch {
	case err == nil:
		return value, nil
	case errors.As(err, &wrongType):
		return value, invalid("For 'properties/%s', %s is not a %s.", wrongType.Field, wrongType.Value, wrongType.Type)
	case strings.Contains(err.Error(), "unknown field "):
		return value, invalid("%s is not a permitted key.", strings.SplitN(err.Error(), "unknown field ", 2)[1])
	}
	return value, refuse(http.StatusBadRequest, "Problems parsing JSON")
}
