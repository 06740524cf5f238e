package git

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-cd/slipway/app"
)

// Branch is the full name of a branch's ref.
func Branch(name string) string { return "refs/heads/" + name }

// Pull is the full name of the ref that GitHub keeps for a pull request's head. It outlives the branch.
func Pull(number int) string { return fmt.Sprintf("refs/pull/%d/head", number) }

// Mirror is the refspec that fetches a ref to the same name, whatever it pointed to before.
func Mirror(ref string) string { return "+" + ref + ":" + ref }

// parseRefspecs takes the forms that Fetch takes, sorted and each once.
func parseRefspecs(specs []string) ([]string, error) {
	if len(specs) == 0 {
		return nil, invalid("fetching", "no refspec is given")
	}
	for _, spec := range specs {
		if _, err := app.ParseSHA(spec); err == nil {
			continue
		}
		from, to, _ := strings.Cut(strings.TrimPrefix(spec, "+"), ":")
		if from != to {
			return nil, invalid("fetching", "refspec %q: a mirror has the remote's names", spec)
		}
		if err := checkRef(strings.TrimSuffix(from, "/*") + strings.Repeat("/x", strings.Count(from[max(0, len(from)-2):], "/*"))); err != nil {
			return nil, err
		}
	}
	sorted := slices.Clone(specs)
	slices.Sort(sorted)
	return slices.Compact(sorted), nil
}

// isExact says whether a refspec names one ref in full.
func isExact(spec string) bool { return strings.Contains(spec, ":") && !strings.HasSuffix(spec, "*") }

func destination(spec string) string {
	_, to, _ := strings.Cut(spec, ":")
	return to
}

// checkRef takes the full name of a branch, a tag or a pull request, by the rules of git check-ref-format. Everything else is refused:
// what looks like an option, what git would look up by rules of its own (main, HEAD@{1}), and the refs that are ours.
func checkRef(ref string) error {
	const op = "reading a ref's name"
	if !hasAnyPrefix(ref, "refs/heads/", "refs/tags/", "refs/pull/") {
		return invalid(op, "%q is not the full name of a branch, tag or pull request", ref)
	}
	if strings.ContainsAny(ref, " ~^:?*[\\\x7f") || strings.ContainsFunc(ref, func(r rune) bool { return r < ' ' }) {
		return invalid(op, "%q has a character that no ref has", ref)
	}
	if strings.Contains(ref, "..") || strings.Contains(ref, "@{") || strings.HasSuffix(ref, ".") || len(ref) > 1024 {
		return invalid(op, "%q is no ref's name", ref)
	}
	for part := range strings.SplitSeq(ref, "/") {
		if part == "" || strings.HasPrefix(part, ".") || strings.HasPrefix(part, "-") || strings.HasSuffix(part, ".lock") {
			return invalid(op, "%q is no ref's name", ref)
		}
	}
	return nil
}

func hasAnyPrefix(s string, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(s, p) })
}

// checkSHAs refuses what is not a full name of a commit, before it gets near a command line.
func checkSHAs(shas ...app.SHA) error {
	for _, sha := range shas {
		if _, err := app.ParseSHA(string(sha)); err != nil {
			return failure("reading a commit's name", app.ErrInvalid, err)
		}
	}
	return nil
}

func invalid(op, format string, args ...any) error {
	return failure(op, app.ErrInvalid, fmt.Errorf(format, args...))
}
