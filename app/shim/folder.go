package shim

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// The files of a key's folder; doc.go tells what each is for.
const (
	keyFile   = "key"
	claimFile = "claim"
	logFile   = "log"
	exitFile  = "exit"
)

// newPrefix marks folders that are being made. A key's folder never begins with a dot.
const newPrefix = ".new-"

// errTaken means that another process claimed the key first.
var errTaken = errors.New("the key is taken")

// folder is the path of a key's folder.
type folder string

func (f folder) path(name string) string { return filepath.Join(string(f), name) }

// folderName is readable for people and unique for the machine: any two keys differ in the hash.
func folderName(key string) string {
	readable := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '-'
	}, key)
	if len(readable) > 48 {
		readable = readable[:48]
	}
	return "k" + readable + "-" + Hashed(key)
}

// Hashed is a short name of a key for files and folders. It says nothing to who doesn't know the key.
func Hashed(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:16])
}

// makeFolder makes the key's folder with the key in it, in one step as others see it. It does nothing if it exists.
func makeFolder(dir, key string) (folder, error) {
	f := folder(filepath.Join(dir, folderName(key)))
	if _, err := os.Lstat(string(f)); err == nil {
		return f, nil
	}
	temp, err := os.MkdirTemp(dir, newPrefix)
	if err != nil {
		return "", fmt.Errorf("making a job's folder: %w", err)
	}
	defer os.RemoveAll(temp)
	if err := os.WriteFile(filepath.Join(temp, keyFile), []byte(key), 0o600); err != nil {
		return "", fmt.Errorf("naming a job's folder: %w", err)
	}
	err = os.Rename(temp, string(f))
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("making a job's folder: %w", err)
	}
	return f, nil
}

// claim is what a claim file holds. It is never changed.
type claim struct {
	PID          int       `json:"pid"` // the shim's; 0: no process to talk to
	Started      time.Time `json:"started"`
	LeaveRunning bool      `json:"leave_running"`
}

// take claims the key for ever: it creates the claim, which must not exist. The file that it returns holds the lock; closing
// it, or dying, frees it. The lock is taken before the claim gets its name, so that nobody sees a claim of the living free.
func (f folder) take(c claim) (*os.File, error) {
	file, err := os.CreateTemp(string(f), claimFile+".")
	if err != nil {
		return nil, fmt.Errorf("claiming the key: %w", err)
	}
	defer os.Remove(file.Name())
	if err := f.name(file, c); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

func (f folder) name(file *os.File, c claim) error {
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return fmt.Errorf("locking the claim: %w", err)
	}
	if err := json.NewEncoder(file).Encode(c); err != nil {
		return fmt.Errorf("writing the claim: %w", err)
	}
	err := os.Link(file.Name(), f.path(claimFile))
	if errors.Is(err, fs.ErrExist) {
		return errTaken
	}
	if err != nil {
		return fmt.Errorf("claiming the key: %w", err)
	}
	return nil
}

// reserve makes room on the disk for an exit record. It comes before the claim, so that a full disk refuses a job instead of
// losing its outcome. The file is the caller's alone until record gives it its name.
func (f folder) reserve() (path string, err error) {
	file, err := os.CreateTemp(string(f), exitFile+".")
	if err != nil {
		return "", fmt.Errorf("reserving the exit record: %w", err)
	}
	_, err = file.Write(blankRecord())
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		os.Remove(file.Name())
		return "", fmt.Errorf("reserving the exit record: %w", err)
	}
	return file.Name(), nil
}

// secure brings the claim to the disk. Only then may the program start: a claim that a power cut undoes would let it run twice.
func (f folder) secure() error {
	for _, dir := range []string{string(f), filepath.Dir(string(f))} {
		if err := syncDir(dir); err != nil {
			return fmt.Errorf("securing the claim: %w", err)
		}
	}
	return nil
}

// record writes the exit record into its reserved file and gives it its name, for ever.
func (f folder) record(reserved string, e Exit) error {
	data, err := e.encode()
	if err != nil {
		return err
	}
	if err := overwrite(reserved, data); err != nil {
		return fmt.Errorf("writing the exit record: %w", err)
	}
	if err := os.Rename(reserved, f.path(exitFile)); err != nil {
		return fmt.Errorf("writing the exit record: %w", err)
	}
	if err := syncDir(string(f)); err != nil {
		return fmt.Errorf("securing the exit record: %w", err)
	}
	return nil
}

// look tells how the key stands. The lock is tried before the record is read: a shim writes its record before it lets go.
func (f folder) look() (Status, claim, error) {
	c, held, err := f.claim()
	if errors.Is(err, fs.ErrNotExist) {
		return Status{State: Absent}, claim{}, nil
	}
	if err != nil {
		return Status{}, claim{}, fmt.Errorf("reading a job's claim: %w", err)
	}
	st := Status{Started: c.Started}
	data, err := os.ReadFile(f.path(exitFile))
	switch {
	case err == nil:
		if st.Exit, err = decodeExit(data); err != nil {
			st.Reason = err.Error()
			return st, c, nil
		}
		st.State = Ended
	case !errors.Is(err, fs.ErrNotExist):
		return Status{}, claim{}, fmt.Errorf("reading a job's exit record: %w", err)
	case held:
		st.State = Running
	}
	return st, c, nil
}

// claim reads the claim and whether its shim holds it. A claim that a power cut left unreadable still claims.
func (f folder) claim() (c claim, held bool, err error) {
	file, err := os.Open(f.path(claimFile))
	if err != nil {
		return claim{}, false, err
	}
	defer file.Close()
	held, err = locked(file)
	if err != nil {
		return claim{}, false, err
	}
	if err := json.NewDecoder(file).Decode(&c); err != nil {
		c = claim{LeaveRunning: true} // what it started may be anything, so nothing is swept
	}
	if info, err := file.Stat(); err == nil && c.Started.IsZero() {
		c.Started = info.ModTime()
	}
	return c, held, nil
}

// locked asks by trying; the lock goes when the file is closed.
func locked(file *os.File) (bool, error) {
	err := unix.Flock(int(file.Fd()), unix.LOCK_SH|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("trying the lock: %w", err)
	}
	return false, nil
}

// overwrite takes no new room: the data is as long as what is there.
func overwrite(path string, data []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Sync(), file.Close())
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
