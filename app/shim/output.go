package shim

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// logTail is how much of the end is kept of a log that is over its limit: as much as a check run can show.
const logTail = 64 << 10

// output carries what a program writes from one pipe, shared by stdout and stderr, through the masker into the log.
type output struct {
	read  *os.File // nil once it is handed over
	write *os.File // the program's end
	log   *logWriter
	mask  *masker
	done  chan struct{} // closed when nothing more is read
	eof   bool          // nobody holds the other end; to be read after done
}

func newOutput(log *logWriter, secrets []string) (*output, error) {
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		return nil, fmt.Errorf("making the program's output pipe: %w", err)
	}
	// The reader can be interrupted, so it must not block. The writer is the program's, which expects a pipe that does.
	if err := unix.SetNonblock(ends[0], true); err != nil {
		return nil, fmt.Errorf("making the program's output pipe: %w", err)
	}
	return &output{
		read: os.NewFile(uintptr(ends[0]), "output"), write: os.NewFile(uintptr(ends[1]), "output"),
		log: log, mask: newMasker(log, secrets), done: make(chan struct{}),
	}, nil
}

// copy reads until nobody can write any more or stop interrupts it. It goes on reading when the log can't be written: a full
// disk must not stop the program.
func (o *output) copy() {
	defer close(o.done)
	buf := make([]byte, 64<<10)
	for {
		n, err := o.read.Read(buf)
		if n > 0 {
			_, _ = o.mask.Write(buf[:n]) // the log remembers its error
		}
		if err != nil {
			o.eof = errors.Is(err, io.EOF)
			_ = o.mask.Flush()
			return
		}
	}
}

// finish gives the reader until the given moment to come to the end, then stops it. It reports whether somebody still holds
// the pipe.
func (o *output) finish(moment <-chan time.Time) (held bool) {
	select {
	case <-o.done:
	case <-moment:
		_ = o.read.SetReadDeadline(time.Unix(1, 0))
		<-o.done
	}
	return !o.eof
}

// logWriter appends to the log within its limit. The shim's own notices pass the limit. It is safe for concurrent use.
type logWriter struct {
	mu      sync.Mutex
	file    *os.File
	left    int64  // what may still be written
	size    int64  // what has been written
	full    bool   // the limit was reached
	tail    []byte // the end of what is over the limit, twice logTail at most
	over    int64  // bytes over the limit, with the tail
	lastEnd byte   // the last byte written: a notice begins a line
	err     error  // why the log is incomplete
}

func newLogWriter(path string, limit int64) (*logWriter, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the log: %w", err)
	}
	return &logWriter{file: file, left: limit, lastEnd: '\n'}, nil
}

// Write never fails: what it could not write is told by problem.
func (l *logWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := int(min(int64(len(p)), l.left))
	l.left -= int64(n)
	l.append(p[:n])
	if rest := p[n:]; len(rest) > 0 {
		if !l.full {
			l.full = true
			l.noticeLocked("the log is full; what follows is left out, but for its end")
		}
		l.keep(rest)
	}
	return len(p), nil
}

// notice adds a line of the shim's own.
func (l *logWriter) notice(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.noticeLocked(text)
}

func (l *logWriter) noticeLocked(text string) {
	if l.lastEnd != '\n' {
		text = "\n[slipway] " + text
	} else {
		text = "[slipway] " + text
	}
	l.append([]byte(text + "\n"))
}

func (l *logWriter) append(p []byte) {
	if len(p) == 0 {
		return
	}
	n, err := l.file.Write(p)
	l.size += int64(n)
	if n > 0 {
		l.lastEnd = p[n-1]
	}
	if err != nil && l.err == nil {
		l.err = err
	}
}

func (l *logWriter) keep(p []byte) {
	l.over += int64(len(p))
	if len(p) > logTail {
		p = p[len(p)-logTail:]
	}
	if len(l.tail)+len(p) > 2*logTail {
		l.tail = append(l.tail[:0], l.tail[len(l.tail)-logTail:]...)
	}
	l.tail = append(l.tail, p...)
}

// finish appends the end of what was over the limit.
func (l *logWriter) finish() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.full {
		return
	}
	end := l.tail[max(0, len(l.tail)-logTail):]
	if l.over > int64(len(end)) {
		if i := bytes.IndexByte(end, '\n'); i >= 0 && i+1 < len(end) {
			end = end[i+1:]
		}
		l.noticeLocked(fmt.Sprintf("%d bytes are left out here", l.over-int64(len(end))))
	}
	l.append(end)
	l.over -= int64(len(end))
}

// close ends the log and tells its size and what is missing.
func (l *logWriter) close() (size int64, problem string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.file.Close(); err != nil && l.err == nil {
		l.err = err
	}
	switch {
	case l.err != nil:
		problem = fmt.Sprintf("the log is incomplete: %v", l.err)
	case l.over > 0:
		problem = fmt.Sprintf("%d bytes over the limit are left out", l.over)
	}
	return l.size, problem
}
