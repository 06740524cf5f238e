package contract

import (
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// anyOperation are the statuses that every request may meet, and that the description mostly leaves out: a malformed body, no or
// wrong credentials, rate limits, a resource that is hidden, one that moved, one that did not change, and GitHub being ill.
var anyOperation = [...]int{
	http.StatusNotModified, http.StatusMovedPermanently, http.StatusTemporaryRedirect, http.StatusBadRequest,
	http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusTooManyRequests,
	http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout,
}

func (l *loaded) checkAnswer(x *exchange, status int, header http.Header, body []byte) []string {
	described, ok := x.Responses[strconv.Itoa(status)]
	if !ok && !slices.Contains(anyOperation[:], status) && (x.Body == nil || status != http.StatusUnprocessableEntity) {
		return []string{"the status is not described"}
	}
	switch {
	case x.method == http.MethodHead, status >= 500:
		return nil
	case status == http.StatusNoContent, status == http.StatusNotModified, ok && len(described.Content) == 0 && status < 300:
		if len(body) > 0 {
			return []string{"the answer has a body, and none is described"}
		}
		return nil
	case status >= 400:
		return checkError(body)
	case status >= 300:
		if header.Get("Location") == "" {
			return []string{"the redirect has no Location"}
		}
		return nil
	}
	if !isJSON(header) {
		return x.checkRaw(header)
	}
	found := l.checkJSON(response, fmt.Sprintf("%s/%d", x.ID, status), &described, body)
	return append(found, inconsistent(x.call, body)...)
}

// checkError holds a refusal against what clients read of it: a message. GitHub's descriptions of errors differ from operation to
// operation, and from what it sends.
func checkError(body []byte) []string {
	value, err := decode(body)
	if err != nil {
		return []string{"the error's body is no JSON: " + err.Error()}
	}
	object, _ := value.(map[string]any)
	if text, _ := object["message"].(string); text == "" {
		return []string{"the error has no message"}
	}
	return nil
}

// checkRaw lets an answer be other than JSON where the request asked for it: a raw file, a diff.
func (x *exchange) checkRaw(header http.Header) []string {
	for _, form := range []string{"raw", "diff", "patch", "sha", "html"} {
		if strings.Contains(x.accept, "application/vnd.github") && strings.Contains(x.accept, form) {
			return nil
		}
	}
	return []string{fmt.Sprintf("the answer's content type is %q, not JSON", header.Get("Content-Type"))}
}

func isJSON(header http.Header) bool {
	media, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	return err == nil && (media == "application/json" || strings.HasSuffix(media, "+json"))
}
