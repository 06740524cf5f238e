package artifact

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
)

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t *testing.T, s *Store, root string) string {
	t.Helper()
	digest, err := s.Put(t.Context(), root, "dist")
	if err != nil {
		t.Fatal(err)
	}
	return digest
}

func TestComesBackAsItWas(t *testing.T) {
	s, root := open(t), t.TempDir()
	write(t, filepath.Join(root, "dist/bin/web"), "program", 0o755)
	write(t, filepath.Join(root, "dist/notes.txt"), "", 0o600)
	if err := os.Symlink("bin/web", filepath.Join(root, "dist/current")); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "out")
	if err := s.Unpack(t.Context(), put(t, s, root), to, nil); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(to, "current"))
	if err != nil || info.Mode().Perm()&0o111 == 0 {
		t.Errorf("the program is not there, or not executable: %v, %v", info, err)
	}
	if text, err := os.ReadFile(filepath.Join(to, "bin/web")); string(text) != "program" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := os.Stat(filepath.Join(to, "notes.txt")); err != nil {
		t.Error(err)
	}
}

// TestSameContentSameDigest: times, owners and the order of writing are no content.
func TestSameContentSameDigest(t *testing.T) {
	s, a, b := open(t), t.TempDir(), t.TempDir()
	write(t, filepath.Join(a, "dist/x"), "1", 0o644)
	write(t, filepath.Join(a, "dist/y"), "2", 0o644)
	write(t, filepath.Join(b, "dist/y"), "2", 0o640)
	write(t, filepath.Join(b, "dist/x"), "1", 0o600)
	old := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
	if err := os.Chtimes(filepath.Join(b, "dist/x"), old, old); err != nil {
		t.Fatal(err)
	}
	if put(t, s, a) != put(t, s, b) {
		t.Error("the same content has two digests")
	}
	write(t, filepath.Join(b, "dist/x"), "3", 0o600)
	if put(t, s, a) == put(t, s, b) {
		t.Error("other content has the same digest")
	}
}

// TestLinkOutIsNotFollowed: a step may leave a link to what only the server can read, also for the folder itself.
func TestLinkOutIsNotFollowed(t *testing.T) {
	s, root, secret := open(t), t.TempDir(), t.TempDir()
	write(t, filepath.Join(secret, "key"), "sesame", 0o600)
	if err := os.Symlink(secret, filepath.Join(root, "dist")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), root, "dist"); app.KindOf(err) != app.ErrNotFound {
		t.Errorf("a folder that is a link out of the worktree was kept: %v", err)
	}
	os.Remove(filepath.Join(root, "dist"))
	write(t, filepath.Join(root, "dist/a"), "a", 0o644)
	if err := os.Symlink(filepath.Join(secret, "key"), filepath.Join(root, "dist/key")); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "out")
	if err := s.Unpack(t.Context(), put(t, s, root), to, nil); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(filepath.Join(to, "key")); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link became %v, %v", info, err)
	}
}

func TestNothingToKeep(t *testing.T) {
	s, root := open(t), t.TempDir()
	if _, err := s.Put(t.Context(), root, "dist"); app.KindOf(err) != app.ErrNotFound {
		t.Error("a missing folder:", err)
	}
	if err := os.Mkdir(filepath.Join(root, "dist"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), root, "dist"); !errors.Is(err, ErrEmpty) {
		t.Error("an empty folder:", err)
	}
}

// TestChangedOnDisk: a release that is not what was built is never unpacked.
func TestChangedOnDisk(t *testing.T) {
	s, root := open(t), t.TempDir()
	write(t, filepath.Join(root, "dist/a"), "good", 0o644)
	digest := put(t, s, root)
	data, err := os.ReadFile(s.path(digest))
	if err != nil {
		t.Fatal(err)
	}
	for i := range data {
		if string(data[i:i+4]) == "good" {
			copy(data[i:], "evil")
			break
		}
	}
	if err := os.WriteFile(s.path(digest), data, 0o600); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "out")
	if err := s.Unpack(t.Context(), digest, to, nil); err == nil {
		t.Error("a changed artifact was unpacked")
	}
	if _, err := os.Stat(to); !errors.Is(err, os.ErrNotExist) {
		t.Error("and its files stay:", err)
	}
	if err := s.Unpack(t.Context(), "../"+digest, to, nil); app.KindOf(err) != app.ErrNotFound {
		t.Error("a name that is no digest:", err)
	}
}

// TestPruneKeepsTheWayBack: what a lane may go back to is never dropped, however old and large.
func TestPruneKeepsTheWayBack(t *testing.T) {
	s, root := open(t), t.TempDir()
	var digests []string
	for i, text := range []string{"one", "two", "three"} {
		write(t, filepath.Join(root, "dist/a"), text, 0o644)
		d := put(t, s, root)
		at := time.Date(2026, 1, 1+i, 0, 0, 0, 0, time.UTC)
		if err := os.Chtimes(s.path(d), at, at); err != nil {
			t.Fatal(err)
		}
		digests = append(digests, d)
	}
	keep := func(d string) bool { return d == digests[0] }
	if err := s.Prune(t.Context(), keep, time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC), 1<<30); err != nil {
		t.Fatal(err)
	}
	if !s.Has(digests[0]) || s.Has(digests[1]) || !s.Has(digests[2]) {
		t.Error("by age: ", s.Has(digests[0]), s.Has(digests[1]), s.Has(digests[2]))
	}
	if err := s.Prune(t.Context(), keep, time.Time{}, 1); err != nil {
		t.Fatal(err)
	}
	if !s.Has(digests[0]) || s.Has(digests[2]) {
		t.Error("by size: ", s.Has(digests[0]), s.Has(digests[2]))
	}
}
