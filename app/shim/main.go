package shim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/slipway-cd/slipway/app"
)

// What Main returns. The Host doesn't read it: what counts is in the key's folder.
const (
	exitDone        = 0
	exitFailed      = 1 // nothing is known of an outcome
	exitUsage       = 2
	exitTaken       = 3 // another shim has the key
	exitInterrupted = 4
)

// drainArg asks for the drain instead of a job; a job's folder is an absolute path.
const drainArg = "drain"

// replyFD is where the Host waits to hear that the key is claimed. It may be gone: the shim doesn't need the Host.
const replyFD = 3

// What the shim answers to the Host. Anything else is the sentence of an error.
const (
	replyClaimed = "claimed"
	replyTaken   = "taken"
)

// Main is the shim: the body of the hidden subcommand, called with the arguments after its name, and the last thing that its
// process does. It takes over the process: signals, standard input, children. The clock must be the real one.
//
// SIGUSR1 cancels the program. SIGTERM, SIGINT and SIGHUP mean that the machine or the operator ends the shim itself: it stops
// the program and leaves the outcome unknown, for the program had no say in it.
func Main(clock app.Clock, args []string) int {
	runtime.LockOSThread() // the program dies with this thread, see program.start
	if err := harden(); err != nil {
		fmt.Fprintln(os.Stderr, "slipway shim:", err)
		return exitFailed
	}
	if len(args) != 1 {
		fmt.Fprintln(os.Stderr, "slipway shim is started by the server, with a job's folder")
		return exitUsage
	}
	if args[0] == drainArg {
		_, _ = io.Copy(io.Discard, os.Stdin)
		return exitDone
	}
	reply := os.NewFile(replyFD, "reply")
	code, err := runJob(clock, folder(args[0]), reply)
	if err != nil {
		fmt.Fprint(reply, err) // only an unclaimed key has a reader left
	}
	return code
}

// harden makes the process a shim: unreadable for programs of its own user, heir of all that its program leaves behind, and
// without any open file that the server happened to inherit.
func harden() error {
	_ = os.WriteFile("/proc/self/comm", []byte("slipway-shim"), 0) // for ps; it is started as /proc/self/exe
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("hiding the shim's memory: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("adopting what programs leave behind: %w", err)
	}
	if err := unix.CloseRange(replyFD, math.MaxInt32, unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return fmt.Errorf("keeping open files from the program: %w", err)
	}
	unix.Umask(0o022)
	return nil
}

// runJob claims the key and sees the program through. Whatever can fail is tried before the claim: a job that could not begin
// is no outcome, and can be tried again.
func runJob(clock app.Clock, f folder, reply *os.File) (int, error) {
	j, err := readJob(os.Stdin)
	if err != nil {
		return exitUsage, err
	}
	log, err := newLogWriter(f.path(logFile), j.LogLimit)
	if err != nil {
		return exitFailed, err
	}
	if err := debug.SetCrashOutput(log.file, debug.CrashOptions{}); err != nil {
		return exitFailed, fmt.Errorf("sending crashes to the log: %w", err)
	}
	reserved, err := f.reserve()
	if err != nil {
		return exitFailed, err
	}
	s := newSupervisor(j, clock, log) // before the claim, for afterwards the Host may send signals
	lock, err := f.take(claim{PID: os.Getpid(), Started: clock.Now().UTC(), LeaveRunning: j.LeaveRunning})
	if err != nil {
		os.Remove(reserved)
		return refused(err, reply)
	}
	defer lock.Close()
	_, _ = reply.WriteString(replyClaimed)
	_ = reply.Close()
	j.Fault.strike(AtClaim)
	exit := Exit{Outcome: NotStarted}
	if err := f.secure(); err != nil {
		exit.Reason = err.Error()
	} else {
		exit = s.run()
	}
	if s.interrupted {
		return exitInterrupted, nil
	}
	j.Fault.strike(BeforeExit)
	exit.Ended = clock.Now().UTC()
	exit.LogBytes, exit.LogProblem = log.close()
	if err := f.record(reserved, exit); err != nil {
		return exitFailed, nil // the outcome is unknown, and nobody is left to be told why
	}
	j.Fault.strike(AfterExit)
	return exitDone, nil
}

func refused(err error, reply *os.File) (int, error) {
	if !errors.Is(err, errTaken) {
		return exitFailed, err
	}
	_, _ = reply.WriteString(replyTaken)
	return exitTaken, nil
}

// readJob reads the job and gives up standard input, which holds secrets.
func readJob(stdin *os.File) (job, error) {
	var j job
	if err := json.NewDecoder(stdin).Decode(&j); err != nil {
		return job{}, fmt.Errorf("reading the job: %w", err)
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return job{}, fmt.Errorf("giving up standard input: %w", err)
	}
	defer null.Close()
	if err := unix.Dup3(int(null.Fd()), int(stdin.Fd()), 0); err != nil {
		return job{}, fmt.Errorf("giving up standard input: %w", err)
	}
	return j, nil
}

// startDrain leaves a process behind that reads what survivors of a deployment write, for ever and to nowhere: without a
// reader their next line would kill them.
func startDrain(pipe *os.File) error {
	args := append(slices.Clone(os.Args[:len(os.Args)-1]), drainArg)
	cmd := &exec.Cmd{
		Path: "/proc/self/exe", Args: args, Env: []string{}, Dir: "/", Stdin: pipe,
		SysProcAttr: &syscall.SysProcAttr{Setsid: true},
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting the drain: %w", err)
	}
	return nil
}
