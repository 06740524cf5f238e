package main

import "strings"

// words are the keywords of a schema that are for people, or for generators of code.
var words = map[string]bool{
	"title": true, "description": true, "example": true, "examples": true, "default": true, "deprecated": true, "$comment": true,
	"externalDocs": true, "discriminator": true, "readOnly": true, "writeOnly": true, "tsAdditionalProperties": true,
}

// trimSchema leaves out words. It knows where a schema's keywords stand and where names do: "description" is also the name of
// many properties, which have to stay.
func trimSchema(value any) any {
	schema, ok := value.(map[string]any)
	if !ok {
		return value // true, false
	}
	out := map[string]any{}
	for key, v := range schema {
		switch {
		case words[key] || strings.HasPrefix(key, "x-"):
		case key == "properties" || key == "patternProperties" || key == "definitions":
			named := map[string]any{}
			for name, property := range v.(map[string]any) {
				named[name] = trimSchema(property)
			}
			out[key] = named
		case key == "allOf" || key == "anyOf" || key == "oneOf":
			list := make([]any, len(v.([]any)))
			for i, item := range v.([]any) {
				list[i] = trimSchema(item)
			}
			out[key] = list
		case key == "items" || key == "not" || key == "additionalProperties":
			out[key] = trimItems(v)
		default:
			out[key] = v
		}
	}
	return out
}

// trimItems trims the value of items, which may be a list of schemas.
func trimItems(value any) any {
	list, ok := value.([]any)
	if !ok {
		return trimSchema(value)
	}
	out := make([]any, len(list))
	for i, item := range list {
		out[i] = trimSchema(item)
	}
	return out
}

// references lists what a tree refers to.
func references(value any) []string {
	var found []string
	switch v := value.(type) {
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok {
			found = append(found, ref)
		}
		for _, child := range v {
			found = append(found, references(child)...)
		}
	case []any:
		for _, child := range v {
			found = append(found, references(child)...)
		}
	}
	return found
}
