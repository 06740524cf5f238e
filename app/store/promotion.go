package store

import (
	"encoding/json"
	"reflect"
	"slices"
	"sync"

	"github.com/slipway-cd/slipway/deploy"
)

// Most attempts have ended early and hold little, and a lane remembers a hundred of them, so they are written without what is zero.

// sparse is the type of promotions, but that JSON leaves out what is zero.
func sparse() reflect.Type {
	var fields []reflect.StructField
	for _, f := range reflect.VisibleFields(reflect.TypeFor[deploy.Promotion]()) {
		fields = append(fields, reflect.StructField{Name: f.Name, Type: f.Type, Tag: `json:",omitzero"`})
	}
	return reflect.StructOf(fields)
}

// memory reads and writes promotions, and remembers what it has read: a lane is loaded for each message and each view, and what has ended
// never changes. What is remembered is only that a text means a value, so it is right whatever becomes of the database.
// It is safe for concurrent use.
type memory struct {
	sparse reflect.Type
	mu     sync.Mutex
	means  map[string]deploy.Promotion
}

// remembered is how many texts are remembered before all are forgotten: some megabytes.
const remembered = 4000

func newMemory() *memory { return &memory{sparse: sparse(), means: map[string]deploy.Promotion{}} }

func (m *memory) write(p deploy.Promotion) ([]byte, error) {
	return json.Marshal(reflect.ValueOf(p).Convert(m.sparse).Interface())
}

// read is the promotion that was written. Nobody else holds any part of it.
func (m *memory) read(body []byte) (p deploy.Promotion, err error) {
	m.mu.Lock()
	p, ok := m.means[string(body)]
	m.mu.Unlock()
	if ok {
		return apart(p), nil
	}
	if err := json.Unmarshal(body, &p); err != nil {
		return deploy.Promotion{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.means) >= remembered {
		clear(m.means)
	}
	m.means[string(body)] = apart(p)
	return p, nil
}

// is says whether a text means that promotion. It is quicker than to write it.
func (m *memory) is(body []byte, p deploy.Promotion) bool {
	q, err := m.read(body)
	return err == nil && reflect.DeepEqual(p, q)
}

// apart is a copy that shares nothing.
func apart(p deploy.Promotion) deploy.Promotion {
	p.Approvals, p.Overrides = slices.Clone(p.Approvals), slices.Clone(p.Overrides)
	p.Decision.Reasons, p.Decision.Doors = slices.Clone(p.Decision.Reasons), slices.Clone(p.Decision.Doors)
	p.Tried, p.Reviewers, p.Questions = slices.Clone(p.Tried), slices.Clone(p.Reviewers), slices.Clone(p.Questions)
	return p
}
