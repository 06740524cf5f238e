package shim

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

// ErrClosed is returned by what waits when the Host is closed. The programs go on.
var ErrClosed = errors.New("the shim's host is closed")

// Options say how a Host works.
type Options struct {
	// Dir holds the state. It is made if need be, and kept to the server's user alone.
	Dir string
	// Homes holds the programs' own folders. It and all above it must let through the users that programs run as. It is made
	// if need be. It can't be inside Dir, which lets nobody through.
	Homes string
	// Command starts the shim; the job's folder is added as the last argument. Nil is this binary's own subcommand "shim",
	// of the very binary that runs, even after it was replaced on disk.
	Command []string
	// Done is called when an outcome is known (Ended or Unknown), once for each key that this Host started, or found running
	// when it was asked about it. It is called on a goroutine of its own and may call the Host, but for Close, which waits for
	// it. Nil is for who waits.
	Done func(key string)
	// Faults is for crash tests alone: it says where the shim of a key strikes.
	Faults func(key string) Fault
}

// Host starts programs under shims and finds them again. It is safe for concurrent use. Several Hosts on one folder stay
// right, too: the claim decides.
type Host struct {
	opts Options
	life context.Context // until Close: what it does is nobody's call but its own
	end  context.CancelFunc
	busy sync.WaitGroup // the watches

	mu      sync.Mutex
	closed  bool
	held    map[string]*hold
	watches map[string]*watch
	changes *changes // of logs; made when the first is followed
}

// Open prepares the folders. It starts nothing and watches nothing: a key is adopted when it is asked about.
func Open(o Options) (*Host, error) {
	if !filepath.IsAbs(o.Dir) || !filepath.IsAbs(o.Homes) {
		return nil, errors.New("the shim's folders must be absolute paths")
	}
	if within(o.Homes, o.Dir) {
		return nil, fmt.Errorf("the programs' own folders %s can't be inside the shims' state %s", o.Homes, o.Dir)
	}
	if len(o.Command) == 0 {
		o.Command = []string{"/proc/self/exe", "shim"}
	}
	if o.Done == nil {
		o.Done = func(string) {}
	}
	if o.Faults == nil {
		o.Faults = func(string) Fault { return Fault{} }
	}
	if err := ownFolder(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("preparing the shims' state: %w", err)
	}
	if err := ownFolder(o.Homes, 0o711); err != nil {
		return nil, fmt.Errorf("preparing the programs' own folders: %w", err)
	}
	if err := removeUnfinished(o.Dir); err != nil {
		return nil, err
	}
	if err := checkKernel(); err != nil {
		return nil, err
	}
	life, end := context.WithCancel(context.Background())
	return &Host{opts: o, life: life, end: end, held: map[string]*hold{}, watches: map[string]*watch{}}, nil
}

// removeUnfinished removes folders that a killed server had not come to name.
func removeUnfinished(dir string) error {
	left, err := filepath.Glob(filepath.Join(dir, newPrefix+"*"))
	for _, path := range left {
		err = errors.Join(err, os.RemoveAll(path))
	}
	if err != nil {
		return fmt.Errorf("removing unfinished folders: %w", err)
	}
	return nil
}

func within(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, "../")
}

// ownFolder makes a folder, or takes one that is already the server's, with exactly this mode.
func ownFolder(path string, mode os.FileMode) error {
	if err := os.MkdirAll(path, mode); err != nil {
		return err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || !ok || int(stat.Uid) != os.Geteuid() {
		return fmt.Errorf("%s is not a folder of the server's own user", path)
	}
	return os.Chmod(path, mode)
}

// Close stops watching and ends what waits and follows, with ErrClosed. Programs go on, and another Host adopts them.
func (h *Host) Close() error {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil
	}
	h.closed = true
	h.end()
	for _, w := range h.watches {
		w.stop()
	}
	changes := h.changes
	h.mu.Unlock()
	h.busy.Wait()
	if changes != nil {
		return changes.close()
	}
	return nil
}

// Ensure starts the job if its key is absent, and reports how the key stands. The first spec of a key counts; later ones only
// name it. An error means that nothing is known to have started, and that trying again is right: the claim sees to it that
// the program runs once. What can't be started for the program's own sake is no error but an outcome, NotStarted.
func (h *Host) Ensure(ctx context.Context, s Spec) (Status, error) {
	if err := s.check(); err != nil {
		return Status{}, err
	}
	defer h.hold(s.Key)()
	st, err := h.settled(ctx, s.Key)
	if err != nil || st.State != Absent {
		return st, err
	}
	if err := h.start(ctx, s); err != nil {
		return Status{}, fmt.Errorf("starting %v: %w", s, err)
	}
	return h.settled(ctx, s.Key)
}

// Status reports how a key stands, and adopts it if it is running.
func (h *Host) Status(ctx context.Context, key string) (Status, error) {
	defer h.hold(key)()
	return h.settled(ctx, key)
}

// settled looks, adopts what runs, and ends what is left of a program whose shim is gone, so that nobody hears of an unknown
// outcome while it still works.
func (h *Host) settled(ctx context.Context, key string) (Status, error) {
	st, c, err := h.folder(key).look()
	if err != nil {
		return Status{}, err
	}
	switch st.State {
	case Running:
		if _, err := h.watch(key); err != nil {
			return Status{}, err
		}
	case Unknown, Ended:
		if w := h.watched(key); w != nil { // it clears up
			return st, h.await(ctx, w)
		}
		if err := h.clear(ctx, key, st, c); err != nil {
			return Status{}, err
		}
	}
	return st, nil
}

// Wait returns when the key's outcome is known, at once if it is absent.
func (h *Host) Wait(ctx context.Context, key string) (Status, error) {
	st, err := h.Status(ctx, key)
	if err != nil || st.State != Running {
		return st, err
	}
	w, err := h.watch(key)
	if err != nil {
		return Status{}, err
	}
	if err := h.await(ctx, w); err != nil {
		return Status{}, err
	}
	return h.Status(ctx, key)
}

// await waits until what is watched has ended and been dealt with.
func (h *Host) await(ctx context.Context, w *watch) error {
	select {
	case <-w.known:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for a job: %w", ctx.Err())
	case <-h.life.Done():
		return ErrClosed
	}
}

func (h *Host) folder(key string) folder {
	return folder(filepath.Join(h.opts.Dir, folderName(key)))
}

func (h *Host) home(key string) string {
	return filepath.Join(h.opts.Homes, folderName(key))
}

// hold lets one caller at a time work on a key's state.
type hold struct {
	mu      sync.Mutex
	holders int // guarded by Host.mu
}

func (h *Host) hold(key string) (release func()) {
	h.mu.Lock()
	k := h.held[key]
	if k == nil {
		k = &hold{}
		h.held[key] = k
	}
	k.holders++
	h.mu.Unlock()
	k.mu.Lock()
	return func() {
		k.mu.Unlock()
		h.mu.Lock()
		defer h.mu.Unlock()
		if k.holders--; k.holders == 0 {
			delete(h.held, key)
		}
	}
}

// Keys lists the keys that have a folder, in no order, those that were never claimed too.
func (h *Host) Keys() ([]string, error) {
	entries, err := os.ReadDir(h.opts.Dir)
	if err != nil {
		return nil, fmt.Errorf("listing jobs: %w", err)
	}
	var keys []string
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		key, err := os.ReadFile(filepath.Join(h.opts.Dir, entry.Name(), keyFile))
		if errors.Is(err, os.ErrNotExist) {
			continue // removed meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("listing jobs: %w", err)
		}
		keys = append(keys, string(key))
	}
	return keys, nil
}
