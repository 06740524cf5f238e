package config

import (
	"bytes"
	"reflect"
	"slices"
	"strings"

	"github.com/hmarr/codeowners"

	"github.com/slipway-cd/slipway/policies"
)

// OwnersPaths is where GitHub looks for CODEOWNERS, in its order: the first that is there counts.
func OwnersPaths() []string {
	return []string{".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"}
}

// Owners is who owns files by a text of CODEOWNERS: files with the same owners together, in the order of the files; those that nobody owns are left
// out. A line that is wrong counts for nothing, as on GitHub.
func Owners(text []byte, files []string) []policies.Owned {
	var all []policies.Owned
	rules := ownerRules(text)
	for _, file := range files {
		rule, err := rules.Match(file)
		if err != nil || rule == nil || len(rule.Owners) == 0 {
			continue
		}
		owners := owners(rule.Owners)
		i := slices.IndexFunc(all, func(o policies.Owned) bool { return slices.Equal(o.Owners, owners) })
		if i < 0 {
			all = append(all, policies.Owned{Owners: owners, File: file, Files: 1})
			continue
		}
		all[i].Files++
	}
	return all
}

// ownerRules reads line by line, for the library refuses a whole file for one bad line.
func ownerRules(text []byte) codeowners.Ruleset {
	var all codeowners.Ruleset
	for line := range bytes.Lines(text) {
		rules, err := codeowners.ParseFile(bytes.NewReader(line))
		if err == nil {
			all = append(all, rules...)
		}
	}
	return all
}

// owners are users and teams. What is an e-mail selects nobody: GitHub does not say whose it is.
func owners(list []codeowners.Owner) []policies.Selector {
	var all []policies.Selector
	for _, o := range list {
		s := policies.Selector{Kind: o.Type, Value: o.Value}
		switch o.Type {
		case codeowners.UsernameOwner:
			s.Kind = policies.KindUser
		case codeowners.TeamOwner:
			s.Kind, s.Value = policies.KindTeam, strings.ToLower(o.Value)
		}
		all = append(all, s)
	}
	return all
}

// Own is those of these files that are a service's, by its own globs and those that it shares.
func (f *File) Own(service string, files []string) []string {
	s, ok := f.Service(service)
	if !ok || len(s.Paths) == 0 {
		return files
	}
	return slices.DeleteFunc(slices.Clone(files), func(p string) bool { return !matches(s.Paths, p) && !matches(s.Shared, p) })
}

// Differs is what differs from another commit as far as it matters to a service, given that commit's file and the paths in which the two differ:
// whether its section of the file or any check that it shares does, and which files, but for those that are other services' alone. What releases a
// service is another question: a file that is nobody's releases nothing, and may be the script that deploys.
func (f *File) Differs(service string, base *File, paths []string) (section bool, files []string) {
	_, known := f.Service(service)
	section = !known || slices.Contains(Concerns(base, f), service) || !reflect.DeepEqual(base.Checks, f.Checks)
	own := f.Own(service, paths)
	return section, slices.DeleteFunc(slices.Clone(paths), func(p string) bool {
		others := func(s Service) bool {
			return s.Name != service && len(s.Paths) > 0 && (matches(s.Paths, p) || matches(s.Shared, p))
		}
		return p == Path || !slices.Contains(own, p) && slices.ContainsFunc(f.Services, others)
	})
}
