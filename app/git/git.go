package git

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/slipway-cd/slipway/app"
)

// Options are what New needs.
type Options struct {
	// Dir is the part of the data directory that is this package's alone. It is made if it is missing. Users that steps run as must be
	// able to pass through it (not read it), and so through all folders above it.
	Dir string
	// Remote says where a repository is cloned from and with which token. It is asked once per fetch, and its errors are handed on.
	Remote func(ctx context.Context, r app.Repo) (Remote, error)
	// Clock bounds how long a fetch may take, and dates worktrees.
	Clock app.Clock
	// Owner is who owns the files of worktrees: the user that checks run as. Nil leaves them to the server's own user.
	Owner *Owner
	// Env names variables of a proxy or of certificates as NAME=value, for git's way to the remote. Nothing else is taken.
	Env []string
}

// Remote is where a repository is fetched from.
type Remote struct {
	URL   string // http or https, without a user
	Token string // "" is anonymous
}

// Owner is a user and a group by number. Only root can give files to others.
type Owner struct{ UID, GID int }

// Git keeps mirrors and worktrees. It is safe for concurrent use.
type Git struct {
	dir     string
	program string // absolute path of git
	env     []string
	clock   app.Clock
	remote  func(context.Context, app.Repo) (Remote, error)
	owner   *Owner
	boot    string   // the machine's present boot
	lock    *os.File // held: one process per folder, so a lock file that is found is stale

	mu      sync.Mutex
	mirrors map[app.RepoID]*mirror
	slots   map[slotKey]*slot

	// What goes on behind a caller's back: emptying of trash, merging of packs. Close ends it and waits.
	work   sync.WaitGroup
	ctx    context.Context
	cancel context.CancelFunc
}

// New prepares the folder and checks that git is there and new enough. It fails with app.ErrConflict while another process holds the
// folder. Close it when done.
func New(o Options) (*Git, error) {
	if o.Dir == "" || o.Remote == nil || o.Clock == nil {
		return nil, errors.New("opening the mirrors: Dir, Remote and Clock must be given")
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("opening the mirrors: %w", err)
	}
	g := &Git{dir: dir, clock: o.Clock, remote: o.Remote, owner: o.Owner, mirrors: map[app.RepoID]*mirror{}, slots: map[slotKey]*slot{}}
	if g.program, err = findGit(); err != nil {
		return nil, err
	}
	if g.boot, err = bootID(); err != nil {
		return nil, err
	}
	if g.env, err = environment(dir, g.program, o.Env); err != nil {
		return nil, err
	}
	if err := g.prepare(); err != nil {
		return nil, fmt.Errorf("preparing the folder of the mirrors: %w", err)
	}
	g.ctx, g.cancel = context.WithCancel(context.Background())
	if err := g.checkVersion(g.ctx); err != nil {
		return nil, errors.Join(err, g.Close())
	}
	return g, nil
}

// Close stops what goes on in the background and lets go of the folder. Call it when all other calls have returned. Worktrees stay as
// they are: checks outlive the server.
func (g *Git) Close() error {
	g.mu.Lock()
	g.cancel()
	g.mu.Unlock()
	g.work.Wait()
	// A program that is being started shares our files until it is: closing alone would leave the lock to it.
	if err := errors.Join(syscall.Flock(int(g.lock.Fd()), syscall.LOCK_UN), g.lock.Close()); err != nil {
		return fmt.Errorf("letting go of the mirrors: %w", err)
	}
	return nil
}

// The folders below Dir. Mirrors and slots may hold private code, so that only the server enters them; a step passes through
// worktrees to its own.
const (
	mirrorsDir   = "mirrors"   // <repo id>.git
	worktreesDir = "worktrees" // <repo id>/<name>: what a step sees
	slotsDir     = "slots"     // <repo id>/<name>/: index, manifest, staging folder and trash of that worktree
	homeDir      = "home"      // git's home and working directory; stays empty
	tmpDir       = "tmp"       // emptied at start
)

func (g *Git) prepare() error {
	if err := makeDir(g.dir, 0o711); err != nil {
		return err
	}
	lock, err := os.OpenFile(filepath.Join(g.dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return errors.Join(failure("locking "+g.dir, app.ErrConflict, err), lock.Close())
	}
	g.lock = lock
	if err := g.folders(); err != nil {
		return errors.Join(err, lock.Close())
	}
	return nil
}

func (g *Git) folders() error {
	for name, mode := range map[string]os.FileMode{mirrorsDir: 0o700, worktreesDir: 0o711, slotsDir: 0o700, homeDir: 0o700, tmpDir: 0o700} {
		if err := makeDir(filepath.Join(g.dir, name), mode); err != nil {
			return err
		}
	}
	tmp, err := openFolder(filepath.Join(g.dir, tmpDir))
	if err != nil {
		return err
	}
	defer tmp.close()
	// What can't be removed is in nobody's way.
	_ = (&trash{folder: tmp}).empty(context.Background())
	return nil
}

// makeDir makes a folder of exactly this mode, whatever the umask and whatever it was before.
func makeDir(path string, mode os.FileMode) error {
	if err := os.MkdirAll(path, mode); err != nil {
		return err
	}
	return os.Chmod(path, mode)
}

// minimum is the oldest git that has all that is used: merge-tree --write-tree is from 2.38.
const minimumMajor, minimumMinor = 2, 38

func findGit() (string, error) {
	program, err := exec.LookPath("git")
	if err != nil {
		return "", fmt.Errorf("looking for git (%d.%d or newer must be installed): %w", minimumMajor, minimumMinor, err)
	}
	return filepath.Abs(program)
}

func (g *Git) checkVersion(ctx context.Context) error {
	out, err := g.run(ctx, command{args: []string{"version"}})
	if err != nil {
		return fmt.Errorf("asking git for its version: %w", err)
	}
	var major, minor int
	if _, err := fmt.Sscanf(string(out), "git version %d.%d", &major, &minor); err != nil {
		return fmt.Errorf("reading git's version %q: %w", out, err)
	}
	if major < minimumMajor || major == minimumMajor && minor < minimumMinor {
		return fmt.Errorf("git %d.%d is too old: %d.%d or newer is needed", major, minor, minimumMajor, minimumMinor)
	}
	return nil
}

// background runs work that nobody waits for, until Close, and none after it.
func (g *Git) background(work func(ctx context.Context)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ctx.Err() == nil {
		g.work.Go(func() { work(g.ctx) })
	}
}
