package shim

import (
	"os"

	"golang.org/x/sys/unix"
)

// Point is a moment in a shim's life at which a crash test can strike. The zero value is never.
type Point string

const (
	// AtClaim is when the key is claimed and the program has not been started.
	AtClaim Point = "claim"
	// AtStart is when the program has been started.
	AtStart Point = "start"
	// BeforeExit is when the program has ended and no exit record exists.
	BeforeExit Point = "before exit"
	// AfterExit is when the exit record exists and the shim still lives.
	AfterExit Point = "after exit"
)

// Fault kills with SIGKILL at a point; the zero value does nothing.
//
// It is reached by Options.Faults alone, which is Go code: no flag, variable, file or spec leads to it, so production can't
// trip over it.
type Fault struct {
	At Point
	// Server kills the process that started the shim, if it is still there; Shim kills the shim, after the server.
	Server, Shim bool
}

// fault is a Fault on its way to the shim.
type fault struct {
	At     Point `json:"at,omitempty"`
	Server int   `json:"server,omitempty"` // 0: spared
	Shim   bool  `json:"shim,omitempty"`
}

func newFault(f Fault) fault {
	wire := fault{At: f.At, Shim: f.Shim}
	if f.Server {
		wire.Server = os.Getpid()
	}
	return wire
}

// strike kills the server only while it is the shim's parent: its process number may be another's by now.
func (f fault) strike(at Point) {
	if f.At != at {
		return
	}
	if f.Server != 0 && f.Server == os.Getppid() {
		_ = unix.Kill(f.Server, unix.SIGKILL)
	}
	if f.Shim {
		_ = unix.Kill(os.Getpid(), unix.SIGKILL)
		select {} // the signal is on its way: nothing more may happen
	}
}
