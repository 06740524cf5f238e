package shim

import (
	"errors"
	"os"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestRemove(t *testing.T) {
	h := openHost(t, folders(t))
	ensure(t, h, script(t, "k", "echo up; sleep 1000"))
	line(t, follow(t, h, "k"))
	if err := h.Remove(ctx(t), "k"); !errors.Is(err, ErrBusy) {
		t.Errorf("removing what runs: %v", err)
	}
	if err := h.Cancel(ctx(t), "k"); err != nil {
		t.Fatal(err)
	}
	wait(t, h, "k")
	for range 2 {
		if err := h.Remove(ctx(t), "k"); err != nil {
			t.Errorf("removing what has ended, and again: %v", err)
		}
	}
	keys, err := h.Keys()
	if err != nil || len(keys) != 0 {
		t.Errorf("left: %v, %v", keys, err)
	}
	for _, path := range []string{string(h.folder("k")), h.home("k")} {
		if _, err := os.Lstat(path); !os.IsNotExist(err) {
			t.Errorf("%s is left: %v", path, err)
		}
	}
}

// The folder of a service's HOME and TMPDIR stays as long as the service.
func TestRemoveWaitsForWhatADeploymentLeft(t *testing.T) {
	h := openHost(t, folders(t))
	s := script(t, "k", "sleep 1000 >/dev/null 2>&1 & echo $!")
	s.LeaveRunning = true
	run(t, h, s)
	service := atoi(t, logOf(t, h, "k"))
	killAtEnd(t, service)
	<-h.watched("k").cleared
	if _, err := os.Lstat(h.home("k") + "/tmp"); err != nil {
		t.Errorf("the service lost its folder: %v", err)
	}
	if err := h.Remove(ctx(t), "k"); !errors.Is(err, ErrBusy) {
		t.Errorf("removing under a service: %v", err)
	}
	if err := unix.Kill(service, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	gone(t, service)
	if err := h.Remove(ctx(t), "k"); err != nil {
		t.Errorf("removing after the service: %v", err)
	}
	if _, err := os.Lstat(h.home("k")); !os.IsNotExist(err) {
		t.Errorf("its folder is left: %v", err)
	}
}

// What ended while no server was there is cleared up by the next one that is asked.
func TestHomeOfAnUnwatchedJobIsRemoved(t *testing.T) {
	gate, gateFile := fifo(t, t.TempDir(), "gate")
	o := folders(t)
	h := openHost(t, o)
	s := script(t, "k", "echo up; read x <"+gate)
	ensure(t, h, s)
	line(t, follow(t, h, "k"))
	shim := shimOf(t, h, "k")
	h.Close()
	gateFile.WriteString("go\n")
	gone(t, shim)
	h = openHost(t, o)
	if st := ensure(t, h, s); !exitedWith(st, 0) {
		t.Errorf("status %+v", st)
	}
	if _, err := os.Lstat(h.home("k")); !os.IsNotExist(err) {
		t.Errorf("its folder is left: %v", err)
	}
}

func TestCloseLeavesNoGoroutine(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	o := folders(t)
	h := openHost(t, o)
	ensure(t, h, script(t, "k", "echo up; sleep 1000"))
	r, err := h.Follow(ctx(t), "k", 0)
	if err != nil {
		t.Fatal(err)
	}
	r.Read(make([]byte, 10))
	shim := shimOf(t, h, "k")
	h.Close()
	h.Close()
	r.Close()
	if !alive(shim) {
		t.Error("closing the host ended the shim")
	}
	if _, err := h.Ensure(ctx(t), script(t, "k", "")); !errors.Is(err, ErrClosed) {
		t.Errorf("Ensure on a closed host: %v", err)
	}
	if err := unix.Kill(shim, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
}
