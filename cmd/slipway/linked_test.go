package main

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestNothingIsLinkedForItsName holds that no library looks methods up by names that only the running program knows, as text/template does.
// The linker must then keep every method of every type, and the server holds some megabytes more: GitHub's client alone has thousands.
func TestNothingIsLinkedForItsName(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "build", "-ldflags=-dumpdep", "-o", filepath.Join(t.TempDir(), "slipway"), ".").CombinedOutput()
	if err != nil {
		t.Fatalf("building slipway: %v\n%.2000s", err, out)
	}
	for line := range bytes.Lines(out) {
		if from, to, _ := bytes.Cut(line, []byte(" -> ")); bytes.Contains(to, []byte("<ReflectMethod>")) {
			t.Errorf("%s needs %s", from, bytes.TrimSpace(to))
		}
	}
	if !bytes.Contains(out, []byte("main.main -> ")) {
		t.Errorf("the linker did not say what needs what: %.2000s", out)
	}
}
