package shim

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"
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
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// The second field is the program's name in parentheses, which may hold anything, parentheses too.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 2 {
		return 0
	}
	parent, err := strconv.Atoi(string(fields[1]))
	if err != nil {
		return 0
	}
	return parent
}

// carriers lists the processes that have the program's own folder in their environment, as HOME or TMPDIR or otherwise.
func carriers(home string) ([]int, error) {
	pids, err := processes()
	if err != nil {
		return nil, err
	}
	var found []int
	for _, pid := range pids {
		if pid != os.Getpid() && carries(pid, home) {
			found = append(found, pid)
		}
	}
	return found, nil
}

// carries is false for a process that is gone or that may not be read: it is not one of ours then.
func carries(pid int, home string) bool {
	env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	return err == nil && bytes.Contains(env, []byte("="+home+string(os.PathSeparator)))
}
