package shim

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Row: waiting on a pipe that a grandchild holds.
func TestBackgroundProcessDoesNotDelayTheOutcome(t *testing.T) {
	h := openHost(t, folders(t))
	for _, leave := range []bool{false, true} {
		s := script(t, "leave "+map[bool]string{true: "it", false: "nothing"}[leave], "sleep 60 & echo $!; echo done")
		s.LeaveRunning = leave
		begun := time.Now()
		st := run(t, h, s)
		pid := atoi(t, strings.SplitN(logOf(t, h, s.Key), "\n", 2)[0])
		killAtEnd(t, pid)
		if took := time.Since(begun); !exitedWith(st, 0) || took > 10*time.Second {
			t.Errorf("leave running %v: %+v after %v", leave, st, took)
		}
		if took := st.Exit.Ended.Sub(st.Exit.Started); took > 5*time.Second {
			t.Errorf("leave running %v: ended after %v", leave, took)
		}
	}
}

// Row: kill(-pgid) misses a setsid child.
func TestSetsidChildOfACheckIsKilled(t *testing.T) {
	gate, _ := fifo(t, t.TempDir(), "gate")
	h := openHost(t, folders(t))
	for name, text := range map[string]string{
		"background":   "sleep 1000 & echo $!",
		"setsid":       "setsid sleep 1000 & echo $!",
		"double fork":  "(setsid sh -c 'sleep 1000 & echo $!; sleep 1000 & echo $!')",
		"ignores TERM": "(trap '' TERM HUP; setsid sleep 1000 & echo $!)",
		"deep": "(setsid sh -c 'setsid sh -c \"setsid sleep 1000 & echo \\$!; echo up >" + gate + "; wait\" & echo $!; wait' & echo $!)" +
			"; read x <" + gate,
	} {
		t.Run(name, func(t *testing.T) {
			st := run(t, h, script(t, name, text))
			if !exitedWith(st, 0) {
				t.Errorf("status %+v", st)
			}
			pids := strings.Fields(logOf(t, h, name))
			if len(pids) == 0 {
				t.Error("nothing was started")
			}
			for _, field := range pids {
				if pid := atoi(t, field); alive(pid) {
					killAtEnd(t, pid)
					t.Errorf("process %d lives on", pid)
				}
			}
		})
	}
}

func TestWhatADeploymentLeavesLivesOn(t *testing.T) {
	h := openHost(t, folders(t))
	for name, text := range map[string]string{
		"same session": "sleep 1000 & echo $!",
		"own session":  "setsid sleep 1000 & echo $!",
		"quiet":        "sleep 1000 >/dev/null 2>&1 & echo $!",
	} {
		t.Run(name, func(t *testing.T) {
			s := script(t, name, text)
			s.LeaveRunning = true
			st := run(t, h, s)
			pid := atoi(t, logOf(t, h, name))
			killAtEnd(t, pid)
			if !exitedWith(st, 0) || !alive(pid) {
				t.Errorf("status %+v, alive %v", st, alive(pid))
			}
		})
	}
}

// A service that was started with the deployment's stdout must not die of its first line after the deployment has ended.
func TestWhatADeploymentLeavesCanGoOnWriting(t *testing.T) {
	dir := t.TempDir()
	orders, ordersFile := fifo(t, dir, "orders")
	answers, answersFile := fifo(t, dir, "answers")
	h := openHost(t, folders(t))
	s := script(t, "k", "(while read -r word; do echo \"$word\" && echo \"wrote $word\" >"+answers+"; done <"+orders+") & echo $!")
	s.LeaveRunning = true
	if st := run(t, h, s); !exitedWith(st, 0) {
		t.Fatalf("status %+v", st)
	}
	service := atoi(t, logOf(t, h, "k"))
	killAtEnd(t, service)
	for _, word := range []string{"one", "two"} {
		if _, err := ordersFile.WriteString(word + "\n"); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 100)
		n, err := answersFile.Read(buf)
		if err != nil || string(buf[:n]) != "wrote "+word+"\n" {
			t.Fatalf("the service answered %q, %v", buf[:n], err)
		}
	}
	drains := drainsOf(t)
	if len(drains) == 0 {
		t.Error("nobody reads what the service writes")
	}
	if err := unix.Kill(service, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for _, pid := range drains { // it ends with the service
		gone(t, pid)
	}
}

// drainsOf lists the drains of this test binary.
func drainsOf(t *testing.T) (found []int) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root sees of which binary a hidden process is")
	}
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	pids, err := processes()
	if err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		argv, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		exe, exeErr := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
		if err == nil && exeErr == nil && exe == self && strings.HasSuffix(string(argv), "shim\x00drain\x00") {
			found = append(found, pid)
		}
	}
	return found
}

