package artifact

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"syscall"

	"github.com/slipway-cd/slipway/app"
)

// What a folder may hold, so that a step can't keep the server busy for ever.
const (
	maxEntries = 1_000_000
	maxPath    = 4096 // bytes, as the kernel has it
)

// archiveWriter is where an archive goes. Its own errors are remembered: they are the server's, not the folder's.
type archiveWriter struct {
	to   io.Writer
	ctx  context.Context
	left int64 // bytes that there is room for
	err  error
}

// errTooLarge is told in words by packing.
var errTooLarge = errors.New("there is no room")

func (w *archiveWriter) Write(p []byte) (int, error) {
	switch {
	case w.ctx.Err() != nil:
		w.err = w.ctx.Err()
	case int64(len(p)) > w.left:
		return 0, errTooLarge
	}
	if w.err != nil {
		return 0, w.err
	}
	n, err := w.to.Write(p)
	w.left -= int64(n)
	w.err = err
	return n, err
}

// packer writes the folders of one root.
type packer struct {
	root    *os.Root
	tar     *tar.Writer
	out     *archiveWriter
	name    string // of the folder, for words
	entries int
}

// pack writes the folder name of root to an archive.
func pack(ctx context.Context, root, name string, out *archiveWriter) error {
	outer, err := os.OpenRoot(root)
	if err != nil {
		return fmt.Errorf("opening the folder that was built in: %w", err)
	}
	defer outer.Close()
	inner, err := outer.OpenRoot(name)
	if err != nil {
		return &app.Error{Op: fmt.Sprintf("opening %s, which should have been produced", name), Kind: app.ErrNotFound, Err: err}
	}
	defer inner.Close()
	limit := out.left
	p := &packer{root: inner, tar: tar.NewWriter(out), out: out, name: name}
	err = p.folder(".")
	if err == nil && p.entries > 0 {
		err = p.tar.Close()
	}
	switch {
	case out.err != nil:
		return fmt.Errorf("keeping an artifact: %w", out.err)
	case errors.Is(err, errTooLarge):
		return unfit("%s is larger than %s, which is the most that is kept", name, size(limit))
	case err != nil:
		return err
	case p.entries == 0:
		return ErrEmpty
	}
	return nil
}

// unfit is why a folder can't be kept, in words.
func unfit(format string, args ...any) error {
	return &app.Error{Op: fmt.Sprintf(format, args...), Kind: app.ErrInvalid}
}

func size(bytes int64) string {
	if bytes >= 1<<30 {
		return fmt.Sprintf("%d GiB", bytes>>30)
	}
	return fmt.Sprintf("%d bytes", bytes)
}

// folder writes what a folder holds, in the order of its names.
func (p *packer) folder(dir string) error {
	names, err := p.list(dir)
	if err != nil {
		return err
	}
	slices.Sort(names)
	for _, name := range names {
		at := path.Join(dir, name)
		if len(at) > maxPath {
			return unfit("%s has folders inside of folders whose path is longer than %d bytes", p.name, maxPath)
		}
		if err := p.entry(at); err != nil {
			return err
		}
	}
	return nil
}

func (p *packer) list(dir string) (names []string, err error) {
	f, err := p.root.Open(dir)
	if err != nil {
		return nil, p.unreadable(dir, err)
	}
	defer f.Close()
	for {
		some, err := f.Readdirnames(1000)
		names = append(names, some...)
		if p.entries+len(names) > maxEntries {
			return nil, unfit("%s holds more than %d files, which is the most that is kept", p.name, maxEntries)
		}
		if errors.Is(err, io.EOF) {
			return names, nil
		}
		if err != nil {
			return nil, p.unreadable(dir, err)
		}
	}
}

// unreadable is an error of the folder. That the server's user may not read what the step's own user has closed is the step's doing.
func (p *packer) unreadable(at string, err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return unfit("%s can't be read: permission denied", path.Join(p.name, at))
	}
	return fmt.Errorf("reading %s: %w", path.Join(p.name, at), err)
}

// entry writes a file, a link, or a folder with what it holds. What is none of these, such as a socket, is no content and left out.
func (p *packer) entry(at string) error {
	info, err := p.root.Lstat(at)
	if err != nil {
		return p.unreadable(at, err)
	}
	h := &tar.Header{Name: at, Mode: int64(info.Mode().Perm()), Format: tar.FormatPAX}
	switch {
	case info.IsDir():
		h.Typeflag, h.Name = tar.TypeDir, at+"/"
		p.entries++
		if err := p.tar.WriteHeader(h); err != nil {
			return err
		}
		return p.folder(at)
	case info.Mode()&fs.ModeSymlink != 0:
		h.Typeflag, h.Mode = tar.TypeSymlink, 0o777
		if h.Linkname, err = p.root.Readlink(at); err != nil {
			return p.unreadable(at, err)
		}
		p.entries++
		return p.tar.WriteHeader(h)
	case info.Mode().IsRegular():
		p.entries++
		return p.file(h, at)
	}
	return nil
}

// file writes a regular file. Opening neither follows a link nor waits for a pipe's other end, should it have become one.
func (p *packer) file(h *tar.Header, at string) error {
	f, err := p.root.OpenFile(at, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return p.unreadable(at, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return fmt.Errorf("reading %s: it changed meanwhile: %w", path.Join(p.name, at), err)
	}
	if info.Size() > p.out.left {
		return errTooLarge // said before the disk is full of it
	}
	h.Typeflag, h.Size = tar.TypeReg, info.Size()
	if err := p.tar.WriteHeader(h); err != nil {
		return err
	}
	if _, err := io.CopyN(p.tar, f, h.Size); err != nil {
		return fmt.Errorf("reading %s: %w", path.Join(p.name, at), err)
	}
	return nil
}
