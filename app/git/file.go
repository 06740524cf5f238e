package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/slipway-cd/slipway/app"
)

// maxFile bounds what File reads: files that the server understands are small.
const maxFile = 4 << 20

// File is a file's content at a commit, as it is stored. A link to a file of the same commit is followed, as on disk; one that leads
// out of it is not there. app.ErrNotFound says that there is no such file, or, with ErrNoCommit behind it, that the mirror does not
// have the commit; app.ErrInvalid that it is a folder, or larger than 4 MiB. What it gives may be shared with others: nobody changes it.
func (g *Git) File(ctx context.Context, r app.Repo, sha app.SHA, name string) ([]byte, error) {
	if err := checkSHAs(sha); err != nil {
		return nil, err
	}
	if name == "" || name == "." || name == ".." || path.Clean(name) != name || name[0] == '/' || strings.HasPrefix(name, "../") ||
		strings.ContainsAny(name, "\n\x00") {
		return nil, invalid("reading a file", "%q is not a path inside a repository", name)
	}
	return once(g.mirror(r.ID), "file "+string(sha)+" "+name, func() ([]byte, bool, error) {
		content, err := g.file(ctx, r, sha, name)
		return content, len(content) <= smallAnswer, err
	})
}

func (g *Git) file(ctx context.Context, r app.Repo, sha app.SHA, name string) ([]byte, error) {
	op := fmt.Sprintf("reading %s at %s", name, sha.Short())
	out, err := g.read(ctx, r, command{
		args:  []string{"cat-file", "--batch-command", "--follow-symlinks"},
		stdin: strings.NewReader(fmt.Sprintf("info %s\ncontents %s:%s\n", sha, sha, name)),
		limit: maxFile + 4096, // with the two lines before it
	})
	if errors.Is(err, errTooMuch) {
		err = errTooLarge()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	content, err := contentOf(out)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	return content, nil
}

// contentOf reads "<sha> commit <size>", then "<sha> blob <size>", the content and a line break.
func contentOf(out []byte) ([]byte, error) {
	commit, rest, _ := bytes.Cut(out, []byte("\n"))
	if !bytes.Contains(commit, []byte(" commit ")) {
		return nil, failure("looking for the commit", app.ErrNotFound, ErrNoCommit)
	}
	line, rest, _ := bytes.Cut(rest, []byte("\n"))
	words := strings.Split(string(line), " ")
	if len(words) != 3 || words[1] != "blob" && words[1] != "tree" {
		// missing, dangling, loop, notdir, or symlink when it leads out
		return nil, failure("looking for the file", app.ErrNotFound, errors.New("there is no such file"))
	}
	if words[1] == "tree" {
		return nil, invalid("looking for the file", "it is a folder")
	}
	size, err := strconv.Atoi(words[2])
	if size > maxFile {
		return nil, errTooLarge()
	}
	if err != nil || size != len(rest)-1 {
		return nil, fmt.Errorf("git promised %q bytes and sent %d", words[2], len(rest)-1)
	}
	return rest[:size], nil
}

func errTooLarge() error {
	return invalid("reading the file", "it is larger than %d bytes", maxFile)
}
