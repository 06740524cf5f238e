// Package artifact keeps what checks made, by its digest: a folder becomes one file, named by the digest of its content, so that every
// environment gets the very same. It is built once and never changed.
//
// An artifact is a tar archive that depends on nothing but the folder: sorted, without times and owners, with the permissions that files
// had. What a check left is not trusted: links are kept and never followed, and neither packing nor unpacking leaves its folder.
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
	"sync"

	"github.com/slipway-cd/slipway/app"
)

// MaxSize is how large an artifact may be, in bytes of its archive.
const MaxSize = 4 << 30

// ErrEmpty says that there is nothing to keep.
var ErrEmpty = errors.New("the folder is empty")

// ErrDamaged is behind app.ErrNotFound when what is kept is not what was built any more. It is dropped, so that building it again heals it.
var ErrDamaged = errors.New("it was changed on disk")

// Owner is who gets the files of an unpacked artifact.
type Owner struct{ UID, GID int }

// Store keeps artifacts in one folder. It is safe for concurrent use.
type Store struct {
	dir     string
	maxSize int64

	mu    sync.Mutex      // held while artifacts come and go
	fresh map[string]bool // kept since the last Prune, whose caller may not have heard of them
}

// The names of files in the folder.
const (
	suffix    = ".tar"
	newPrefix = "new-"
)

// Open prepares the folder, which only the server's user can read, and drops what a killed server had not come to name. One process at a
// time may use it.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of artifacts: %w", err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return nil, fmt.Errorf("closing the folder of artifacts to others: %w", err)
	}
	left, err := filepath.Glob(filepath.Join(dir, newPrefix+"*"))
	for _, path := range left {
		err = errors.Join(err, os.Remove(path))
	}
	if err != nil {
		return nil, fmt.Errorf("dropping unfinished artifacts: %w", err)
	}
	return &Store{dir: dir, maxSize: MaxSize, fresh: map[string]bool{}}, nil
}

// Put keeps the folder name inside root and gives its digest. Nothing outside of root is read, whatever links say. What is kept already is
// not kept twice, but counts as new. It is on disk when Put returns.
//
// ErrEmpty: the folder holds nothing. app.ErrNotFound: there is no such folder. app.ErrInvalid: it can't be kept however often that is
// tried, and the error says in words why. Any other error is worth another try.
func (s *Store) Put(ctx context.Context, root, name string) (digest string, err error) {
	tmp, err := os.CreateTemp(s.dir, newPrefix+"*")
	if err != nil {
		return "", fmt.Errorf("keeping an artifact: %w", err)
	}
	defer os.Remove(tmp.Name()) // once it has its name there is nothing to remove
	defer tmp.Close()
	sum := sha256.New()
	if err := pack(ctx, root, name, &archiveWriter{to: io.MultiWriter(tmp, sum), ctx: ctx, left: s.maxSize}); err != nil {
		return "", err
	}
	if err := tmp.Sync(); err != nil {
		return "", fmt.Errorf("keeping an artifact: %w", err)
	}
	digest = hex.EncodeToString(sum.Sum(nil))
	if err := s.name(tmp.Name(), digest); err != nil {
		return "", fmt.Errorf("keeping an artifact: %w", err)
	}
	return digest, nil
}

// name gives an archive its name. One that is there already is replaced: it has the same content, or is damaged.
func (s *Store) name(tmp, digest string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := os.Rename(tmp, s.path(digest)); err != nil {
		return err
	}
	s.fresh[digest] = true
	return syncDir(s.dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func (s *Store) path(digest string) string { return filepath.Join(s.dir, digest+suffix) }

// Has says whether an artifact is kept.
func (s *Store) Has(digest string) bool {
	if !valid(digest) {
		return false
	}
	_, err := os.Stat(s.path(digest))
	return err == nil
}

func valid(digest string) bool {
	return len(digest) == hex.EncodedLen(sha256.Size) && app.IsHex(digest)
}

// Unpack writes an artifact to a folder that must not be there yet (else app.ErrConflict) and whose parents only the server can change.
// Owner gets the files and alone can look into the folder; nil leaves them to the server's user. The content is held against the digest
// while it is read, and on failure nothing is left. app.ErrNotFound: it is not kept (any more); with ErrDamaged behind it, it was not
// what was built.
func (s *Store) Unpack(ctx context.Context, digest, dir string, owner *Owner) error {
	if !valid(digest) {
		return &app.Error{Op: fmt.Sprintf("unpacking artifact %q", digest), Kind: app.ErrNotFound}
	}
	op := "unpacking artifact " + digest[:app.ShortLen]
	f, err := os.Open(s.path(digest))
	if errors.Is(err, os.ErrNotExist) {
		return &app.Error{Op: op, Kind: app.ErrNotFound, Err: err}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	defer f.Close()
	if err := os.Mkdir(dir, 0o700); errors.Is(err, os.ErrExist) {
		return &app.Error{Op: op, Kind: app.ErrConflict, Err: err}
	} else if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	err = s.unpack(ctx, f, digest, dir, owner)
	if err == nil {
		return nil
	}
	err = errors.Join(err, os.RemoveAll(dir))
	if errors.Is(err, ErrDamaged) {
		return &app.Error{Op: op, Kind: app.ErrNotFound, Err: errors.Join(err, s.drop(digest))}
	}
	return fmt.Errorf("%s: %w", op, err)
}

// unpack says ErrDamaged if the archive is not what its name says, whatever else that led to.
func (s *Store) unpack(ctx context.Context, archive io.Reader, digest, dir string, owner *Owner) error {
	sum := sha256.New()
	all := io.TeeReader(&interrupted{archive, ctx}, sum)
	failed := unpack(all, dir, owner)
	if _, err := io.Copy(io.Discard, all); err != nil { // what follows the archive's end counts for its digest
		return errors.Join(failed, err)
	}
	if hex.EncodeToString(sum.Sum(nil)) != digest {
		return ErrDamaged
	}
	return failed
}

// drop removes an artifact.
func (s *Store) drop(digest string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return os.Remove(s.path(digest))
}

// interrupted is a reader that ends with its context.
type interrupted struct {
	from io.Reader
	ctx  context.Context
}

func (r *interrupted) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.from.Read(p)
}
