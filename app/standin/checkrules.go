package standin

import (
	"net/url"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// checkRequest is the body of a create or an update.
type checkRequest struct {
	Name        *string      `json:"name"`
	HeadSHA     *string      `json:"head_sha"`
	DetailsURL  *string      `json:"details_url"`
	ExternalID  *string      `json:"external_id"`
	Status      *string      `json:"status"`
	Conclusion  *string      `json:"conclusion"`
	StartedAt   *time.Time   `json:"started_at"`
	CompletedAt *time.Time   `json:"completed_at"`
	Output      *checkOutput `json:"output"`
	Actions     *[]Action    `json:"actions"`
}

type checkOutput struct {
	Title       *string      `json:"title"`
	Summary     *string      `json:"summary"`
	Text        *string      `json:"text"`
	Annotations []Annotation `json:"annotations"`
	Images      []checkImage `json:"images"`
	// What clients send back although it is GitHub's to say.
	AnnotationsCount *int    `json:"annotations_count"`
	AnnotationsURL   *string `json:"annotations_url"`
}

type checkImage struct {
	Alt      string `json:"alt"`
	ImageURL string `json:"image_url"`
	Caption  string `json:"caption"`
}

const (
	maxOutputBytes = 65535 // of a summary or a text, in bytes of UTF-8
	maxAnnotations = 50    // in one request
	maxActions     = 3
	maxDetailBytes = 64 << 10
)

func (q *checkRequest) validate(creates bool) error {
	switch {
	case creates && (q.Name == nil || *q.Name == ""), q.Name != nil && *q.Name == "":
		return invalid("\"name\" wasn't supplied.")
	case creates && (q.HeadSHA == nil || *q.HeadSHA == ""):
		return invalid("\"head_sha\" wasn't supplied.")
	case creates && (len(*q.HeadSHA) != 40 || !isHex(*q.HeadSHA)):
		return invalid("For 'properties/head_sha', %q is not a SHA.", *q.HeadSHA)
	case q.DetailsURL != nil && *q.DetailsURL != "" && !isWebAddress(*q.DetailsURL):
		return failed("CheckRun", "details_url", "custom", "details_url must use http or https scheme")
	}
	if err := q.validateState(); err != nil {
		return err
	}
	if err := q.Output.validate(); err != nil {
		return err
	}
	return validateActions(q.Actions)
}

func isWebAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

func (q *checkRequest) validateState() error {
	conclusions := []string{"action_required", "cancelled", "failure", "neutral", "success", "skipped", "timed_out"}
	switch {
	case q.Status != nil && !slices.Contains([]string{"queued", "in_progress", "completed"}, *q.Status):
		return invalid("%q is not a member of [\"queued\", \"in_progress\", \"completed\"].", *q.Status)
	case q.Conclusion != nil && !slices.Contains(conclusions, *q.Conclusion):
		return invalid("%q is not a member of %q.", *q.Conclusion, conclusions)
	case q.Status != nil && *q.Status == "completed" && q.Conclusion == nil:
		return invalid("\"conclusion\" wasn't supplied, although \"status\" is \"completed\".")
	case q.CompletedAt != nil && q.Conclusion == nil:
		return invalid("\"conclusion\" wasn't supplied, although \"completed_at\" is given.")
	}
	return nil
}

func (o *checkOutput) validate() error {
	switch {
	case o == nil:
		return nil
	case o.Title == nil || *o.Title == "":
		return invalid("\"title\" wasn't supplied.")
	case o.Summary == nil || *o.Summary == "":
		return invalid("\"summary\" wasn't supplied.")
	case o.AnnotationsCount != nil || o.AnnotationsURL != nil:
		return invalid("\"annotations_count\" and \"annotations_url\" are not permitted keys.")
	case len(*o.Summary) > maxOutputBytes:
		return failed("CheckRun", "summary", "custom", "Only 65535 characters are allowed; "+count(len(*o.Summary))+" were supplied.")
	case o.Text != nil && len(*o.Text) > maxOutputBytes:
		return failed("CheckRun", "text", "custom", "Only 65535 characters are allowed; "+count(len(*o.Text))+" were supplied.")
	case len(o.Annotations) > maxAnnotations:
		return invalid("No more than 50 items are allowed; %d were supplied.", len(o.Annotations))
	}
	for _, text := range []*string{o.Title, o.Summary, o.Text} {
		if text != nil && !utf8.ValidString(*text) {
			return invalid("The output is no valid UTF-8.")
		}
	}
	for _, a := range o.Annotations {
		if err := a.validate(); err != nil {
			return err
		}
	}
	return nil
}

func (a Annotation) validate() error {
	switch {
	case a.Path == "" || a.Message == "":
		return invalid("\"path\" and \"message\" are required of an annotation.")
	case !slices.Contains([]string{"notice", "warning", "failure"}, a.Level):
		return invalid("%q is not a member of [\"notice\", \"warning\", \"failure\"].", a.Level)
	case a.StartLine < 1 || a.EndLine < a.StartLine:
		return invalid("Annotation lines begin at 1 and do not end before they start.")
	case a.StartLine != a.EndLine && (a.StartColumn != 0 || a.EndColumn != 0):
		return invalid("Annotation columns need start_line and end_line to be the same.")
	case len(a.Message) > maxDetailBytes || len(a.RawDetails) > maxDetailBytes:
		return failed("CheckRun", "annotations", "custom", "message and raw_details are at most 64 KB")
	case utf8.RuneCountInString(a.Title) > 255:
		return failed("CheckRun", "annotations", "custom", "title is at most 255 characters")
	}
	return nil
}

func validateActions(actions *[]Action) error {
	if actions == nil {
		return nil
	}
	if len(*actions) > maxActions {
		return invalid("No more than 3 items are allowed; %d were supplied.", len(*actions))
	}
	for _, a := range *actions {
		for _, part := range []struct {
			name, text string
			most       int
		}{{"label", a.Label, 20}, {"description", a.Description, 40}, {"identifier", a.Identifier, 20}} {
			if n := utf8.RuneCountInString(part.text); n == 0 || n > part.most {
				return invalid("For 'properties/actions/%s', 1 to %d characters are allowed; %d were supplied.", part.name, part.most, n)
			}
		}
	}
	return nil
}

func count(n int) string { return strconv.Itoa(n) }
