package command

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/slipway-cd/slipway/deploy"
)

// What a folder of secrets may hold: all of them travel in one environment, which the kernel bounds.
const (
	maxSecret  = 128<<10 - 1<<10 // bytes of one, with room for its name
	maxSecrets = 1 << 20         // bytes of all
)

// SecretsFolder is where the secrets of an environment are, below the operator's folder of secrets: owner/name/service/environment, or
// owner/name/environment in a repository without services. The repository is its full name. GitHub's names of repositories and those of
// services and environments hold no slash but that between owner and name.
func SecretsFolder(repository, service, environment string) string {
	return filepath.Join(repository, service, environment)
}

// secrets reads the secrets of a deployment's environment: a file each, whose name is the variable's, and whose content without one line end
// is its value. There may be none. What everybody on the machine could read is refused, as is what leads out of the folder.
func (d *Deployer) secrets(x deploy.Deployment) (map[string]string, error) {
	if d.opts.Secrets == "" {
		return nil, nil
	}
	if !plain(x.Repo.Owner, x.Repo.Name, x.Environment) || x.Service != "" && !plain(x.Service) {
		return nil, unfit{"a folder of secrets can't have the name of its repository, service or environment"}
	}
	base, err := os.OpenRoot(d.opts.Secrets)
	if err != nil {
		return nil, fmt.Errorf("opening the folder of secrets: %w", err) // not mounted, perhaps: tried again
	}
	defer base.Close()
	repository := inAnyCase(base, inAnyCase(base, ".", x.Repo.Owner), x.Repo.Name)
	folder := SecretsFolder(repository, x.Service, x.Environment)
	root, err := base.OpenRoot(folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, unfit{fmt.Sprintf("the folder of secrets %s can't be opened", folder)}
	}
	defer root.Close()
	return readAll(root, folder)
}

// plain says whether each is the name of one folder.
func plain(names ...string) bool {
	return !slices.ContainsFunc(names, func(n string) bool { return n == "" || n == "." || n == ".." || strings.ContainsAny(n, "/\x00") })
}

// inAnyCase is the path of a folder by its name, or by what it is but for upper and lower case, which GitHub does not tell apart.
func inAnyCase(root *os.Root, in, name string) string {
	exact := filepath.Join(in, name)
	if _, err := root.Stat(exact); err == nil {
		return exact
	}
	names, _ := list(root, in)
	i := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
	if i < 0 {
		return exact
	}
	return filepath.Join(in, names[i])
}

func list(root *os.Root, dir string) ([]string, error) {
	f, err := root.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	slices.Sort(names)
	return names, err
}

// readAll reads each file of a folder. Names with a dot in front (an editor's, a mounted volume's) are none.
func readAll(root *os.Root, folder string) (map[string]string, error) {
	names, err := list(root, ".")
	if err != nil {
		return nil, unfit{fmt.Sprintf("the secrets in %s can't be listed", folder)}
	}
	all, total := map[string]string{}, 0
	for _, name := range names {
		if info, err := root.Stat(name); strings.HasPrefix(name, ".") || err == nil && info.IsDir() {
			continue
		}
		path := filepath.Join(folder, name)
		if !variable(name) {
			return nil, unfit{fmt.Sprintf("the secret %s can't be the name of a variable for deploy steps", path)}
		}
		value, err := read(root, name, path)
		if err != nil {
			return nil, err
		}
		if total += len(value); total > maxSecrets {
			return nil, unfit{fmt.Sprintf("the secrets in %s are larger than %d KiB together", folder, maxSecrets>>10)}
		}
		all[name] = value
	}
	return all, nil
}

// variable says whether a secret may have this name. What decides which programs a step runs, and what slipway says itself, is nobody's
// secret.
func variable(name string) bool {
	for i, c := range name {
		if c != '_' && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	switch name {
	case "", "PATH", "HOME", "TMPDIR", "CI", "PWD", "OLDPWD", "IFS", "ENV", "BASH_ENV", "_":
		return false
	}
	return !strings.HasPrefix(name, "SLIPWAY_") && !strings.HasPrefix(name, "LD_")
}

// read reads one secret. A link is followed inside the folder alone, as mounted volumes have them. Errors never hold the value.
func read(root *os.Root, name, path string) (string, error) {
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", unfit{fmt.Sprintf("the secret %s can't be read, or leads out of its folder", path)}
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return "", unfit{fmt.Sprintf("the secret %s can't be read", path)}
	case !info.Mode().IsRegular():
		return "", unfit{fmt.Sprintf("the secret %s is not a plain file", path)}
	case info.Mode().Perm()&0o006 != 0:
		return "", unfit{fmt.Sprintf("everybody on the machine can read or change the secret %s. Run chmod o= on it", path)}
	}
	value, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	switch {
	case err != nil:
		return "", unfit{fmt.Sprintf("the secret %s can't be read", path)}
	case len(value) > maxSecret:
		return "", unfit{fmt.Sprintf("the secret %s is larger than %d KiB", path, maxSecret>>10)}
	case strings.ContainsRune(string(value), 0):
		return "", unfit{fmt.Sprintf("the secret %s holds a zero byte, which no variable can", path)}
	}
	return withoutLineEnd(string(value)), nil
}

// withoutLineEnd takes off one line end: it is the editor's.
func withoutLineEnd(value string) string {
	if cut, ok := strings.CutSuffix(value, "\n"); ok {
		return strings.TrimSuffix(cut, "\r")
	}
	return value
}
