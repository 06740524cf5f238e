package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
	"pgregory.net/rapid"

	"github.com/slipway-cd/slipway/app"
)

func compiled(t testing.TB) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("slipway.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("slipway.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSchemaAgreesOnCorpus: whatever a schema can see, it and the parser see alike.
func TestSchemaAgreesOnCorpus(t *testing.T) {
	schema, judged := compiled(t), 0
	for _, f := range corpus(t) {
		doc, err := plain(f.Data)
		if err != nil {
			continue // it is not JSON in other clothes, so editors can't judge it either
		}
		judged++
		agree(t, schema, f.Data, doc)
	}
	if judged < 30 {
		t.Errorf("only %d files were judged by both", judged)
	}
}

// TestSchemaAgreesOnMadeUp lets a generator write files along the grammar, with mistakes of every kind sprinkled over them.
func TestSchemaAgreesOnMadeUp(t *testing.T) {
	schema, valid, invalid := compiled(t), 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		doc := madeUp(rt, grammar(), rapid.SampledFrom([]int{0, 1, 4}).Draw(rt, "mistakes of 100"))
		data, err := json.Marshal(doc)
		if err != nil {
			rt.Fatal(err)
		}
		doc, err = jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			rt.Fatal(err)
		}
		if agree(rt, schema, data, doc) {
			valid++
		} else {
			invalid++
		}
	})
	if valid == 0 || invalid == 0 {
		t.Errorf("%d valid files and %d invalid ones: both kinds are needed", valid, invalid)
	}
}

type failer interface {
	Errorf(format string, args ...any)
}

// agree holds schema and parser to one judgement, and gives it.
func agree(t failer, schema *jsonschema.Schema, data []byte, doc any) bool {
	_, problems := parse(data, nil, "which was not read")
	seen := slices.DeleteFunc(slices.Clone(problems), func(p problem) bool { return p.beyond })
	err := schema.Validate(doc)
	if (err == nil) != (len(seen) == 0) {
		t.Errorf("the schema says %v,\nthe parser %v, of\n%s", err, seen, data)
	}
	return err == nil
}

// madeUp is a value for a shape; mistakes says in how many of a hundred places something else stands.
func madeUp(t *rapid.T, s shape, mistakes int) any {
	if rapid.IntRange(0, 99).Draw(t, "mistake") < mistakes {
		return rapid.SampledFrom([]any{nil, true, 3, 0, -1, "", " ", "all", "github", "team:a/b", "x\x00y", "a\nb", "ünï", "deadbeef", []any{},
			[]any{"a", "a"}, map[string]any{}, map[string]any{"run": "x"}, strings.Repeat("x", 300), 1 << 40}).Draw(t, "junk")
	}
	switch s.kind {
	case kindMapping:
		return madeUpMapping(t, s, mistakes)
	case kindNamed:
		m := map[string]any{}
		for _, name := range rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "web", "Build.x", "-", "ALL", "1234567"}[:5-min(mistakes, 1)+3*min(mistakes, 1)]), 1, 3).Draw(t, "names") {
			m[name] = madeUp(t, *s.each, mistakes)
		}
		return m
	case kindList:
		list := []any{}
		for range rapid.IntRange(1, 2).Draw(t, "entries") {
			list = append(list, madeUp(t, *s.each, mistakes))
		}
		return list
	case kindNumber:
		return rapid.IntRange(s.low, s.high).Draw(t, "number")
	case kindDuration:
		return rapid.SampledFrom([]string{"10s", "1h30m", "500ms", "0s", "99999h", "1h1m1s1ms"}).Draw(t, "duration")
	case kindBoolean:
		return rapid.Bool().Draw(t, "boolean")
	}
	if len(s.words) > 0 {
		return rapid.SampledFrom(s.words).Draw(t, "word")
	}
	return rapid.SampledFrom([]string{s.like, s.like, s.like + "x"}).Draw(t, "text")
}

