package shim

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Row: a slow reader drops log lines; the whole log is read again each time.
func TestLogByOffset(t *testing.T) {
	h := openHost(t, folders(t))
	run(t, h, script(t, "k", "printf 'one\ntwo\nthree\n'"))
	for offset, want := range map[int64]string{0: "one\ntwo\nthree\n", 4: "two\nthree\n", 13: "\n", 14: "", 1000: ""} {
		for name, open := range map[string]func() (io.ReadCloser, error){
			"Logs":   func() (io.ReadCloser, error) { return h.Logs("k", offset) },
			"Follow": func() (io.ReadCloser, error) { return h.Follow(ctx(t), "k", offset) },
		} {
			r, err := open()
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(r)
			if err != nil || string(data) != want {
				t.Errorf("%s from %d: %q, %v", name, offset, data, err)
			}
			r.Close()
		}
	}
	if _, err := h.Logs("k", -1); err == nil {
		t.Error("a negative offset is taken")
	}
}

func TestFollowStreamsAndEnds(t *testing.T) {
	gate, gateFile := fifo(t, t.TempDir(), "gate")
	h := openHost(t, folders(t))
	ensure(t, h, script(t, "k", "echo begun; while read -r x; do echo $x; done <"+gate))
	readers := make([]interface{ ReadString(byte) (string, error) }, 3)
	for i := range readers {
		readers[i] = follow(t, h, "k")
	}
	for _, want := range []string{"begun", "first", "second"} {
		if want != "begun" {
			if _, err := gateFile.WriteString(want + "\n"); err != nil {
				t.Fatal(err)
			}
		}
		for _, r := range readers { // each line is there before the next is written
			if text, err := r.ReadString('\n'); err != nil || text != want+"\n" {
				t.Fatalf("read %q, %v", text, err)
			}
		}
	}
	if err := h.Cancel(ctx(t), "k"); err != nil {
		t.Fatal(err)
	}
	for _, r := range readers {
		if text, err := r.ReadString(0); err != io.EOF || text != "[slipway] canceled: stopping\n" {
			t.Errorf("the end is %q, %v", text, err)
		}
	}
}

