package git_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/git"
)

// canary is a program that leaves a file when somebody runs it.
func canary(t testing.TB) (program string, sang func() bool) {
	t.Helper()
	dir := worldPassable(t)
	must(t, os.Chmod(dir, 0o777))
	program, mark := filepath.Join(dir, "canary"), filepath.Join(dir, "sang")
	must(t, os.WriteFile(program, []byte("#!/bin/sh\necho \"$0 $*\" >> "+mark+"\ncat\n"), 0o755))
	return program, func() bool { _, err := os.Stat(mark); return err == nil }
}

// everyPlace configures a repository so that most calls of git in it run the canary.
func everyPlace(program string) string {
	return strings.ReplaceAll(`git init -q .
mkdir -p hooks
for h in post-checkout post-index-change reference-transaction pre-auto-gc post-merge post-commit fsmonitor-watchman; do
	cp CANARY .git/hooks/$h; cp CANARY hooks/$h
done
git config core.fsmonitor CANARY
git config core.hooksPath "$PWD/hooks"
git config core.sshCommand CANARY
git config core.pager CANARY
git config core.askPass CANARY
git config core.alternateRefsCommand CANARY
git config credential.helper "!CANARY"
git config diff.external CANARY
git config filter.evil.smudge CANARY
git config filter.evil.clean CANARY
git config filter.evil.process CANARY
git config filter.evil.required true
git config merge.evil.driver "CANARY %O %A %B"
git config diff.evil.textconv CANARY
mkdir -p .git/info && echo '* filter=evil merge=evil diff=evil' > .git/info/attributes
git config uploadpack.packObjectsHook CANARY
`, "CANARY", program)
}

// useAll calls everything that works with a commit.
func useAll(t *testing.T, g *git.Git, o *origin, from, to app.SHA) {
	t.Helper()
	ctx := t.Context()
	must(t, g.Fetch(ctx, o.repo, mainSpec, git.Mirror("refs/heads/*")))
	_, err := g.Changes(ctx, o.repo, from, to)
	must(t, err)
	_, err = g.Changed(ctx, o.repo, from, to)
	must(t, err)
	_, err = g.Since(ctx, o.repo, []app.SHA{from}, to)
	must(t, err)
	_, err = g.File(ctx, o.repo, to, ".gitattributes")
	must(t, err)
	must(t, g.Keep(ctx, o.repo, to))
	must(t, g.Checkout(ctx, o.repo, to, filepath.Join(t.TempDir(), "out"), nil))
	must(t, g.Maintain(ctx, o.repo))
	worktree(t, g, o, from)
	worktree(t, g, o, to)
}

func withAttributes(t *testing.T) (o *origin, from, to app.SHA) {
	t.Helper()
	o = newOrigin(t)
	from = o.commit("first", map[string]string{"a": "1\n", "src/b": "2\n", ".gitattributes": "* filter=evil merge=evil diff=evil\n"})
	o.git("checkout", "-q", "-b", "topic")
	o.commit("topic", map[string]string{"src/b": "3\n"})
	o.git("checkout", "-q", "main")
	o.commit("main", map[string]string{"a": "2\n"})
	o.git("merge", "-q", "--no-ff", "-m", "merge", "topic")
	o.push()
	return o, from, o.sha("HEAD")
}

func TestARepositoryLeftByAStepRunsNothing(t *testing.T) {
	o, from, to := withAttributes(t)
	program, sang := canary(t)
	g := o.mirrored()
	for _, at := range []string{".", "src", "new/deep"} {
		dir := worktree(t, g, o, from)
		command(t, dir, "sh", "-ec", "mkdir -p "+at+" && cd "+at+"\n"+everyPlace(program))
		useAll(t, g, o, from, to)
		if sang() {
			t.Fatalf("a repository left in %s ran a program", at)
		}
	}
	// The canary itself works: git that discovers the repository does run it.
	dir := worktree(t, g, o, from)
	command(t, dir, "sh", "-ec", everyPlace(program)+"git status >/dev/null 2>&1 || true")
	if !sang() {
		t.Fatal("this canary never sings")
	}
}

