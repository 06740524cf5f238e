package contract

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

// checkParameters holds the parameters of the path and of the query against the description. GitHub ignores a query parameter that
// it does not know; here it is a mistake, for whoever sent it meant something.
func (l *loaded) checkParameters(c *call, query url.Values) []string {
	var found []string
	for name, value := range c.params {
		p, ok := c.parameter("path", name)
		switch {
		case value == "" && !p.Multi:
			found = append(found, fmt.Sprintf("path parameter %s is empty", name))
		case c.params["owner"] == "id" && name == "repo", !ok:
			// The number of a repository stands in for its name, or the path is described without its parameters.
		default:
			found = append(found, l.checkParameter(c, p, value)...)
		}
	}
	for name, values := range query {
		p, ok := c.parameter("query", strings.TrimSuffix(name, "[]"))
		if !ok {
			found = append(found, fmt.Sprintf("query parameter %q is not described", name))
			continue
		}
		for _, value := range values {
			found = append(found, l.checkParameter(c, p, value)...)
		}
	}
	for _, p := range c.Parameters {
		if p.In == "query" && p.Required && !query.Has(p.Name) {
			found = append(found, fmt.Sprintf("query parameter %s is missing", p.Name))
		}
	}
	return found
}

// checkParameter tries what a text can mean, a string, a number, a truth or a list, since it does not say by itself.
func (l *loaded) checkParameter(c *call, p parameter, text string) []string {
	if p.Schema == nil {
		return nil
	}
	schema, err := l.schemas.component(request, c.ID+"/"+p.In+"/"+p.Name, p.Schema)
	if err != nil {
		return []string{err.Error()}
	}
	var first error
	for _, value := range readings(text) {
		err := schema.Validate(value)
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return []string{fmt.Sprintf("%s parameter %s=%q: %s", p.In, p.Name, text, reason(first))}
}

// readings is all that a text can mean. GitHub's searches take a range where the description has one time, such as >=TIME
// (https://docs.github.com/search-github/getting-started-with-searching-on-github/understanding-the-search-syntax).
func readings(text string) []any {
	var values []any
	for _, sign := range []string{">=", "<=", ">", "<"} {
		if end, is := strings.CutPrefix(text, sign); is {
			values = append(values, end)
			break
		}
	}
	if json.Valid([]byte(text)) {
		if value, err := decode([]byte(text)); err == nil {
			values = append(values, value)
		}
	}
	values = append(values, text)
	var list []any
	for item := range strings.SplitSeq(text, ",") {
		list = append(list, item)
	}
	return append(values, any(list))
}
