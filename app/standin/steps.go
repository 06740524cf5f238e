package standin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// spawn runs what outlasts a request in a goroutine, which Close waits for. Once the server is closed it runs nothing.
func (s *Server) spawn(do func()) {
	if s.closed {
		return
	}
	s.working.Add(1)
	go func() { defer s.working.Done(); do() }()
}

// execute runs a job that is free to run. It is a goroutine of its own and does not hold the lock.
func (j *job) execute() {
	s := j.run.repo.server
	s.mu.Lock()
	if j.status != "queued" { // cancelled in between
		s.mu.Unlock()
		return
	}
	ctx, kill := context.WithCancel(s.ctx)
	defer kill()
	j.kill = kill
	j.begin()
	place, env := j.place()
	s.mu.Unlock()

	conclusion, output := j.work(ctx, place, env)
	s.mu.Lock()
	defer s.mu.Unlock()
	j.output, j.outputFile, j.kill = output, "", nil
	j.complete(conclusion)
	j.run.advance()
}

// place says where a job runs and what its steps find in their environment: of the machine's no more than programs need to start.
func (j *job) place() (dir string, env []string) {
	run, s := j.run, j.run.repo.server
	dir = filepath.Join(s.dir, fmt.Sprintf("job-%d", j.id))
	s.checkouts = append(s.checkouts, dir)
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "LANG"} {
		if value, set := os.LookupEnv(name); set {
			env = append(env, name+"="+value)
		}
	}
	return dir, append(env, "CI=true", "GITHUB_ACTIONS=true", "GITHUB_SHA="+run.trigger.sha, "GITHUB_REF="+run.trigger.ref,
		"GITHUB_REF_NAME="+run.trigger.refName(), "GITHUB_REPOSITORY="+run.repo.fullName(), "GITHUB_RUN_ID="+strconv.FormatInt(run.id, 10),
		"GITHUB_RUN_NUMBER="+strconv.Itoa(run.number), "GITHUB_RUN_ATTEMPT="+strconv.Itoa(run.attempt), "GITHUB_ACTOR="+run.trigger.actor.login,
		"GITHUB_EVENT_NAME="+run.trigger.event, "GITHUB_WORKFLOW="+run.name, "GITHUB_JOB="+j.file.id, "GITHUB_SERVER_URL="+s.url,
		"GITHUB_API_URL="+s.url+"/api/v3", "GITHUB_WORKSPACE="+filepath.Join(dir, "work"))
}

// work checks out the commit and runs the steps. What they print goes into a file, not through a pipe: a program that outlives its step
// would hold a pipe open. The checkout stays until Close, for such a program may live in it.
func (j *job) work(ctx context.Context, dir string, env []string) (conclusion, output string) {
	if err := j.checkout(ctx, dir); err != nil {
		return j.verdict(ctx, err), err.Error() + "\n"
	}
	name := filepath.Join(dir, "output")
	printed, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return "failure", err.Error() + "\n"
	}
	defer printed.Close()
	s := j.run.repo.server
	s.mu.Lock()
	j.outputFile = name
	s.mu.Unlock()
	err = j.runSteps(ctx, printed, filepath.Join(dir, "work"), env)
	text, _ := os.ReadFile(name) // gone only if its disk is
	return j.verdict(ctx, err), string(text)
}

func (j *job) verdict(ctx context.Context, err error) string {
	switch {
	case ctx.Err() != nil:
		return "cancelled"
	case err != nil:
		return "failure"
	}
	return "success"
}

func (j *job) checkout(ctx context.Context, dir string) error {
	r, work := j.run.repo, filepath.Join(dir, "work")
	for _, args := range [][]string{
		{"clone", "--quiet", "--shared", "--no-checkout", r.dir, work},
		{"-C", work, "checkout", "--quiet", "--detach", j.run.trigger.sha},
	} {
		cmd := exec.CommandContext(ctx, r.server.gitPath, args...)
		cmd.Env = r.server.gitEnv()
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("checking out %s: %w: %s", j.run.trigger.sha, err, strings.TrimSpace(string(out)))
		}
	}
	return nil
}

func (j *job) runSteps(ctx context.Context, printed *os.File, work string, env []string) error {
	s := j.run.repo.server
	var failed error
	for i, step := range j.file.steps {
		s.mu.Lock()
		j.steps[i].status, j.steps[i].begun = "in_progress", s.now()
		s.mu.Unlock()
		conclusion := "skipped"
		switch {
		case failed != nil:
		case step.Run != "":
			failed = step.run(ctx, printed, work, env)
			conclusion = j.verdict(ctx, failed)
		case strings.HasPrefix(step.Uses, "actions/checkout@"):
			conclusion = "success"
		}
		s.mu.Lock()
		j.steps[i].status, j.steps[i].conclusion, j.steps[i].completed = "completed", conclusion, s.now()
		s.mu.Unlock()
	}
	return failed
}

// run runs one step as a process group of its own, which is killed if the run is cancelled. It waits for the shell alone.
func (step stepFile) run(ctx context.Context, printed *os.File, work string, env []string) error {
	cmd := exec.CommandContext(ctx, "sh", "-e", "-c", step.Run)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = work, env, printed, printed
	for _, name := range sortedKeys(step.Env) {
		cmd.Env = append(cmd.Env, name+"="+step.Env[name])
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(printed, "The operation was canceled.")
	case errors.As(err, &exit):
		fmt.Fprintf(printed, "Process completed with exit code %d.\n", exit.ExitCode())
	}
	return err
}