func madeUpMapping(t *rapid.T, s shape, mistakes int) any {
	if s.or != nil && rapid.Bool().Draw(t, "short") {
		return madeUp(t, *s.or, mistakes)
	}
	m := map[string]any{}
	for _, k := range s.keys {
		if k.must && rapid.IntRange(0, 99).Draw(t, "left out") >= mistakes || rapid.IntRange(0, 9).Draw(t, k.name) < 3 {
			m[k.name] = madeUp(t, k.shape, mistakes)
		}
	}
	for _, r := range s.rules {
		if rapid.IntRange(0, 99).Draw(t, "rule") < 5*mistakes {
			continue
		}
		_, other := m[r.other]
		switch {
		case r.kind == either && !other:
			k, _ := s.find(r.other)
			m[r.other] = madeUp(t, k.shape, mistakes)
			delete(m, r.key)
			delete(m, r.third)
		case r.kind == either:
			delete(m, r.key)
			delete(m, r.third)
		case r.kind == never && m[r.other] == r.value, r.kind != never && other:
			delete(m, r.key)
		}
	}
	if rapid.IntRange(0, 99).Draw(t, "more") < mistakes {
		m[rapid.SampledFrom([]string{"soak", "polcy", "timeout", "<<", ""}).Draw(t, "extra")] = nil
	}
	return m
}

// plain turns YAML into what JSON can say, or says why that can't be done: then no schema judges the file as it is meant.
func plain(data []byte) (any, error) {
	root, _, wrong := load(data)
	if wrong != "" || len(root.Content) == 0 || empty(root.Content[0]) {
		return nil, errors.New("not a document")
	}
	budget := maxValues
	return plainNode(root.Content[0], &budget)
}

func plainNode(n *yaml.Node, budget *int) (any, error) {
	if *budget--; *budget < 0 {
		return nil, errors.New("too long")
	}
	if n.Style&yaml.TaggedStyle != 0 {
		return nil, errors.New("a tag")
	}
	switch n.Kind {
	case yaml.AliasNode:
		if n.Alias == nil {
			return nil, errors.New("an alias of nothing")
		}
		return plainNode(n.Alias, budget)
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := n.Content[i]
			if _, again := m[k.Value]; again || k.Kind != yaml.ScalarNode || k.Style&yaml.TaggedStyle != 0 {
				return nil, errors.New("a key that JSON has not")
			}
			v, err := plainNode(n.Content[i+1], budget)
			if err != nil {
				return nil, err
			}
			m[k.Value] = v
		}
		return m, nil
	case yaml.SequenceNode:
		list := []any{}
		for _, c := range n.Content {
			v, err := plainNode(c, budget)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	}
	return plainScalar(n)
}

func plainScalar(n *yaml.Node) (any, error) {
	switch n.ShortTag() {
	case "!!null":
		return nil, nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true"), nil
	case "!!int", "!!float":
		if jsonNumber := json.Number(n.Value); json.Valid([]byte(n.Value)) && !strings.ContainsAny(n.Value, ".eE") {
			return jsonNumber, nil
		}
		return nil, fmt.Errorf("a number that people write otherwise: %s", n.Value)
	}
	return n.Value, nil
}

// FuzzParse: no panic, no hang, every problem inside the file, and one judgement with the schema.
func FuzzParse(f *testing.F) {
	for _, file := range corpus(f) {
		f.Add(file.Data)
	}
	for _, h := range hostile() {
		if len(h.data) < 4096 {
			f.Add([]byte(h.data))
		}
	}
	schema := compiled(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		begin := time.Now()
		file, problems := Parse(Path, data)
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("took %s", took)
		}
		inside(t, data, problems)
		breaks(t, file, problems)
		file.Plan(nil)
		file.Summary()
		if doc, err := plain(data); err == nil {
			agree(t, schema, data, doc)
		}
	})
}

// breaks holds a problem to breaking what it is in, and what is broken to having a problem. A service whose very name can't be used is
// not in the file at all.
func breaks(t *testing.T, f *File, problems []app.Problem) {
	t.Helper()
	concerns := func(service string) bool {
		return slices.ContainsFunc(problems, func(p app.Problem) bool { return p.Service == service })
	}
	if len(problems) <= maxProblems && f.Broken != concerns("") {
		t.Errorf("the file is broken: %v, with problems %v", f.Broken, problems)
	}
	for _, s := range f.Services {
		if len(problems) <= maxProblems && s.Broken != concerns(s.Name) {
			t.Errorf("service %q is broken: %v, with problems %v", s.Name, s.Broken, problems)
		}
	}
}
