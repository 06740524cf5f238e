package shim

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// program is what is to be started, as the shim found it out.
type program struct {
	path string
	args []string
	dir  string
	env  []string
	home string      // holds HOME and TMPDIR
	user *credential // nil: the shim's own
}

func newProgram(j job) (program, error) {
	p := program{
		args: asStrings(j.Command), dir: string(j.Dir),
		env: withHome(asStrings(j.Env), j.Home), home: j.Home, user: j.User,
	}
	var err error
	p.path, err = findProgram(p.args[0], p.env)
	return p, err
}

// findProgram looks in the program's own PATH, never in the shim's.
func findProgram(name string, env []string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	path, ok := lookup(env, "PATH")
	if !ok {
		return "", fmt.Errorf("there is no PATH to find the program %q in", name)
	}
	for _, dir := range filepath.SplitList(path) {
		if !filepath.IsAbs(dir) {
			continue // what the commit put into its folder is not a tool of the machine
		}
		candidate := filepath.Join(dir, name)
		if info, err := os.Stat(candidate); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return candidate, nil
		}
	}
	return "", fmt.Errorf("there is no program %q in its PATH %s", name, path)
}

// start runs the program in a session of its own. It must be called on a locked OS thread that lives as long as the program
// may: the kernel kills the program when that thread ends.
func (p program) start(output *os.File) (pid int, err error) {
	if err := makeHome(p.home, p.user); err != nil {
		return 0, err
	}
	stdin, err := os.Open(os.DevNull)
	if err != nil {
		return 0, fmt.Errorf("opening the program's input: %w", err)
	}
	defer stdin.Close()
	attr := &syscall.ProcAttr{
		Dir: p.dir, Env: p.env,
		Files: []uintptr{stdin.Fd(), output.Fd(), output.Fd()},
		Sys:   &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL, Credential: p.user.sys()},
	}
	pid, err = syscall.ForkExec(p.path, p.args, attr)
	if err != nil {
		return 0, p.explain(err)
	}
	return pid, nil
}

func (c *credential) sys() *syscall.Credential {
	if c == nil {
		return nil
	}
	return &syscall.Credential{Uid: c.UID, Gid: c.GID, Groups: c.Groups}
}

// explain finds out which step failed: the kernel gives one number for all of them.
func (p program) explain(err error) error {
	who := ""
	if p.user != nil {
		who = " as user " + p.user.Name
	}
	info, statErr := os.Stat(p.dir)
	switch {
	case errors.Is(statErr, fs.ErrNotExist):
		return fmt.Errorf("the working directory %s does not exist", p.dir)
	case statErr == nil && !info.IsDir():
		return fmt.Errorf("the working directory %s is not a directory", p.dir)
	case errors.Is(err, fs.ErrPermission) && !p.user.enters(p.dir):
		return fmt.Errorf("the working directory %s can't be entered%s: %w", p.dir, who, err)
	}
	file := p.path
	if !filepath.IsAbs(file) {
		file = filepath.Join(p.dir, file)
	}
	_, statErr = os.Stat(file)
	switch {
	case errors.Is(statErr, fs.ErrNotExist):
		return fmt.Errorf("there is no program %s", file)
	case statErr == nil && errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the interpreter that %s asks for does not exist", file)
	case errors.Is(err, syscall.ENOEXEC):
		return fmt.Errorf("%s is no program: it begins with neither #! nor a format that this machine knows", file)
	}
	return fmt.Errorf("starting %s%s: %w", file, who, err)
}

// enters guesses by mode bits whether the user can enter a directory and all above it. It only chooses the words of a failure.
func (c *credential) enters(dir string) bool {
	if c == nil {
		c = self()
	}
	for {
		info, err := os.Stat(dir)
		if err != nil || !c.mayEnter(info) {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
		dir = filepath.Dir(dir)
	}
}

func (c *credential) mayEnter(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !ok:
		return false
	case c.UID == 0:
		return true
	case stat.Uid == c.UID:
		return info.Mode()&0o100 != 0
	case stat.Gid == c.GID || slices.Contains(c.Groups, stat.Gid):
		return info.Mode()&0o010 != 0
	default:
		return info.Mode()&0o001 != 0
	}
}

func self() *credential {
	c := &credential{UID: uint32(os.Geteuid()), GID: uint32(os.Getegid())}
	groups, _ := os.Getgroups()
	for _, gid := range groups {
		c.Groups = append(c.Groups, uint32(gid))
	}
	return c
}
