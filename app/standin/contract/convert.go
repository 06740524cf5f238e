package contract

import (
	"encoding/json"
	"slices"
	"strings"
)

// direction says whether a schema describes what is sent to GitHub or what comes back. The one is held to all that it says, the
// other may leave properties out.
type direction string

const (
	request  direction = "request"
	response direction = "response"
)

// place says whether a schema stands alone or is one part of several that describe the same object together. Only the whole can
// say that no other property may be there.
type place bool

const (
	closed place = false
	open   place = true
)

// convert turns a schema of OpenAPI 3.0 into JSON schema 2020-12: nullable becomes a type, and references become resources of the
// library. Objects that name their properties are closed, which OpenAPI leaves open by default.
func (d direction) convert(raw json.RawMessage, where place) (any, error) {
	schema, err := decode(raw)
	if err != nil {
		return nil, err
	}
	return d.schema(schema, where), nil
}

func (d direction) schema(value any, where place) any {
	in, ok := value.(map[string]any)
	if !ok {
		return value
	}
	if ref, ok := in["$ref"].(string); ok { // in OpenAPI 3.0 nothing beside a reference counts
		out := map[string]any{"$ref": base + "/" + string(d) + "/" + strings.TrimPrefix(ref, "#/components/schemas/")}
		return d.close(out, where)
	}
	out := map[string]any{}
	for key, v := range in {
		d.keyword(out, key, v)
	}
	if d == request {
		tightenBranches(out)
	}
	if in["nullable"] == true {
		allowNull(out)
	}
	if free(out) {
		out["additionalProperties"] = true
		return out
	}
	return d.close(out, where)
}

// keyword converts one keyword into out.
func (d direction) keyword(out map[string]any, key string, value any) {
	switch key {
	case "nullable":
	case "required":
		if d == request {
			out[key] = value
		} else if names := essentialOf(value.([]any)); len(names) > 0 {
			out[key] = names
		}
	case "properties":
		properties := map[string]any{}
		for name, property := range value.(map[string]any) {
			properties[name] = d.schema(property, closed)
		}
		out[key] = properties
	case "items", "additionalProperties":
		out[key] = d.schema(value, closed)
	case "oneOf":
		// Without required properties several branches may fit what only one was meant to.
		if d == response {
			key = "anyOf"
		}
		out[key] = d.list(value)
	case "allOf", "anyOf":
		out[key] = d.list(value)
	case "not":
		out[key] = d.schema(value, open)
	default:
		out[key] = value
	}
}

func (d direction) list(value any) []any {
	list := value.([]any)
	out := make([]any, len(list))
	for i, item := range list {
		out[i] = d.schema(item, open)
	}
	return out
}

// close forbids properties that no part of the schema names.
func (d direction) close(schema map[string]any, where place) any {
	if where == open {
		return schema
	}
	for _, key := range []string{"properties", "$ref", "allOf", "anyOf", "oneOf"} {
		if _, ok := schema[key]; ok {
			schema["unevaluatedProperties"] = false
			return schema
		}
	}
	return schema
}

// free says whether the schema is of an object that names nothing, and so may hold anything.
func free(schema map[string]any) bool {
	for _, key := range []string{"properties", "additionalProperties", "allOf", "anyOf", "oneOf"} {
		if _, ok := schema[key]; ok {
			return false
		}
	}
	switch t := schema["type"].(type) {
	case string:
		return t == "object"
	case []any:
		return len(t) > 0 && t[0] == "object"
	}
	return false
}

// tightenBranches takes "any other property" out of the branches of a schema that names its properties beside them: there it only
// says that a branch is not the whole. Left in, it would let every unknown property pass.
func tightenBranches(schema map[string]any) {
	if _, ok := schema["properties"]; !ok {
		return
	}
	for _, key := range []string{"oneOf", "anyOf", "allOf"} {
		branches, _ := schema[key].([]any)
		for _, branch := range branches {
			if b, ok := branch.(map[string]any); ok && b["additionalProperties"] == true {
				delete(b, "additionalProperties")
			}
		}
	}
}

func allowNull(schema map[string]any) {
	if enum, ok := schema["enum"].([]any); ok {
		schema["enum"] = append(append([]any{}, enum...), nil)
	}
	if t, ok := schema["type"].(string); ok {
		schema["type"] = []any{t, "null"}
		return
	}
	inner := map[string]any{}
	for key, value := range schema {
		inner[key] = value
		delete(schema, key)
	}
	schema["anyOf"] = []any{inner, map[string]any{"type": "null"}}
}

// convertWebhook makes references between definitions references between resources.
func convertWebhook(raw json.RawMessage) (any, error) {
	schema, err := decode(raw)
	if err != nil {
		return nil, err
	}
	rewrite(schema)
	return schema, nil
}

func rewrite(value any) {
	switch v := value.(type) {
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok {
			v["$ref"] = base + "/webhook/" + strings.TrimPrefix(ref, "#/definitions/")
		}
		for _, child := range v {
			rewrite(child)
		}
	case []any:
		for _, child := range v {
			rewrite(child)
		}
	}
}

// essential are the properties that an answer may not leave out where they are required: what it is about, and how that stands. An
// answer without them would fit every schema and say nothing. None of GitHub's own examples leaves one out.
var essential = [...]string{
	"conclusion", "expires_at", "full_name", "head_sha", "id", "login", "number", "permission", "state", "status", "token", "total_count",
}

func essentialOf(required []any) []any {
	var names []any
	for _, name := range required {
		if slices.Contains(essential[:], name.(string)) {
			names = append(names, name)
		}
	}
	return names
}
