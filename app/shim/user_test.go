package shim

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// other is a user that the machine has and that is not the test's.
func other(t *testing.T) Isolation {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can run programs as another user")
	}
	isolation, err := AsUser("nobody")
	if err != nil {
		// Where nobody is in an odd group, or missing, a user without an entry does as well.
		isolation, err = AsUser("65533:65533")
	}
	if err != nil {
		t.Fatal(err)
	}
	return isolation
}

func TestAnotherUser(t *testing.T) {
	if os.Geteuid() == 0 {
		groups, err := os.Getgroups()
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Setgroups(append(groups, 0, 4242)); err != nil { // what the server has, the program must not
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = syscall.Setgroups(groups) })
	}
	h := openHost(t, folders(t))
	s := script(t, "k", "id -u; id -g; id -G; stat -c '%u %a' $HOME $TMPDIR; touch $HOME/a $TMPDIR/b && echo wrote; umask")
	s.Isolation = other(t)
	st := run(t, h, s)
	uid, gid, _ := s.Isolation.Owner()
	log := logOf(t, h, "k")
	want := fmt.Sprintf("%d\n%d\n", uid, gid)
	if !exitedWith(st, 0) || !strings.HasPrefix(log, want) {
		t.Errorf("status %+v, log %q", st, log)
	}
	lines := strings.Split(log, "\n")
	for _, group := range strings.Fields(lines[2]) {
		if group == "0" || group == "4242" {
			t.Errorf("it kept the server's groups: %s", lines[2])
		}
	}
	own := fmt.Sprintf("%d 700\n", uid)
	if !strings.HasSuffix(log, own+own+"wrote\n0022\n") {
		t.Errorf("log %q", log)
	}
	<-h.watched("k").cleared
	if _, err := os.Lstat(h.home("k")); !os.IsNotExist(err) {
		t.Errorf("its folder is left: %v", err)
	}
}

// Row: a step forges another's exit code or report.
func TestStateIsTheServersAlone(t *testing.T) {
	o := folders(t)
	h := openHost(t, o)
	f := h.folder("k")
	s := script(t, "k", strings.Join([]string{
		"ls " + o.Dir,
		"ls " + string(f),
		"cat " + f.path(logFile),
		"echo forged >" + f.path(exitFile),
		"mv " + string(f) + " " + string(f) + "x",
		"kill -9 $PPID",
		"mv " + h.home("k") + "/home " + h.home("k") + "/x",
		"ls " + o.Homes,
		"true >/proc/self/fd/1", // would truncate a log that the program had itself
	}, " && echo BREACH; ")+" && echo no breach; exit 3")
	s.Isolation = other(t)
	st := run(t, h, s)
	if log := logOf(t, h, "k"); !exitedWith(st, 3) || strings.Contains(log, "BREACH") || !strings.Contains(log, "ermission denied") {
		t.Errorf("status %+v, log\n%s", st, log)
	}
	for path, mode := range map[string]os.FileMode{o.Dir: 0o700, string(f): 0o700, f.path(logFile): 0o600, f.path(exitFile): 0o600, o.Homes: 0o711} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

// Row: a build step reads the server's secrets from /proc/<ppid>.
const spy = "for f in environ mem maps fd/0 fd/3 fd/4 exe; do cat /proc/$PPID/$f >/dev/null 2>&1 && echo READ $f; done; ls /proc/$PPID/fd >/dev/null 2>&1 && echo READ fd; true"

func TestShimCannotBeReadByAnotherUser(t *testing.T) {
	h := openHost(t, folders(t))
	s := script(t, "k", spy)
	s.Isolation = other(t)
	if st := run(t, h, s); !exitedWith(st, 0) || logOf(t, h, "k") != "" {
		t.Errorf("status %+v, log\n%s", st, logOf(t, h, "k"))
	}
}

// The server and its programs are the same plain user here; the shim hides its memory all the same.
func TestShimCannotBeReadByItsOwnUser(t *testing.T) {
	if os.Geteuid() == 0 {
		againAs(t, 65533)
		return
	}
	h := openHost(t, folders(t))
	s := script(t, "k", spy)
	if st := run(t, h, s); !exitedWith(st, 0) || logOf(t, h, "k") != "" {
		t.Errorf("status %+v, log\n%s", st, logOf(t, h, "k"))
	}
}

// A plain user's module cache has folders that nobody may write to.
func TestPlainUsersHomeIsRemoved(t *testing.T) {
	if os.Geteuid() == 0 {
		againAs(t, 65533)
		return
	}
	h := openHost(t, folders(t))
	run(t, h, script(t, "k", "mkdir -p $HOME/a/b && touch $HOME/a/b/c && chmod 555 $HOME/a/b $HOME/a"))
	<-h.watched("k").cleared
	if _, err := os.Lstat(h.home("k")); !os.IsNotExist(err) {
		t.Errorf("its folder is left: %v", err)
	}
}

func TestPlainUserCannotIsolate(t *testing.T) {
	if os.Geteuid() == 0 {
		againAs(t, 65533)
		return
	}
	if _, err := AsUser("nobody"); err == nil || !strings.Contains(err.Error(), "only root") {
		t.Errorf("AsUser: %v", err)
	}
}

// againAs runs the calling test again as a plain user, where it takes the other branch.
func againAs(t *testing.T, id uint32) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "tmp")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	for d := dir; strings.HasPrefix(d, os.TempDir()+"/"); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Dir, cmd.Env = "/", []string{"TMPDIR=" + dir, "PATH=" + DefaultPath}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: id, Gid: id}}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("as a plain user: %v\n%s", err, out)
	}
}

