package shim

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
)

// Isolation says which user runs a program. The zero value is undecided, and Ensure refuses it: running as the server's own
// user must be somebody's word. It is immutable and safe for concurrent use.
type Isolation struct {
	same bool
	name string
	user *credential
}

// credential is a user as the kernel knows it.
type credential struct {
	UID    uint32   `json:"uid"`
	GID    uint32   `json:"gid"`
	Groups []uint32 `json:"groups,omitempty"`
	Name   string   `json:"name"`
}

// SameUser runs programs as the server's own user: they may read all that the server can.
func SameUser() Isolation { return Isolation{same: true} }

// AsUser runs programs as another user, with that user's groups. The name is a login, or "uid:gid" for a user that the machine
// has no entry for. It is an error if the server is not root, if the user is unknown, or if it is root or the server's own.
func AsUser(name string) (Isolation, error) {
	if os.Geteuid() != 0 {
		return Isolation{}, fmt.Errorf("running programs as %s: only root can run them as another user", name)
	}
	c, err := findUser(name)
	if err != nil {
		return Isolation{}, fmt.Errorf("running programs as %s: %w", name, err)
	}
	if c.UID == 0 || c.UID == uint32(os.Geteuid()) {
		return Isolation{}, fmt.Errorf("running programs as %s: that is the server's own user", name)
	}
	return Isolation{name: name, user: c}, nil
}

// String is the sentence that a check's summary shows.
func (i Isolation) String() string {
	switch {
	case i.user != nil:
		return fmt.Sprintf("runs as user %s (uid %d)", i.name, i.user.UID)
	case i.same:
		return "runs as the server's own user: it may read all that the server can"
	default:
		return "runs as nobody said whom"
	}
}

// Owner is who must own the folders that a program writes to. ok is false when it is the server's own user.
func (i Isolation) Owner() (uid, gid int, ok bool) {
	if i.user == nil {
		return 0, 0, false
	}
	return int(i.user.UID), int(i.user.GID), true
}

func (i Isolation) decided() bool { return i.same != (i.user != nil) }

func findUser(name string) (*credential, error) {
	if uid, gid, ok := strings.Cut(name, ":"); ok {
		return numericUser(name, uid, gid)
	}
	u, err := user.Lookup(name)
	if err != nil {
		return nil, err
	}
	c, err := numericUser(name, u.Uid, u.Gid)
	if err != nil {
		return nil, err
	}
	groups, err := u.GroupIds()
	if err != nil {
		return nil, fmt.Errorf("reading its groups: %w", err)
	}
	for _, text := range groups {
		gid, err := number(text)
		if err != nil {
			return nil, err
		}
		if gid == 0 {
			return nil, errors.New("it is in root's group")
		}
		c.Groups = append(c.Groups, gid)
	}
	return c, nil
}

func numericUser(name, uidText, gidText string) (*credential, error) {
	uid, err := number(uidText)
	if err != nil {
		return nil, err
	}
	gid, err := number(gidText)
	if err != nil {
		return nil, err
	}
	if gid == 0 {
		return nil, errors.New("it is in root's group")
	}
	return &credential{UID: uid, GID: gid, Name: name}, nil
}

func number(text string) (uint32, error) {
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%q is not a user or group number", text)
	}
	if n == 1<<32-1 {
		return 0, fmt.Errorf("%s is no user: the kernel takes it for \"unchanged\"", text)
	}
	return uint32(n), nil
}
