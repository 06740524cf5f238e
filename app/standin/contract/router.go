package contract

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// route is one path of the API with the operations on it.
type route struct {
	template   string // as the description writes it
	segments   []segment
	operations map[string]operation // by method, upper case
}

// segment is one part of a path between slashes: a literal, or a parameter, which may stretch over several parts.
type segment struct {
	text  string // the literal, or the parameter's name
	param bool
	multi bool
}

// call is a request that found its operation.
type call struct {
	operation
	template string
	method   string
	params   map[string]string // of the path, unescaped
}

func (d apiDocument) routes() ([]route, error) {
	var routes []route
	for template, methods := range d.Paths {
		r := route{template: template, operations: map[string]operation{}}
		for method, described := range methods {
			o, err := described.resolve(d)
			if err != nil {
				return nil, err
			}
			r.operations[strings.ToUpper(method)] = o
			r.segments = segmentsOf(template, o)
		}
		routes = append(routes, r)
	}
	return routes, nil
}

func segmentsOf(template string, o operation) []segment {
	var segments []segment
	for part := range strings.SplitSeq(strings.TrimPrefix(template, "/"), "/") {
		name, param := strings.CutPrefix(part, "{")
		name = strings.TrimSuffix(name, "}")
		described, _ := o.parameter("path", name)
		segments = append(segments, segment{text: name, param: param, multi: param && described.Multi})
	}
	return segments
}

// find looks up the operation of a request's path. An escaped slash does not separate, so the path is split before it is
// unescaped; of several paths that fit, the one with most literals is meant.
func (l *loaded) find(method, escaped string) (*call, error) {
	parts, err := splitPath(escaped)
	if err != nil {
		return nil, err
	}
	var best *route
	var params map[string]string
	for i := range l.routes {
		r := &l.routes[i]
		if found, ok := match(r.segments, parts); ok && (best == nil || r.literals() > best.literals()) {
			best, params = r, found
		}
	}
	if best == nil {
		return nil, fmt.Errorf("GitHub describes no such path")
	}
	described := method
	if method == http.MethodHead {
		described = http.MethodGet
	}
	o, ok := best.operations[described]
	if !ok {
		return nil, fmt.Errorf("%s is not described for %s", method, best.template)
	}
	return &call{operation: o, template: best.template, method: method, params: params}, nil
}

func (r *route) literals() int {
	n := 0
	for _, s := range r.segments {
		if !s.param {
			n++
		}
	}
	return n
}

// splitPath splits an escaped path. A repository may be addressed by its number too, as the redirect after a renaming does;
// GitHub does not describe it, but it answers like the path with names.
func splitPath(escaped string) ([]string, error) {
	parts := strings.Split(strings.TrimPrefix(escaped, "/"), "/")
	for i, part := range parts {
		plain, err := url.PathUnescape(part)
		if err != nil {
			return nil, fmt.Errorf("the path is malformed: %w", err)
		}
		parts[i] = plain
	}
	if len(parts) >= 2 && parts[0] == "repositories" && isNumber(parts[1]) {
		parts = append([]string{"repos", "id", parts[1]}, parts[2:]...)
	}
	return parts, nil
}

// match fits the parts of a path to a template. A parameter that may hold slashes takes as many parts as the rest leaves.
func match(segments []segment, parts []string) (map[string]string, bool) {
	params := map[string]string{}
	for i, s := range segments {
		rest := len(segments) - i - 1
		if len(parts) <= rest {
			return nil, false
		}
		if s.multi {
			take := len(parts) - rest
			params[s.text] = strings.Join(parts[:take], "/")
			parts = parts[take:]
			continue
		}
		if s.param {
			params[s.text] = parts[0]
		} else if s.text != parts[0] {
			return nil, false
		}
		parts = parts[1:]
	}
	return params, len(parts) == 0
}

func isNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
