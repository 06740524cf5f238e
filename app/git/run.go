package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/slipway-cd/slipway/app"
)

// command is one call of git.
type command struct {
	gitDir string   // the mirror; "" only for what concerns none
	tree   string   // the work tree: a folder that only the server can enter
	config []string // settings of this call: key=value
	args   []string
	env    []string
	stdin  io.Reader
	pipe   *os.File // file descriptor 3 of git and its children
	limit  int      // bytes of output; 0 is maxOutput
}

const (
	maxOutput = 256 << 20 // bytes: the paths of a million files fit
	maxStderr = 16 << 10
	// waitDelay is how long a child that left the process group may keep git's output open after git has ended.
	waitDelay = 2 * time.Second
)

// errTooMuch says that git had more to say than was asked for.
var errTooMuch = errors.New("git's output is larger than allowed")

// exitError says how git failed, and what it said in its own words and those of the remote.
type exitError struct {
	code   int
	stderr string
}

func (e *exitError) Error() string {
	if said := printable(e.stderr); said != "" {
		return fmt.Sprintf("git exited with code %d: %s", e.code, said)
	}
	return fmt.Sprintf("git exited with code %d", e.code)
}

// exitCode is git's exit code behind an error, or -1.
func exitCode(err error) int {
	if e := (*exitError)(nil); errors.As(err, &e) {
		return e.code
	}
	return -1
}

// run calls git and returns what it printed. It returns an *exitError when git failed, and the context's error when that ended it.
func (g *Git) run(ctx context.Context, c command) ([]byte, error) {
	limit := c.limit
	if limit == 0 {
		limit = maxOutput
	}
	out, stderr := &bounded{limit: limit}, &tail{}
	cmd := g.prepareCommand(ctx, c)
	cmd.Stdout, cmd.Stderr = out, stderr
	err := runOnThread(cmd)
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case out.over:
		return nil, errTooMuch
	case err == nil:
		return out.Bytes(), nil
	}
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return nil, &exitError{code: exit.ExitCode(), stderr: string(stderr.kept)}
	}
	return nil, fmt.Errorf("running git: %w", err)
}

func (g *Git) prepareCommand(ctx context.Context, c command) *exec.Cmd {
	var args []string
	if c.gitDir != "" {
		args = append(args, "--git-dir="+c.gitDir)
	}
	if c.tree != "" {
		args = append(args, "--work-tree="+c.tree)
	}
	for _, setting := range c.config {
		args = append(args, "-c", setting)
	}
	cmd := exec.CommandContext(ctx, g.program, append(args, c.args...)...)
	cmd.Dir = filepath.Join(g.dir, homeDir)
	if c.tree != "" {
		cmd.Dir = c.tree
	}
	cmd.Env = append(append([]string(nil), g.env...), c.env...)
	cmd.Stdin = c.stdin
	if c.pipe != nil {
		cmd.ExtraFiles = []*os.File{c.pipe}
	}
	// Git has children: the group goes as one, and it goes with the server, so that a new server finds nobody at work.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = waitDelay
	return cmd
}

// runOnThread keeps the thread alive that started the program: the kernel takes that thread's end for the parent's death.
func runOnThread(cmd *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return cmd.Run()
}

// bounded is a buffer that refuses what is beyond its limit.
type bounded struct {
	bytes.Buffer
	limit int
	over  bool
}

func (b *bounded) Write(p []byte) (int, error) {
	if len(p) > b.limit-b.Len() {
		b.over = true
		return 0, errTooMuch
	}
	return b.Buffer.Write(p)
}

// tail keeps the last bytes: a remote may say a lot before git says what was fatal.
type tail struct{ kept []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p...)
	if over := len(t.kept) - maxStderr; over > 0 {
		t.kept = append(t.kept[:0], t.kept[over:]...)
	}
	return len(p), nil
}

// printable makes one line of what a program said, remote servers included.
func printable(s string) string {
	lines := strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' })
	clean := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(strings.Join(lines, "; "), "?"))
	return strings.TrimSpace(clean)
}

// failure is an error of a known kind.
func failure(op string, kind app.ErrorKind, err error) error {
	return &app.Error{Op: op, Kind: kind, Err: err}
}
