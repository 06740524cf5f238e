package contract

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// apiDocument is testdata/openapi.json.
type apiDocument struct {
	Paths      map[string]map[string]operation `json:"paths"`
	Parameters map[string]parameter            `json:"parameters"`
	Responses  map[string]content              `json:"responses"`
	Schemas    map[string]json.RawMessage      `json:"schemas"`
}

// operation is what the description says of one method of a path, its references resolved.
type operation struct {
	ID         string             `json:"operationId"`
	Parameters []parameter        `json:"parameters"`
	Body       *content           `json:"requestBody"`
	Responses  map[string]content `json:"responses"`
}

// parameter is one of the path or of the query.
type parameter struct {
	Ref      string          `json:"$ref"`
	Name     string          `json:"name"`
	In       string          `json:"in"`
	Required bool            `json:"required"`
	Multi    bool            `json:"x-multi-segment"` // may hold slashes: GitHub's own extension
	Schema   json.RawMessage `json:"schema"`
}

// content is what a request or an answer may carry, by media type.
type content struct {
	Ref      string `json:"$ref"`
	Required bool   `json:"required"`
	Content  map[string]struct {
		Schema json.RawMessage `json:"schema"`
	} `json:"content"`
}

// schema is the schema of what the content carries as JSON; nil if it carries none.
func (c content) schema() json.RawMessage {
	if media, ok := c.Content["application/json"]; ok {
		return media.Schema
	}
	for _, name := range slices.Sorted(maps.Keys(c.Content)) {
		if strings.HasSuffix(name, "json") {
			return c.Content[name].Schema
		}
	}
	return nil
}

// resolve replaces references to shared parameters and responses by what they name.
func (o operation) resolve(d apiDocument) (operation, error) {
	for i, p := range o.Parameters {
		if p.Ref == "" {
			continue
		}
		shared, ok := d.Parameters[strings.TrimPrefix(p.Ref, "#/components/parameters/")]
		if !ok {
			return o, fmt.Errorf("%s refers to %s, which is missing", o.ID, p.Ref)
		}
		o.Parameters[i] = shared
	}
	for status, c := range o.Responses {
		if c.Ref == "" {
			continue
		}
		shared, ok := d.Responses[strings.TrimPrefix(c.Ref, "#/components/responses/")]
		if !ok {
			return o, fmt.Errorf("%s refers to %s, which is missing", o.ID, c.Ref)
		}
		o.Responses[status] = shared
	}
	return o, nil
}

// parameter finds a parameter by place ("path", "query") and name.
func (o operation) parameter(in, name string) (parameter, bool) {
	for _, p := range o.Parameters {
		if p.In == in && p.Name == name {
			return p, true
		}
	}
	return parameter{}, false
}
