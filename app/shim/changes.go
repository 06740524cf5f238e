package shim

import (
	"encoding/binary"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// changes tells when files are written to. One inotify instance serves all readers: a user has few instances and many watches.
type changes struct {
	file *os.File
	fd   int // file's; valid while open
	done chan struct{}

	mu      sync.Mutex
	open    bool
	readers map[int32]map[chan struct{}]bool // by watch
}

func newChanges() (*changes, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("watching logs: %w", err)
	}
	c := &changes{
		file: os.NewFile(uintptr(fd), "inotify"), fd: fd, done: make(chan struct{}),
		open: true, readers: map[int32]map[chan struct{}]bool{},
	}
	go c.run()
	return c, nil
}

// of returns a channel that holds a token after the file was written to. stop may be called more than once.
func (c *changes) of(path string) (more <-chan struct{}, stop func(), err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.open {
		return nil, nil, os.ErrClosed
	}
	wd, err := unix.InotifyAddWatch(c.fd, path, unix.IN_MODIFY)
	if err != nil {
		return nil, nil, fmt.Errorf("watching %s: %w", path, err)
	}
	id := int32(wd) // the same for all readers of a file
	if c.readers[id] == nil {
		c.readers[id] = map[chan struct{}]bool{}
	}
	tokens := make(chan struct{}, 1)
	c.readers[id][tokens] = true
	return tokens, func() { c.drop(id, tokens) }, nil
}

func (c *changes) drop(id int32, tokens chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.open || !c.readers[id][tokens] {
		return
	}
	delete(c.readers[id], tokens)
	if len(c.readers[id]) == 0 {
		delete(c.readers, id)
		_, _ = unix.InotifyRmWatch(c.fd, uint32(id)) // fails when the file is gone, and its watch with it
	}
}

// run hands out tokens until close.
func (c *changes) run() {
	defer close(c.done)
	buf := make([]byte, 64<<10)
	for {
		n, err := c.file.Read(buf)
		if err != nil {
			return
		}
		c.tell(buf[:n])
	}
}

// tell reads struct inotify_event: watch, mask, cookie, length of the name that follows, each 32 bits. A watch of -1 says that
// events were lost, so all readers look.
func (c *changes) tell(events []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(events) >= unix.SizeofInotifyEvent {
		id := int32(binary.NativeEndian.Uint32(events))
		name := binary.NativeEndian.Uint32(events[12:])
		events = events[min(len(events), unix.SizeofInotifyEvent+int(name)):]
		if id != -1 {
			wake(c.readers[id])
			continue
		}
		for _, readers := range c.readers {
			wake(readers)
		}
	}
}

func wake(readers map[chan struct{}]bool) {
	for tokens := range readers {
		select {
		case tokens <- struct{}{}:
		default: // one waits already
		}
	}
}

func (c *changes) close() error {
	c.mu.Lock()
	c.open = false
	err := c.file.Close()
	c.mu.Unlock()
	<-c.done
	return err
}
