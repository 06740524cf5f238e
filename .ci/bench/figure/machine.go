package figure

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strings"
)

// Machine says in one line what was measured on, for a figure without its machine says nothing.
func Machine() string {
	return fmt.Sprintf("%d CPUs (%s), %s of memory, Linux %s, %s", runtime.NumCPU(), field("/proc/cpuinfo", "model name"), memory(),
		firstLine("/proc/sys/kernel/osrelease"), runtime.Version())
}

func memory() string {
	var kilobytes int64
	if _, err := fmt.Sscan(field("/proc/meminfo", "MemTotal"), &kilobytes); err != nil {
		return "unknown size"
	}
	return fmt.Sprintf("%.0f GiB", float64(kilobytes)/(1<<20))
}

// field is the value of the first line "name: value" of a file, "?" if there is none.
func field(path, name string) string {
	f, err := os.Open(path)
	if err != nil {
		return "?"
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "?"
}

func firstLine(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return "?"
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return line
}