func TestFollowEndsWhenTheShimIsKilled(t *testing.T) {
	h := openHost(t, folders(t))
	ensure(t, h, script(t, "k", "echo begun; sleep 1000"))
	r := follow(t, h, "k")
	line(t, r)
	if err := unix.Kill(shimOf(t, h, "k"), unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(r); err != nil || len(rest) > 0 {
		t.Errorf("rest %q, %v", rest, err)
	}
}

func TestFollowCanBeClosed(t *testing.T) {
	h := openHost(t, folders(t))
	ensure(t, h, script(t, "k", "sleep 1000"))
	endsFollow(t, h, "by its reader", func(r io.Closer) { r.Close(); r.Close() })
	shim := shimOf(t, h, "k")
	endsFollow(t, h, "by the host", func(io.Closer) { h.Close() })
	if _, err := h.Follow(ctx(t), "k", 0); !errors.Is(err, ErrClosed) {
		t.Errorf("Follow on a closed host: %v", err)
	}
	_ = unix.Kill(shim, unix.SIGKILL)
}

func endsFollow(t *testing.T, h *Host, name string, end func(io.Closer)) {
	t.Helper()
	r, err := h.Follow(ctx(t), "k", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ended := make(chan error)
	go func() {
		_, err := r.Read(make([]byte, 10))
		ended <- err
	}()
	end(r)
	if err := <-ended; err == nil || err == io.EOF {
		t.Errorf("closed %s, Read says %v", name, err)
	}
}

func TestHugeOutputIsCutButItsEndIsKept(t *testing.T) {
	h := openHost(t, folders(t))
	s := script(t, "k", "yes 0123456789abcde | head -n 4000000; echo the end")
	s.LogLimit = 1 << 20
	st := run(t, h, s)
	log := logOf(t, h, "k")
	if !exitedWith(st, 0) || !strings.Contains(st.Exit.LogProblem, "bytes over the limit are left out") {
		t.Errorf("status %+v", st)
	}
	if len(log) > 1<<20+logTail+1000 || int64(len(log)) != st.Exit.LogBytes {
		t.Errorf("the log has %d bytes, the record says %d", len(log), st.Exit.LogBytes)
	}
	if !strings.HasSuffix(log, "0123456789abcde\nthe end\n") || strings.Count(log, "[slipway]") != 2 {
		t.Errorf("the log ends with %q", log[len(log)-100:])
	}
}

func TestLogUnderItsLimitIsWhole(t *testing.T) {
	h := openHost(t, folders(t))
	s := script(t, "k", "yes 0123456789abcde | head -n 65536")
	s.LogLimit = 1 << 20
	st := run(t, h, s)
	if log := logOf(t, h, "k"); log != strings.Repeat("0123456789abcde\n", 65536) || st.Exit.LogProblem != "" {
		t.Errorf("%d bytes, %+v", len(log), st)
	}
}

func TestLittleOverTheLimitLosesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l, err := newLogWriter(path, 10)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(l, "0123456789ab")
	io.WriteString(l, "cd\n")
	l.finish()
	size, problem := l.close()
	data, _ := os.ReadFile(path)
	want := "0123456789\n[slipway] the log is full; what follows is left out, but for its end\nabcd\n"
	if string(data) != want || size != int64(len(want)) || problem != "" {
		t.Errorf("%q, %d, %q", data, size, problem)
	}
}

func TestTail(t *testing.T) {
	h := openHost(t, folders(t))
	run(t, h, script(t, "k", "printf 'one\ntwo\nthree'"))
	for _, c := range []struct {
		lines int
		size  int64
		want  string
	}{
		{1, 100, "three"}, {2, 100, "two\nthree"}, {3, 100, "one\ntwo\nthree"}, {9, 100, "one\ntwo\nthree"}, {0, 100, ""},
		{9, 13, "one\ntwo\nthree"}, {9, 12, "two\nthree"}, {9, 9, "two\nthree"}, {9, 8, "three"}, {9, 5, "three"}, {9, 3, "ree"}, {9, 0, ""},
	} {
		if got, err := h.Tail("k", c.lines, c.size); err != nil || string(got) != c.want {
			t.Errorf("Tail(%d, %d): %q, %v, want %q", c.lines, c.size, got, err, c.want)
		}
	}
	run(t, h, script(t, "ended", "echo a; echo b"))
	if got, err := h.Tail("ended", 1, 100); err != nil || string(got) != "b\n" {
		t.Errorf("Tail: %q, %v", got, err)
	}
}

// small mounts a file system that can be filled.
func small(t *testing.T) (Options, string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a small disk")
	}
	o := folders(t)
	if err := os.Mkdir(o.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", o.Dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("no small disk can be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(o.Dir, unix.MNT_DETACH) })
	return o, o.Dir
}

func fill(t *testing.T, dir string) {
	t.Helper()
	file, err := os.Create(filepath.Join(dir, ".filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	block := make([]byte, 4096)
	for err == nil {
		_, err = file.Write(block)
	}
	if !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
}

func TestFullDiskKeepsTheOutcome(t *testing.T) {
	o, disk := small(t)
	gate, gateFile := fifo(t, t.TempDir(), "gate")
	h := openHost(t, o)
	ensure(t, h, script(t, "k", "echo begun; read x <"+gate+"; yes | head -n 1000000; exit 6"))
	line(t, follow(t, h, "k"))
	fill(t, disk)
	fmt.Fprintln(gateFile, "go")
	if st := wait(t, h, "k"); !exitedWith(st, 6) || !strings.Contains(st.Exit.LogProblem, "no space left") {
		t.Errorf("status %+v", st)
	}
}

func TestFullDiskStartsNothingAndCanBeTriedAgain(t *testing.T) {
	o, disk := small(t)
	h := openHost(t, o)
	fill(t, disk)
	s := script(t, "k", "exit 0")
	if st, err := h.Ensure(ctx(t), s); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Fatalf("on a full disk: %+v, %v", st, err)
	}
	if st := wait(t, h, "k"); st.State != Absent {
		t.Errorf("status %+v", st)
	}
	if err := os.Remove(filepath.Join(disk, ".filler")); err != nil {
		t.Fatal(err)
	}
	if st := run(t, h, s); !exitedWith(st, 0) {
		t.Errorf("status %+v", st)
	}
}
