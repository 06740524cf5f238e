package artifact

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// unpacker writes into one folder, which nobody but the server can enter before it is done: so nobody can put a link in the way.
type unpacker struct {
	root    *os.Root
	owner   *Owner
	folders []*tar.Header // in the order of the archive, to be settled last: one that is not writable would take nothing in
}

// unpack writes an archive to an empty folder. It is our own archive, and yet nothing in it can lead out of the folder.
func unpack(archive io.Reader, dir string, owner *Owner) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	u := &unpacker{root: root, owner: owner}
	from := tar.NewReader(archive)
	for {
		h, err := from.Next()
		if errors.Is(err, io.EOF) {
			return u.settle()
		}
		if err != nil {
			return err
		}
		if err := u.entry(h, from); err != nil {
			return err
		}
	}
}

func (u *unpacker) entry(h *tar.Header, content io.Reader) error {
	switch h.Typeflag {
	case tar.TypeDir:
		u.folders = append(u.folders, h)
		return u.root.Mkdir(h.Name, 0o700)
	case tar.TypeSymlink:
		if err := u.root.Symlink(h.Linkname, h.Name); err != nil {
			return err
		}
		return u.give(h.Name)
	case tar.TypeReg:
		return u.file(h, content)
	}
	return fmt.Errorf("%s is neither a file nor a folder nor a link", h.Name)
}

func (u *unpacker) file(h *tar.Header, content io.Reader) error {
	f, err := u.root.OpenFile(h.Name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.Copy(f, content); err != nil {
		return err
	}
	if u.owner != nil {
		if err := f.Chown(u.owner.UID, u.owner.GID); err != nil {
			return err
		}
	}
	if err := f.Chmod(fs.FileMode(h.Mode).Perm()); err != nil {
		return err
	}
	return f.Close()
}

// settle gives folders their permissions and owner, the innermost first and the whole last.
func (u *unpacker) settle() error {
	for i := len(u.folders) - 1; i >= 0; i-- {
		h := u.folders[i]
		if err := u.give(h.Name); err != nil {
			return err
		}
		if err := u.root.Chmod(h.Name, fs.FileMode(h.Mode).Perm()); err != nil {
			return err
		}
	}
	return u.give(".")
}

func (u *unpacker) give(name string) error {
	if u.owner == nil {
		return nil
	}
	return u.root.Lchown(name, u.owner.UID, u.owner.GID)
}
