package git

import (
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"
)

// folder is an open directory. All work in what steps can write goes from one open folder to the next by name, and never through a
// link: whoever swaps a folder for a link meanwhile changes nothing outside of it. (os.Root keeps inside as well, but follows links
// there and has no rename from one root to another.)
type folder struct{ fd int }

const openFlags = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC

// openFolder opens a folder by a path whose parents only the server can change.
func openFolder(path string) (folder, error) {
	fd, err := unix.Open(path, openFlags, 0)
	if errors.Is(err, unix.EACCES) {
		here := folder{unix.AT_FDCWD}
		if err = here.unlock(path); err == nil {
			fd, err = unix.Open(path, openFlags, 0)
		}
	}
	if err != nil {
		return folder{}, fmt.Errorf("opening the folder %s: %w", path, err)
	}
	return folder{fd}, nil
}

func (f folder) close() { _ = unix.Close(f.fd) } // nothing is written through it

// open opens a folder inside, even if whoever owns it took all permissions from it.
func (f folder) open(name string) (folder, error) {
	fd, err := unix.Openat(f.fd, name, openFlags, 0)
	if errors.Is(err, unix.EACCES) {
		if err = f.unlock(name); err == nil {
			fd, err = unix.Openat(f.fd, name, openFlags, 0)
		}
	}
	if err != nil {
		return folder{}, fmt.Errorf("opening the folder %q: %w", name, err)
	}
	return folder{fd}, nil
}

// unlock gives the owner of a folder all permissions. Go's own module cache, for one, takes them from all of its folders.
func (f folder) unlock(name string) error {
	fd, err := unix.Openat(f.fd, name, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	// There is no chmod of a descriptor that was opened without permissions; the link below leads to just that folder.
	return unix.Chmod("/proc/self/fd/"+strconv.Itoa(fd), 0o700)
}

func (f folder) stat(name string) (st unix.Stat_t, err error) {
	err = unix.Fstatat(f.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW)
	return st, err
}

func (f folder) make(name string, mode uint32, owner *Owner) (folder, error) {
	if err := unix.Mkdirat(f.fd, name, 0o700); err != nil {
		return folder{}, fmt.Errorf("making the folder %q: %w", name, err)
	}
	sub, err := f.open(name)
	if err != nil {
		return folder{}, err
	}
	if err := sub.settle(mode, owner); err != nil {
		sub.close()
		return folder{}, err
	}
	return sub, nil
}

// settle gives the folder its owner and mode, if it has others.
func (f folder) settle(mode uint32, owner *Owner) error {
	var st unix.Stat_t
	if err := unix.Fstat(f.fd, &st); err != nil {
		return fmt.Errorf("looking at a folder: %w", err)
	}
	if !owner.owns(&st) {
		if err := unix.Fchown(f.fd, owner.UID, owner.GID); err != nil {
			return fmt.Errorf("giving away a folder: %w", err)
		}
	}
	if st.Mode&0o7777 != mode {
		if err := unix.Fchmod(f.fd, mode); err != nil {
			return fmt.Errorf("changing the mode of a folder: %w", err)
		}
	}
	return nil
}

// owns says whether nothing has to be given away.
func (o *Owner) owns(st *unix.Stat_t) bool {
	return o == nil || int(st.Uid) == o.UID && int(st.Gid) == o.GID
}

// each calls visit for every name inside, in no order. While names go away some may be passed over.
func (f folder) each(visit func(name string) error) error {
	if _, err := unix.Seek(f.fd, 0, 0); err != nil {
		return fmt.Errorf("reading a folder: %w", err)
	}
	buffer := make([]byte, 16<<10)
	for {
		n, err := unix.ReadDirent(f.fd, buffer)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return fmt.Errorf("reading a folder: %w", err)
		}
		if n <= 0 {
			return nil
		}
		_, _, names := unix.ParseDirent(buffer[:n], -1, nil)
		for _, name := range names {
			if err := visit(name); err != nil {
				return err
			}
		}
	}
}

func isFolder(st *unix.Stat_t) bool { return st.Mode&unix.S_IFMT == unix.S_IFDIR }
