package shim

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Cancel stops a running program: SIGTERM, its grace, SIGKILL, with all that it started. It returns when the shim has been
// told; the outcome, Canceled, is told like any other. An absent key is claimed as canceled, so that it never starts. What has
// an outcome, or an unknown one, stays as it is. Calling it again is harmless.
func (h *Host) Cancel(ctx context.Context, key string) error {
	defer h.hold(key)()
	st, err := h.settled(ctx, key)
	if err != nil {
		return fmt.Errorf("canceling a job: %w", err)
	}
	if st.State == Ended || st.State == Unknown {
		return nil
	}
	if st.State == Absent {
		if err := h.bury(key); err != nil && !errors.Is(err, errTaken) {
			return fmt.Errorf("canceling a job: %w", err)
		}
		// If it is taken, a shim that a killed server had started was quicker, and runs.
	}
	if _, err := h.watch(key); err != nil {
		return err
	}
	shim, err := h.folder(key).holder()
	if err != nil {
		return fmt.Errorf("canceling a job: %w", err)
	}
	if shim == nil {
		return nil // it has just ended
	}
	defer shim.close()
	if err := shim.signal(unix.SIGUSR1); err != nil {
		return fmt.Errorf("canceling a job: telling its shim: %w", err)
	}
	return nil
}

// bury claims an absent key with the outcome Canceled. A shim that is on its way to claim it comes too late.
func (h *Host) bury(key string) error {
	f, err := makeFolder(h.opts.Dir, key)
	if err != nil {
		return err
	}
	reserved, err := f.reserve()
	if err != nil {
		return err
	}
	lock, err := f.take(claim{})
	if err != nil {
		os.Remove(reserved)
		return err
	}
	defer lock.Close()
	if err := f.secure(); err != nil {
		return err
	}
	return f.record(reserved, Exit{Outcome: Canceled, Reason: "canceled before it was started"})
}
