package git

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// placer moves files from the staging folder, where git wrote them, to where steps see them.
type placer struct {
	owner   *Owner
	staged  map[string]string // names in the staging folder by path
	written manifest
	newest  int64 // when the last of them changed, in nanoseconds
}

// place moves all stale files of a folder.
func (p *placer) place(stage, to folder, prefix string, want *node) error {
	for name, kid := range want.kids {
		if !kid.stale {
			continue
		}
		var err error
		if kid.isFolder() {
			err = p.placeFolder(stage, to, prefix, name, kid)
		} else {
			err = p.placeFile(stage, to, prefix+name, name, kid)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *placer) placeFolder(stage, to folder, prefix, name string, want *node) error {
	sub, err := to.open(name)
	if err != nil {
		return err
	}
	defer sub.close()
	return p.place(stage, sub, prefix+name+"/", want)
}

func (p *placer) placeFile(stage, to folder, path, name string, want *node) error {
	staged, ok := p.staged[path]
	if !ok {
		return fmt.Errorf("writing %q: git did not", path)
	}
	if want.mode == modeLink {
		var err error
		if staged, err = stage.makeLink(staged); err != nil {
			return fmt.Errorf("writing the link %q: %w", path, err)
		}
	}
	if err := finish(stage, staged, want, p.owner); err != nil {
		return fmt.Errorf("writing %q: %w", path, err)
	}
	if err := unix.Renameat(stage.fd, staged, to.fd, name); err != nil {
		return fmt.Errorf("placing %q: %w", path, err)
	}
	st, err := to.stat(name)
	if err != nil {
		return fmt.Errorf("placing %q: %w", path, err)
	}
	r := record{mode: want.mode, id: want.id, stamp: stampOf(&st)}
	p.written[path] = r
	p.newest = max(p.newest, r.stamp.changed)
	return nil
}

// longestLink is the kernel's limit of a link's target.
const longestLink = unix.PathMax

// makeLink makes a link of a file that holds its target, and returns the link's name.
func (f folder) makeLink(name string) (string, error) {
	fd, err := unix.Openat(f.fd, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	defer unix.Close(fd)
	target := make([]byte, longestLink)
	n, err := unix.Read(fd, target)
	if err != nil {
		return "", err
	}
	link := name + ".link"
	if err := unix.Symlinkat(string(target[:n]), f.fd, link); err != nil {
		return "", err
	}
	return link, unix.Unlinkat(f.fd, name, 0)
}

// finish checks that this is what git was to write, and gives it its permissions and its owner.
func finish(f folder, name string, want *node, owner *Owner) error {
	st, err := f.stat(name)
	if err != nil {
		return err
	}
	kind := uint32(unix.S_IFREG)
	if want.mode == modeLink {
		kind = unix.S_IFLNK
	}
	if st.Mode&unix.S_IFMT != kind {
		return fmt.Errorf("git wrote a file of mode %o for %s", st.Mode, want.mode)
	}
	if kind == unix.S_IFREG && st.Mode&0o7777 != want.permissions() {
		if err := unix.Fchmodat(f.fd, name, want.permissions(), 0); err != nil { // only the server can swap it for a link here
			return err
		}
	}
	if owner.owns(&st) {
		return nil
	}
	return unix.Fchownat(f.fd, name, owner.UID, owner.GID, unix.AT_SYMLINK_NOFOLLOW)
}

// finishAll does so for all files and folders of a commit that git wrote in place.
func finishAll(f folder, want *node, owner *Owner) error {
	for name, kid := range want.kids {
		if !kid.isFolder() {
			if err := finish(f, name, kid, owner); err != nil {
				return fmt.Errorf("writing %q: %w", name, err)
			}
			continue
		}
		if err := finishFolder(f, name, kid, owner); err != nil {
			return err
		}
	}
	return nil
}

func finishFolder(f folder, name string, want *node, owner *Owner) error {
	sub, err := f.open(name)
	if err != nil {
		return err
	}
	defer sub.close()
	if err := finishAll(sub, want, owner); err != nil {
		return err
	}
	return sub.settle(folderMode, owner)
}

// settled waits until a change of a file would give it a later time than the newest of these: file times tick every few milliseconds.
// It reports false when the clock stands behind for long, so that stamps can't be believed.
func settled(newest int64) bool {
	for range 50 {
		var now unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_REALTIME_COARSE, &now); err != nil {
			return false
		}
		if now.Nano() > newest {
			return true
		}
		pause := unix.NsecToTimespec(500_000)
		_ = unix.Nanosleep(&pause, nil) // cut short by a signal it looks again
	}
	return false
}
