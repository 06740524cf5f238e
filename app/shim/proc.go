package shim

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// processes lists the numbers of all processes that /proc shows.
func processes() ([]int, error) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil, fmt.Errorf("listing processes: %w", err)
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("listing processes: %w", err)
	}
	var pids []int
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// eachChild visits the direct children of a process, those that have ended and wait to be reaped included, newest first as far
// as numbers tell.
func eachChild(parent int, visit func(pid int)) error {
	pids, err := processes()
	if err != nil {
		return err
	}
	for _, pid := range slices.Backward(pids) {
		if parentOf(pid) == parent {
			visit(pid)
		}
	}
	return nil
}

// parentOf is 0 for a process that is gone.
func parentOf(pid int) int {
	fields := statOf(pid)
	if len(fields) < 2 {
		return 0
	}
	parent, err := strconv.Atoi(fields[1])
	if err != nil {
		return 0
	}
	return parent
}

// statOf is /proc's stat without its first two fields: state, parent, and so on; nil for a process that is gone.
func statOf(pid int) []string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	// The second field is the program's name in parentheses, which may hold anything, parentheses too.
	return strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
}

// carriers lists the processes that have the program's own folder in their environment, as HOME or TMPDIR or otherwise. A
// process that is just becoming another program shows no environment for that moment, so none is only believed when there was
// no such process, or when it stays like that for long: then it is nobody's program.
func carriers(home string) ([]int, error) {
	for range maxPasses {
		found, unsure, err := carriersNow(home)
		if err != nil || len(found) > 0 || !unsure {
			return found, err
		}
	}
	return nil, nil
}

func carriersNow(home string) (found []int, unsure bool, err error) {
	pids, err := processes()
	if err != nil {
		return nil, false, err
	}
	for _, pid := range pids {
		if pid == os.Getpid() {
			continue
		}
		carries, blank := carries(pid, home)
		if carries {
			found = append(found, pid)
		}
		unsure = unsure || blank && becoming(pid)
	}
	return found, unsure, nil
}

// carries is false for a process that is gone or that may not be read: it is not one of ours then. blank is an environment
// that is empty.
func carries(pid int, home string) (carries, blank bool) {
	env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		return false, false
	}
	return bytes.Contains(env, []byte("="+home+string(os.PathSeparator))), len(env) == 0
}

// becoming is whether a process is in the middle of an execve: it shows no arguments either, and is neither dead nor the
// kernel's own.
func becoming(pid int) bool {
	const kernelThread = 0x00200000 // PF_KTHREAD
	args, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	fields := statOf(pid)
	if err != nil || len(args) > 0 || len(fields) < 7 || fields[0] == "Z" || fields[0] == "X" {
		return false
	}
	flags, err := strconv.ParseUint(fields[6], 10, 64)
	return err == nil && flags&kernelThread == 0
}