// Each process starts the next in a session of its own and ends.
func TestChainOfProcessesIsKilled(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	if err := os.WriteFile(link, []byte("echo $$ >>"+dir+"/pids; setsid sh "+link+" &"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := openHost(t, folders(t))
	st := run(t, h, script(t, "k", "sh "+link+"; while [ $(wc -l <"+dir+"/pids) -lt 20 ]; do :; done"))
	if !exitedWith(st, 0) || st.Exit.Reason != "" {
		t.Errorf("status %+v", st)
	}
	data, err := os.ReadFile(dir + "/pids")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range strings.Fields(string(data)) {
		if alive(atoi(t, text)) {
			t.Errorf("process %s lives on", text)
		}
	}
	if again, _ := os.ReadFile(dir + "/pids"); len(again) != len(data) {
		t.Error("the chain goes on")
	}
}

func TestTimeout(t *testing.T) {
	h := openHost(t, folders(t))
	for name, c := range map[string]struct {
		text   string
		leave  bool
		signal string
		killed bool // after the grace
	}{
		"ends on TERM":          {text: "sleep 1000", signal: "SIGTERM"},
		"exits 0 on TERM":       {text: "trap 'exit 0' TERM; while :; do sleep 0.01; done"},
		"ignores TERM":          {text: "trap '' TERM; while :; do sleep 0.01; done", signal: "SIGKILL", killed: true},
		"child in own session":  {text: "setsid sleep 1000 & echo $!; sleep 1000", signal: "SIGTERM"},
		"deployment":            {text: "sleep 1000 & echo $!; sleep 1000", leave: true, signal: "SIGTERM"},
		"deployment, sessions":  {text: "(trap '' TERM; setsid sleep 1000 & echo $!); sleep 1000", leave: true, signal: "SIGTERM", killed: true},
		"child outlives parent": {text: "(trap '' TERM; sleep 1000 & echo $!); exec sleep 1000", signal: "SIGTERM", killed: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := script(t, name, c.text)
			s.LeaveRunning, s.Timeout, s.Grace = c.leave, 200*time.Millisecond, 500*time.Millisecond
			st := run(t, h, s)
			if st.State != Ended || st.Exit.Outcome != TimedOut || st.Exit.Signal != c.signal || st.Exit.OK() {
				t.Errorf("status %+v", st)
			}
			log := logOf(t, h, name)
			if !strings.Contains(log, "the time limit of 200ms is reached") || strings.Contains(log, "killing") != c.killed {
				t.Errorf("the log does not tell: %q", log)
			}
			if first, _, _ := strings.Cut(log, "\n"); first != "" && first[0] != '[' && alive(atoi(t, first)) {
				t.Errorf("process %s lives on", first)
			}
		})
	}
}

func TestCancel(t *testing.T) {
	d := newDones()
	o := folders(t)
	o.Done = d.done
	h := openHost(t, o)
	s := script(t, "k", "setsid sleep 1000 & echo $!; sleep 1000")
	ensure(t, h, s)
	pid := atoi(t, line(t, follow(t, h, "k")))
	for range 2 {
		if err := h.Cancel(ctx(t), "k"); err != nil {
			t.Fatal(err)
		}
	}
	st := wait(t, h, "k")
	if st.State != Ended || st.Exit.Outcome != Canceled || alive(pid) {
		t.Errorf("status %+v, child lives: %v", st, alive(pid))
	}
	if err := h.Cancel(ctx(t), "k"); err != nil {
		t.Errorf("canceling what has ended: %v", err)
	}
	if key := d.next(t); key != "k" {
		t.Errorf("Done(%q)", key)
	}
}

func TestCancelKeepsAnOutcome(t *testing.T) {
	h := openHost(t, folders(t))
	run(t, h, script(t, "k", "exit 3"))
	if err := h.Cancel(ctx(t), "k"); err != nil {
		t.Fatal(err)
	}
	if st := wait(t, h, "k"); !exitedWith(st, 3) {
		t.Errorf("status %+v", st)
	}
}

func TestCancelBeforeTheStartIsFinal(t *testing.T) {
	d := newDones()
	o := folders(t)
	o.Done = d.done
	h := openHost(t, o)
	if err := h.Cancel(ctx(t), "k"); err != nil {
		t.Fatal(err)
	}
	d.next(t)
	trace := filepath.Join(t.TempDir(), "ran")
	st := run(t, h, script(t, "k", "touch "+trace))
	if st.State != Ended || st.Exit.Outcome != Canceled {
		t.Errorf("status %+v", st)
	}
	if _, err := os.Stat(trace); err == nil {
		t.Error("it ran")
	}
}

// Row: a build step reads the server's secrets, env inherited.
func TestEnvironmentIsExactlyWhatIsGiven(t *testing.T) {
	t.Setenv("SERVER_SECRET", "hunter2")
	t.Setenv("PATH", os.Getenv("PATH")+":/server")
	h := openHost(t, folders(t))
	env, err := Environment(map[string]string{"SLIPWAY_COMMIT": "abc", "EMPTY": ""})
	if err != nil {
		t.Fatal(err)
	}
	s := script(t, "k", "")
	s.Command, s.Env = []string{"env"}, env
	if st := run(t, h, s); !exitedWith(st, 0) {
		t.Fatalf("status %+v", st)
	}
	home := h.home("k")
	want := []string{
		"CI=true", "EMPTY=", "HOME=" + home + "/home", "PATH=" + DefaultPath, "SLIPWAY_COMMIT=abc", "TMPDIR=" + home + "/tmp",
	}
	got := strings.Split(strings.TrimSpace(logOf(t, h, "k")), "\n")
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("environment\n%q, want\n%q", got, want)
	}
}

