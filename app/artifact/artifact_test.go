package artifact

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"
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

// TestSameContentSameDigest: times, owners and the order of writing are no content; permissions are.
func TestSameContentSameDigest(t *testing.T) {
	s, a, b := open(t), t.TempDir(), t.TempDir()
	write(t, filepath.Join(a, "dist/x"), "1", 0o644)
	write(t, filepath.Join(a, "dist/y"), "2", 0o644)
	write(t, filepath.Join(b, "dist/y"), "2", 0o644)
	write(t, filepath.Join(b, "dist/x"), "1", 0o644)
	old := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
	if err := os.Chtimes(filepath.Join(b, "dist/x"), old, old); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(filepath.Join(b, "dist/x"), 4711, 4711); err != nil {
			t.Fatal(err)
		}
	}
	if put(t, s, a) != put(t, s, b) {
		t.Error("the same content has two digests")
	}
	for what, change := range map[string]func() error{
		"content":     func() error { return os.WriteFile(filepath.Join(b, "dist/x"), []byte("3"), 0o644) },
		"name":        func() error { return os.Rename(filepath.Join(b, "dist/y"), filepath.Join(b, "dist/z")) },
		"permissions": func() error { return os.Chmod(filepath.Join(b, "dist/x"), 0o755) },
		"folder":      func() error { return os.Mkdir(filepath.Join(b, "dist/empty"), 0o755) },
	} {
		before := put(t, s, b)
		if err := change(); err != nil {
			t.Fatal(err)
		}
		if put(t, s, b) == before {
			t.Errorf("another %s has the same digest", what)
		}
	}
}

// TestSorted: the order in which a disk lists its files is no content.
func TestSorted(t *testing.T) {
	s, root := open(t), t.TempDir()
	for i := range 50 {
		write(t, filepath.Join(root, "dist", strconv.Itoa(i%7), strconv.Itoa(i)), "x", 0o644)
	}
	f, err := os.Open(s.path(put(t, s, root)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var names []string
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || !h.ModTime.Equal(time.Unix(0, 0)) || h.Uid != 0 || h.Gid != 0 || h.Uname != "" {
			t.Fatalf("%+v, %v", h, err)
		}
		names = append(names, h.Name)
	}
	if len(names) != 57 || !slices.IsSorted(names) {
		t.Error(names)
	}
}

// TestPermissionsComeBack: a folder that nobody may write to takes its files in, and nothing becomes more than it was. The bits that lend a
// program its owner's rights do not come back.
func TestPermissionsComeBack(t *testing.T) {
	s, root := open(t), t.TempDir()
	write(t, filepath.Join(root, "dist/closed/deep/x"), "x", 0o400)
	write(t, filepath.Join(root, "dist/tool"), "x", 0o755)
	for path, mode := range map[string]os.FileMode{
		"dist/tool": 0o755 | os.ModeSetuid | os.ModeSetgid, "dist/closed/deep": 0o555, "dist/closed": 0o511,
	} {
		if err := os.Chmod(filepath.Join(root, path), mode); err != nil {
			t.Fatal(err)
		}
	}
	to := filepath.Join(t.TempDir(), "out")
	if err := s.Unpack(t.Context(), put(t, s, root), to, nil); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{
		".": os.ModeDir | 0o700, "closed": os.ModeDir | 0o511, "closed/deep": os.ModeDir | 0o555, "closed/deep/x": 0o400, "tool": 0o755,
	} {
		if info, err := os.Lstat(filepath.Join(to, path)); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v, want %v", path, info.Mode(), err, want)
		}
	}
}

// TestOwnerAloneLooksIn: what goes out is its user's, and no other user of the machine reads it on the way.
func TestOwnerAloneLooksIn(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files to others")
	}
	s, root := open(t), t.TempDir()
	write(t, filepath.Join(root, "dist/in/x"), "x", 0o644)
	if err := os.Symlink("x", filepath.Join(root, "dist/in/link")); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "out")
	if err := s.Unpack(t.Context(), put(t, s, root), to, &Owner{4711, 4712}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{".", "in", "in/x", "in/link"} {
		info, err := os.Lstat(filepath.Join(to, path))
		if err != nil {
			t.Fatal(err)
		}
		if st := info.Sys().(*syscall.Stat_t); st.Uid != 4711 || st.Gid != 4712 {
			t.Errorf("%s belongs to %d:%d", path, st.Uid, st.Gid)
		}
	}
	if info, err := os.Stat(to); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("others can look into it: %v, %v", info.Mode(), err)
	}
}

// TestRoundTrip: whatever a folder holds, what comes back has the same digest.
func TestRoundTrip(t *testing.T) {
	s, base := open(t), t.TempDir()
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		root := filepath.Join(base, strconv.Itoa(n))
		dist := filepath.Join(root, "dist")
		if err := os.MkdirAll(dist, 0o755); err != nil {
			rt.Fatal(err)
		}
		folders := []string{dist}
		name := rapid.OneOf(
			rapid.StringMatching(`[a-z][a-z0-9._ -]{0,10}`), rapid.SampledFrom([]string{"-rf", "a\nb", "\xff\xfe", "ä", ".git", "new-1.tar", strings.Repeat("n", 255)}),
		)
		for range rapid.IntRange(1, 8).Draw(rt, "entries") {
			in := rapid.SampledFrom(folders).Draw(rt, "in")
			path := filepath.Join(in, name.Draw(rt, "name"))
			var err error
			switch rapid.IntRange(0, 2).Draw(rt, "kind") {
			case 0:
				err = os.WriteFile(path, rapid.SliceOfN(rapid.Byte(), 0, 2000).Draw(rt, "content"), 0o644)
			case 1:
				err = os.Symlink(name.Draw(rt, "target"), path)
			default:
				if err = os.Mkdir(path, 0o755); err == nil {
					folders = append(folders, path)
				}
			}
			if err != nil && !errors.Is(err, os.ErrExist) && !errors.Is(err, syscall.EISDIR) && !errors.Is(err, syscall.ELOOP) && !errors.Is(err, os.ErrNotExist) {
				rt.Fatal(err)
			}
		}
		digest, err := s.Put(t.Context(), root, "dist")
		if errors.Is(err, ErrEmpty) {
			return
		}
		if err != nil {
			rt.Fatal(err)
		}
		if err := s.Unpack(t.Context(), digest, filepath.Join(root, "out"), nil); err != nil {
			rt.Fatal(err)
		}
		if again, err := s.Put(t.Context(), root, "out"); again != digest || err != nil {
			rt.Fatalf("%s came back as %s, %v", digest, again, err)
		}
	})
}

// BenchmarkArtifact keeps 10 MB in 100 files, and takes them out again: what a check that produces costs when it ends, and a deployment when it
// begins.
func BenchmarkArtifact(b *testing.B) {
	s, err := Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	root := b.TempDir()
	if err := os.Mkdir(filepath.Join(root, "dist"), 0o755); err != nil {
		b.Fatal(err)
	}
	for i := range 100 {
		if err := os.WriteFile(filepath.Join(root, "dist", strconv.Itoa(i)), bytes.Repeat([]byte{byte(i)}, 100_000), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	digest := ""
	b.Run("Put", func(b *testing.B) {
		b.SetBytes(10_000_000)
		for b.Loop() {
			if digest, err = s.Put(b.Context(), root, "dist"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Unpack", func(b *testing.B) {
		to := b.TempDir()
		b.SetBytes(10_000_000)
		for i := 0; b.Loop(); i++ {
			if err := s.Unpack(b.Context(), digest, filepath.Join(to, strconv.Itoa(i)), nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}
