package main

import (
	"fmt"
	"slices"
	"strings"
)

// trimWebhooks keeps the schemas of the wanted events and what they refer to.
func trimWebhooks(name string) ([]section, error) {
	var doc struct {
		Definitions map[string]any `json:"definitions"`
	}
	if err := readJSON(name, &doc); err != nil {
		return nil, err
	}
	var queue []string
	for _, event := range wantedEvents {
		schemas := schemasOf(event, doc.Definitions)
		if len(schemas) == 0 {
			return nil, fmt.Errorf("event %s has no schema", event)
		}
		queue = append(queue, schemas...)
	}
	kept := map[string]any{}
	for len(queue) > 0 {
		name := strings.TrimPrefix(queue[0], "#/definitions/")
		queue = queue[1:]
		if _, done := kept[name]; done {
			continue
		}
		definition, ok := doc.Definitions[name]
		if !ok {
			return nil, fmt.Errorf("definition %s is referred to but missing", name)
		}
		kept[name] = trimSchema(definition)
		queue = append(queue, references(kept[name])...)
	}
	return []section{{"definitions", kept}}, nil
}

// schemasOf lists the schemas of an event: one for each action, named event$action, or for an event without actions event$event.
func schemasOf(event string, definitions map[string]any) []string {
	var schemas []string
	for name := range definitions {
		if strings.HasPrefix(name, event+"$") {
			schemas = append(schemas, "#/definitions/"+name)
		}
	}
	return schemas
}

// pickExamples keeps the payloads of the wanted events, unchanged and in their order.
func pickExamples(name string) (map[string][]any, error) {
	var events []struct {
		Name     string `json:"name"`
		Examples []any  `json:"examples"`
	}
	if err := readJSON(name, &events); err != nil {
		return nil, err
	}
	picked := map[string][]any{}
	for _, event := range events {
		if slices.Contains(wantedEvents, event.Name) {
			picked[event.Name] = event.Examples
		}
	}
	for _, event := range wantedEvents {
		if len(picked[event]) == 0 && !noExamples[event] {
			return nil, fmt.Errorf("event %s has no example", event)
		}
	}
	return picked, nil
}
