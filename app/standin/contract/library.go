package contract

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// library compiles schemas when they are first needed: a test that makes three calls pays for three operations. Each component is
// a resource of its own, named base/kind/name, so that only what is referred to is ever converted. Safe for concurrent use;
// compiled schemas are immutable.
type library struct {
	mu       sync.Mutex
	compiler *jsonschema.Compiler
	compiled map[string]*jsonschema.Schema

	components map[string]json.RawMessage // OpenAPI schemas
	webhooks   map[string]json.RawMessage // JSON schemas, draft 7
}

const base = "contract://github"

func newLibrary(components, webhooks map[string]json.RawMessage) *library {
	l := &library{
		compiler:   jsonschema.NewCompiler(),
		compiled:   map[string]*jsonschema.Schema{},
		components: components,
		webhooks:   webhooks,
	}
	l.compiler.DefaultDraft(jsonschema.Draft2020)
	l.compiler.AssertFormat()
	l.compiler.RegisterFormat(uriTemplate())
	l.compiler.UseLoader(l)
	return l
}

// component compiles the schema of a request, a response or a parameter. name tells it from all others.
func (l *library) component(d direction, name string, schema json.RawMessage) (*jsonschema.Schema, error) {
	url := base + "/" + string(d) + "/operation/" + name
	return l.compile(url, func() (any, error) { return d.convert(schema, closed) })
}

// webhook compiles the schema of an event, or of one action of it; false if there is none.
func (l *library) webhook(name string) (*jsonschema.Schema, bool, error) {
	raw, ok := l.webhooks[name]
	if !ok {
		return nil, false, nil
	}
	schema, err := l.compile(base+"/webhook/"+name, func() (any, error) { return convertWebhook(raw) })
	return schema, true, err
}

// knowsEvent says whether any action of the event has a schema.
func (l *library) knowsEvent(event string) bool {
	for name := range l.webhooks {
		if strings.HasPrefix(name, event+"$") {
			return true
		}
	}
	return false
}

func (l *library) compile(url string, document func() (any, error)) (*jsonschema.Schema, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if schema, ok := l.compiled[url]; ok {
		return schema, nil
	}
	doc, err := document()
	if err != nil {
		return nil, err
	}
	if err := l.compiler.AddResource(url, doc); err != nil {
		return nil, fmt.Errorf("adding schema %s: %w", url, err)
	}
	schema, err := l.compiler.Compile(url)
	if err != nil {
		return nil, fmt.Errorf("compiling schema %s: %w", url, err)
	}
	l.compiled[url] = schema
	return schema, nil
}

// Load gives the compiler a component that a schema refers to. Only the compiler calls it, with the library locked.
func (l *library) Load(url string) (any, error) {
	kind, name, _ := strings.Cut(strings.TrimPrefix(url, base+"/"), "/")
	from := l.components
	if kind == "webhook" {
		from = l.webhooks
	}
	raw, ok := from[name]
	if !ok {
		return nil, fmt.Errorf("no schema %s", url)
	}
	if kind == "webhook" {
		return convertWebhook(raw)
	}
	return direction(kind).convert(raw, open)
}

// uriTemplate is the format of addresses with a part to fill in, such as "…/git/refs{/sha}". Most webhook schemas use it.
func uriTemplate() *jsonschema.Format {
	template := regexp.MustCompile(`^[^{}\s]*(\{[^{}\s]+\}[^{}\s]*)*$`)
	return &jsonschema.Format{Name: "uri-template", Validate: func(value any) error {
		if s, ok := value.(string); ok && !template.MatchString(s) {
			return fmt.Errorf("%q is no URI template", s)
		}
		return nil
	}}
}
