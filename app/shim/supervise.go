package shim

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"

	"github.com/slipway-cd/slipway/app"
)

const (
	// readMoment is how long the log's reader may go on after the program has ended.
	readMoment = 500 * time.Millisecond
	// killMoment is how long killed processes may take to be gone, before they are told of and left.
	killMoment = 10 * time.Second
	// shutdownMoment is how far apart a machine that shuts down may end a program and its shim.
	shutdownMoment = 250 * time.Millisecond
)

// phase is how far the ending of a program has come; it only goes up.
type phase int

const (
	running  phase = iota // by itself
	stopping              // SIGTERM was sent; grace runs
	killing               // SIGKILL is sent to whatever is left
	leaving               // what is left can't be killed
)

// supervisor sees one program from its start to its end. All of it happens on one goroutine: processes are signaled and reaped
// by the same hand, so that no signal can reach a process number that has become somebody else's.
type supervisor struct {
	job     job
	clock   app.Clock
	log     *logWriter
	ended   <-chan os.Signal // SIGCHLD
	control <-chan os.Signal // SIGUSR1 cancels, the others interrupt

	out         *output
	phase       phase
	limit       <-chan time.Time // when the phase is over
	release     func()           // of the limit's timer
	pid         int              // the program
	over        bool             // the program has ended, with status
	status      unix.WaitStatus
	alone       bool         // no children are left
	told        map[int]bool // children that got SIGTERM
	why         Outcome      // why it was stopped, if it was
	interrupted bool
}

// newSupervisor begins to listen for signals.
func newSupervisor(j job, clock app.Clock, log *logWriter) *supervisor {
	ended, control := make(chan os.Signal, 1), make(chan os.Signal, 8)
	signal.Notify(ended, unix.SIGCHLD)
	signal.Notify(control, unix.SIGUSR1, unix.SIGTERM, unix.SIGINT, unix.SIGHUP)
	return &supervisor{job: j, clock: clock, log: log, ended: ended, control: control, told: map[int]bool{}}
}

// run starts the program and returns when it has ended and nothing is left to do for it.
func (s *supervisor) run() Exit {
	started := s.clock.Now().UTC()
	if err := s.start(); err != nil {
		s.log.notice("the program could not be started: " + err.Error())
		return Exit{Outcome: NotStarted, Reason: err.Error()}
	}
	s.job.Fault.strike(AtStart)
	s.enter(running, s.job.Timeout)
	for !s.done() {
		select {
		case <-s.ended:
			s.reap()
		case sig := <-s.control:
			s.obey(sig)
		case <-s.limit:
			s.next()
		}
	}
	s.release()
	s.finishLog()
	s.lookForShutdown()
	exit := s.judge()
	exit.Started = started
	return exit
}

func (s *supervisor) start() error {
	p, err := newProgram(s.job)
	if err != nil {
		return err
	}
	if s.out, err = newOutput(s.log, asStrings(s.job.Secrets)); err != nil {
		return err
	}
	if s.pid, err = p.start(s.out.write); err != nil {
		return err
	}
	_ = s.out.write.Close()
	go s.out.copy()
	return nil
}

// enter begins a phase that lasts at most d.
func (s *supervisor) enter(p phase, d time.Duration) {
	if s.release != nil {
		s.release()
	}
	s.phase = p
	s.limit, s.release = s.clock.Timer(s.clock.Now().Add(d))
}

// done is whether the program has ended and nothing of it is left that must go.
func (s *supervisor) done() bool {
	if s.phase == leaving {
		return true
	}
	return s.over && (s.alone || s.phase == running && s.job.LeaveRunning)
}

// next is what follows when a phase has lasted too long.
func (s *supervisor) next() {
	switch s.phase {
	case running:
		s.log.notice(fmt.Sprintf("the time limit of %v is reached: stopping", s.job.Timeout))
		s.stop(TimedOut)
	case stopping:
		s.log.notice(fmt.Sprintf("still running %v after SIGTERM: killing", s.job.Grace))
		s.kill()
	default:
		s.log.notice("some processes can't be killed")
		s.phase = leaving
	}
}

