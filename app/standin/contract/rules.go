package contract

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits that GitHub documents and its description leaves out.
const (
	mostPerPage       = 100
	mostOutputBytes   = 65535 // of a check run's summary and text, each: bytes, where the description counts characters
	mostMessageBytes  = 64 << 10
	mostTitle         = 255
	mostActionWords   = 40
	mostStatusWords   = 140
	mostEnvironment   = 255
	mostInputs        = 25
	mostProgressWords = 1024
	mostComment       = 65536
)

// finding collects what a request breaks.
type finding []string

func (f *finding) add(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

// longest reports text of more characters than most.
func (f *finding) longest(name, text string, most int) {
	if n := utf8.RuneCountInString(text); n > most {
		f.add("%s has %d characters, of at most %d", name, n, most)
	}
}

func (f *finding) longestBytes(name, text string, most int) {
	if len(text) > most {
		f.add("%s has %d bytes, of at most %d", name, len(text), most)
	}
}

func (f *finding) sha(name string, text *string) {
	if text != nil && !isSHA(*text) {
		f.add("%s is %q, not the full name of a commit", name, *text)
	}
}

// beyondSchemas holds a request against the limits that its schema does not express. A body of the wrong form is the schema's to
// report: what does not decode is not looked at.
func beyondSchemas(c *call, query url.Values, body []byte) []string {
	var f finding
	if text := query.Get("per_page"); text != "" {
		if n, err := strconv.Atoi(text); err != nil || n < 1 || n > mostPerPage {
			f.add("per_page=%s is not within 1 to %d", text, mostPerPage)
		}
	}
	if name := c.params["environment_name"]; name != "" {
		f.longest("the environment's name", name, mostEnvironment)
	}
	switch c.ID {
	case "checks/create", "checks/update":
		f.checkRun(c, body)
	case "checks/create-suite":
		f.headSHA(body)
	case "git/create-ref":
		f.newRef(body)
	case "git/get-ref", "git/update-ref", "git/delete-ref", "git/list-matching-refs":
		if strings.HasPrefix(c.params["ref"], "refs/") {
			f.add("the ref %q in the path begins with refs/", c.params["ref"])
		}
	case "repos/create-commit-status":
		sha := c.params["sha"]
		f.sha("sha", &sha)
		f.description(body)
	case "repos/create-deployment":
		f.deployment(body)
	case "repos/create-deployment-status":
		f.description(body)
	case "actions/create-workflow-dispatch":
		f.dispatch(body)
	case "actions/review-custom-gates-for-run":
		f.gate(body)
	case "issues/create-comment", "issues/update-comment", "repos/create-commit-comment", "repos/update-commit-comment",
		"pulls/create-review-comment", "pulls/update-review-comment", "pulls/create-reply-for-review-comment":
		f.comment(body)
	case "pulls/create-review", "pulls/submit-review":
		f.review(body)
	}
	return f
}

// checkRunBody is what the rules read of a check run that is created or updated.
type checkRunBody struct {
	Name       *string `json:"name"`
	HeadSHA    *string `json:"head_sha"`
	Status     string  `json:"status"`
	Conclusion string  `json:"conclusion"`
	Output     *struct {
		Title       *string      `json:"title"`
		Summary     *string      `json:"summary"`
		Text        string       `json:"text"`
		Annotations []annotation `json:"annotations"`
	} `json:"output"`
	Actions []struct {
		Description string `json:"description"`
	} `json:"actions"`
}

type annotation struct {
	Message     string `json:"message"`
	Title       string `json:"title"`
	RawDetails  string `json:"raw_details"`
	StartLine   int    `json:"start_line"`
	EndLine     int    `json:"end_line"`
	StartColumn *int   `json:"start_column"`
	EndColumn   *int   `json:"end_column"`
}

func (f *finding) checkRun(c *call, body []byte) {
	var run checkRunBody
	if json.Unmarshal(body, &run) != nil {
		return
	}
	f.sha("head_sha", run.HeadSHA)
	if run.Name != nil && *run.Name == "" {
		f.add("the name is empty")
	}
	switch run.Status {
	case "waiting", "requested", "pending":
		f.add("status %s is not an App's to set", run.Status)
	case "completed":
		if run.Conclusion == "" {
			f.add("status completed has no conclusion")
		}
	}
	if run.Conclusion == "stale" {
		f.add("conclusion stale is GitHub's to set")
	}
	for _, action := range run.Actions {
		f.longest("an action's description", action.Description, mostActionWords)
	}
	if run.Output == nil {
		return
	}
	// The words of the description call the title required on update too; its schema forgot.
	if run.Output.Title == nil && c.ID == "checks/update" {
		f.add("the output has no title")
	}
	if run.Output.Summary != nil {
		f.longestBytes("the output's summary", *run.Output.Summary, mostOutputBytes)
	}
	f.longestBytes("the output's text", run.Output.Text, mostOutputBytes)
	for i, a := range run.Output.Annotations {
		f.annotation(i, a)
	}
}

func (f *finding) annotation(i int, a annotation) {
	at := fmt.Sprintf("annotation %d: ", i)
	f.longestBytes(at+"message", a.Message, mostMessageBytes)
	f.longestBytes(at+"raw_details", a.RawDetails, mostMessageBytes)
	f.longest(at+"title", a.Title, mostTitle)
	if a.StartLine < 1 || a.EndLine < a.StartLine {
		f.add("%slines %d to %d", at, a.StartLine, a.EndLine)
	}
	if a.StartLine != a.EndLine && (a.StartColumn != nil || a.EndColumn != nil) {
		f.add("%scolumns over more than one line", at)
	}
}

func (f *finding) headSHA(body []byte) {
	var suite struct {
		HeadSHA *string `json:"head_sha"`
	}
	if json.Unmarshal(body, &suite) == nil {
		f.sha("head_sha", suite.HeadSHA)
	}
}

func (f *finding) newRef(body []byte) {
	var ref struct {
		Ref string  `json:"ref"`
		SHA *string `json:"sha"`
	}
	if json.Unmarshal(body, &ref) != nil {
		return
	}
	if !strings.HasPrefix(ref.Ref, "refs/") || strings.Count(ref.Ref, "/") < 2 {
		f.add("ref is %q, not refs/ with two slashes", ref.Ref)
	}
	f.sha("sha", ref.SHA)
}

func (f *finding) description(body []byte) {
	var status struct {
		Description string `json:"description"`
		Environment string `json:"environment"`
	}
	if json.Unmarshal(body, &status) != nil {
		return
	}
	f.longest("description", status.Description, mostStatusWords)
	f.longest("environment", status.Environment, mostEnvironment)
}

func (f *finding) deployment(body []byte) {
	var d struct {
		Ref         string `json:"ref"`
		Environment string `json:"environment"`
	}
	if json.Unmarshal(body, &d) != nil {
		return
	}
	if d.Ref == "" {
		f.add("ref is empty")
	}
	f.longest("environment", d.Environment, mostEnvironment)
}

func (f *finding) dispatch(body []byte) {
	var d struct {
		Ref    string         `json:"ref"`
		Inputs map[string]any `json:"inputs"`
	}
	if json.Unmarshal(body, &d) != nil {
		return
	}
	if isSHA(d.Ref) {
		f.add("ref is a commit, not a branch or tag")
	}
	if len(d.Inputs) > mostInputs {
		f.add("%d inputs, of at most %d", len(d.Inputs), mostInputs)
	}
}

func (f *finding) gate(body []byte) {
	var review struct {
		Comment string `json:"comment"`
	}
	if json.Unmarshal(body, &review) == nil {
		f.longest("comment", review.Comment, mostProgressWords)
	}
}

func (f *finding) comment(body []byte) {
	var comment struct {
		Body *string `json:"body"`
	}
	if json.Unmarshal(body, &comment) != nil || comment.Body == nil {
		return
	}
	f.longest("body", *comment.Body, mostComment)
	if *comment.Body == "" {
		f.add("body is empty")
	}
}

func (f *finding) review(body []byte) {
	var review struct {
		Body  string `json:"body"`
		Event string `json:"event"`
	}
	if json.Unmarshal(body, &review) != nil {
		return
	}
	f.longest("body", review.Body, mostComment)
	if review.Body == "" && (review.Event == "REQUEST_CHANGES" || review.Event == "COMMENT") {
		f.add("a review with event %s has no body", review.Event)
	}
}

// inconsistent says what an answer's parts say against each other, where no schema can tell.
func inconsistent(c *call, body []byte) []string {
	var f finding
	switch c.ID {
	case "checks/create", "checks/update", "checks/get":
		var run struct {
			Status     string  `json:"status"`
			Conclusion *string `json:"conclusion"`
		}
		if json.Unmarshal(body, &run) == nil && (run.Status == "completed") != (run.Conclusion != nil) {
			f.add("response body: status %s and its conclusion do not go together", run.Status)
		}
	}
	var list []json.RawMessage
	if json.Unmarshal(body, &list) == nil && len(list) > mostPerPage {
		f.add("response body: %d items on one page, of at most %d", len(list), mostPerPage)
	}
	return f
}

// isSHA says whether s is a commit's full name, of SHA-1 or SHA-256.
func isSHA(s string) bool {
	return (len(s) == 40 || len(s) == 64) && strings.Trim(s, "0123456789abcdef") == ""
}
