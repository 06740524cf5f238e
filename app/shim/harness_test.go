package shim

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The test binary is also the shim and, for crash tests, the server.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "shim":
			syscall.Exit(Main(wall{}, os.Args[2:])) // os.Exit would wait a second under -race
		case "server":
			os.Exit(testServer(os.Args[2:]))
		}
	}
	os.Exit(m.Run())
}

// wall is the real clock, as cmd has one.
type wall struct{}

func (wall) Now() time.Time { return time.Now() }

func (wall) Timer(at time.Time) (<-chan time.Time, func()) {
	t := time.NewTimer(time.Until(at))
	return t.C, func() { t.Stop() }
}

// patience is how long a test waits for what should happen at once.
const patience = 30 * time.Second

func ctx(t testing.TB) context.Context {
	c, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return c
}

// folders makes folders that other users can reach, for t.TempDir is closed to them.
func folders(t testing.TB) Options {
	base := t.TempDir()
	for _, dir := range []string{filepath.Dir(base), base} {
		if err := os.Chmod(dir, 0o711); err != nil {
			t.Fatal(err)
		}
	}
	return Options{Dir: filepath.Join(base, "state"), Homes: filepath.Join(base, "homes")}
}

func openHost(t testing.TB, o Options) *Host {
	t.Helper()
	h, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		h.Close()
		endAll(t, o)
	})
	return h
}

// endAll leaves nothing running, whatever the test did or failed to do.
func endAll(t testing.TB, o Options) {
	claims, err := filepath.Glob(filepath.Join(o.Dir, "*", claimFile))
	if err != nil {
		t.Error(err)
	}
	for _, path := range claims {
		shim, err := folder(filepath.Dir(path)).holder()
		if err != nil || shim == nil {
			continue
		}
		_ = shim.signal(unix.SIGKILL)
		_ = shim.wait()
		shim.close()
	}
	if err := endCarriers(context.Background(), o.Homes); err != nil {
		t.Error(err)
	}
}

// script is a job that runs a shell script as the test's own user.
func script(t testing.TB, key, text string) Spec {
	env, err := Environment(nil)
	if err != nil {
		t.Fatal(err)
	}
	return Spec{
		Key: key, Command: []string{"sh", "-c", text}, Dir: "/", Env: env,
		Isolation: SameUser(), Timeout: patience,
	}
}

func ensure(t testing.TB, h *Host, s Spec) Status {
	t.Helper()
	st, err := h.Ensure(ctx(t), s)
	if err != nil {
		t.Fatalf("Ensure: %v", err)
	}
	return st
}

func wait(t testing.TB, h *Host, key string) Status {
	t.Helper()
	st, err := h.Wait(ctx(t), key)
	if err != nil {
		t.Fatalf("Wait: %v", err)
	}
	return st
}

// run runs a job to its end.
func run(t testing.TB, h *Host, s Spec) Status {
	t.Helper()
	ensure(t, h, s)
	return wait(t, h, s.Key)
}

func logOf(t testing.TB, h *Host, key string) string {
	t.Helper()
	r, err := h.Logs(key, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// follow reads a running job's log line by line.
func follow(t testing.TB, h *Host, key string) *bufio.Reader {
	t.Helper()
	r, err := h.Follow(ctx(t), key, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return bufio.NewReader(r)
}

func line(t testing.TB, r *bufio.Reader) string {
	t.Helper()
	text, err := r.ReadString('\n')
	if err != nil {
		t.Fatalf("reading a line of the log: %q, %v", text, err)
	}
	return strings.TrimSuffix(text, "\n")
}

func atoi(t testing.TB, text string) int {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// alive is whether a process runs: a zombie doesn't.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

// gone waits for the end of a process that is not the test's child.
func gone(t testing.TB, pid int) {
	t.Helper()
	p, err := openProcess(pid)
	if err != nil {
		return
	}
	defer p.close()
	defer time.AfterFunc(patience, p.interrupt).Stop()
	if err := p.wait(); err != nil {
		t.Fatalf("process %d does not end: %v", pid, err)
	}
}

func killAtEnd(t testing.TB, pid int) {
	t.Cleanup(func() { _ = unix.Kill(pid, unix.SIGKILL) })
}

// fifo makes a named pipe and opens it for both sides, so that neither blocks in opening it.
func fifo(t testing.TB, dir, name string) (path string, both *os.File) {
	t.Helper()
	path = filepath.Join(dir, name)
	if err := unix.Mkfifo(path, 0o622); err != nil {
		t.Fatal(err)
	}
	both, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := both.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { both.Close() })
	return path, both
}

// dones collects calls of Done.
type dones struct {
	mu   sync.Mutex
	keys []string
	more chan string
}

func newDones() *dones { return &dones{more: make(chan string, 100)} }

func (d *dones) done(key string) {
	d.mu.Lock()
	d.keys = append(d.keys, key)
	d.mu.Unlock()
	d.more <- key
}

func (d *dones) next(t testing.TB) string {
	t.Helper()
	select {
	case key := <-d.more:
		return key
	case <-time.After(patience):
		t.Fatal("Done was not called")
		return ""
	}
}

func (d *dones) count(key string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for _, k := range d.keys {
		if k == key {
			n++
		}
	}
	return n
}

func shimOf(t testing.TB, h *Host, key string) int {
	t.Helper()
	c, held, err := h.folder(key).claim()
	if err != nil || !held {
		t.Fatalf("no shim holds %s: %v", key, err)
	}
	return c.PID
}

func exitedWith(st Status, code int) bool {
	return st.State == Ended && st.Exit.Outcome == Exited && st.Exit.Code == code
}

// command starts this test binary in another role.
func command(t testing.TB, args ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Stderr = os.Stderr
	return cmd
}
