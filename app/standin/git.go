package standin

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// noSHA stands for a reference that is not there.
const noSHA = "0000000000000000000000000000000000000000"

// commit is what git knows of one. Its dates are whatever its maker wrote.
type commit struct {
	sha, tree         string
	parents           []string
	author, committer signature
	message           string
}

type signature struct {
	name, email string
	at          time.Time
}

// subject is the first line of the message.
func (c *commit) subject() string {
	line, _, _ := strings.Cut(c.message, "\n")
	return line
}

// git runs git on the repository and returns what it printed. Trailing newlines are cut.
func (r *Repo) git(stdin []byte, args ...string) (string, error) {
	return r.gitEnv(stdin, nil, args...)
}

func (r *Repo) gitEnv(stdin []byte, env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(r.server.ctx, r.server.gitPath, append([]string{"--git-dir=" + r.dir}, args...)...)
	cmd.Env = append(r.server.gitEnv(), env...)
	cmd.Stdin = bytes.NewReader(stdin)
	var out, problem bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problem
	if err := cmd.Run(); err != nil {
		return strings.TrimRight(out.String(), "\n"), fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(problem.String()))
	}
	return strings.TrimRight(out.String(), "\n"), nil
}

// gitEnv keeps the machine's own git settings out.
func (s *Server) gitEnv() []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_TERMINAL_PROMPT=0",
		"LC_ALL=C", "TZ=UTC",
	}
}

// exitCode is how git ended: 1 often means no rather than an error.
func exitCode(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return 0
}

// initGit makes the bare repository. People may fetch any commit that is there and may force; refs/pull is GitHub's own.
func (r *Repo) initGit() error {
	if _, err := r.git(nil, "init", "--quiet", "--bare", "--initial-branch="+r.defaultBranch, r.dir); err != nil {
		return err
	}
	settings := "[http]\n\treceivepack = true\n[receive]\n\thideRefs = refs/pull\n\tdenyDeleteCurrent = refuse\n\tautogc = false\n" +
		"[uploadpack]\n\tallowFilter = true\n\tallowAnySHA1InWant = true\n[gc]\n\tauto = 0\n[core]\n\tlogAllRefUpdates = false\n"
	config, err := os.OpenFile(r.dir+"/config", os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("setting up git: %w", err)
	}
	_, err = config.WriteString(settings)
	return errors.Join(err, config.Close())
}

// readRefs lists all references.
func (r *Repo) readRefs() (map[string]string, error) {
	out, err := r.git(nil, "for-each-ref", "--format=%(objectname) %(refname)")
	if err != nil {
		return nil, err
	}
	refs := map[string]string{}
	for line := range strings.Lines(out) {
		sha, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		refs[name] = sha
	}
	return refs, nil
}

// setRef moves a reference, or deletes it when sha is noSHA, if it still is where the server believes it to be.
func (r *Repo) setRef(name, sha string) error {
	old := r.refs[name]
	if old == "" {
		old = noSHA
	}
	if old == sha {
		return nil
	}
	args := []string{"update-ref", name, sha, old}
	if sha == noSHA {
		args = []string{"update-ref", "-d", name, old}
	}
	if _, err := r.git(nil, args...); err != nil {
		return err
	}
	if sha == noSHA {
		delete(r.refs, name)
	} else {
		r.refs[name] = sha
	}
	return nil
}

// resolve finds the commit that a branch, a tag, a full reference or a SHA names. ok is false if there is none.
func (r *Repo) resolve(name string) (*commit, bool) {
	for _, full := range []string{name, "refs/" + name, "refs/heads/" + name, "refs/tags/" + name} {
		if sha := r.refs[full]; sha != "" {
			return r.commit(sha)
		}
	}
	if !isHex(name) || len(name) < 7 {
		return nil, false
	}
	return r.commit(name)
}

func isHex(text string) bool { return strings.Trim(text, "0123456789abcdef") == "" && len(text) <= 40 }

// commit reads one commit by its SHA or that of a tag that leads to it.
func (r *Repo) commit(sha string) (*commit, bool) {
	if c := r.commits[sha]; c != nil {
		return c, true
	}
	list, err := r.log("--no-walk", "--end-of-options", sha+"^{commit}")
	if err != nil || len(list) != 1 {
		return nil, false
	}
	if len(sha) == 40 {
		r.commits[sha] = list[0].commit
	}
	return list[0].commit, true
}

