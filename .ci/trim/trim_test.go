package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func parse(t *testing.T, text string) any {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	return value
}

// Words go, and properties that are named like words stay.
func TestTrimSchema(t *testing.T) {
	in := parse(t, `{
		"type": "object", "title": "T", "description": "D", "x-github": 1, "required": ["description"], "additionalProperties": false,
		"properties": {
			"description": {"type": "string", "description": "D", "maxLength": 40},
			"title": {"example": {"description": "D"}, "enum": ["example"]},
			"list": {"items": {"$ref": "#/components/schemas/a", "description": "D"}},
			"any": {"oneOf": [{"default": 1}, true]}
		}}`)
	want := `{"additionalProperties":false,"properties":{` +
		`"any":{"oneOf":[{},true]},` +
		`"description":{"maxLength":40,"type":"string"},` +
		`"list":{"items":{"$ref":"#/components/schemas/a"}},` +
		`"title":{"enum":["example"]}},"required":["description"],"type":"object"}`
	got, err := compact(trimSchema(in))
	if err != nil || string(got) != want {
		t.Errorf("trimmed to\n%s, %v, want\n%s", got, err, want)
	}
}

// What a kept component refers to is kept, in circles too; what nothing refers to is not.
func TestReferenced(t *testing.T) {
	var doc description
	text := `{"components": {"schemas": {
		"a": {"properties": {"b": {"$ref": "#/components/schemas/b"}}},
		"b": {"items": {"$ref": "#/components/schemas/a"}},
		"c": {"type": "string"}}}}`
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	kept, err := doc.referenced(map[string]any{"/x": parse(t, `{"get": {"$ref": "#/components/schemas/a"}}`)})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := kept["schemas"]["c"]; ok || len(kept["schemas"]) != 2 {
		t.Errorf("kept %v", kept)
	}
	if _, err := doc.referenced(map[string]any{"/x": parse(t, `{"$ref": "#/components/schemas/gone"}`)}); err == nil {
		t.Error("a reference to nothing was let pass")
	}
}

func TestUnknownOperation(t *testing.T) {
	if _, err := (description{}).operations(); err == nil {
		t.Error("an operation that is not described was let pass")
	}
}

// The same input gives the same bytes, whatever the order of maps.
func TestWriteIsReproducible(t *testing.T) {
	var written [2][]byte
	for i := range written {
		folder := t.TempDir()
		entries := map[string]any{"b": parse(t, `{"y":1,"x":"<"}`), "a": 1, "c": nil}
		if err := writeLines(folder, "out.json", []section{{"first", entries}, {"second", nil}}); err != nil {
			t.Fatal(err)
		}
		if err := writeExamples(folder, map[string][]any{"push": {entries}}); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"out.json", "examples/push.json.gz"} {
			data, err := os.ReadFile(filepath.Join(folder, name))
			if err != nil {
				t.Fatal(err)
			}
			written[i] = append(written[i], data...)
		}
	}
	if !slices.Equal(written[0], written[1]) {
		t.Error("two runs differ")
	}
	want := "{\n\"first\": {\n\"a\": 1,\n\"b\": {\"x\":\"<\",\"y\":1},\n\"c\": null\n},\n\"second\": {\n}\n}\n"
	if got := string(written[0][:len(want)]); got != want || !json.Valid([]byte(got)) {
		t.Errorf("wrote\n%s, want\n%s", got, want)
	}
}
