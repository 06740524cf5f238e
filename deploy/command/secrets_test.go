package command

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/slipway-cd/slipway/app"
)

// TestSecrets (token in logs): a step gets its environment's secrets and no other's, what it prints of them never reaches the log, and they are
// in nobody's arguments.
func TestSecrets(t *testing.T) {
	w := newWorld(t, nil)
	w.secret("acme/shop/web/production/TOKEN", "open-sesame\n", 0o600)
	w.secret("acme/shop/web/production/KEY", "-----BEGIN\nfirst line of it\nsecond line of it\n\n", 0o640)
	w.secret("acme/shop/web/production/EMPTY", "", 0o600)
	w.secret("acme/shop/web/production/.hidden", "x", 0o644)
	w.secret("acme/shop/web/production/deeper/OTHER", "not-yours", 0o600)
	w.secret("acme/shop/web/staging/OTHER", "not-yours", 0o600)
	w.secret("acme/shop/production/OTHER", "not-yours", 0o600)
	w.secret("acme/other/web/production/OTHER", "not-yours", 0o600)
	s := w.finish(w.deployment(`echo "$TOKEN"; test "$TOKEN" = open-"sesame" && echo right
printf '%s' "$KEY" | wc -l; printf '%s\n' "$KEY" | sed -n 2p; echo "other:$OTHER"; echo "empty:${EMPTY-unset}"
printf 'open-ses%s' ame >pattern; grep -lFf pattern /proc/[0-9]*/cmdline 2>/dev/null || echo in no arguments`))
	if s.Outcome != app.Succeeded || s.Tail != "***\nright\n3\n***\nother:\nempty:\nin no arguments\n" {
		t.Errorf("%+v", s)
	}
}

func TestSecretsWithoutServices(t *testing.T) {
	w := newWorld(t, nil)
	w.secret("acme/shop/production/TOKEN", "open-sesame", 0o600)
	x := w.deployment(`test "$TOKEN" = open-"sesame"`)
	x.Service = ""
	if s := w.finish(x); s.Outcome != app.Succeeded {
		t.Errorf("%+v", s)
	}
}

// TestSecretsInAnyCase: GitHub does not tell Acme from acme; a release that goes out without its secrets for that would be a riddle.
func TestSecretsInAnyCase(t *testing.T) {
	w := newWorld(t, nil)
	w.secret("Acme/SHOP/web/production/TOKEN", "open-sesame", 0o600)
	if s := w.finish(w.deployment(`test "$TOKEN" = open-"sesame"`)); s.Outcome != app.Succeeded {
		t.Errorf("%+v", s)
	}
}

// TestMountedSecrets: a mounted volume has links inside the folder.
func TestMountedSecrets(t *testing.T) {
	w := newWorld(t, nil)
	w.secret("acme/shop/web/production/..2026/TOKEN", "open-sesame", 0o600)
	w.link("..2026", "acme/shop/web/production/..data")
	w.link("..data/TOKEN", "acme/shop/web/production/TOKEN")
	if s := w.finish(w.deployment(`test "$TOKEN" = open-"sesame"`)); s.Outcome != app.Succeeded {
		t.Errorf("%+v", s)
	}
}

func TestNoSecrets(t *testing.T) {
	w := newWorld(t, nil)
	if s := w.finish(w.deployment("true")); s.Outcome != app.Succeeded {
		t.Errorf("none for it: %+v", s)
	}
	w.d.opts.Secrets = ""
	if s := w.finish(another(w.deployment(""), "2", "true")); s.Outcome != app.Succeeded {
		t.Errorf("none at all: %+v", s)
	}
}

