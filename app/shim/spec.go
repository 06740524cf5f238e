package shim

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// DefaultGrace is how long a program may take to end after SIGTERM before it is killed.
const DefaultGrace = 10 * time.Second

// DefaultLogLimit is how many bytes of output a log keeps.
const DefaultLogLimit = 64 << 20

// Spec says what to run. It holds secrets: it prints as its key alone.
type Spec struct {
	// Key names this run for ever: it is started at most once. Any text but the empty one.
	Key string
	// Command is the program and its arguments. A name without a slash is looked for in Env's PATH, never in the server's.
	Command []string
	// Dir is the working directory, absolute.
	Dir string
	// Env is the whole environment, as NAME=value; see Environment. HOME and TMPDIR are added unless they are given.
	Env []string
	// Secrets are the values that are replaced by *** in the log, however the program writes them out in pieces.
	Secrets []string
	// Isolation says which user runs it. Its zero value is refused.
	Isolation Isolation
	// Timeout is how long it may run, at least a nanosecond: nothing runs without end.
	Timeout time.Duration
	// Grace is the time between SIGTERM and SIGKILL. Zero is DefaultGrace.
	Grace time.Duration
	// LeaveRunning lets what the program leaves behind live on (a deployment may have started the service). A time-out or a
	// Cancel kills it all the same. Without it, everything is killed when the program ends, in whatever session it is.
	LeaveRunning bool
	// LogLimit is how many bytes of output are kept; what is over it is left out, but for the last 64 KiB. Zero is
	// DefaultLogLimit.
	LogLimit int64
}

// String is the key alone: a Spec holds secrets.
func (s Spec) String() string { return "job " + s.Key }

// GoString is the key alone: a Spec holds secrets.
func (s Spec) GoString() string { return s.String() }

// check refuses what could only fail later, or run in a way that nobody asked for.
func (s Spec) check() error {
	switch {
	case s.Key == "":
		return errors.New("a job needs a key")
	case len(s.Command) == 0 || s.Command[0] == "":
		return fmt.Errorf("job %s names no program", s.Key)
	case !filepath.IsAbs(s.Dir):
		return fmt.Errorf("job %s: the working directory %q is not absolute", s.Key, s.Dir)
	case s.Timeout <= 0:
		return fmt.Errorf("job %s has no time limit", s.Key)
	case s.Grace < 0 || s.LogLimit < 0:
		return fmt.Errorf("job %s: grace and log limit can't be negative", s.Key)
	case !s.Isolation.decided():
		return fmt.Errorf("job %s: nobody said which user runs it", s.Key)
	}
	for _, arg := range s.Command {
		if strings.ContainsRune(arg, 0) {
			return fmt.Errorf("job %s: an argument holds a NUL byte", s.Key)
		}
	}
	for _, v := range s.Env {
		if err := checkVariable(v); err != nil {
			return fmt.Errorf("job %s: %w", s.Key, err)
		}
	}
	return nil
}

// job is what the Host tells the shim: the spec with its defaults filled in, and what only the Host knows. Texts travel as
// bytes, because arguments, variables and secrets need not be UTF-8.
type job struct {
	Command      [][]byte      `json:"command"`
	Dir          []byte        `json:"dir"`
	Env          [][]byte      `json:"env"`
	Secrets      [][]byte      `json:"secrets"`
	User         *credential   `json:"user,omitempty"` // nil: the server's own user
	Timeout      time.Duration `json:"timeout"`
	Grace        time.Duration `json:"grace"`
	LeaveRunning bool          `json:"leave_running"`
	LogLimit     int64         `json:"log_limit"`
	Home         string        `json:"home"` // the folder of HOME and TMPDIR, not made yet
	Fault        fault         `json:"fault"`
}

func newJob(s Spec, home string, f Fault) job {
	return job{
		Command: asBytes(s.Command), Dir: []byte(s.Dir), Env: asBytes(s.Env), Secrets: asBytes(s.Secrets),
		User: s.Isolation.user, Timeout: s.Timeout, Grace: cmp.Or(s.Grace, DefaultGrace),
		LeaveRunning: s.LeaveRunning, LogLimit: cmp.Or(s.LogLimit, DefaultLogLimit),
		Home: home, Fault: newFault(f),
	}
}

func asBytes(texts []string) [][]byte {
	all := make([][]byte, len(texts))
	for i, text := range texts {
		all[i] = []byte(text)
	}
	return all
}

func asStrings(all [][]byte) []string {
	texts := make([]string, len(all))
	for i, b := range all {
		texts[i] = string(b)
	}
	return texts
}
