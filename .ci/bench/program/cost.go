package program

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// tick is the unit in which /proc/PID/stat counts; it is the same on all Linux machines.
const tick = 10 * time.Millisecond

// CPU is the processor time that a process has used by itself, without its children, in steps of 10 ms. It is 0 of one that is gone.
func CPU(pid int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// The name, in parentheses, may hold spaces; what follows it starts with the third field.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * tick
}

// Memory is what a process holds in memory now, and the most it ever held, in bytes: VmRSS and VmHWM, with what it shares with others. Both
// are 0 of one that is gone.
func Memory(pid int) (now, peak int64) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		words := strings.Fields(value)
		if len(words) == 0 {
			continue
		}
		kilobytes, _ := strconv.ParseInt(words[0], 10, 64)
		switch name {
		case "VmRSS":
			now = kilobytes << 10
		case "VmHWM":
			peak = kilobytes << 10
		}
	}
	return now, peak
}

// Settle waits until a process has used no processor time for a while: it has worked off what it was given. It gives how long that took,
// without the last quiet while.
func Settle(ctx context.Context, pid int, quiet time.Duration) (time.Duration, error) {
	began := time.Now()
	last, since := CPU(pid), began
	for {
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("waiting for process %d to have nothing to do: %w", pid, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
		if now := CPU(pid); now != last {
			last, since = now, time.Now()
		} else if time.Since(since) >= quiet {
			return since.Sub(began), nil
		}
	}
}
