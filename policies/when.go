package policies

import (
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// When says for which changes a window or an approval counts. Each list that is not empty has to be met, by one of its entries. The zero value is
// all changes.
type When struct {
	Labels   []string // of the pull request
	Authors  []string // logins of who opened it
	Branches []string // globs of the branch that it came from
	Paths    []string // globs of the files that change
}

// Change is a pull request that goes out.
type Change struct {
	Pull   int
	Labels []string
	Author string
	Branch string // that it came from
}

// Some says that it does not mean all changes.
func (w When) Some() bool {
	return len(w.Labels)+len(w.Authors)+len(w.Branches)+len(w.Paths) > 0
}

// equal says whether two mean the same.
func (w When) equal(o When) bool {
	return slices.Equal(w.Labels, o.Labels) && slices.Equal(w.Authors, o.Authors) && slices.Equal(w.Branches, o.Branches) && slices.Equal(w.Paths, o.Paths)
}

// needsPulls says that a pull request has to be known for it.
func (w When) needsPulls() bool { return len(w.Labels)+len(w.Authors)+len(w.Branches) > 0 }

// applies says whether it means what goes out. What tightens a gate counts if any of it is meant, what loosens one only if all of it is; and what
// is not known is taken for whichever is stricter.
func (w When) applies(f Facts, loosens bool) bool {
	if !w.Some() {
		return true
	}
	if w.needsPulls() && !f.Changes.Known || len(w.Paths) > 0 && !f.Paths.Known {
		return !loosens
	}
	some := func(list []string, is func(string) bool) bool { return slices.ContainsFunc(list, is) }
	if loosens {
		some = func(list []string, is func(string) bool) bool {
			return len(list) > 0 && !slices.ContainsFunc(list, func(s string) bool { return !is(s) })
		}
	}
	if len(w.Paths) > 0 && !some(f.Paths.Value, func(path string) bool { return matches(w.Paths, path) }) {
		return false
	}
	return !w.needsPulls() || w.meansPulls(f.Changes.Value, loosens)
}

func (w When) meansPulls(all []Change, loosens bool) bool {
	if loosens {
		return len(all) > 0 && !slices.ContainsFunc(all, func(c Change) bool { return !w.means(c) })
	}
	return slices.ContainsFunc(all, w.means)
}

// means says whether one pull request is meant.
func (w When) means(c Change) bool {
	holds := func(list []string, of ...string) bool {
		return len(list) == 0 || slices.ContainsFunc(list, func(s string) bool {
			return slices.ContainsFunc(of, func(o string) bool { return strings.EqualFold(s, o) })
		})
	}
	return holds(w.Labels, c.Labels...) && holds(w.Authors, c.Author) && (len(w.Branches) == 0 || matches(w.Branches, c.Branch))
}

// matches says whether one of the globs matches. One that is none matches nothing: the file was held to that.
func matches(globs []string, text string) bool {
	return slices.ContainsFunc(globs, func(glob string) bool {
		is, err := doublestar.Match(glob, text)
		return is && err == nil
	})
}
