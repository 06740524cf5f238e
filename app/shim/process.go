package shim

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// process is a handle on one process (a pidfd). Unlike its number it never comes to mean another one.
type process struct {
	file *os.File
	conn syscall.RawConn
}

// openProcess fails with unix.ESRCH if there is none.
func openProcess(pid int) (*process, error) {
	fd, err := unix.PidfdOpen(pid, unix.PIDFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("getting hold of process %d: %w", pid, err)
	}
	file := os.NewFile(uintptr(fd), "pidfd") // not blocking, so Go's poller waits for it without a thread
	conn, err := file.SyscallConn()
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("getting hold of process %d: %w", pid, err)
	}
	return &process{file: file, conn: conn}, nil
}

// checkKernel tells at start what would fail at the first job.
func checkKernel() error {
	p, err := openProcess(os.Getpid())
	if err != nil {
		return fmt.Errorf("shims need Linux 5.11 or newer: %w", err)
	}
	return p.close()
}

// wait returns when the process has ended. interrupt ends it with os.ErrDeadlineExceeded.
func (p *process) wait() error {
	var failed error
	err := p.conn.Read(func(fd uintptr) bool {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, 0)
		if err != nil && !errors.Is(err, unix.EINTR) {
			failed = err
			return true
		}
		return n > 0
	})
	return errors.Join(err, failed)
}

// interrupt ends wait, now and later.
func (p *process) interrupt() { _ = p.file.SetReadDeadline(time.Unix(1, 0)) }

// signal does nothing if the process has ended.
func (p *process) signal(sig unix.Signal) error {
	var failed error
	err := p.conn.Control(func(fd uintptr) { failed = unix.PidfdSendSignal(int(fd), sig, nil, 0) })
	if errors.Is(failed, unix.ESRCH) {
		failed = nil
	}
	return errors.Join(err, failed)
}

// reap takes in the status of an ended child, so that it doesn't stay as a zombie. Of another's child it does nothing.
func (p *process) reap() {
	_ = p.conn.Control(func(fd uintptr) {
		_ = unix.Waitid(unix.P_PIDFD, int(fd), nil, unix.WEXITED|unix.WNOHANG, nil)
	})
}

func (p *process) close() error { return p.file.Close() }