// TestUnfitSecrets: they stop the deployment, with a sentence that names the file and never its content.
func TestUnfitSecrets(t *testing.T) {
	const folder = "acme/shop/web/production/"
	w := newWorld(t, nil)
	for name, test := range map[string]struct {
		spoil  func()
		reason string
	}{
		"readable": {func() { w.secret(folder+"A", "sesame", 0o644) },
			"everybody on the machine can read or change the secret " + folder + "A. Run chmod o= on it"},
		"writable": {func() { w.secret(folder+"A", "sesame", 0o602) },
			"everybody on the machine can read or change the secret " + folder + "A. Run chmod o= on it"},
		"slipway's own": {func() { w.secret(folder+"SLIPWAY_COMMIT", "sesame", 0o600) },
			"the secret " + folder + "SLIPWAY_COMMIT can't be the name of a variable for deploy steps"},
		"PATH": {func() { w.secret(folder+"PATH", "sesame", 0o600) },
			"the secret " + folder + "PATH can't be the name of a variable for deploy steps"},
		"a loader's": {func() { w.secret(folder+"LD_PRELOAD", "sesame", 0o600) },
			"the secret " + folder + "LD_PRELOAD can't be the name of a variable for deploy steps"},
		"an editor's copy": {func() { w.secret(folder+"TOKEN~", "sesame", 0o600) },
			"the secret " + folder + "TOKEN~ can't be the name of a variable for deploy steps"},
		"a digit": {func() { w.secret(folder+"1TOKEN", "sesame", 0o600) },
			"the secret " + folder + "1TOKEN can't be the name of a variable for deploy steps"},
		"a link to another folder": {func() { w.secret("elsewhere", "sesame", 0o600); w.link("../../../../elsewhere", folder+"A") },
			"the secret " + folder + "A can't be read, or leads out of its folder"},
		"a link out": {func() { w.link("/etc/hostname", folder+"A") },
			"the secret " + folder + "A can't be read, or leads out of its folder"},
		"a link to itself": {func() { w.link("A", folder+"A") },
			"the secret " + folder + "A can't be read, or leads out of its folder"},
		"a pipe": {func() {
			w.secret(folder+".x", "", 0o600)
			if err := syscall.Mkfifo(filepath.Join(w.dir, "secrets", folder, "A"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "the secret " + folder + "A is not a plain file"},
		"a zero byte": {func() { w.secret(folder+"A", "ses\x00ame", 0o600) },
			"the secret " + folder + "A holds a zero byte, which no variable can"},
		"too large": {func() { w.secret(folder+"A", strings.Repeat("sesame", 30_000), 0o600) },
			"the secret " + folder + "A is larger than 127 KiB"},
		"too much": {func() {
			for i := range 11 {
				w.secret(folder+"A"+strings.Repeat("A", i), strings.Repeat("x", 100_000), 0o600)
			}
		}, "the secrets in acme/shop/web/production are larger than 1024 KiB together"},
		"a folder that leads out": {func() { w.link("/etc", "acme/shop/web/production") },
			"the folder of secrets acme/shop/web/production can't be opened"},
		"a file for a folder": {func() { w.secret("acme/shop/web/production", "sesame", 0o600) },
			"the folder of secrets acme/shop/web/production can't be opened"},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if err := os.RemoveAll(filepath.Join(w.dir, "secrets/acme")); err != nil {
					t.Fatal(err)
				}
			}()
			test.spoil()
			s := w.finish(another(w.deployment(""), name, "echo ran >>"+w.dir+"/marks"))
			if s.Outcome != app.Failed || s.Reason != "could not be started: "+test.reason || s.Tail != "" || w.marks() != "" {
				t.Errorf("%+v", s)
			}
			if strings.Contains(s.Reason, "sesame") {
				t.Error("the secret is told")
			}
		})
	}
}

// TestNamesStayInside: no name of a repository, a service or an environment leads to another one's secrets.
func TestNamesStayInside(t *testing.T) {
	w := newWorld(t, nil)
	w.secret("acme/bank/web/production/TOKEN", "x", 0o600)
	for i, change := range []struct{ owner, name, service, environment string }{
		{"acme", "shop", "../bank/web", "production"}, {"acme", "shop", "..", "production"}, {"acme", "..", "web", "production"},
		{"acme", "shop", "web", "../../bank/web/production"}, {"", "acme", "bank", "web"}, {"acme", "shop", "web", ""}, {"acme", ".", "web", "production"},
	} {
		x := another(w.deployment(""), string(rune('a'+i)), "echo ran >>"+w.dir+"/marks")
		x.Repo.Owner, x.Repo.Name, x.Service, x.Environment = change.owner, change.name, change.service, change.environment
		if s := w.finish(x); s.Outcome != app.Failed || w.marks() != "" {
			t.Errorf("%v: %+v", change, s)
		}
	}
}

func TestSecretsFolder(t *testing.T) {
	if got := SecretsFolder("acme/shop", "web", "production"); got != "acme/shop/web/production" {
		t.Error(got)
	}
	if got := SecretsFolder("acme/shop", "", "production"); got != "acme/shop/production" {
		t.Error(got)
	}
}

func TestOneLineEndIsTheEditors(t *testing.T) {
	for value, want := range map[string]string{"": "", "\n": "", "x": "x", "x\n": "x", "x\n\n": "x\n", "x\r\n": "x", "x\r": "x\r", "\nx": "\nx"} {
		if got := withoutLineEnd(value); got != want {
			t.Errorf("%q became %q, want %q", value, got, want)
		}
	}
}
