package shim

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// watch waits for one shim's end. It stays, concluded, until its key is removed: that is how a key is told of once.
type watch struct {
	shim    *process      // nil: it has ended already
	known   chan struct{} // closed when the outcome is known, before Done is called
	cleared chan struct{} // closed when nothing more is to be done
}

// watch adopts a running key, or returns the watch that it has.
func (h *Host) watch(key string) (*watch, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, ErrClosed
	}
	if w := h.watches[key]; w != nil {
		return w, nil
	}
	shim, err := h.folder(key).holder()
	if err != nil {
		return nil, fmt.Errorf("adopting a job: %w", err)
	}
	return h.watchLocked(key, shim), nil
}

// watchChild watches the shim that was just started. That it is this process's child, not reaped yet, proves its number. It is
// reaped already if it has ended and another Host of this process was quicker.
func (h *Host) watchChild(key string, child *os.Process) error {
	shim, err := openProcess(child.Pid)
	if err != nil && !errors.Is(err, unix.ESRCH) {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || h.watches[key] != nil {
		if shim != nil {
			return shim.close()
		}
		return nil
	}
	h.watchLocked(key, shim)
	return nil
}

func (h *Host) watchLocked(key string, shim *process) *watch {
	w := &watch{shim: shim, known: make(chan struct{}), cleared: make(chan struct{})}
	h.watches[key] = w
	h.busy.Go(func() { h.see(key, w) })
	return w
}

// holder gets hold of the shim that holds the claim; nil if it has let go. The claim's number is the shim's if the lock is
// still held when the handle exists: then the shim has lived from before the handle was made.
func (f folder) holder() (*process, error) {
	c, held, err := f.claim()
	if err != nil || !held {
		return nil, err
	}
	if c.PID == 0 {
		return nil, errors.New("the claim names no process")
	}
	shim, err := openProcess(c.PID)
	if err != nil && !errors.Is(err, unix.ESRCH) {
		return nil, err
	}
	_, held, lockErr := f.claim()
	if lockErr == nil && held {
		return shim, err // the error: locked by a process that can't be seen, in another PID namespace
	}
	if shim != nil {
		shim.close()
	}
	return nil, lockErr
}

// see sees a watch through, unless the Host is closed first.
func (h *Host) see(key string, w *watch) {
	if w.shim != nil {
		err := w.shim.wait()
		w.shim.reap()
		w.shim.close()
		if err != nil {
			return
		}
	}
	st, c, err := h.folder(key).look()
	if err == nil && st.State == Unknown {
		_ = h.endLeft(h.life, key, c) // what can't be killed is no reason to keep the outcome back
	}
	close(w.known)
	go func() {
		defer close(w.cleared)
		if err == nil && !keepsHome(st, c) {
			_ = removeHome(h.home(key))
		}
	}()
	h.opts.Done(key)
}

func (w *watch) stop() {
	if w.shim != nil {
		w.shim.interrupt()
	}
}

func (h *Host) watched(key string) *watch {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.watches[key]
}
