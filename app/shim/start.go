package shim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// start starts a shim and returns when it, or another one, has the key.
func (h *Host) start(ctx context.Context, s Spec) error {
	f, err := makeFolder(h.opts.Dir, s.Key)
	if err != nil {
		return err
	}
	input, err := jobFile(newJob(s, h.home(s.Key), h.opts.Faults(s.Key)))
	if err != nil {
		return err
	}
	defer input.Close()
	reply, answer, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("making the shim's reply pipe: %w", err)
	}
	defer reply.Close()
	cmd := &exec.Cmd{
		Path: h.opts.Command[0], Args: append(slices.Clone(h.opts.Command), string(f)),
		Env: []string{}, Dir: "/", Stdin: input, ExtraFiles: []*os.File{answer},
		SysProcAttr: &syscall.SysProcAttr{Setsid: true},
	}
	err = cmd.Start()
	answer.Close()
	if err != nil {
		return fmt.Errorf("starting its shim: %w", err)
	}
	claimed, err := awaitReply(ctx, reply)
	if !claimed {
		go func() { _ = cmd.Wait() }() // it has ended or soon will
		return err
	}
	if err := h.watchChild(s.Key, cmd.Process); err != nil {
		return err
	}
	return cmd.Process.Release() // its watch reaps it
}

// jobFile is an anonymous file: nothing of a job is on disk or in argv, and no writer has to live until it is read.
func jobFile(j job) (*os.File, error) {
	data, err := json.Marshal(j)
	if err != nil {
		return nil, fmt.Errorf("encoding the job: %w", err)
	}
	fd, err := unix.MemfdCreate("job", unix.MFD_CLOEXEC|unix.MFD_NOEXEC_SEAL)
	if errors.Is(err, unix.EINVAL) { // before Linux 6.3, which may insist on the seal
		fd, err = unix.MemfdCreate("job", unix.MFD_CLOEXEC)
	}
	if err != nil {
		return nil, fmt.Errorf("making the shim's input: %w", err)
	}
	file := os.NewFile(uintptr(fd), "job")
	_, err = file.Write(data)
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("writing the shim's input: %w", err)
	}
	return file, nil
}

// awaitReply waits for the shim's word that it claimed the key. No claim and no error means that another one has it.
func awaitReply(ctx context.Context, reply *os.File) (claimed bool, err error) {
	stop := context.AfterFunc(ctx, func() { _ = reply.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	said, err := io.ReadAll(io.LimitReader(reply, 4096))
	switch text := string(said); {
	case ctx.Err() != nil:
		return false, fmt.Errorf("waiting for its shim: %w", ctx.Err())
	case err != nil:
		return false, fmt.Errorf("waiting for its shim: %w", err)
	case text == replyClaimed || text == replyTaken:
		return text == replyClaimed, nil
	case text == "":
		return false, errors.New("its shim ended before it claimed the key")
	default:
		return false, errors.New(text)
	}
}