func TestGivenVariablesWin(t *testing.T) {
	env, err := Environment(map[string]string{"PATH": "/p", "CI": "1", "HOME": "/h"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"CI=1", "HOME=/h", "PATH=/p", "TMPDIR=/own/tmp"}
	if got := withHome(env, "/own"); !slices.Equal(got, want) {
		t.Errorf("environment %q, want %q", got, want)
	}
	for _, name := range []string{"", "A=B", "A\x00"} {
		if _, err := Environment(map[string]string{name: "x"}); err == nil {
			t.Errorf("the name %q is taken", name)
		}
	}
}

// A file that the server opened, or inherited, without close-on-exec is not the program's.
func TestOpenFilesAreNotInherited(t *testing.T) {
	dir := t.TempDir()
	fd, err := unix.Open(filepath.Join(dir, "server-file"), unix.O_RDWR|unix.O_CREAT, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	h := openHost(t, folders(t))
	run(t, h, script(t, "k", "exec ls -l /proc/self/fd"))
	log := logOf(t, h, "k")
	if strings.Contains(log, "server-file") || strings.Contains(log, "memfd") || strings.Contains(log, "claim") {
		t.Errorf("the program has the files\n%s", log)
	}
	if n := strings.Count(log, " -> "); n != 4 { // three, and the folder that ls reads
		t.Errorf("the program has %d files\n%s", n, log)
	}
}

func TestHomeAndTmpAreFreshAndRemoved(t *testing.T) {
	h := openHost(t, folders(t))
	s := script(t, "k", "ls -A $HOME $TMPDIR; mkdir -p $HOME/a/b && touch $HOME/a/b/c $TMPDIR/d && chmod 0 $HOME/a/b $HOME/a && stat -c %a $HOME $TMPDIR")
	run(t, h, s)
	home := h.home("k")
	if log, want := logOf(t, h, "k"), home+"/home:\n\n"+home+"/tmp:\n700\n700\n"; log != want {
		t.Errorf("log %q, want %q", log, want)
	}
	<-h.watched("k").cleared
	if _, err := os.Lstat(home); !os.IsNotExist(err) {
		t.Errorf("the program's folder is left: %v", err)
	}
}

// What can't be started is a failure that says why, not an unknown outcome.
func TestNotStarted(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	h := openHost(t, folders(t))
	for name, c := range map[string]struct {
		spoil func(*Spec)
		want  string
	}{
		"no working directory": {func(s *Spec) { s.Dir = dir + "/none" }, "the working directory " + dir + "/none does not exist"},
		"a file for one":       {func(s *Spec) { s.Dir = write("file", "", 0o600) }, "is not a directory"},
		"missing shell":        {func(s *Spec) { s.Command[0] = "nosh" }, `there is no program "nosh" in its PATH ` + DefaultPath},
		"missing path":         {func(s *Spec) { s.Command[0] = "/bin/nosh" }, "there is no program /bin/nosh"},
		"missing script":       {func(s *Spec) { s.Command, s.Dir = []string{"./build"}, dir }, "there is no program " + dir + "/build"},
		"no PATH":              {func(s *Spec) { s.Env = nil }, "there is no PATH"},
		"missing interpreter":  {func(s *Spec) { s.Command[0] = write("script", "#!/no/such\n", 0o700) }, "the interpreter that"},
		"not executable":       {func(s *Spec) { s.Command[0] = write("plain", "#!/bin/sh\n", 0o600) }, "permission denied"},
		"no format":            {func(s *Spec) { s.Command[0] = write("text", "hello\n", 0o700) }, "is no program"},
		"relative PATH":        {func(s *Spec) { s.Command, s.Env = []string{"x"}, []string{"PATH=.:bin"} }, `there is no program "x"`},
	} {
		t.Run(name, func(t *testing.T) {
			s := script(t, name, "true")
			c.spoil(&s)
			st := run(t, h, s)
			if st.State != Ended || st.Exit.Outcome != NotStarted || st.Exit.OK() || !strings.Contains(st.Exit.Reason, c.want) {
				t.Errorf("status %+v, want %q", st, c.want)
			}
			if log := logOf(t, h, name); !strings.Contains(log, c.want) {
				t.Errorf("the log does not say: %q", log)
			}
		})
	}
}
