package config

import (
	"encoding/json"
	"fmt"
	"strings"
)

// node is a piece of a JSON schema. Marshalled, its keys are in alphabetical order, so that the schema is always the same text.
type node map[string]any

// Schema is the file's JSON schema (draft 2020-12), indented, for editors. It is written from the table that Parse judges by. What refers
// to what, how long durations are, whether globs and addresses hold together: that Parse alone can say.
func Schema() []byte {
	defs := node{}
	g := grammar()
	root := g.schema(defs)
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "slipway"
	root["description"] = "What slipway checks and deploys: " + Path
	root["$defs"] = defs
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("writing the schema: %v", err)) // it holds nothing but text, numbers, lists and maps
	}
	return append(text, '\n')
}

// schema is what the shape is in a schema; what has a name of its own goes into defs.
func (s shape) schema(defs node) node {
	if s.def == "" {
		return s.inline(defs)
	}
	if _, done := defs[s.def]; !done {
		defs[s.def] = s.inline(defs)
	}
	return node{"$ref": "#/$defs/" + s.def}
}

func (s shape) inline(defs node) node {
	switch s.kind {
	case kindMapping:
		return s.mappingSchema(defs)
	case kindNamed:
		return node{"type": "object", "propertyNames": s.name.nameSchema(), "additionalProperties": s.each.schema(defs),
			"minProperties": 1, "maxProperties": s.high}
	case kindList:
		return node{"type": "array", "items": s.each.schema(defs), "minItems": 1, "maxItems": s.high, "uniqueItems": s.each.kind != kindMapping}
	case kindNumber:
		return node{"type": "integer", "minimum": s.low, "maximum": s.high}
	case kindDuration:
		return node{"type": "string", "pattern": durationForm, "minLength": shortestForm, "examples": []string{s.like}}
	case kindBoolean:
		return node{"type": "boolean"}
	}
	return s.textSchema()
}

func (s shape) textSchema() node {
	if len(s.words) > 0 {
		return node{"enum": s.words}
	}
	return node{"type": "string", "pattern": s.pattern, "maxLength": s.high, "examples": []string{s.like}}
}

// nameSchema is that of a name: no word that slipway uses, whatever the case, and no hex of seven digits or more.
func (s shape) nameSchema() node {
	var reserved []string
	for _, w := range s.reserved {
		var any strings.Builder
		for _, c := range w {
			any.WriteString("[" + strings.ToUpper(string(c)) + string(c) + "]")
		}
		reserved = append(reserved, any.String())
	}
	n := s.textSchema()
	delete(n, "examples")
	n["not"] = node{"anyOf": []node{{"pattern": "^(" + strings.Join(reserved, "|") + ")$"}, {"pattern": "^[0-9A-Fa-f]{7,}$"}}}
	return n
}

func (s shape) mappingSchema(defs node) node {
	properties, must := node{}, []string{}
	for _, k := range s.keys {
		p := k.schema(defs)
		p["description"] = k.doc
		properties[k.name] = p
		if k.must {
			must = append(must, k.name)
		}
	}
	n := node{"type": "object", "properties": properties, "additionalProperties": false}
	if len(must) > 0 {
		n["required"] = must
	}
	if rules := s.ruleSchemas(); len(rules) > 0 {
		n["allOf"] = rules
	}
	if s.or != nil {
		return node{"anyOf": []node{s.or.schema(defs), n}}
	}
	return n
}

func (s shape) ruleSchemas() []node {
	var rules []node
	for _, r := range s.rules {
		both := node{"required": []string{r.key, r.other}}
		switch r.kind {
		case either:
			var one []node
			for _, name := range r.names() {
				one = append(one, node{"required": []string{name}})
			}
			rules = append(rules, node{"oneOf": one})
		case never:
			both["properties"] = node{r.other: node{"const": r.value}}
			rules = append(rules, node{"not": both})
		case apart:
			rules = append(rules, node{"not": both})
		}
	}
	return rules
}