func TestTheServersOwnSettingsAndEnvironmentDoNotReachGit(t *testing.T) {
	o, from, to := withAttributes(t)
	program, sang := canary(t)
	trap := t.TempDir()
	command(t, trap, "sh", "-ec", everyPlace(program)+"mkdir -p home && cp .git/config home/.gitconfig && mkdir -p home/.config/git && cp .git/config home/.config/git/config")
	for name, value := range map[string]string{
		"HOME": filepath.Join(trap, "home"), "XDG_CONFIG_HOME": filepath.Join(trap, "home/.config"), "GIT_DIR": filepath.Join(trap, ".git"),
		"GIT_WORK_TREE": trap, "GIT_INDEX_FILE": filepath.Join(trap, "index"), "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.fsmonitor",
		"GIT_CONFIG_VALUE_0": program, "GIT_CONFIG_PARAMETERS": "'core.fsmonitor'='" + program + "'", "GIT_CONFIG_GLOBAL": filepath.Join(trap, ".git/config"),
		"GIT_CONFIG_SYSTEM": filepath.Join(trap, ".git/config"), "GIT_SSH_COMMAND": program, "GIT_ASKPASS": program, "SSH_ASKPASS": program,
		"GIT_EXTERNAL_DIFF": program, "GIT_PAGER": program, "GIT_OBJECT_DIRECTORY": trap, "GIT_NAMESPACE": "x", "GIT_TRACE": filepath.Join(trap, "trace"),
		"GIT_ALLOW_PROTOCOL": "ext", "GIT_EXEC_PATH": trap, "GIT_TEMPLATE_DIR": trap, "GIT_PROXY_COMMAND": program,
	} {
		// command() runs git too, so that only what it sets last is safe there: the origin is complete by now.
		t.Setenv(name, value)
	}
	g := o.open()
	useAll(t, g, o, from, to)
	if sang() {
		t.Fatal("a setting of the server's user ran a program")
	}
	if _, err := os.Stat(filepath.Join(trap, "trace")); err == nil {
		t.Fatal("GIT_TRACE reached git")
	}
}

func TestOnlyProxyAndCertificatesPass(t *testing.T) {
	o := newOrigin(t)
	for variable, ok := range map[string]bool{"https_proxy=http://p": true, "NO_PROXY=x": true, "SSL_CERT_FILE=/x": true, "GIT_SSL_CAINFO=/x": true,
		"GIT_DIR=/x": false, "LD_PRELOAD=/x": false, "PATH=/x": false, "GIT_PROXY_COMMAND=x": false, "": false} {
		g, err := git.New(git.Options{Dir: filepath.Join(t.TempDir(), "git"), Remote: o.remote, Clock: clock(), Env: []string{variable}})
		if (err == nil) != ok {
			t.Errorf("%q: %v", variable, err)
		}
		if err == nil {
			must(t, g.Close())
		}
	}
}

// malformed pushes a commit with a tree that git itself would not write.
func malformed(t *testing.T, o *origin, entries func(blob, tree string) string) app.SHA {
	t.Helper()
	blob := o.git("hash-object", "-w", "--stdin")
	o.write(map[string]string{"payload/passwd": "owned"})
	o.git("add", "-A")
	tree := o.git("rev-parse", o.git("write-tree")+":payload")
	o.git("rm", "-rq", "--cached", "payload")
	raw := filepath.Join(t.TempDir(), "raw")
	must(t, os.WriteFile(raw, []byte(entries(binary(t, blob), binary(t, tree))), 0o644))
	bad := o.git("hash-object", "-w", "-t", "tree", "--literally", raw)
	return app.SHA(o.git("commit-tree", "-m", "bad", bad))
}

func binary(t *testing.T, hex string) string {
	t.Helper()
	var b strings.Builder
	for i := 0; i < len(hex); i += 2 {
		b.WriteByte(nibble(hex[i])<<4 | nibble(hex[i+1]))
	}
	return b.String()
}

func nibble(c byte) byte {
	if c >= 'a' {
		return c - 'a' + 10
	}
	return c - '0'
}

