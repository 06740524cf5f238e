package artifact

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/slipway-cd/slipway/app"
)

// pack writes a folder as a tar archive that depends on nothing but its content: sorted, without times and owners, modes as rw and x. A link
// is kept as a link and never followed; what is neither a file, a folder nor a link is left out.
func pack(ctx context.Context, root, name string, to io.Writer) error {
	outer, err := os.OpenRoot(root)
	if err != nil {
		return fmt.Errorf("opening the folder that was built in: %w", err)
	}
	defer outer.Close()
	r, err := outer.OpenRoot(name)
	if err != nil {
		return &app.Error{Op: fmt.Sprintf("opening %s, which should have been produced", name), Kind: app.ErrNotFound, Err: err}
	}
	defer r.Close()
	w, total, count := tar.NewWriter(to), int64(0), 0
	err = fs.WalkDir(r.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == "." {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := packOne(r, w, path, d)
		total += n
		count++
		if total > MaxSize {
			return fmt.Errorf("%s is larger than %d GiB, which is the most that is kept", name, MaxSize>>30)
		}
		return err
	})
	switch {
	case err != nil:
		return fmt.Errorf("reading %s: %w", name, err)
	case count == 0:
		return ErrEmpty
	}
	return w.Close()
}

func packOne(r *os.Root, w *tar.Writer, path string, d fs.DirEntry) (int64, error) {
	info, err := d.Info()
	if err != nil {
		return 0, err
	}
	h := &tar.Header{Name: path, Mode: 0o644, Format: tar.FormatPAX}
	switch {
	case d.IsDir():
		h.Typeflag, h.Name, h.Mode = tar.TypeDir, path+"/", 0o755
		return 0, w.WriteHeader(h)
	case info.Mode()&fs.ModeSymlink != 0:
		h.Typeflag = tar.TypeSymlink
		if h.Linkname, err = r.Readlink(path); err != nil {
			return 0, err
		}
		return 0, w.WriteHeader(h)
	case !info.Mode().IsRegular():
		return 0, nil
	}
	if info.Mode()&0o111 != 0 {
		h.Mode = 0o755
	}
	f, err := r.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	h.Typeflag, h.Size = tar.TypeReg, info.Size()
	if err := w.WriteHeader(h); err != nil {
		return 0, err
	}
	return io.CopyN(w, f, h.Size)
}

// unpack writes an archive to a new folder. It is our own archive, and yet nothing in it can lead out of the folder.
func unpack(ctx context.Context, from io.Reader, dir string, owner *Owner) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return fmt.Errorf("making the artifact's folder: %w", err)
	}
	r, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("opening the artifact's folder: %w", err)
	}
	defer r.Close()
	give := func(path string) error {
		if owner == nil {
			return nil
		}
		return r.Lchown(path, owner.UID, owner.GID)
	}
	archive := tar.NewReader(from)
	for ctx.Err() == nil {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			_, err = io.Copy(io.Discard, from) // what follows the archive's end counts for its digest
			return errors.Join(err, give("."))
		}
		if err == nil {
			err = unpackOne(r, archive, h)
		}
		if err == nil {
			err = give(h.Name)
		}
		if err != nil {
			return fmt.Errorf("unpacking an artifact: %w", err)
		}
	}
	return ctx.Err()
}

func unpackOne(r *os.Root, content io.Reader, h *tar.Header) error {
	switch h.Typeflag {
	case tar.TypeDir:
		return r.Mkdir(h.Name, 0o755)
	case tar.TypeSymlink:
		return r.Symlink(h.Linkname, h.Name)
	}
	f, err := r.OpenFile(h.Name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fs.FileMode(h.Mode).Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Close())
}
