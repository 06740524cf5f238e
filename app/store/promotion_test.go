package store

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipway-cd/slipway/deploy"
)

// TestMemory holds that what is read can be changed at will: the next reader reads what was written.
func TestMemory(t *testing.T) {
	m := newMemory()
	var p deploy.Promotion
	populate(t, reflect.ValueOf(&p).Elem(), 1)
	body, err := m.write(p)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		got, err := m.read(body)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(p, got); d != "" {
			t.Fatalf("it comes back otherwise:\n%s", d)
		}
		overwrite(reflect.ValueOf(&got).Elem())
	}
	if small, err := m.write(deploy.Promotion{Attempt: 1}); err != nil || string(small) != `{"Attempt":1}` {
		t.Errorf("what is zero is written: %s (%v)", small, err)
	}
	if _, err := m.read([]byte(`{"Attempt":"one"}`)); err == nil {
		t.Error("what is no promotion is read")
	}
	for i := range 2 * remembered {
		body, _ := m.write(deploy.Promotion{Put: 1, Unclear: i})
		if p, err := m.read(body); err != nil || p.Unclear != i {
			t.Fatalf("promotion %d comes back as %d (%v)", i, p.Unclear, err)
		}
	}
	if len(m.means) > remembered {
		t.Errorf("%d are remembered", len(m.means))
	}
}

// overwrite zeroes the elements of every slice in a value, in place.
func overwrite(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				overwrite(v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			v.Index(i).SetZero()
		}
	}
}
