package main

import (
	"fmt"
	"strings"
)

// description is the part of an OpenAPI document that is read.
type description struct {
	OpenAPI    string                               `json:"openapi"`
	Info       map[string]any                       `json:"info"`
	Paths      map[string]map[string]map[string]any `json:"paths"`
	Components map[string]map[string]any            `json:"components"`
}

// trimOpenAPI keeps the wanted operations and the components that they refer to.
func trimOpenAPI(name string) ([]section, error) {
	var doc description
	if err := readJSON(name, &doc); err != nil {
		return nil, err
	}
	paths, err := doc.operations()
	if err != nil {
		return nil, err
	}
	kept, err := doc.referenced(paths)
	if err != nil {
		return nil, err
	}
	info := map[string]any{}
	for _, key := range []string{"title", "version", "license"} {
		info[key] = doc.Info[key]
	}
	sections := []section{{"info", info}, {"paths", paths}}
	for _, kind := range []string{"parameters", "responses", "schemas"} {
		sections = append(sections, section{kind, kept[kind]})
	}
	return sections, nil
}

func (d description) operations() (map[string]any, error) {
	paths := map[string]any{}
	for path, methods := range wantedOperations {
		item := map[string]any{}
		for _, method := range strings.Fields(methods) {
			operation, ok := d.Paths[path][method]
			if !ok {
				return nil, fmt.Errorf("%s %s is not described", method, path)
			}
			item[method] = trimOperation(operation)
		}
		paths[path] = item
	}
	return paths, nil
}

// referenced follows references until no new ones are found. What it keeps is trimmed. References stay as they were written,
// "#/components/schemas/check-run", while each kind of component is a section of its own in the file.
func (d description) referenced(paths map[string]any) (map[string]map[string]any, error) {
	kept := map[string]map[string]any{}
	queue := references(paths)
	for len(queue) > 0 {
		kind, name, ok := strings.Cut(strings.TrimPrefix(queue[0], "#/components/"), "/")
		queue = queue[1:]
		if _, done := kept[kind][name]; done {
			continue
		}
		component, found := d.Components[kind][name].(map[string]any)
		if !ok || !found {
			return nil, fmt.Errorf("component %s/%s is referred to but missing", kind, name)
		}
		if kept[kind] == nil {
			kept[kind] = map[string]any{}
		}
		kept[kind][name] = trimComponent(kind, component)
		queue = append(queue, references(kept[kind][name])...)
	}
	return kept, nil
}

func trimComponent(kind string, component map[string]any) any {
	switch kind {
	case "parameters":
		return trimParameter(component)
	case "responses":
		return trimContent(component)
	default:
		return trimSchema(component)
	}
}

func trimOperation(operation map[string]any) any {
	out := keep(operation, "operationId")
	if list, ok := operation["parameters"].([]any); ok {
		parameters := make([]any, len(list))
		for i, p := range list {
			parameters[i] = trimParameter(p)
		}
		out["parameters"] = parameters
	}
	if body, ok := operation["requestBody"].(map[string]any); ok {
		out["requestBody"] = trimContent(body)
	}
	responses := map[string]any{}
	for status, response := range operation["responses"].(map[string]any) {
		responses[status] = trimContent(response)
	}
	out["responses"] = responses
	return out
}

func trimParameter(value any) any {
	parameter := value.(map[string]any)
	out := keep(parameter, "$ref", "name", "in", "required", "style", "explode", "x-multi-segment")
	if schema, ok := parameter["schema"]; ok {
		out["schema"] = trimSchema(schema)
	}
	return out
}

// trimContent trims what carries media types: a request body or a response. Headers are left out: nobody checks them.
func trimContent(value any) any {
	carrier := value.(map[string]any)
	out := keep(carrier, "$ref", "required")
	media, ok := carrier["content"].(map[string]any)
	if !ok {
		return out
	}
	content := map[string]any{}
	for name, m := range media {
		content[name] = map[string]any{}
		if schema, ok := m.(map[string]any)["schema"]; ok {
			content[name] = map[string]any{"schema": trimSchema(schema)}
		}
	}
	out["content"] = content
	return out
}

func keep(from map[string]any, keys ...string) map[string]any {
	out := map[string]any{}
	for _, key := range keys {
		if value, ok := from[key]; ok {
			out[key] = value
		}
	}
	return out
}
