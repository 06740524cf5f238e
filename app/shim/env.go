package shim

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// DefaultPath is the PATH of a program whose caller gives none.
const DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Environment is the environment of a check or a deployment: PATH and CI=true, then what is given, which wins over both. The
// shim adds a fresh HOME and TMPDIR unless they are given. Nothing comes from the server's own environment. The result is sorted.
func Environment(given map[string]string) ([]string, error) {
	all := map[string]string{"PATH": DefaultPath, "CI": "true"}
	maps.Copy(all, given)
	env := make([]string, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		variable := name + "=" + all[name]
		if strings.Contains(name, "=") {
			return nil, fmt.Errorf("the variable %q can't be set: its name holds an equals sign", name)
		}
		if err := checkVariable(variable); err != nil {
			return nil, err
		}
		env = append(env, variable)
	}
	return env, nil
}

// checkVariable never shows the value, which may be a secret.
func checkVariable(variable string) error {
	name, _, ok := strings.Cut(variable, "=")
	switch {
	case !ok || name == "":
		return errors.New("a variable has no name")
	case strings.ContainsRune(name, 0):
		return errors.New("a variable's name holds a NUL byte")
	case strings.ContainsRune(variable, 0):
		return fmt.Errorf("the variable %s holds a NUL byte", name)
	}
	return nil
}

// lookup finds a variable; as for execve's readers, the first one counts.
func lookup(env []string, name string) (string, bool) {
	for _, v := range env {
		if n, value, _ := strings.Cut(v, "="); n == name {
			return value, true
		}
	}
	return "", false
}

// withHome adds the program's own folders where the caller named none.
func withHome(env []string, home string) []string {
	env = slices.Clone(env)
	if _, given := lookup(env, "HOME"); !given {
		env = append(env, "HOME="+filepath.Join(home, "home"))
	}
	if _, given := lookup(env, "TMPDIR"); !given {
		env = append(env, "TMPDIR="+filepath.Join(home, "tmp"))
	}
	return env
}
