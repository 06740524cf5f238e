// Package artifact keeps what checks made: a folder becomes one file, named by the digest of its content, so that every environment gets the
// very same. It is built once and never changed.
package artifact

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/slipway-cd/slipway/app"
)

// MaxSize is how large an artifact may be, in bytes.
const MaxSize = 4 << 30

// ErrEmpty says that there is nothing to keep.
var ErrEmpty = errors.New("the folder is empty")

// Owner is who gets the files of an unpacked artifact.
type Owner struct{ UID, GID int }

// Store keeps artifacts in one folder. It is safe for concurrent use.
type Store struct{ dir string }

// Open prepares the folder, which only the server's user can read.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of artifacts: %w", err)
	}
	return &Store{dir}, nil
}

// Put keeps the folder name inside root and gives its digest. Nothing outside of root is read, whatever links say. What is kept already is
// not kept twice. ErrEmpty: the folder holds nothing. app.ErrNotFound: there is no such folder.
func (s *Store) Put(ctx context.Context, root, name string) (digest string, err error) {
	tmp, err := os.CreateTemp(s.dir, "new-*")
	if err != nil {
		return "", fmt.Errorf("keeping an artifact: %w", err)
	}
	defer os.Remove(tmp.Name())
	defer tmp.Close()
	sum := sha256.New()
	if err := pack(ctx, root, name, io.MultiWriter(tmp, sum)); err != nil {
		return "", err
	}
	digest = hex.EncodeToString(sum.Sum(nil))
	path := s.path(digest)
	if s.Has(digest) {
		now := time.Time{}
		if info, err := tmp.Stat(); err == nil {
			now = info.ModTime()
		}
		return digest, os.Chtimes(path, now, now) // used again, so it is as young as new
	}
	if err := errors.Join(tmp.Sync(), os.Rename(tmp.Name(), path), syncDir(s.dir)); err != nil {
		return "", fmt.Errorf("keeping an artifact: %w", err)
	}
	return digest, nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func (s *Store) path(digest string) string { return filepath.Join(s.dir, digest+".tar") }

// Has says whether an artifact is kept.
func (s *Store) Has(digest string) bool {
	_, err := os.Stat(s.path(digest))
	return valid(digest) && err == nil
}

func valid(digest string) bool { return regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(digest) }

// Unpack writes an artifact to a folder that must not be there yet. Owner gets it; nil leaves it to the server's user. Its content is held
// against the digest while it is read. app.ErrNotFound: it is not kept (any more).
func (s *Store) Unpack(ctx context.Context, digest, dir string, owner *Owner) error {
	if !valid(digest) {
		return &app.Error{Op: fmt.Sprintf("unpacking artifact %q", digest), Kind: app.ErrNotFound}
	}
	f, err := os.Open(s.path(digest))
	if errors.Is(err, os.ErrNotExist) {
		return &app.Error{Op: "unpacking artifact " + digest[:12], Kind: app.ErrNotFound, Err: err}
	}
	if err != nil {
		return fmt.Errorf("unpacking an artifact: %w", err)
	}
	defer f.Close()
	sum := sha256.New()
	if err := unpack(ctx, io.TeeReader(f, sum), dir, owner); err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	if hex.EncodeToString(sum.Sum(nil)) != digest {
		return errors.Join(fmt.Errorf("artifact %s was changed on disk", digest[:12]), os.RemoveAll(dir))
	}
	return nil
}

// kept is an artifact on disk.
type kept struct {
	digest string
	size   int64
	used   time.Time
}

// Prune drops what is older than a time, and the oldest of the rest until all together are not larger than size, but nothing that is to be
// kept.
func (s *Store) Prune(ctx context.Context, keep func(digest string) bool, before time.Time, size int64) error {
	all, err := s.list()
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b kept) int { return a.used.Compare(b.used) })
	total := int64(0)
	for _, k := range all {
		total += k.size
	}
	var errs []error
	for _, k := range all {
		if ctx.Err() != nil || keep(k.digest) || !k.used.Before(before) && total <= size {
			continue
		}
		errs = append(errs, os.Remove(s.path(k.digest)))
		total -= k.size
	}
	return errors.Join(errs...)
}

func (s *Store) list() ([]kept, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, fmt.Errorf("listing artifacts: %w", err)
	}
	var all []kept
	for _, e := range entries {
		digest, ok := strings.CutSuffix(e.Name(), ".tar")
		info, err := e.Info()
		if ok && err == nil {
			all = append(all, kept{digest, info.Size(), info.ModTime()})
		}
	}
	return all, nil
}