// changed is a commit with the files that it touches, against its first parent.
type changed struct {
	*commit
	added, removed, modified []string
}

const logFormat = "--format=%x02%H%x00%T%x00%P%x00%an%x00%ae%x00%at%x00%cn%x00%ce%x00%ct%x00%B%x03"

// log reads commits by git log's own arguments. With --name-status it tells their files too.
func (r *Repo) log(args ...string) ([]changed, error) {
	out, err := r.git(nil, append([]string{"log", "-z", "--no-renames", "--diff-merges=first-parent", logFormat}, args...)...)
	if err != nil {
		return nil, err
	}
	var list []changed
	for _, record := range strings.Split(out, "\x02")[1:] {
		head, files, _ := strings.Cut(record, "\x03")
		fields := strings.SplitN(head, "\x00", 10)
		if len(fields) != 10 {
			return nil, fmt.Errorf("reading commits: git log gave %d fields", len(fields))
		}
		c := changed{commit: &commit{
			sha: fields[0], tree: fields[1], parents: strings.Fields(fields[2]),
			author: sign(fields[3:6]), committer: sign(fields[6:9]), message: strings.TrimRight(fields[9], "\n"),
		}}
		c.readFiles(files)
		list = append(list, c)
	}
	return list, nil
}

func sign(fields []string) signature {
	seconds, _ := strconv.ParseInt(fields[2], 10, 64)
	return signature{name: fields[0], email: fields[1], at: time.Unix(seconds, 0).UTC()}
}

func (c *changed) readFiles(text string) {
	fields := strings.FieldsFunc(text, func(r rune) bool { return r == 0 || r == '\n' })
	for i := 0; i+1 < len(fields); i += 2 {
		switch fields[i] {
		case "A":
			c.added = append(c.added, fields[i+1])
		case "D":
			c.removed = append(c.removed, fields[i+1])
		default:
			c.modified = append(c.modified, fields[i+1])
		}
	}
}

// contains says whether an older commit is part of a newer one's history.
func (r *Repo) contains(newer, older string) bool {
	if newer == older {
		return true
	}
	_, err := r.git(nil, "merge-base", "--is-ancestor", older, newer)
	return err == nil
}

func (r *Repo) mergeBase(a, b string) string {
	base, err := r.git(nil, "merge-base", a, b)
	if err != nil {
		return ""
	}
	return base
}

// identityEnv are the variables by which git signs a commit.
func identityEnv(author, committer signature) []string {
	at := func(s signature) string { return fmt.Sprintf("%d +0000", s.at.Unix()) }
	return []string{
		"GIT_AUTHOR_NAME=" + author.name, "GIT_AUTHOR_EMAIL=" + author.email, "GIT_AUTHOR_DATE=" + at(author),
		"GIT_COMMITTER_NAME=" + committer.name, "GIT_COMMITTER_EMAIL=" + committer.email, "GIT_COMMITTER_DATE=" + at(committer),
	}
}

func (s *Server) signature(a *account) signature {
	if a.login == "web-flow" {
		return signature{name: "GitHub", email: a.email, at: s.now()}
	}
	return signature{name: a.login, email: a.email, at: s.now()}
}

// commitTree writes a commit and returns its SHA.
func (r *Repo) commitTree(tree, message string, author, committer signature, parents ...string) (string, error) {
	args := []string{"commit-tree", tree}
	for _, parent := range parents {
		args = append(args, "-p", parent)
	}
	return r.gitEnv([]byte(message+"\n"), identityEnv(author, committer), args...)
}

// mergeTree merges two commits without a worktree. clean is false when they conflict.
func (r *Repo) mergeTree(ours, theirs string) (tree string, clean bool, err error) {
	out, err := r.git(nil, "merge-tree", "--write-tree", "--no-messages", ours, theirs)
	if exitCode(err) == 1 {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	tree, _, _ = strings.Cut(out, "\n")
	return tree, true, nil
}

// gitBytes is git's output as it is.
func (r *Repo) gitBytes(args ...string) ([]byte, error) {
	cmd := exec.CommandContext(r.server.ctx, r.server.gitPath, append([]string{"--git-dir=" + r.dir}, args...)...)
	cmd.Env = r.server.gitEnv()
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("git %s: %w", args[0], err)
	}
	return out, nil
}
