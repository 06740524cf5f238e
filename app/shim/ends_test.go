package shim_test

import (
	"os"
	"testing"
	"time"

	"github.com/slipway-cd/slipway/app"
	"github.com/slipway-cd/slipway/app/shim"
)

// TestEnds: how a program ended is known until it is forgotten, and what is spared is not forgotten.
func TestEnds(t *testing.T) {
	ends := shim.Ends(t.TempDir())
	known := func(key string) bool {
		s, ok, err := ends.Read(key)
		if err != nil || ok && (s.Outcome != app.Failed || s.Reason != key) {
			t.Errorf("%s ended with %+v, %v", key, s, err)
		}
		return ok
	}
	for _, key := range []string{"a/1", "a/2"} {
		if known(key) {
			t.Errorf("%s is known before it is written", key)
		}
		if err := ends.Write(key, app.Status{Outcome: app.Failed, Reason: key}); err != nil {
			t.Fatal(err)
		}
	}
	forget := func(before time.Time, spare ...string) {
		if err := ends.Forget(before, spare); err != nil {
			t.Fatal(err)
		}
	}
	forget(time.Now().Add(-time.Hour))
	if !known("a/1") || !known("a/2") {
		t.Error("what is newer was forgotten")
	}
	forget(time.Now().Add(time.Hour), "a/2")
	if known("a/1") || !known("a/2") {
		t.Error("what is older is known, or what was spared is not")
	}
	if err := os.WriteFile(string(ends)+"/"+shim.Hashed("a/3")+".json", []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := ends.Read("a/3"); err == nil {
		t.Error("half a file is read as whole")
	}
}
