package git_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/git"
)

// snapshot is all that a folder holds: mode and content by path. Links are not followed.
func snapshot(t testing.TB, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	must(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		content := ""
		switch {
		case info.Mode().IsRegular():
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			content = string(text)
		case info.Mode().Type() == fs.ModeSymlink:
			if content, err = os.Readlink(path); err != nil {
				return err
			}
			found[strings.TrimPrefix(path, dir+"/")] = "link " + content
			return nil
		}
		found[strings.TrimPrefix(path, dir+"/")] = info.Mode().String() + " " + content
		return nil
	}))
	return found
}

// worktree moves a worktree and lets go of it at once.
func worktree(t testing.TB, g *git.Git, o *origin, sha app.SHA) string {
	t.Helper()
	dir, release, err := g.Worktree(t.Context(), o.repo, sha, "one")
	must(t, err)
	release()
	release()
	return dir
}

func manyFiles() map[string]string {
	return map[string]string{"README": "hello\n", "bin/run": "#!/bin/sh\n", "src/a.go": "package a\n", "src/deep/er/b.go": "package b\n",
		"src/deep/c": "c", "with space/ü\n\"x": "odd", ".gitignore": "*.o\nbuild/\n", "empty": ""}
}

func seeded(t testing.TB) (*origin, app.SHA, map[string]string) {
	t.Helper()
	o := newOrigin(t)
	o.write(manyFiles())
	must(t, os.Chmod(filepath.Join(o.work, "bin/run"), 0o755))
	must(t, os.Symlink("../README", filepath.Join(o.work, "src/link")))
	must(t, os.Symlink("/etc", filepath.Join(o.work, "etc")))
	sha := o.commit("first", nil)
	want := map[string]string{"bin": "drwxr-xr-x ", "src": "drwxr-xr-x ", "src/deep": "drwxr-xr-x ", "src/deep/er": "drwxr-xr-x ", "with space": "drwxr-xr-x ",
		"src/link": "link ../README", "etc": "link /etc"}
	for name, content := range manyFiles() {
		want[name] = "-rw-r--r-- " + content
	}
	want["bin/run"] = "-rwxr-xr-x #!/bin/sh\n"
	return o, sha, want
}

func TestWorktreeIsExactlyTheCommit(t *testing.T) {
	o, first, want := seeded(t)
	second := o.commit("second", map[string]string{"src/a.go": "package a // changed\n", "new/file": "n"})
	must(t, os.RemoveAll(filepath.Join(o.work, "src/deep")))
	must(t, os.Remove(filepath.Join(o.work, "README")))
	o.write(map[string]string{"README/now/a/folder": "x", "src/deep": "now a file"})
	must(t, os.Chmod(filepath.Join(o.work, "bin/run"), 0o644))
	third := o.commit("third", nil)
	g := o.mirrored()

	dir := worktree(t, g, o, first)
	wantEqual(t, snapshot(t, dir), want)
	worktree(t, g, o, second)
	want["src/a.go"] = "-rw-r--r-- package a // changed\n"
	want["new"], want["new/file"] = "drwxr-xr-x ", "-rw-r--r-- n"
	wantEqual(t, snapshot(t, dir), want)
	worktree(t, g, o, third)
	for _, name := range []string{"src/deep/er", "src/deep/er/b.go", "src/deep/c"} {
		delete(want, name)
	}
	want["src/deep"], want["bin/run"] = "-rw-r--r-- now a file", "-rw-r--r-- #!/bin/sh\n"
	want["README"], want["README/now"], want["README/now/a"], want["README/now/a/folder"] = "drwxr-xr-x ", "drwxr-xr-x ", "drwxr-xr-x ", "-rw-r--r-- x"
	wantEqual(t, snapshot(t, dir), want)
	info, err := os.Stat(dir)
	must(t, err)
	wantEqual(t, info.Mode().String(), "drwx------")
}

