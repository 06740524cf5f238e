package shim

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// ErrBusy is returned by Remove while something of the job still runs.
var ErrBusy = errors.New("something of this job still runs")

// maxPasses bounds how often what a program left is looked for: each pass can find what the last one's victims started.
const maxPasses = 50

// keepsHome is whether something may live on that uses the program's own folder.
func keepsHome(st Status, c claim) bool {
	if !c.LeaveRunning {
		return false
	}
	switch st.Exit.Outcome {
	case TimedOut, Canceled, NotStarted:
		return false // all of it was killed, or nothing ran
	default:
		return true
	}
}

// clear does for a key that nobody watched what its watch would have done: it was not there when the shim ended.
func (h *Host) clear(ctx context.Context, key string, st Status, c claim) error {
	if _, err := os.Lstat(h.home(key)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if st.State == Unknown {
		if err := h.endLeft(ctx, key, c); err != nil {
			return err
		}
	}
	if !keepsHome(st, c) {
		return removeHome(h.home(key))
	}
	return nil
}

// endLeft kills what is left of a program whose shim was killed. The kernel has killed the program itself with its shim, but
// not what the program had started. What a deployment started may be the service, and is left.
func (h *Host) endLeft(ctx context.Context, key string, c claim) error {
	if c.LeaveRunning {
		return nil
	}
	return endCarriers(ctx, h.home(key))
}

func endCarriers(ctx context.Context, home string) error {
	for range maxPasses {
		pids, err := carriers(home)
		if err != nil || len(pids) == 0 {
			return err
		}
		for _, pid := range pids {
			if err := endCarrier(ctx, pid, home); err != nil {
				return fmt.Errorf("ending what is left of a job: %w", err)
			}
		}
	}
	return errors.New("ending what is left of a job: it starts new processes faster than they can be killed")
}

// endCarrier kills a process and waits until it is gone. The mark is read again once the number can't change its meaning.
func endCarrier(ctx context.Context, pid int, home string) error {
	p, err := openProcess(pid)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	if err != nil {
		return err
	}
	defer p.close()
	if ours, _ := carries(pid, home); !ours {
		return nil
	}
	if err := p.signal(unix.SIGKILL); err != nil {
		return err
	}
	defer context.AfterFunc(ctx, p.interrupt)()
	return p.wait()
}

// Remove forgets a key with its log, and the program's own folder. It refuses with ErrBusy while the program runs or while
// what a deployment left behind still uses that folder; an absent key with a folder is removed, one without is no error. A
// key that is removed could be started again: remove none that may still be asked for.
func (h *Host) Remove(ctx context.Context, key string) error {
	defer h.hold(key)()
	f := h.folder(key)
	st, c, err := f.look()
	if err != nil {
		return err
	}
	if st.State == Running {
		return fmt.Errorf("removing a job: %w", ErrBusy)
	}
	if st.State != Absent {
		if err := h.clearAll(ctx, key, c); err != nil {
			return fmt.Errorf("removing a job: %w", err)
		}
	}
	if err := os.RemoveAll(string(f)); err != nil {
		return fmt.Errorf("removing a job: %w", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.watches, key)
	return nil
}

func (h *Host) clearAll(ctx context.Context, key string, c claim) error {
	if err := h.endLeft(ctx, key, c); err != nil {
		return err
	}
	pids, err := carriers(h.home(key))
	if err != nil {
		return err
	}
	if len(pids) > 0 {
		return ErrBusy
	}
	return removeHome(h.home(key))
}