func TestTreesThatWouldLeadOutsideAreRefused(t *testing.T) {
	cases := map[string]func(blob, tree string) string{
		"dot dot":         func(_, tree string) string { return "40000 ..\x00" + tree },
		"git folder":      func(_, tree string) string { return "40000 .git\x00" + tree },
		"GIT folder":      func(_, tree string) string { return "40000 .GIT\x00" + tree },
		"git file":        func(blob, _ string) string { return "100644 .git\x00" + blob },
		"slash in name":   func(blob, _ string) string { return "100644 ../x\x00" + blob },
		"absolute":        func(blob, _ string) string { return "100644 /etc/x\x00" + blob },
		"link and folder": func(blob, tree string) string { return "120000 a\x00" + blob + "40000 a\x00" + tree },
		"folder and link": func(blob, tree string) string { return "40000 a\x00" + tree + "120000 a\x00" + blob },
		"file twice":      func(blob, _ string) string { return "100644 a\x00" + blob + "100644 a\x00" + blob },
		"link twice":      func(blob, _ string) string { return "120000 a\x00" + blob + "100644 a\x00" + blob },
	}
	for name, entries := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOrigin(t)
			good := o.commit("good", map[string]string{"file": "x"})
			g := o.mirrored()
			dir := worktree(t, g, o, good)
			bad := malformed(t, o, entries)
			// As if it had been fetched: a server that checks would not have taken it.
			command(t, o.work, "cp", "-r", ".git/objects/.", filepath.Join(git.MirrorDir(g, o.repo), "objects"))
			_, _, err := g.Worktree(t.Context(), o.repo, bad, "one")
			wantKind(t, err, app.ErrInvalid)
			to := filepath.Join(t.TempDir(), "out")
			wantKind(t, g.Checkout(t.Context(), o.repo, bad, to, nil), app.ErrInvalid)
			if _, err := os.Stat(to); !errors.Is(err, fs.ErrNotExist) {
				t.Fatal("half a checkout is left")
			}
			worktree(t, g, o, good)
			wantEqual(t, snapshot(t, dir), map[string]string{"file": "-rw-r--r-- x"})
		})
	}
}

func TestLinksOfARepositoryAreJustLinks(t *testing.T) {
	o := newOrigin(t)
	outside := t.TempDir()
	must(t, os.WriteFile(filepath.Join(outside, "precious"), []byte("keep"), 0o600))
	must(t, os.Symlink(outside, filepath.Join(o.work, "out")))
	must(t, os.Symlink(filepath.Join(outside, "precious"), filepath.Join(o.work, "file")))
	first := o.commit("links", nil)
	must(t, os.Remove(filepath.Join(o.work, "out")))
	second := o.commit("folder", map[string]string{"out/precious": "new"})
	g := o.mirrored()
	for _, sha := range []app.SHA{first, second, first} {
		dir := worktree(t, g, o, sha)
		content, err := os.ReadFile(filepath.Join(outside, "precious"))
		must(t, err)
		wantEqual(t, string(content), "keep")
		info, err := os.Stat(filepath.Join(outside, "precious"))
		must(t, err)
		wantEqual(t, info.Mode().Perm(), 0o600)
		wantEqual(t, snapshot(t, dir)["file"], "link "+filepath.Join(outside, "precious"))
	}
	_, err := g.File(t.Context(), o.repo, first, "file")
	wantKind(t, err, app.ErrNotFound)
	_, err = g.File(t.Context(), o.repo, first, "out/precious")
	wantKind(t, err, app.ErrNotFound)
}

func TestSwappingFoldersForLinksMeanwhileChangesNothingOutside(t *testing.T) {
	o := newOrigin(t)
	files := map[string]string{}
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		files["dir/"+name+"/file"] = name
	}
	first := o.commit("first", files)
	for name := range files {
		files[name] += "2"
	}
	second := o.commit("second", files)
	outside := t.TempDir()
	for name := range files {
		must(t, os.MkdirAll(filepath.Join(outside, filepath.Dir(strings.TrimPrefix(name, "dir/"))), 0o755))
		must(t, os.WriteFile(filepath.Join(outside, strings.TrimPrefix(name, "dir/")), []byte("keep"), 0o600))
	}
	before := snapshot(t, outside)
	g := o.mirrored()
	dir := worktree(t, g, o, first)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for swap(filepath.Join(dir, "dir"), outside) {
			select {
			case <-stop:
				return
			default:
			}
		}
	}()
	for i := range 30 {
		sha := []app.SHA{first, second}[i%2]
		if _, release, err := g.Worktree(t.Context(), o.repo, sha, "one"); err == nil { // it may fail: somebody interferes
			release()
		}
	}
	close(stop)
	<-stopped
	wantEqual(t, snapshot(t, outside), before)
	worktree(t, g, o, second)
	wantEqual(t, snapshot(t, dir)["dir/f/file"], "-rw-r--r-- f2")
}

