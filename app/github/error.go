package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	gh "github.com/google/go-github/v62/github"

	"github.com/slipway-cd/slipway/app"
)

// fail gives an error its kind and takes every secret out of its text. What it returns has no way back to the text that it had.
func (c *Client) fail(op string, err error) error {
	if err == nil {
		return nil
	}
	kind, until := classify(err)
	return &app.Error{Op: op, Kind: kind, Until: until, Err: c.redact.Error(err)}
}

// failRepo is fail for what was being done in a repository.
func (c *Client) failRepo(r app.Repo, err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return c.fail(fmt.Sprintf(format, args...)+" in "+r.FullName(), err)
}

// refuse is an error of what was asked for: GitHub would never take it, so it is not sent.
func refuse(format string, args ...any) error {
	return &app.Error{Op: "preparing a request to GitHub", Kind: app.ErrInvalid, Err: fmt.Errorf(format, args...)}
}

// classify says what can be done about an error of a request. What is neither an answer nor ours is a broken connection, a time-out
// or half an answer: whether it was done is not known.
func classify(err error) (app.ErrorKind, time.Time) {
	if ours := (*app.Error)(nil); errors.As(err, &ours) {
		return ours.Kind, ours.Until
	}
	status := statusOf(err)
	switch {
	case status == 0 || status >= 500 || status == http.StatusRequestTimeout:
		return app.ErrUnreachable, time.Time{}
	case status == http.StatusNotFound || status == http.StatusGone:
		return app.ErrNotFound, time.Time{}
	case status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusUnavailableForLegalReasons:
		return app.ErrDenied, time.Time{}
	case status == http.StatusConflict:
		return app.ErrConflict, time.Time{}
	case status == http.StatusUnprocessableEntity || status == http.StatusBadRequest:
		return app.ErrInvalid, time.Time{}
	}
	return app.ErrOther, time.Time{}
}

// statusOf is the status of GitHub's own answer to this very request; 0 if the error is of another kind, such as a token that could
// not be had. 404 here means that the thing is gone, not that the App is.
func statusOf(err error) int {
	if answer := (*gh.ErrorResponse)(nil); errors.As(err, &answer) && answer.Response != nil {
		return answer.Response.StatusCode
	}
	if answer := (*gh.TwoFactorAuthError)(nil); errors.As(err, &answer) {
		return http.StatusUnauthorized
	}
	if answer := (*gh.AcceptedError)(nil); errors.As(err, &answer) {
		return http.StatusAccepted
	}
	return 0
}

func gone(err error) bool {
	status := statusOf(err)
	return status == http.StatusNotFound || status == http.StatusGone
}

func refused(err error) bool { return statusOf(err) == http.StatusUnprocessableEntity }

// unknownCommit turns GitHub's 422 to a read about a well-formed commit name into what it means: there is no such commit.
func unknownCommit(err error) error {
	if !refused(err) {
		return err
	}
	return &app.Error{Op: "looking for the commit", Kind: app.ErrNotFound, Err: err}
}

// scrubbed is an error's text without secrets. Of its cause only the end of a context is left to be matched.
type scrubbed struct {
	text  string
	cause error
}

func (s *scrubbed) Error() string { return s.text }
func (s *scrubbed) Unwrap() error { return s.cause }

// Error is err with every secret taken out of its text. What stays for errors.Is is context.Canceled and context.DeadlineExceeded;
// the rest of the chain is cut off, for it would still hold the text. It is nil for nil.
func (r *Redactor) Error(err error) error {
	if err == nil {
		return nil
	}
	s := &scrubbed{text: r.String(err.Error())}
	for _, end := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, end) {
			s.cause = end
		}
	}
	return s
}
