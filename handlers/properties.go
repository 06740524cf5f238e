package handlers

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/slipway-cd/slipway/app"
)

// customProperties is the key of what an organization says of its repositories.
const customProperties = "custom_properties"

// lenient reads a body. One that can't be read as it is for a value of the wrong type is read without its custom properties.
func lenient(body []byte, read func(body []byte) error) error {
	err := read(body)
	if wrong := (*json.UnmarshalTypeError)(nil); !errors.As(err, &wrong) {
		return err
	}
	plain, err := withoutProperties(body)
	if err != nil {
		return err
	}
	return read(plain)
}

// readAs reads an event leniently as a struct of our own.
func readAs[T any](e app.Event) (p T, err error) {
	err = lenient(e.Body, func(body []byte) error {
		p = *new(T) // an earlier reading may have left something
		return json.Unmarshal(body, &p)
	})
	return p, err
}

// withoutProperties is a body without custom properties, wherever it describes a repository. go-github takes them for texts alone, GitHub
// sends lists of them too, and no event must be lost for what nobody reads. A body without them is left as it is.
func withoutProperties(body []byte) ([]byte, error) {
	if !bytes.Contains(body, []byte(`"`+customProperties+`"`)) {
		return body, nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber() // numbers of comments do not fit into a float
	var whole any
	if err := d.Decode(&whole); err != nil {
		return nil, err
	}
	dropProperties(whole)
	return json.Marshal(whole)
}

func dropProperties(value any) {
	switch v := value.(type) {
	case map[string]any:
		delete(v, customProperties)
		for _, inner := range v {
			dropProperties(inner)
		}
	case []any:
		for _, inner := range v {
			dropProperties(inner)
		}
	}
}
