package git

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/slipway-cd/slipway/app"
)

// node is a file or a folder of a commit.
type node struct {
	mode string           // as git writes it; "" of a folder
	id   string           // of the blob
	kids map[string]*node // of a folder
	// stale is set by a sweep: the file has to be written, or something in the folder has.
	stale bool
}

// The modes that git knows. A submodule is an empty folder here: it is not followed.
const (
	modeFile       = "100644"
	modeExecutable = "100755"
	modeLink       = "120000"
	modeSubmodule  = "160000"
)

func newFolderNode() *node { return &node{kids: map[string]*node{}} }

func (n *node) isFolder() bool { return n.kids != nil }

// listTree reads all paths of a commit.
func (g *Git) listTree(ctx context.Context, r app.Repo, sha app.SHA) (*node, error) {
	out, err := g.read(ctx, r, command{args: []string{"ls-tree", "-r", "-z", "--full-tree", string(sha) + "^{commit}"}})
	if err != nil {
		return nil, fmt.Errorf("listing the files: %w", g.missing(ctx, r, err, sha))
	}
	root := newFolderNode()
	for _, line := range fields(out) {
		if err := root.add(line); err != nil {
			return nil, failure("listing the files", app.ErrInvalid, err)
		}
	}
	return root, nil
}

// add adds a line "mode type id<TAB>path". Git's own programs never write the paths that it refuses; somebody's may.
func (n *node) add(line string) error {
	about, name, _ := strings.Cut(line, "\t")
	words := strings.Split(about, " ")
	if len(words) != 3 {
		return fmt.Errorf("git listed %q", line)
	}
	parts := strings.Split(name, "/")
	for i, part := range parts {
		if part == "" || part == "." || part == ".." || strings.EqualFold(part, ".git") {
			return fmt.Errorf("the path %q can't be put on disk", name)
		}
		if !n.isFolder() {
			return fmt.Errorf("%q is both a file and a folder", path.Join(parts[:i]...))
		}
		kid := n.kids[part]
		if last := i == len(parts)-1; last && kid != nil {
			return fmt.Errorf("%q is there twice", name)
		} else if last {
			return n.addFile(part, words[0], words[2])
		}
		if kid == nil {
			kid = newFolderNode()
			n.kids[part] = kid
		}
		n = kid
	}
	return nil
}

func (n *node) addFile(name, mode, id string) error {
	switch mode {
	case modeSubmodule:
		n.kids[name] = newFolderNode()
	case modeFile, modeExecutable, modeLink:
		n.kids[name] = &node{mode: mode, id: id}
	case "100664": // of old programs; git takes it for a plain file
		n.kids[name] = &node{mode: modeFile, id: id}
	default:
		return fmt.Errorf("%q has the unknown mode %s", name, mode)
	}
	return nil
}

// walk visits all files.
func (n *node) walk(prefix string, visit func(name string, file *node)) {
	for name, kid := range n.kids {
		if kid.isFolder() {
			kid.walk(prefix+name+"/", visit)
			continue
		}
		visit(prefix+name, kid)
	}
}

// permissions are what the mode says, for disk.
func (n *node) permissions() uint32 {
	if n.mode == modeExecutable {
		return 0o755
	}
	return 0o644
}
