package contract

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// mostReasons bounds a report: what breaks one rule often breaks ten.
const mostReasons = 5

// reason says in one line what a value breaks, with the place in the value: "/output/annotations: maxItems: got 51, want 50".
func reason(err error) string {
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return err.Error()
	}
	found := leaves(invalid)
	slices.Sort(found)
	found = slices.Compact(found)
	if n := len(found); n > mostReasons {
		found = append(found[:mostReasons:mostReasons], fmt.Sprintf("and %d more", n-mostReasons))
	}
	return strings.Join(found, "; ")
}

// leaves are the errors that have no cause of their own. Of branches of which one should have fitted, only the one that came
// nearest is told: the fewest errors, and those deep inside.
func leaves(e *jsonschema.ValidationError) []string {
	if len(e.Causes) == 0 {
		what := e.DetailedOutput().Error.String()
		if _, ok := e.ErrorKind.(*kind.FalseSchema); ok { // how a closed object says it
			what = "the property is not described"
		}
		return []string{"/" + strings.Join(e.InstanceLocation, "/") + ": " + what}
	}
	switch e.ErrorKind.(type) {
	case *kind.AnyOf, *kind.OneOf:
		return leaves(nearest(e.Causes))
	}
	var found []string
	for _, cause := range causes(e) {
		found = append(found, leaves(cause)...)
	}
	return found
}

// causes leaves out properties that are not described where something else is wrong as well: a part of a schema that fails
// describes nothing, and then all its properties are called unknown.
func causes(e *jsonschema.ValidationError) []*jsonschema.ValidationError {
	other := slices.DeleteFunc(slices.Clone(e.Causes), func(cause *jsonschema.ValidationError) bool {
		_, unknown := cause.ErrorKind.(*kind.FalseSchema)
		return unknown
	})
	if len(other) == 0 {
		return e.Causes
	}
	return other
}

func nearest(branches []*jsonschema.ValidationError) *jsonschema.ValidationError {
	best := branches[0]
	for _, branch := range branches[1:] {
		if depth(branch) > depth(best) || depth(branch) == depth(best) && len(leaves(branch)) < len(leaves(best)) {
			best = branch
		}
	}
	return best
}

// depth is how far into the value the branch got before it failed.
func depth(e *jsonschema.ValidationError) int {
	deepest := len(e.InstanceLocation)
	for _, cause := range e.Causes {
		deepest = max(deepest, depth(cause))
	}
	return deepest
}
