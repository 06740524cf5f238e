package shim

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"sync"
)

// Logs reads what the log holds now, from a byte offset on. An offset past the end reads nothing. The error wraps
// fs.ErrNotExist when there is no log, as before a job starts. The caller closes it.
func (h *Host) Logs(key string, offset int64) (io.ReadCloser, error) {
	return h.openLog(key, offset)
}

func (h *Host) openLog(key string, offset int64) (*os.File, error) {
	file, err := os.Open(h.folder(key).path(logFile))
	if err != nil {
		return nil, fmt.Errorf("opening a job's log: %w", err)
	}
	if _, err := file.Seek(offset, io.SeekStart); err != nil {
		file.Close()
		return nil, fmt.Errorf("reading a job's log from %d: %w", offset, err)
	}
	return file, nil
}

// Follow reads the log from a byte offset on and goes on with what is added, until the outcome is known. It ends with an error
// when ctx ends or the Host is closed. The caller closes it, which also ends a Read that waits. Read is for one goroutine.
func (h *Host) Follow(ctx context.Context, key string, offset int64) (io.ReadCloser, error) {
	file, err := h.openLog(key, offset)
	if err != nil {
		return nil, err
	}
	f := &follower{ctx: ctx, host: h, file: file, closed: make(chan struct{}), stop: func() {}}
	st, err := h.Status(ctx, key)
	if err != nil {
		file.Close()
		return nil, err
	}
	if st.State != Running {
		return f, nil // Read ends at the end of what there is
	}
	if f.watch, err = h.watch(key); err == nil {
		f.more, f.stop, err = h.logChanges(h.folder(key).path(logFile))
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("following a job's log: %w", err)
	}
	return f, nil
}

func (h *Host) logChanges(path string) (more <-chan struct{}, stop func(), err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, nil, ErrClosed
	}
	if h.changes == nil {
		if h.changes, err = newChanges(); err != nil {
			return nil, nil, err
		}
	}
	return h.changes.of(path)
}

// follower reads a log while it grows.
type follower struct {
	ctx    context.Context
	host   *Host
	file   *os.File
	watch  *watch // nil: the log is complete
	more   <-chan struct{}
	stop   func()
	closed chan struct{}
	once   sync.Once
}

// Read waits for more only at the end of the file. That the outcome is known is asked before reading, for the log is complete
// by then.
func (f *follower) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		complete := f.complete()
		n, err := f.file.Read(p)
		if n > 0 || err != io.EOF || complete {
			return n, err
		}
		select {
		case <-f.more:
		case <-f.watch.known:
		case <-f.closed:
			return 0, os.ErrClosed
		case <-f.ctx.Done():
			return 0, f.ctx.Err()
		case <-f.host.life.Done():
			return 0, ErrClosed
		}
	}
}

func (f *follower) complete() bool {
	if f.watch == nil {
		return true
	}
	select {
	case <-f.watch.known:
		return true
	default:
		return false
	}
}

// Close may be called more than once.
func (f *follower) Close() error {
	var err error
	f.once.Do(func() {
		close(f.closed)
		f.stop()
		err = f.file.Close()
	})
	return err
}

// Tail is the end of the log: at most so many lines and so many bytes, beginning at a line's start unless one line alone is
// longer. The error wraps fs.ErrNotExist when there is no log.
func (h *Host) Tail(key string, lines int, size int64) ([]byte, error) {
	file, err := h.openLog(key, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	end, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, fmt.Errorf("reading the end of a job's log: %w", err)
	}
	from := max(0, end-size-1) // one more byte tells whether the first line is whole
	data := make([]byte, end-from)
	if _, err := file.ReadAt(data, from); err != nil && err != io.EOF {
		return nil, fmt.Errorf("reading the end of a job's log: %w", err)
	}
	if from > 0 || int64(len(data)) > size {
		data = wholeLines(data)
	}
	return lastLines(data, lines), nil
}

// wholeLines drops the first byte and what is left of its line, if lines follow.
func wholeLines(data []byte) []byte {
	if i := bytes.IndexByte(data, '\n'); i >= 0 && i+1 < len(data) {
		return data[i+1:]
	}
	return data[min(1, len(data)):]
}

func lastLines(data []byte, lines int) []byte {
	if lines <= 0 {
		return nil
	}
	at := len(data)
	if at > 0 && data[at-1] == '\n' {
		at--
	}
	for range lines {
		i := bytes.LastIndexByte(data[:at], '\n')
		if i < 0 {
			return data
		}
		at = i
	}
	return data[at+1:]
}
