package shim

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// testServer is a server that starts one job and then waits to be killed. Its arguments are the two folders, the point of a
// fault, whom it kills, "leave" or "", and the script.
func testServer(args []string) int {
	o := Options{Dir: args[0], Homes: args[1], Faults: func(string) Fault {
		return Fault{At: Point(args[2]), Server: strings.Contains(args[3], "server"), Shim: strings.Contains(args[3], "shim")}
	}}
	h, err := Open(o)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	env, _ := Environment(nil)
	_, err = h.Ensure(h.life, Spec{
		Key: "k", Command: []string{"sh", "-c", args[5]}, Dir: "/", Env: env,
		Isolation: SameUser(), Timeout: time.Minute, LeaveRunning: args[4] == "leave",
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("ensured")
	_, _ = os.Stdin.Read(make([]byte, 1)) // for ever: nobody writes
	return 0
}

// Row: an upgrade kills every build; a restart loses or re-runs everything.
func TestServerKilledAndJobAdopted(t *testing.T) {
	o := folders(t)
	dir := t.TempDir()
	gate, gateFile := fifo(t, dir, "gate")
	server := command(t, "server", o.Dir, o.Homes, "", "", "", "echo before; read x <"+gate+"; echo after; exit 5")
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := server.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	if err := server.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = server.Wait()

	d := newDones()
	o.Done = d.done
	h := openHost(t, o)
	if st := ensure(t, h, script(t, "k", "echo never; exit 9")); st.State != Running {
		t.Fatalf("after the server's death: %+v", st)
	}
	log := follow(t, h, "k")
	if text := line(t, log); text != "before" {
		t.Errorf("log begins with %q", text)
	}
	if _, err := gateFile.WriteString("go\n"); err != nil {
		t.Fatal(err)
	}
	d.next(t)
	if st := ensure(t, h, script(t, "k", "exit 9")); !exitedWith(st, 5) {
		t.Errorf("status %+v", st)
	}
	if text := line(t, log); text != "after" || d.count("k") != 1 {
		t.Errorf("log goes on with %q, Done was called %d times", text, d.count("k"))
	}
}

// Row: killed between starting a command and noting that it started.
func TestKilledAnywhere(t *testing.T) {
	for _, c := range []struct {
		at      Point
		whom    string
		state   State
		outcome Outcome
		runs    int
	}{
		{AtClaim, "server", Ended, Exited, 1},
		{AtStart, "server", Ended, Exited, 1},
		{BeforeExit, "server", Ended, Exited, 1},
		{AfterExit, "server", Ended, Exited, 1},
		{AtClaim, "server shim", Unknown, "", 0},
		{AtStart, "server shim", Unknown, "", -1}, // it may have come to its first line or not
		{BeforeExit, "server shim", Unknown, "", 1},
		{AfterExit, "server shim", Ended, Exited, 1},
	} {
		t.Run(string(c.at)+", "+c.whom, func(t *testing.T) {
			t.Parallel()
			o := folders(t)
			trace := filepath.Join(t.TempDir(), "trace")
			server := command(t, "server", o.Dir, o.Homes, string(c.at), c.whom, "", "echo ran >>"+trace)
			in, err := server.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			if err := server.Run(); err == nil {
				t.Fatal("the server was not killed")
			}
			h := openHost(t, o)
			for range 2 {
				st := run(t, h, script(t, "k", "echo ran >>"+trace))
				if st.State != c.state || st.Exit.Outcome != c.outcome {
					t.Errorf("status %+v", st)
				}
			}
			data, _ := os.ReadFile(trace)
			if runs := strings.Count(string(data), "ran"); runs > 1 || c.runs >= 0 && runs != c.runs {
				t.Errorf("it ran %d times", runs)
			}
		})
	}
}

func TestKilledBeforeTheShimIsStarted(t *testing.T) {
	o := folders(t)
	h := openHost(t, o)
	if _, err := makeFolder(o.Dir, "k"); err != nil { // and then the server died
		t.Fatal(err)
	}
	half := filepath.Join(o.Dir, newPrefix+"1")
	if err := os.Mkdir(half, 0o700); err != nil { // or before
		t.Fatal(err)
	}
	h.Close()
	h = openHost(t, o)
	if _, err := os.Lstat(half); !os.IsNotExist(err) {
		t.Errorf("a folder without a name is left: %v", err)
	}
	if st := wait(t, h, "k"); st.State != Absent {
		t.Fatalf("status %+v", st)
	}
	if st := run(t, h, script(t, "k", "exit 4")); !exitedWith(st, 4) {
		t.Errorf("status %+v", st)
	}
}

// The job is read whole before the key is claimed: half a job claims nothing.
func TestHalfAJobClaimsNothing(t *testing.T) {
	o := folders(t)
	h := openHost(t, o)
	f, err := makeFolder(o.Dir, "k")
	if err != nil {
		t.Fatal(err)
	}
	cmd := command(t, "shim", string(f))
	cmd.Stdin = strings.NewReader(`{"command":["c2g=`)
	if err := cmd.Run(); err == nil {
		t.Error("the shim is content with half a job")
	}
	if st := wait(t, h, "k"); st.State != Absent {
		t.Errorf("status %+v", st)
	}
}

func TestRacingEnsuresRunItOnce(t *testing.T) {
	o := folders(t)
	trace := filepath.Join(t.TempDir(), "trace")
	hosts := []*Host{openHost(t, o), openHost(t, o), openHost(t, o)}
	for round := range 5 {
		s := script(t, fmt.Sprint("race ", round), fmt.Sprintf("echo ran %d >>%s", round, trace))
		var all sync.WaitGroup
		for _, h := range hosts {
			for range 2 {
				all.Go(func() {
					if st, err := h.Ensure(ctx(t), s); err != nil || st.State == Absent || st.State == Unknown {
						t.Errorf("Ensure: %+v, %v", st, err)
					}
					if st, err := h.Wait(ctx(t), s.Key); err != nil || !exitedWith(st, 0) {
						t.Errorf("Wait: %+v, %v", st, err)
					}
				})
			}
		}
		all.Wait()
		data, _ := os.ReadFile(trace)
		if n := strings.Count(string(data), fmt.Sprintf("ran %d\n", round)); n != 1 {
			t.Fatalf("it ran %d times", n)
		}
	}
}

func TestShimKilledIsUnknownAndNothingIsLeft(t *testing.T) {
	d := newDones()
	o := folders(t)
	o.Done = d.done
	h := openHost(t, o)
	s := script(t, "k", "(setsid sh -c 'sleep 1000 & echo $!; wait' & ); sleep 1000 & echo $!; echo $$; wait")
	ensure(t, h, s)
	log := follow(t, h, "k")
	pids := []int{atoi(t, line(t, log)), atoi(t, line(t, log)), atoi(t, line(t, log))}
	shim := shimOf(t, h, "k")
	if err := unix.Kill(shim, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	d.next(t)
	if st := ensure(t, h, s); st.State != Unknown || st.Exit != (Exit{}) {
		t.Errorf("status %+v", st)
	}
	for _, pid := range pids {
		if alive(pid) {
			killAtEnd(t, pid)
			t.Errorf("process %d lives on", pid)
		}
	}
	if err := h.Cancel(ctx(t), "k"); err != nil {
		t.Errorf("canceling the unknown: %v", err)
	}
	if st := wait(t, h, "k"); st.State != Unknown || d.count("k") != 1 {
		t.Errorf("status %+v, Done %d times", st, d.count("k"))
	}
	<-h.watched("k").cleared
	if _, err := os.Lstat(h.home("k")); !os.IsNotExist(err) {
		t.Errorf("the program's folder is left: %v", err)
	}
}

// Nobody watched when the shim died; the next server must not report unknown while the leftovers still work.
func TestLeftoversOfAnUnwatchedShimAreEnded(t *testing.T) {
	o := folders(t)
	h := openHost(t, o)
	s := script(t, "k", "sleep 1000 & echo $!; wait")
	ensure(t, h, s)
	pid := atoi(t, line(t, follow(t, h, "k")))
	shim := shimOf(t, h, "k")
	h.Close()
	if err := unix.Kill(shim, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	gone(t, shim)
	h = openHost(t, o)
	if st := ensure(t, h, s); st.State != Unknown || alive(pid) {
		t.Errorf("status %+v, the leftover lives: %v", st, alive(pid))
	}
}

func TestShimOfADeploymentKilledLeavesTheService(t *testing.T) {
	h := openHost(t, folders(t))
	s := script(t, "k", "setsid sleep 1000 & echo $!; echo $$; sleep 1000")
	s.LeaveRunning = true
	ensure(t, h, s)
	log := follow(t, h, "k")
	service, program := atoi(t, line(t, log)), atoi(t, line(t, log))
	killAtEnd(t, service)
	if err := unix.Kill(shimOf(t, h, "k"), unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if st := wait(t, h, "k"); st.State != Unknown {
		t.Errorf("status %+v", st)
	}
	gone(t, program)
	if !alive(service) {
		t.Error("the service was killed")
	}
}

// A machine that shuts down ends the shim with SIGTERM, and perhaps the program first. Neither is the program's failure.
func TestShutdownIsUnknownNotFailed(t *testing.T) {
	h := openHost(t, folders(t))
	for _, first := range []string{"shim", "program"} {
		s := script(t, first, "echo $$; exec sleep 1000")
		ensure(t, h, s)
		program := atoi(t, line(t, follow(t, h, first)))
		shim := shimOf(t, h, first)
		if first == "program" {
			if err := unix.Kill(program, unix.SIGTERM); err != nil {
				t.Fatal(err)
			}
			gone(t, program)
		}
		if err := unix.Kill(shim, unix.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if st := wait(t, h, first); st.State != Unknown {
			t.Errorf("%s first: status %+v", first, st)
		}
		if log := logOf(t, h, first); !strings.Contains(log, "the shim was told to end") {
			t.Errorf("the log does not tell: %q", log)
		}
	}
}

// Row: a recycled process number must not be taken for the shim.
func TestNumberOfAnotherProcessIsLeftAlone(t *testing.T) {
	o := folders(t)
	h := openHost(t, o)
	bystander := command(t, "server") // anything that runs; it is never asked
	bystander.Path, bystander.Args = "/bin/sleep", []string{"sleep", "1000"}
	if err := bystander.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { bystander.Process.Kill(); bystander.Wait() }()
	f, err := makeFolder(o.Dir, "k")
	if err != nil {
		t.Fatal(err)
	}
	lock, err := f.take(claim{PID: bystander.Process.Pid})
	if err != nil {
		t.Fatal(err)
	}
	lock.Close() // the shim died, and its number was given away
	if err := h.Cancel(ctx(t), "k"); err != nil {
		t.Fatal(err)
	}
	if st := wait(t, h, "k"); st.State != Unknown || !alive(bystander.Process.Pid) {
		t.Errorf("status %+v, the bystander lives: %v", st, alive(bystander.Process.Pid))
	}
}

func TestBrokenRecordsAreUnknown(t *testing.T) {
	o := folders(t)
	h := openHost(t, o)
	for name, text := range map[string]string{"empty": "", "half": `{"outcome":"exi`, "no outcome": `{"code":0}`, "other": `{"outcome":"fine"}`} {
		f, err := makeFolder(o.Dir, name)
		if err != nil {
			t.Fatal(err)
		}
		for file, text := range map[string]string{claimFile: "\x00\x00", exitFile: text} {
			if err := os.WriteFile(f.path(file), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if st := wait(t, h, name); st.State != Unknown || st.Reason == "" || st.Started.IsZero() {
			t.Errorf("%s: %+v", name, st)
		}
	}
}