// obey takes a signal that was sent to the shim. What the program did by itself is an outcome that no signal changes.
func (s *supervisor) obey(sig os.Signal) {
	switch {
	case sig == unix.SIGUSR1:
		if s.phase == running && !s.over {
			s.log.notice("canceled: stopping")
			s.stop(Canceled)
		}
	case s.why == "" && (!s.over || s.status.Signaled()):
		s.interrupted = true
		s.log.notice(fmt.Sprintf("the shim was told to end (%v): the outcome is unknown", sig))
		s.stop("")
	}
}

// stop asks the program and all that it started to end. The first reason counts.
func (s *supervisor) stop(why Outcome) {
	if s.phase != running || s.over {
		return
	}
	s.why = why
	s.enter(stopping, s.job.Grace)
	_ = unix.Kill(-s.pid, unix.SIGTERM) // not reaped yet, so the number is still its own and its group's
	s.told[s.pid] = true
	s.terminate()
}

// terminate sends SIGTERM to children that have had none: those that left the program's group, as they come to the shim.
func (s *supervisor) terminate() {
	s.each(func(pid int) {
		if !s.told[pid] {
			s.told[pid] = true
			_ = unix.Kill(pid, unix.SIGTERM)
		}
	})
}

// kill sends SIGKILL to the children. Those that they leave come to the shim in turn, and reap goes on with them.
func (s *supervisor) kill() {
	if s.phase != killing {
		s.enter(killing, killMoment)
	}
	s.each(func(pid int) { _ = unix.Kill(pid, unix.SIGKILL) })
}

// each does something to each child as it is found: one that keeps starting successors must not gain the time of a full list.
func (s *supervisor) each(do func(pid int)) {
	if err := eachChild(os.Getpid(), do); err != nil {
		s.log.notice(err.Error())
	}
}

// reap takes in all children that have ended, and deals with those that this has brought to the shim.
func (s *supervisor) reap() {
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, unix.WNOHANG, nil)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil: // ECHILD
			s.alone = true
			return
		case pid == 0:
			s.alone = false
			s.goOn()
			return
		case pid == s.pid && !s.over:
			s.over, s.status = true, status
		}
	}
}

func (s *supervisor) goOn() {
	switch {
	case s.phase == stopping:
		s.terminate()
	case s.phase == killing, s.over && !s.job.LeaveRunning:
		s.kill()
	}
}

// finishLog gives the reader its moment. If survivors of a deployment still hold the pipe, they get another reader.
func (s *supervisor) finishLog() {
	moment, release := s.clock.Timer(s.clock.Now().Add(readMoment))
	defer release()
	held := s.out.finish(moment)
	s.log.finish()
	if held && s.phase == running {
		if err := startDrain(s.out.read); err != nil {
			s.log.notice(err.Error())
		}
	}
}

// lookForShutdown waits for the shim's own signal when one that it did not send ended the program: a machine that shuts down
// ends both, in any order, and a program that was ended so has not failed.
func (s *supervisor) lookForShutdown() {
	if !s.over || !s.status.Signaled() || s.why != "" || s.interrupted {
		return
	}
	moment, release := s.clock.Timer(s.clock.Now().Add(shutdownMoment))
	defer release()
	for !s.interrupted {
		select {
		case sig := <-s.control:
			s.obey(sig)
		case <-moment:
			return
		}
	}
}

func (s *supervisor) judge() (exit Exit) {
	if s.over && s.status.Signaled() {
		exit.Signal = unix.SignalName(s.status.Signal())
	}
	switch {
	case s.why == TimedOut:
		exit.Outcome = TimedOut
		exit.Reason = fmt.Sprintf("its time limit was %v", s.job.Timeout)
	case s.why != "":
		exit.Outcome = s.why
	case !s.over:
		exit.Outcome = "" // nobody knows
	case s.status.Signaled():
		exit.Outcome = Signaled
	default:
		exit.Outcome, exit.Code = Exited, s.status.ExitStatus()
	}
	if s.phase == leaving {
		exit.Reason += " (some of its processes can't be killed)"
	}
	return exit
}
