package git

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"
)

// trash is a folder that only the server can enter. What has to go is moved there at once, however large it is, and removed behind
// the back of whoever waits.
type trash struct {
	folder
	next int // the name of what comes next
}

// take removes what a folder holds under a name; a folder is moved here. What is not there is gone already.
func (t *trash) take(f folder, name string, isFolder bool) error {
	err := t.takeOnce(f, name, isFolder)
	if errors.Is(err, unix.EACCES) && isFolder {
		if err = f.unlock(name); err == nil { // to move a folder is to write to it
			err = t.takeOnce(f, name, isFolder)
		}
	}
	if err != nil && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("removing %q: %w", name, err)
	}
	return nil
}

func (t *trash) takeOnce(f folder, name string, isFolder bool) error {
	if !isFolder {
		return unix.Unlinkat(f.fd, name, 0)
	}
	for {
		t.next++
		err := unix.Renameat(f.fd, name, t.fd, strconv.Itoa(t.next))
		if !errors.Is(err, unix.ENOTEMPTY) && !errors.Is(err, unix.EEXIST) && !errors.Is(err, unix.ENOTDIR) {
			return err
		}
	}
}

// empty removes all that is here. It gives up when a whole pass removes nothing.
func (t *trash) empty(ctx context.Context) error {
	for {
		found, removed := 0, 0
		var last error
		err := t.each(func(name string) error {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			found++
			if last = t.remove(ctx, t.folder, name, 0); last == nil {
				removed++
			}
			return nil
		})
		if err != nil || found == 0 {
			return err
		}
		if removed == 0 {
			return last
		}
	}
}

// deepest is how many folders are held open at once. A step can nest them without end.
const deepest = 64

// remove removes a file or a folder with all that is in it. What lies too deep is moved to the top of the trash, for the next pass.
func (t *trash) remove(ctx context.Context, f folder, name string, depth int) error {
	err := unix.Unlinkat(f.fd, name, 0)
	if err == nil || errors.Is(err, unix.ENOENT) {
		return nil
	}
	if !errors.Is(err, unix.EISDIR) && !errors.Is(err, unix.EPERM) {
		return err
	}
	if depth > deepest {
		return t.take(f, name, true)
	}
	sub, err := f.open(name)
	if err != nil {
		return err
	}
	defer sub.close()
	if err := sub.settle(0o700, nil); err != nil {
		return err
	}
	for removed := 1; removed > 0; {
		removed = 0
		err := sub.each(func(name string) error {
			removed++
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return t.remove(ctx, sub, name, depth+1)
		})
		if err != nil {
			return err
		}
	}
	return unix.Unlinkat(f.fd, name, unix.AT_REMOVEDIR)
}
