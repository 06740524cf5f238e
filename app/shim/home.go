package shim

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// makeHome makes the folder with the program's HOME and TMPDIR. It must not exist: what somebody prepared is not fresh. The
// folder itself stays the server's, so that a program can't put others in the place of the two.
func makeHome(home string, user *credential) error {
	if err := os.Mkdir(home, 0o711); err != nil {
		return fmt.Errorf("making the program's own folder: %w", err)
	}
	for _, name := range []string{"home", "tmp"} {
		dir := filepath.Join(home, name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			return fmt.Errorf("making the program's own folder: %w", err)
		}
		if user == nil {
			continue
		}
		if err := os.Lchown(dir, int(user.UID), int(user.GID)); err != nil {
			return fmt.Errorf("giving the program its own folder: %w", err)
		}
	}
	return nil
}

// removeHome removes it with what the program left in it. Programs leave folders that not even their owner may write to (Go's
// module cache is one), so those are opened up first where that is needed.
func removeHome(home string) error {
	err := os.RemoveAll(home)
	if errors.Is(err, fs.ErrPermission) {
		_ = filepath.WalkDir(home, func(path string, entry fs.DirEntry, _ error) error {
			if entry != nil && entry.IsDir() {
				_ = os.Chmod(path, 0o700)
			}
			return nil
		})
		err = os.RemoveAll(home)
	}
	if err != nil {
		return fmt.Errorf("removing a program's own folder: %w", err)
	}
	return nil
}
