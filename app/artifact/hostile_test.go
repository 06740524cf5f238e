package artifact

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/slipway-cd/slipway/app"
)

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

// TestChangedOnDisk: a release that is not what was built is never unpacked, and building it again heals it.
func TestChangedOnDisk(t *testing.T) {
	for what, spoil := range map[string]func(data []byte) []byte{
		"content": func(d []byte) []byte { return bytes.Replace(d, []byte("good"), []byte("evil"), 1) },
		"header":  func(d []byte) []byte { return bytes.Replace(d, []byte("ustar"), []byte("xxxxx"), 1) },
		"cut":     func(d []byte) []byte { return d[:600] },
		"longer":  func(d []byte) []byte { return append(d, 0) },
		"empty":   func([]byte) []byte { return nil },
	} {
		t.Run(what, func(t *testing.T) {
			s, root := open(t), t.TempDir()
			write(t, filepath.Join(root, "dist/a"), "good", 0o644)
			digest := put(t, s, root)
			data, err := os.ReadFile(s.path(digest))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(s.path(digest), spoil(data), 0o600); err != nil {
				t.Fatal(err)
			}
			to := filepath.Join(t.TempDir(), "out")
			if err := s.Unpack(t.Context(), digest, to, nil); !errors.Is(err, ErrDamaged) || app.KindOf(err) != app.ErrNotFound {
				t.Error("a changed artifact was unpacked:", err)
			}
			if _, err := os.Stat(to); !errors.Is(err, os.ErrNotExist) {
				t.Error("and its files stay:", err)
			}
			if s.Has(digest) {
				t.Error("it is still kept")
			}
			if again := put(t, s, root); again != digest {
				t.Error("built again it is another:", again)
			}
			if err := s.Unpack(t.Context(), digest, to, nil); err != nil {
				t.Error("built again:", err)
			}
		})
	}
}

func TestNamesThatAreNone(t *testing.T) {
	s, root := open(t), t.TempDir()
	write(t, filepath.Join(root, "dist/a"), "a", 0o644)
	digest := put(t, s, root)
	to := filepath.Join(t.TempDir(), "out")
	for _, name := range []string{"", "../" + digest, strings.ToUpper(digest), digest[:63], strings.Repeat("0", 64)} {
		if err := s.Unpack(t.Context(), name, to, nil); app.KindOf(err) != app.ErrNotFound || s.Has(name) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := s.Unpack(t.Context(), digest, t.TempDir(), nil); app.KindOf(err) != app.ErrConflict {
		t.Error("into a folder that is there:", err)
	}
}

// TestOddThings: what is neither file nor folder nor link is left out, and nobody waits for it.
func TestOddThings(t *testing.T) {
	s, root := open(t), t.TempDir()
	write(t, filepath.Join(root, "dist/a"), "a", 0o644)
	if err := syscall.Mkfifo(filepath.Join(root, "dist/pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(root, "dist/socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	to := filepath.Join(t.TempDir(), "out")
	if err := s.Unpack(t.Context(), put(t, s, root), to, nil); err != nil {
		t.Fatal(err)
	}
	if names, err := os.ReadDir(to); len(names) != 1 || err != nil {
		t.Error(names, err)
	}
}

// TestTooLarge: a limit is an error that names it, said before the disk is full.
func TestTooLarge(t *testing.T) {
	for name, fill := range map[string]func(t *testing.T, dir string){
		"one file": func(t *testing.T, dir string) { write(t, filepath.Join(dir, "a"), strings.Repeat("x", 40_000), 0o644) },
		"a file with a hole": func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, "a"), "", 0o644)
			if err := os.Truncate(filepath.Join(dir, "a"), 1<<40); err != nil {
				t.Fatal(err)
			}
		},
		"many folders": func(t *testing.T, dir string) {
			for i := range 200 {
				if err := os.MkdirAll(filepath.Join(dir, strings.Repeat("x", i+1)), 0o755); err != nil {
					t.Fatal(err)
				}
			}
		},
		"many empty files": func(t *testing.T, dir string) {
			for i := range 200 {
				write(t, filepath.Join(dir, strings.Repeat("x", i+1)), "", 0o644)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, root := open(t), t.TempDir()
			s.maxSize = 32_000
			fill(t, filepath.Join(root, "dist"))
			_, err := s.Put(t.Context(), root, "dist")
			if app.KindOf(err) != app.ErrInvalid || err.Error() != "dist is larger than 32000 bytes, which is the most that is kept" {
				t.Error(err)
			}
			if left, err := os.ReadDir(s.dir); len(left) != 0 || err != nil {
				t.Error("it leaves", left, err)
			}
		})
	}
}

// counting counts what is written to it.
type counting int64

func (c *counting) Write(p []byte) (int, error) {
	*c += counting(len(p))
	return len(p), nil
}

// TestTooLargeIsSaidAtOnce: not after the disk is full of nothing.
func TestTooLargeIsSaidAtOnce(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "dist/a"), "", 0o644)
	if err := os.Truncate(filepath.Join(root, "dist/a"), 1<<40); err != nil {
		t.Fatal(err)
	}
	var n counting
	err := pack(t.Context(), root, "dist", &archiveWriter{to: &n, ctx: t.Context(), left: 64 << 20})
	if app.KindOf(err) != app.ErrInvalid || n > 1<<20 {
		t.Errorf("%v after %d bytes", err, n)
	}
}

