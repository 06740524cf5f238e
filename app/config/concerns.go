package config

import (
	"reflect"
	"slices"

	"github.com/slipway-cd/slipway/checks"
)

// Concerns are the services whose section of the file differs between two commits: their checks, their paths, how they are deployed. A
// change of gates alone concerns none, for it releases nothing, and a removed environment leaves the others as they are. Of the shared
// checks only what one produces counts, for it goes out with every service; in a repository that is one service they are its own. A
// service that can't be compared, because the old file lacks it or it is broken, is concerned.
func Concerns(old, f *File) []string {
	var names []string
	for _, s := range f.Services {
		if old == nil || old.Broken || f.Broken || !sameSection(old, f, s) {
			names = append(names, s.Name)
		}
	}
	return names
}

func sameSection(old, f *File, s Service) bool {
	was, ok := old.Service(s.Name)
	if !ok || was.Broken || s.Broken || !reflect.DeepEqual(was.Checks, s.Checks) {
		return false
	}
	if !slices.Equal(was.Paths, s.Paths) || !slices.Equal(was.Shared, s.Shared) {
		return false
	}
	shared := producing
	if s.Name == "" {
		shared = func(c []checks.Spec) []checks.Spec { return c }
	}
	if !reflect.DeepEqual(shared(old.Checks), shared(f.Checks)) {
		return false
	}
	return !slices.ContainsFunc(s.Environments, func(e Environment) bool {
		return !slices.ContainsFunc(was.Environments, func(o Environment) bool { return o.Name == e.Name && o.Deploy == e.Deploy })
	})
}

func producing(shared []checks.Spec) []checks.Spec {
	return slices.DeleteFunc(slices.Clone(shared), func(c checks.Spec) bool { return c.Produces == "" })
}