func TestWorktreeIsCleanedOfWhatStepsLeave(t *testing.T) {
	o, sha, want := seeded(t)
	g := o.mirrored()
	dir := worktree(t, g, o, sha)
	outside := t.TempDir()
	precious := filepath.Join(outside, "precious")
	must(t, os.WriteFile(precious, []byte("keep"), 0o644))
	cases := map[string]string{
		"nothing":                        "true",
		"untracked files and folders":    "mkdir -p x/y && touch x/y/z q",
		"ignored files":                  "mkdir -p build && touch build/x y.o src/y.o",
		"nested repository":              "git init -q nested && git -C nested init -q deeper && touch nested/file",
		"repository in place":            "git init -q . && git -C src init -q .",
		"a file for .git":                "echo gitdir: /nowhere > .git; echo gitdir: ../x > src/.git",
		"a link for .git":                "ln -s " + outside + " .git",
		"read-only folders":              "mkdir -p ro/a/b && touch ro/a/b/c && chmod -R a-w ro && chmod 0 ro/a/b src",
		"tracked file removed":           "rm README src/link",
		"tracked file changed":           "echo more >> src/a.go",
		"permissions changed":            "chmod 600 README; chmod a-x bin/run; chmod 4755 empty; chmod 777 src; chmod 1777 .",
		"file became folder":             "rm README && mkdir README && touch README/x",
		"folder became file":             "rm -r src && touch src",
		"folder became link outside":     "rm -r src && ln -s " + outside + " src",
		"folder became link inside":      "mv src elsewhere && ln -s elsewhere src",
		"link retargeted":                "rm etc && ln -s " + outside + " etc",
		"file became link outside":       "rm README && ln -s " + precious + " README",
		"file became hard link":          "ln -f bin/run empty",
		"untracked link to a folder":     "ln -s " + outside + " out && ln -s / src/root",
		"names that look like options":   "touch -- -rf --help && mkdir -- -d && touch -- '-d/*'",
		"pipes and sockets":              "mkfifo pipe && rm empty && mkfifo empty",
		"everything removed":             "rm -rf * .gitignore",
		"index and attributes left":      "mkdir -p .git/info && echo '* filter=x' > .git/info/attributes && echo '* text eol=crlf' > src/.gitattributes && touch index",
		"deeper than a path can be long": "for i in $(seq 3000); do mkdir deep_deep && cd -P deep_deep || break; done",
	}
	for name, script := range cases {
		t.Run(name, func(t *testing.T) {
			if name == "deeper than a path can be long" {
				digDeep(t, dir)
			} else {
				command(t, dir, "sh", "-ec", script)
			}
			worktree(t, g, o, sha)
			wantEqual(t, snapshot(t, dir), want)
			content, err := os.ReadFile(precious)
			must(t, err)
			wantEqual(t, string(content), "keep")
		})
	}
	must(t, g.Prune(t.Context(), time.Time{}, math.MaxInt64))
	left, err := os.ReadDir(filepath.Join(git.SlotDir(g, o.repo, "one"), "trash"))
	must(t, err)
	wantEqual(t, len(left), 0)
}

// digDeep nests folders far beyond the length of any path.
func digDeep(t *testing.T, dir string) {
	t.Helper()
	at, err := syscall.Open(dir, syscall.O_DIRECTORY, 0)
	must(t, err)
	for range 5000 {
		must(t, syscall.Mkdirat(at, "deep", 0o755))
		next, err := syscall.Openat(at, "deep", syscall.O_DIRECTORY, 0)
		must(t, err)
		must(t, syscall.Close(at))
		at = next
	}
	must(t, syscall.Close(at))
}

func TestAChangeThatHidesIsFound(t *testing.T) {
	o, sha, want := seeded(t)
	g := o.mirrored()
	dir := worktree(t, g, o, sha)
	path := filepath.Join(dir, "src/a.go")
	info, err := os.Stat(path)
	must(t, err)
	must(t, os.WriteFile(path, []byte("package x\n"), 0o644)) // same length
	must(t, os.Chtimes(path, time.Time{}, info.ModTime()))    // same time
	worktree(t, g, o, sha)
	wantEqual(t, snapshot(t, dir), want)
}

func TestAChangeRightAfterTheMoveIsFound(t *testing.T) {
	// File times tick every few milliseconds: a change in the tick of the writing must not look like the writing.
	o, sha, want := seeded(t)
	g := o.mirrored()
	for range 20 {
		dir, release, err := g.Worktree(t.Context(), o.repo, sha, "one")
		must(t, err)
		path := filepath.Join(dir, "src/a.go")
		info, err := os.Stat(path)
		must(t, err)
		must(t, os.WriteFile(path, []byte("package x\n"), 0o644))
		must(t, os.Chtimes(path, time.Time{}, info.ModTime()))
		release()
		worktree(t, g, o, sha)
		wantEqual(t, snapshot(t, dir), want)
	}
}

