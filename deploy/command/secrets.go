package command

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/slipway-cd/slipway/deploy"
)

// maxSecret is how large a secret may be, in bytes.
const maxSecret = 128 << 10

// SecretsFolder is where the secrets of an environment are, below the operator's folder of secrets. Names of GitHub repositories, services
// and environments hold no slash but the one between owner and name.
func SecretsFolder(repository, service, environment string) string {
	return filepath.Join(repository, service, environment)
}

// secrets reads the secrets of a deployment's environment: a file each, whose name is the variable's. There may be none. What everybody on
// the machine could read is refused, and so is what is not a plain file of that folder.
func (d *Deployer) secrets(x deploy.Deployment) (map[string]string, error) {
	if d.Secrets == "" {
		return nil, nil
	}
	root, err := os.OpenRoot(d.Secrets)
	if err != nil {
		return nil, unfit{"the folder of secrets can't be opened"}
	}
	defer root.Close()
	folder := SecretsFolder(x.Repo.FullName(), x.Service, x.Environment)
	names, err := fs.ReadDir(root.FS(), filepath.ToSlash(folder))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, unfit{fmt.Sprintf("the secrets in %s can't be listed", folder)}
	}
	all := map[string]string{}
	for _, e := range names {
		if e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		value, err := secret(root, folder, e.Name())
		if err != nil {
			return nil, err
		}
		all[e.Name()] = value
	}
	return all, nil
}

// secret reads one secret; one newline at its end is the editor's. Errors never hold its value.
func secret(root *os.Root, folder, name string) (string, error) {
	path := filepath.Join(folder, name)
	if !regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`).MatchString(name) || strings.HasPrefix(name, "SLIPWAY_") {
		return "", unfit{fmt.Sprintf("the secret %s can't be the name of a variable", path)}
	}
	info, err := root.Lstat(path)
	switch {
	case err != nil:
		return "", unfit{fmt.Sprintf("the secret %s can't be read", path)}
	case !info.Mode().IsRegular():
		return "", unfit{fmt.Sprintf("the secret %s is not a plain file", path)}
	case info.Mode().Perm()&0o004 != 0:
		return "", unfit{fmt.Sprintf("everybody on the machine can read the secret %s. Run chmod o= on it", path)}
	case info.Size() > maxSecret:
		return "", unfit{fmt.Sprintf("the secret %s is larger than %d KiB", path, maxSecret>>10)}
	}
	value, err := root.ReadFile(path)
	if err != nil {
		return "", unfit{fmt.Sprintf("the secret %s can't be read", path)}
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(value), "\n"), "\r")
	if strings.ContainsRune(text, 0) {
		return "", unfit{fmt.Sprintf("the secret %s holds a zero byte, which no variable can", path)}
	}
	return text, nil
}
