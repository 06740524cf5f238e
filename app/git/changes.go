package git

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/slipway-cd/slipway/app"
)

// Person is a name and an e-mail as a commit gives them. Whoever made the commit chose both; only GitHub can say whose they are.
type Person struct{ Name, Email string }

// Change is a commit that goes out.
type Change struct {
	SHA       app.SHA
	Title     string // the first paragraph of its message, as one line
	Author    Person
	Committer Person
	CoAuthors []Person // of every Co-authored-by line, wherever in the message it stands
	Parents   []app.SHA
	// Reproduced says that this is a merge of two parents whose files are exactly what git makes of them by itself, so that who merged
	// has written nothing.
	Reproduced bool
}

// IsMerge says whether it has several parents.
func (c Change) IsMerge() bool { return len(c.Parents) > 1 }

// Changes lists the commits that to reaches and from does not, ancestors first; from "" lists to alone. With the two exchanged it lists what
// would be lost. Each merge among them costs a few milliseconds.
func (g *Git) Changes(ctx context.Context, r app.Repo, from, to app.SHA) ([]Change, error) {
	shas, span := []app.SHA{to}, []string{"--max-count=1", string(to)}
	if from != "" {
		shas, span = []app.SHA{from, to}, []string{string(from) + ".." + string(to)}
	}
	if err := checkSHAs(shas...); err != nil {
		return nil, err
	}
	args := []string{"log", "-z", "--topo-order", "--reverse", "--no-show-signature", "--no-mailmap", "--no-color", "--no-notes", "--no-decorate",
		"--encoding=UTF-8", "--format=" + changeFormat}
	out, err := g.read(ctx, r, command{args: append(append(args, span...), "--")})
	if err != nil {
		return nil, fmt.Errorf("listing the changes up to %s: %w", to.Short(), g.missing(ctx, r, err, shas...))
	}
	changes, trees, err := parseChanges(out)
	if err != nil {
		return nil, err
	}
	for i := range changes {
		if changes[i].Reproduced, err = g.reproduces(ctx, r, changes[i], trees[i]); err != nil {
			return nil, fmt.Errorf("merging again for %s: %w", changes[i].SHA.Short(), err)
		}
	}
	return changes, nil
}

// changeFormat separates fields by NUL, which neither names nor messages can hold.
const changeFormat = "%H%x00%T%x00%P%x00%an%x00%ae%x00%cn%x00%ce%x00%s%x00%B"

const changeFields = 9

// parseChanges reads git's log, and the tree of each commit beside it.
func parseChanges(out []byte) (changes []Change, trees []string, err error) {
	all := fields(out)
	if len(all)%changeFields != 0 {
		return nil, nil, fmt.Errorf("reading git's log: %d fields do not make whole commits", len(all))
	}
	coAuthor := regexp.MustCompile(`(?im)^[ \t]*co-authored-by[ \t]*:[ \t]*(.*?)[ \t]*<([^<>]*)>`)
	for ; len(all) > 0; all = all[changeFields:] {
		c := Change{
			SHA:       app.SHA(all[0]),
			Author:    Person{Name: all[3], Email: all[4]},
			Committer: Person{Name: all[5], Email: all[6]},
			Title:     all[7],
			CoAuthors: coAuthors(coAuthor, all[8]),
		}
		for parent := range strings.FieldsSeq(all[2]) {
			c.Parents = append(c.Parents, app.SHA(parent))
		}
		changes, trees = append(changes, c), append(trees, all[1])
	}
	return changes, trees, nil
}

// coAuthors reads every line of a message: git takes only the last paragraph for trailers, but whoever wrote the line meant it.
func coAuthors(line *regexp.Regexp, message string) []Person {
	var people []Person
	for _, found := range line.FindAllStringSubmatch(message, -1) {
		people = append(people, Person{Name: found[1], Email: strings.TrimSpace(found[2])})
	}
	return people
}

// reproduces merges a merge's parents again and compares the files. What git makes on the way goes to a folder of its own: the mirror
// holds only what was fetched.
func (g *Git) reproduces(ctx context.Context, r app.Repo, c Change, tree string) (bool, error) {
	if len(c.Parents) != 2 {
		return false, nil
	}
	tmp, err := os.MkdirTemp(filepath.Join(g.dir, tmpDir), "merge-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(tmp)
	out, err := g.read(ctx, r, command{
		args: []string{"merge-tree", "--write-tree", "--no-messages", string(c.Parents[0]), string(c.Parents[1])},
		env: []string{
			"GIT_OBJECT_DIRECTORY=" + tmp,
			"GIT_ALTERNATE_OBJECT_DIRECTORIES=" + strconv.Quote(filepath.Join(g.mirror(r.ID).dir, "objects")),
		},
	})
	if exitCode(err) > 0 {
		return false, nil // conflicts, or histories that have nothing in common: a person decided
	}
	if err != nil {
		return false, err
	}
	return strings.TrimSuffix(string(out), "\n") == tree, nil
}
