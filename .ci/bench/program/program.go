// Package program starts the programs that are measured, and reads what they cost from /proc. Linux only, as slipway is.
package program

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// Program is a program that was started. Its methods are for one goroutine.
type Program struct {
	cmd    *exec.Cmd
	log    *os.File
	ended  chan struct{}
	result error
}

// Start starts a program with exactly this environment, in a process group of its own, so that a Ctrl-C meant for the benchmark leaves it
// to be ended in order. What it prints goes to the file logs; it is appended.
func Start(path string, env []string, logs string, args ...string) (*Program, error) {
	log, err := os.OpenFile(logs, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening a program's log: %w", err)
	}
	cmd := exec.Command(path, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = env, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		log.Close()
		return nil, fmt.Errorf("starting %s: %w", filepath.Base(path), err)
	}
	p := &Program{cmd: cmd, log: log, ended: make(chan struct{})}
	go func() {
		p.result = cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// PID is the process's number.
func (p *Program) PID() int { return p.cmd.Process.Pid }

// Ended is closed when the program has ended.
func (p *Program) Ended() <-chan struct{} { return p.ended }

// Failure is an error that holds the end of the program's log: for programs that ended when they should not have.
func (p *Program) Failure(doing string) error {
	text, _ := os.ReadFile(p.log.Name())
	if len(text) > 2000 {
		text = text[len(text)-2000:]
	}
	return fmt.Errorf("%s: %s: the end of its log:\n%s", doing, filepath.Base(p.cmd.Path), text)
}

// Kill ends the program at once, as kill -9 does, and waits until it is gone.
func (p *Program) Kill() {
	p.cmd.Process.Kill()
	<-p.ended
	p.log.Close()
}

// stopWithin is how long a program has to end when it is asked to.
const stopWithin = 15 * time.Second

// Stop asks the program to end, waits, and kills it if it does not.
func (p *Program) Stop() error {
	defer p.log.Close()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("asking a program to end: %w", err)
	}
	select {
	case <-p.ended:
		return nil
	case <-time.After(stopWithin):
		p.cmd.Process.Kill()
		<-p.ended
		return errors.New("a program did not end when it was asked to")
	}
}

// Build builds the command in a folder of the module at root and gives its path below dir.
func Build(ctx context.Context, root, folder, dir string) (string, error) {
	path := filepath.Join(dir, filepath.Base(folder))
	cmd := exec.CommandContext(ctx, "go", "build", "-o", path, folder)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", folder, err, out)
	}
	return path, nil
}

// FreeAddress is an address on loopback whose port nobody uses now.
func FreeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("looking for a free port: %w", err)
	}
	defer l.Close()
	return "127.0.0.1:" + strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
}