func TestWorkingDirectoryOutOfReach(t *testing.T) {
	isolation := other(t)
	h := openHost(t, folders(t))
	dir := filepath.Join(t.TempDir(), "closed")
	if err := os.MkdirAll(filepath.Join(dir, "work"), 0o700); err != nil {
		t.Fatal(err)
	}
	s := script(t, "k", "true")
	s.Isolation, s.Dir = isolation, dir+"/work"
	st := run(t, h, s)
	if st.Exit.Outcome != NotStarted || !strings.Contains(st.Exit.Reason, "can't be entered as user") {
		t.Errorf("status %+v", st)
	}
}

func TestIsolation(t *testing.T) {
	if (Isolation{}).decided() {
		t.Error("the zero value is a decision")
	}
	if text := SameUser().String(); !strings.Contains(text, "server's own user") {
		t.Error(text)
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can name another user")
	}
	for _, name := range []string{"", "root", "0:0", "0:5", "5:0", "no-such-user", "4294967295:5", "-1:5", "x:y", "5:"} {
		if i, err := AsUser(name); err == nil {
			t.Errorf("AsUser(%q) is %v", name, i)
		}
	}
	i, err := AsUser("1234:5678")
	if uid, gid, ok := i.Owner(); err != nil || uid != 1234 || gid != 5678 || !ok || !i.decided() {
		t.Errorf("AsUser: %v, %v", i, err)
	}
}

func TestHomesInsideTheStateAreRefused(t *testing.T) {
	dir := t.TempDir()
	for homes, ok := range map[string]bool{dir + "/state": false, dir + "/state/homes": false, dir + "/state/../homes": true, "homes": false} {
		h, err := Open(Options{Dir: dir + "/state", Homes: homes})
		if (err == nil) != ok {
			t.Errorf("%s: %v", homes, err)
		}
		if err == nil {
			h.Close()
		}
	}
}

func TestFoldersOfOthersAreRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a folder away")
	}
	for _, which := range []string{"state", "homes", "link"} {
		o := folders(t)
		dir := o.Dir
		if which == "homes" {
			dir = o.Homes
		}
		if which == "link" {
			if err := os.Symlink(t.TempDir(), dir); err != nil {
				t.Fatal(err)
			}
		} else if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		} else if err := os.Chown(dir, 1234, 1234); err != nil {
			t.Fatal(err)
		}
		if h, err := Open(o); err == nil {
			h.Close()
			t.Errorf("%s of another user is taken", which)
		}
	}
}