func TestPathTooLong(t *testing.T) {
	s, root := open(t), t.TempDir()
	dir, err := os.OpenRoot(root)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	at := "dist"
	for range 18 {
		if err := dir.Mkdir(at, 0o755); err != nil {
			t.Fatal(err)
		}
		at += "/" + strings.Repeat("d", 250)
	}
	if _, err := s.Put(t.Context(), root, "dist"); app.KindOf(err) != app.ErrInvalid || !strings.Contains(err.Error(), "longer than 4096") {
		t.Error(err)
	}
}

// asNobody lets the rest of the test see files as a user without any rights does.
func asNobody(t *testing.T) {
	if os.Geteuid() != 0 {
		return
	}
	runtime.LockOSThread()
	if _, err := unix.SetfsuidRetUid(65534); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := unix.SetfsuidRetUid(0); err == nil {
			runtime.UnlockOSThread() // else the thread ends with the test
		}
	})
}

// TestClosedFolders: folders that not even their owner may enter come back, also where the server is not root.
func TestClosedFolders(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can read them to begin with")
	}
	root := t.TempDir()
	write(t, filepath.Join(root, "dist/outer/inner/x"), "x", 0o644)
	for _, dir := range []string{"dist/outer/inner", "dist/outer"} {
		if err := os.Chmod(filepath.Join(root, dir), 0o200); err != nil {
			t.Fatal(err)
		}
	}
	var archive bytes.Buffer
	if err := pack(t.Context(), root, "dist", &archiveWriter{to: &archive, ctx: t.Context(), left: MaxSize}); err != nil {
		t.Fatal(err)
	}
	to, err := os.MkdirTemp("", "artifact-") // where nobody comes to, unlike the test's own
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(to) })
	if err := os.Chown(to, 65534, 0); err != nil {
		t.Fatal(err)
	}
	asNobody(t)
	if err := unpack(&archive, to, nil); err != nil {
		t.Error(err)
	}
}

// TestUnreadable: a step can close a file to the server, where it is not root's. That is for the step to repair.
func TestUnreadable(t *testing.T) {
	root, err := os.MkdirTemp("", "artifact-") // everybody may pass
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	write(t, filepath.Join(root, "dist/a"), "a", 0o000)
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	asNobody(t)
	err = pack(t.Context(), root, "dist", &archiveWriter{to: io.Discard, ctx: t.Context(), left: MaxSize})
	if app.KindOf(err) != app.ErrInvalid || err.Error() != "dist/a can't be read: permission denied" {
		t.Error(err)
	}
}

// broken is a disk that is full.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

// TestFullDisk: that there is no room is the server's trouble, and no word about the folder.
func TestFullDisk(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "dist/a"), "a", 0o644)
	err := pack(t.Context(), root, "dist", &archiveWriter{to: broken{}, ctx: t.Context(), left: MaxSize})
	if !errors.Is(err, syscall.ENOSPC) || app.KindOf(err) != app.ErrOther {
		t.Error(err)
	}
}

func TestInterrupted(t *testing.T) {
	s, root := open(t), t.TempDir()
	write(t, filepath.Join(root, "dist/a"), "a", 0o644)
	digest := put(t, s, root)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Put(ctx, root, "dist"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	to := filepath.Join(t.TempDir(), "out")
	if err := s.Unpack(ctx, digest, to, nil); !errors.Is(err, context.Canceled) || errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
	if _, err := os.Stat(to); !errors.Is(err, os.ErrNotExist) {
		t.Error("half an artifact is left:", err)
	}
	if left, err := os.ReadDir(s.dir); len(left) != 1 || err != nil {
		t.Error("it leaves", left, err)
	}
}

// TestUnpackStaysInside: not even an archive that somebody made for it leads out of the folder.
func TestUnpackStaysInside(t *testing.T) {
	type entry struct {
		name, link string
		kind       byte
	}
	for name, entries := range map[string][]entry{
		"dots":                 {{"../outside", "", tar.TypeReg}},
		"absolute":             {{"/tmp/slipway-outside", "", tar.TypeReg}},
		"through a link":       {{"in", "..", tar.TypeSymlink}, {"in/outside", "", tar.TypeReg}},
		"over a link":          {{"in", "../outside", tar.TypeSymlink}, {"in", "", tar.TypeReg}},
		"folder over a link":   {{"in", "..", tar.TypeSymlink}, {"in/", "", tar.TypeDir}},
		"a link of the disk":   {{"in", "../outside", tar.TypeLink}},
		"a device":             {{"in", "", tar.TypeChar}},
		"folder beside itself": {{"../outside/", "", tar.TypeDir}},
	} {
		t.Run(name, func(t *testing.T) {
			var archive bytes.Buffer
			w := tar.NewWriter(&archive)
			for _, e := range entries {
				if err := w.WriteHeader(&tar.Header{Name: e.name, Linkname: e.link, Typeflag: e.kind, Mode: 0o777}); err != nil {
					t.Fatal(err)
				}
			}
			w.Close()
			outer := t.TempDir()
			inner := filepath.Join(outer, "inner")
			if err := os.Mkdir(inner, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := unpack(&archive, inner, nil); err == nil {
				t.Error("it was taken")
			}
			left, err := os.ReadDir(outer)
			if len(left) != 1 || err != nil {
				t.Error("outside there is", left, err)
			}
			if info, err := os.Stat(outer); err != nil || info.Mode().Perm() == 0o777 {
				t.Error("the folder outside was opened:", info.Mode(), err)
			}
		})
	}
}