// swap puts a link in a folder's place and takes it away again.
func swap(dir, target string) bool {
	_ = os.Rename(dir, dir+".away")
	_ = os.Symlink(target, dir)
	_ = os.Remove(dir)
	_ = os.Rename(dir+".away", dir)
	return true
}

func asRoot(t testing.TB) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root gives files to others")
	}
}

func TestFilesBelongToTheOwner(t *testing.T) {
	asRoot(t)
	o, first, want := seeded(t)
	second := o.commit("second", map[string]string{"src/a.go": "package a // changed\n"})
	owner := &git.Owner{UID: 4711, GID: 4712}
	data := filepath.Join(worldPassable(t), "git")
	g := o.mirrored(func(opts *git.Options) { opts.Owner, opts.Dir = owner, data })
	dir := worktree(t, g, o, first)
	wantOwner(t, dir, 4711, 4712)
	wantEqual(t, snapshot(t, dir), want)
	before := inodes(t, dir, "README", "etc")
	worktree(t, g, o, second)
	wantOwner(t, dir, 4711, 4712)
	wantEqual(t, inodes(t, dir, "README", "etc"), before)

	command(t, dir, "chown", "-hR", "1:1", ".")
	worktree(t, g, o, second)
	wantOwner(t, dir, 4711, 4712)

	// The operator names another user.
	must(t, g.Close())
	g = o.mirrored(func(opts *git.Options) { opts.Owner, opts.Dir = &git.Owner{UID: 5, GID: 6}, data })
	worktree(t, g, o, second)
	wantOwner(t, dir, 5, 6)

	out := filepath.Join(worldPassable(t), "out")
	must(t, g.Checkout(t.Context(), o.repo, first, out, owner))
	wantOwner(t, out, 4711, 4712)
	wantEqual(t, snapshot(t, out), want)
	info, err := os.Stat("/etc")
	must(t, err)
	wantEqual(t, info.Sys().(*syscall.Stat_t).Uid, 0)
}

func wantOwner(t *testing.T, dir string, uid, gid uint32) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if st := info.Sys().(*syscall.Stat_t); st.Uid != uid || st.Gid != gid {
			t.Errorf("%s belongs to %d:%d", path, st.Uid, st.Gid)
		}
		return nil
	}))
}

func TestAStepsUserSeesItsWorktreeAndNothingElse(t *testing.T) {
	asRoot(t)
	o, sha, _ := seeded(t)
	g := o.mirrored(func(opts *git.Options) { opts.Owner = &git.Owner{UID: 4711, GID: 4711} })
	dir := worktree(t, g, o, sha)
	data := filepath.Dir(filepath.Dir(git.MirrorDir(g, o.repo)))
	step := func(script string) (string, error) { return asUser(t, 4711, dir, script) }
	if out, err := step("cat README && echo x > new && mkdir d"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, script := range []string{"ls " + data, "ls " + data + "/mirrors", "cat " + git.MirrorDir(g, o.repo) + "/HEAD", "ls " + data + "/slots",
		"ls " + data + "/worktrees", "ls " + filepath.Dir(dir), "touch " + filepath.Dir(dir) + "/x", "mv " + dir + " " + dir + "2", "rmdir " + dir,
		"cat " + git.SlotDir(g, o.repo, "one") + "/index", "touch " + data + "/home/.gitconfig", "ls " + data + "/tmp"} {
		if out, err := step(script); err == nil {
			t.Errorf("a step's user may %s: %s", script, out)
		}
	}
	if out, err := asUser(t, 4713, "/", "ls "+dir); err == nil {
		t.Errorf("another user looks into a worktree: %s", out)
	}
}
