package config

import (
	"slices"
	"strings"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/checks"
	"github.com/slipway-cd/slipway/deploy"
	"github.com/slipway-cd/slipway/policies"
)

// Path is where a repository keeps its file.
const Path = ".github/slipway.yml"

// File is a repository's file at one commit. It is never changed once parsed, so it may be shared. What is broken in it can't be reached
// by Environment and is not planned.
type File struct {
	Extends  Extends       // the file that it builds on
	Shared   app.Shared    // the same, and at which commit it was read; the zero value if it was not
	Broken   bool          // a problem concerns the file as a whole: nothing of it can be used, and nothing is removed by it
	Problems []app.Problem // all of them, in the order of the file
	Checks   []checks.Spec // those that all services share, what is needed first
	Services []Service     // as the file orders them; one without a name where the file has no services:
}

// Service is a part of the repository that is released on its own.
type Service struct {
	Name         string        // "" in a repository that is one service
	Paths        []string      // globs of what is its own; none is everything
	Shared       []string      // globs of what it shares with others: a change there concerns it too
	Checks       []checks.Spec // its own, what is needed first
	Environments []Environment // what comes before first
	Broken       bool          // a problem in its section: nothing of it can be used
}

// Environment is a place to which a service is deployed.
type Environment struct {
	Name   string
	Policy policies.Policy
	Deploy deploy.Spec
}

// Lane names one service in one environment.
type Lane struct {
	Service     string // "" in a repository that is one service
	Environment string
}

// String is the lane as people read it: payments → production, or production.
func (l Lane) String() string { return app.LaneName(l.Service, l.Environment) }

// Service is the service of that name, broken or not.
func (f *File) Service(name string) (Service, bool) {
	i := slices.IndexFunc(f.Services, func(s Service) bool { return s.Name == name })
	if i < 0 {
		return Service{}, false
	}
	return f.Services[i], true
}

// Environment is what the file says of a lane. It is false where the file does not name the lane and where that part of it is broken:
// then nobody knows its gate, which is not the same as having none. Removed tells the two apart.
func (f *File) Environment(service, environment string) (Environment, bool) {
	s, ok := f.Service(service)
	if !ok || s.Broken || f.Broken {
		return Environment{}, false
	}
	i := slices.IndexFunc(s.Environments, func(e Environment) bool { return e.Name == environment })
	if i < 0 {
		return Environment{}, false
	}
	return s.Environments[i], true
}

// AtGitHub is the lane that is an environment of GitHub's, whose names know no case, and for which slipway is the gate alone.
func (f *File) AtGitHub(name string) (Lane, bool) {
	for _, s := range f.Services {
		for _, e := range s.Environments {
			if e.Deploy.GateOnly && !s.Broken && strings.EqualFold(e.Deploy.GitHubEnvironment, name) {
				return Lane{s.Name, e.Name}, true
			}
		}
	}
	return Lane{}, false
}

// SomeBroken says that some of the file can't be used, so that what it does not name may be there.
func (f *File) SomeBroken() bool {
	return f.Broken || slices.ContainsFunc(f.Services, func(s Service) bool { return s.Broken })
}

// Lanes are all that the file names, those of broken services too: what is broken is not removed.
func (f *File) Lanes() []Lane {
	var lanes []Lane
	for _, s := range f.Services {
		for _, e := range s.Environments {
			lanes = append(lanes, Lane{Service: s.Name, Environment: e.Name})
		}
	}
	return lanes
}

// Next are the environments of a service that come directly after the given one: those whose lanes hear of its changes.
func (f *File) Next(service, environment string) []string {
	s, _ := f.Service(service)
	var next []string
	for _, e := range s.Environments {
		if e.Policy.After == environment {
			next = append(next, e.Name)
		}
	}
	return next
}

// Removed are those of the given lanes that the file does not name any more. A file that is broken as a whole removes none, and a broken
// service keeps its own: what could not be read is not known to be gone.
func (f *File) Removed(lanes []Lane) []Lane {
	if f.Broken {
		return nil
	}
	named := f.Lanes()
	return slices.DeleteFunc(slices.Clone(lanes), func(l Lane) bool {
		s, ok := f.Service(l.Service)
		return ok && s.Broken || slices.Contains(named, l)
	})
}
