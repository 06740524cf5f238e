package contract

import (
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

//go:embed testdata
var files embed.FS

// description reads the descriptions once per process, when the first test asks, since many tests use them. It is the only state
// that this package shares between tests: the function that sync.OnceValues returns, never assigned again. What it gives guards
// itself (see library).
var description = sync.OnceValues(load)

// loaded is what all contracts of a process share: routes that never change, and schemas compiled when they are first needed.
type loaded struct {
	routes  []route
	schemas *library
}

func load() (*loaded, error) {
	var api apiDocument
	if err := decodeFile("openapi.json", &api); err != nil {
		return nil, err
	}
	var hooks struct {
		Definitions map[string]json.RawMessage `json:"definitions"`
	}
	if err := decodeFile("webhooks.json", &hooks); err != nil {
		return nil, err
	}
	routes, err := api.routes()
	if err != nil {
		return nil, fmt.Errorf("reading the operations: %w", err)
	}
	return &loaded{routes: routes, schemas: newLibrary(api.Schemas, hooks.Definitions)}, nil
}

func decodeFile(name string, into any) error {
	data, err := files.ReadFile("testdata/" + name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	return nil
}

// decode reads JSON with its numbers as written, which the schemas need to tell an integer.
func decode(data []byte) (any, error) {
	return jsonschema.UnmarshalJSON(bytes.NewReader(data))
}

// readExamples unpacks the payloads of an event; none if GitHub gives none.
func readExamples(event string) ([]json.RawMessage, error) {
	packed, err := files.Open("testdata/examples/" + event + ".json.gz")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer packed.Close()
	zip, err := gzip.NewReader(packed)
	if err != nil {
		return nil, fmt.Errorf("unpacking the examples of %s: %w", event, err)
	}
	var examples []json.RawMessage
	if err := json.NewDecoder(zip).Decode(&examples); err != nil {
		return nil, fmt.Errorf("reading the examples of %s: %w", event, err)
	}
	return examples, nil
}