func inodes(t testing.TB, dir string, names ...string) string {
	t.Helper()
	var all []string
	for _, name := range names {
		info, err := os.Lstat(filepath.Join(dir, name))
		must(t, err)
		st := info.Sys().(*syscall.Stat_t)
		all = append(all, fmt.Sprint(name, " ", st.Ino, " ", st.Ctim.Nano()))
	}
	return strings.Join(all, ", ")
}

func TestWhatIsUnchangedStays(t *testing.T) {
	o, first, _ := seeded(t)
	second := o.commit("second", map[string]string{"src/a.go": "package a // changed\n"})
	g := o.mirrored()
	dir := worktree(t, g, o, first)
	before := inodes(t, dir, "README", "bin/run", "src/link", "src/deep/er/b.go")
	command(t, dir, "sh", "-ec", "touch build.o; echo x > src/a.go")
	worktree(t, g, o, second)
	wantEqual(t, inodes(t, dir, "README", "bin/run", "src/link", "src/deep/er/b.go"), before)
}

func TestWhatIsUnchangedStaysOverARestart(t *testing.T) {
	o, first, want := seeded(t)
	data := filepath.Join(worldPassable(t), "git")
	there := func(opts *git.Options) { opts.Dir = data }
	g := o.mirrored(there)
	dir := worktree(t, g, o, first)
	before := inodes(t, dir, "README", "src/link")
	must(t, g.Close())

	g = o.open(there)
	command(t, dir, "sh", "-ec", "echo x > src/a.go")
	worktree(t, g, o, first)
	wantEqual(t, inodes(t, dir, "README", "src/link"), before)
	wantEqual(t, snapshot(t, dir), want)
	slot := git.SlotDir(g, o.repo, "one")
	must(t, g.Close())

	// A manifest that is not whole is not believed, and what a killed move left is in nobody's way.
	must(t, os.Truncate(filepath.Join(slot, "manifest"), 300))
	command(t, slot, "sh", "-ec", "echo junk > index; touch index.lock manifest.new; mkdir -p stage/src; ln -s /etc stage/src/deep; touch trash/1; mkdir -p trash/2/x")
	g = o.open(there)
	worktree(t, g, o, first)
	wantEqual(t, snapshot(t, dir), want)
	if inodes(t, dir, "README", "src/link") == before {
		t.Fatal("files were kept on the word of a broken manifest")
	}
}

func TestLineEndingsFollowAttributes(t *testing.T) {
	o := newOrigin(t)
	first := o.commit("first", map[string]string{"a.bat": "one\ntwo\n", "b.txt": "one\n", ".gitattributes": "*.bat text eol=crlf\n"})
	second := o.commit("second", map[string]string{".gitattributes": "*.bat text eol=lf\n"})
	third := o.commit("third", map[string]string{"c": "", "sub/.gitattributes": "*.bat text eol=crlf\n", "sub/x.bat": "x\n"})
	g := o.mirrored()
	dir := worktree(t, g, o, first)
	wantEqual(t, snapshot(t, dir)["a.bat"], "-rw-r--r-- one\r\ntwo\r\n")
	worktree(t, g, o, second)
	wantEqual(t, snapshot(t, dir)["a.bat"], "-rw-r--r-- one\ntwo\n")
	worktree(t, g, o, third)
	wantEqual(t, snapshot(t, dir)["sub/x.bat"], "-rw-r--r-- x\r\n")
	// Written alone, the file must still find the attributes.
	must(t, os.Remove(filepath.Join(dir, "sub/x.bat")))
	worktree(t, g, o, third)
	wantEqual(t, snapshot(t, dir)["sub/x.bat"], "-rw-r--r-- x\r\n")
}

func TestSubmodulesAreEmptyFolders(t *testing.T) {
	o := newOrigin(t)
	first := o.commit("first", map[string]string{"a": "1", ".gitmodules": "[submodule \"m\"]\n\tpath = libs/m\n\turl = ext::sh -c 'touch x'\n"})
	o.git("update-index", "--add", "--cacheinfo", "160000,"+string(first)+",libs/m")
	o.git("commit", "-q", "-m", "submodule")
	o.push()
	g := o.mirrored()
	dir := worktree(t, g, o, o.sha("HEAD"))
	command(t, dir, "sh", "-ec", "cd libs/m && git init -q . && touch x")
	worktree(t, g, o, o.sha("HEAD"))
	got := snapshot(t, dir)
	delete(got, ".gitmodules")
	wantEqual(t, got, map[string]string{"a": "-rw-r--r-- 1", "libs": "drwxr-xr-x ", "libs/m": "drwxr-xr-x "})
	to := filepath.Join(t.TempDir(), "out")
	must(t, g.Checkout(t.Context(), o.repo, o.sha("HEAD"), to, nil))
	wantEqual(t, snapshot(t, to), snapshot(t, dir))
}

func TestWorktreeOfACommitThatIsNotThere(t *testing.T) {
	o, sha, want := seeded(t)
	g := o.open()
	_, _, err := g.Worktree(t.Context(), o.repo, sha, "one")
	wantKind(t, err, app.ErrNotFound)
	must(t, g.Fetch(t.Context(), o.repo, mainSpec))
	missing := app.SHA(strings.Repeat("12", 20))
	dir := worktree(t, g, o, sha)
	_, _, err = g.Worktree(t.Context(), o.repo, missing, "one")
	wantKind(t, err, app.ErrNotFound)
	if !errors.Is(err, git.ErrNoCommit) {
		t.Fatal(err)
	}
	worktree(t, g, o, sha)
	wantEqual(t, snapshot(t, dir), want)
	for _, name := range []string{"", "..", "a/b", "A", "-x", ".x"} {
		_, _, err := g.Worktree(t.Context(), o.repo, sha, name)
		wantKind(t, err, app.ErrInvalid)
	}
}

func TestAWorktreeIsHeldByOne(t *testing.T) {
	o, sha, _ := seeded(t)
	g := o.mirrored()
	dir, release, err := g.Worktree(t.Context(), o.repo, sha, "one")
	must(t, err)
	other, releaseOther, err := g.Worktree(t.Context(), o.repo, sha, "two")
	must(t, err)
	releaseOther()
	if other == dir {
		t.Fatal("two names are one folder")
	}
	_, _, err = g.Adopt(o.repo, "one")
	wantKind(t, err, app.ErrConflict)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := g.Worktree(ctx, o.repo, sha, "one"); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	next := make(chan string, 1)
	go func() { next <- worktree(t, g, o, sha) }()
	release()
	wantEqual(t, <-next, dir)
}

func TestACheckThatOutlivesTheServerKeepsItsWorktree(t *testing.T) {
	o, sha, _ := seeded(t)
	data := filepath.Join(worldPassable(t), "git")
	there := func(opts *git.Options) { opts.Dir = data }
	g := o.mirrored(there)
	dir, _, err := g.Worktree(t.Context(), o.repo, sha, "one")
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "half-built"), nil, 0o644))
	must(t, g.Close())

	g = o.open(there)
	adopted, release, err := g.Adopt(o.repo, "one")
	must(t, err)
	wantEqual(t, adopted, dir)
	must(t, g.Prune(t.Context(), time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC), math.MaxInt64))
	if _, err := os.Stat(filepath.Join(dir, "half-built")); err != nil {
		t.Fatal(err)
	}
	release()
}

func TestCheckoutIsFreshAndWithoutRepository(t *testing.T) {
	o, sha, want := seeded(t)
	g := o.mirrored()
	dir := filepath.Join(t.TempDir(), "release")
	must(t, g.Checkout(t.Context(), o.repo, sha, dir, nil))
	wantEqual(t, snapshot(t, dir), want)
	wantKind(t, g.Checkout(t.Context(), o.repo, sha, dir, nil), app.ErrConflict)
	wantEqual(t, snapshot(t, dir), want)
	missing := filepath.Join(t.TempDir(), "missing")
	wantKind(t, g.Checkout(t.Context(), o.repo, app.SHA(strings.Repeat("12", 20)), missing, nil), app.ErrNotFound)
	if _, err := os.Stat(missing); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
}
